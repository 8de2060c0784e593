// What happened to a record, the newest first.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { count } from "../../ui/numbers";
import { when } from "../../ui/time";
import type { Change } from "./protocol";
import type { WorkbenchState } from "./state";

export function Past({ state }: { state: WorkbenchState }): JSX.Element {
  const { past } = state;
  useEffect(() => void state.askHistory(), [state.version]);
  if (past === null || (past.value === null && past.trouble === "")) {
    return <div class="rn-skeleton" />;
  }
  if (past.value === null) return <p class="rn-warn">{past.trouble}</p>;
  const { changes, total } = past.value;
  if (total === 0) {
    return <p class="rn-quiet">Nothing has happened to it since it was added.</p>;
  }
  return (
    <>
      <ol class="rn-wb-past" data-testid="history">
        {changes.map((change, at) => (
          <li key={at} data-testid="change">
            <p>
              <b>{change.by.replace(/^local:/, "")}</b> {change.what}{" "}
              <span class="rn-wb-of">{change.of}</span>
              <time class="rn-quiet" dateTime={change.at}>
                {when(change.at)}
              </time>
            </p>
            <Values change={change} />
          </li>
        ))}
      </ol>
      {total > changes.length ? (
        <p class="rn-quiet">
          The last {count(changes.length)} of {count(total)} changes.
        </p>
      ) : null}
    </>
  );
}

const NOTHING = <span class="rn-quiet">nothing</span>;

function Values({ change: { before, after } }: { change: Change }): JSX.Element | null {
  if (before === null && after === null) return null;
  return (
    <p class="rn-wb-change">
      {before === null ? NOTHING : <del>{before}</del>} <span aria-hidden="true">→</span>
      <span class="rn-hidden">became</span> {after === null ? NOTHING : <ins>{after}</ins>}
    </p>
  );
}

// The right side: what is being written, and what it does.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Code } from "../../ui/code/Code";
import type { Known } from "../../ui/code/complete";
import type { Problem } from "../../ui/code/places";
import { count } from "../../ui/numbers";
import { Banner } from "../../ui/states";
import { Examples } from "./Examples";
import { LookupForm, RegexForm } from "./Forms";
import { faultsOf, wentWrong } from "./faults";
import { Said } from "./Said";
import type { EditorSession } from "./session";
import { ChangeLine, Versions } from "./Versions";

interface PaneProps {
  session: EditorSession;
  /** Grows when the text should get the keyboard. */
  focus: number;
  onLeave(): void;
  onDelete(): void;
  onCopy(): void;
}

export function Pane(props: PaneProps): JSX.Element | null {
  const { session, focus, onLeave } = props;
  const { draft, hello, stored } = session;
  const [tab, setTab] = useState<"examples" | "versions" | "comments">("examples");
  const known = useMemo(
    (): Known => ({
      attributes: hello?.attributes ?? [],
      labels: hello?.task.labels.map((label) => label.name) ?? [],
      lookups: hello?.lookups ?? [],
      spans: hello?.task.kind === "spans",
    }),
    [hello],
  );
  const { tried } = session.trying;
  const faults = useMemo(
    () => faultsOf(session),
    // Where the text has changed since, the marks move with it until it is tried again.
    [tried.trial, stored, session.row?.errors, session.revision],
  );
  useEffect(() => {
    if (tried.state === "running") setTab("examples");
  }, [tried.state]);
  const pane = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A form has a field to begin with; the code editor sees to itself.
    if (focus > 0) pane.current?.querySelector<HTMLElement>("[data-first]")?.focus();
  }, [focus, session.revision]);
  if (draft === null || hello === null) return null;
  const { spec } = draft;
  const edit = (next: typeof spec): void => session.edit({ spec: next });
  const form = {
    hello,
    problems: session.checking.problems,
    revision: session.revision,
    onChange: edit,
  };
  const shown = session.past.compared !== null ? "versions" : tab;
  return (
    <div
      ref={pane}
      class="rne-pane"
      data-testid="pane"
      data-dirty={session.dirty}
      data-name={draft.name}
    >
      <Head {...props} />
      {session.row?.trusted === false && !session.dirty ? <Untrusted session={session} /> : null}
      {stored?.change != null && !session.dirty && session.past.compared === null ? (
        <ChangeLine change={stored.change} records={session.rows?.records ?? 0} />
      ) : null}
      {spec.kind === "function" ? (
        <Code
          revision={session.revision}
          ask={session.part}
          text={spec.source}
          label={`Source of ${draft.name}`}
          hint="def name(record): ..."
          known={known}
          problems={session.checking.problems}
          faults={faults}
          focus={focus}
          onChange={(source) => edit({ ...spec, source })}
          onLeave={onLeave}
        />
      ) : spec.kind === "regex" ? (
        <RegexForm spec={spec} {...form} />
      ) : spec.kind === "lookup" ? (
        <LookupForm spec={spec} {...form} />
      ) : (
        <ReadOnly text={spec.shown} />
      )}
      <div class="rne-line">
        {spec.kind === "other" && wentWrong(session) === "" ? null : (
          <Status
            problems={session.checking.problems}
            checked={session.checking.done}
            form={spec.kind !== "function"}
            ran={wentWrong(session)}
          />
        )}
        <Work session={session} />
      </div>
      <div class="rn-tabs" role="tablist">
        <button
          type="button"
          role="tab"
          aria-selected={shown === "examples"}
          data-testid="tab-examples"
          onClick={() => (
            setTab("examples"), void session.past.compare(session.draft?.heuristic, null)
          )}
        >
          Examples
        </button>
        <button
          type="button"
          role="tab"
          aria-selected={shown === "versions"}
          data-testid="tab-versions"
          onClick={() => setTab("versions")}
        >
          Versions {stored === null ? "" : `(${stored.versions.length})`}
        </button>
        <button
          type="button"
          role="tab"
          aria-selected={shown === "comments"}
          data-testid="tab-comments"
          onClick={() => (
            setTab("comments"), void session.past.compare(session.draft?.heuristic, null)
          )}
        >
          Comments {session.row?.comments ? `(${session.row.comments})` : ""}
        </button>
      </div>
      {shown === "examples" ? (
        <Examples session={session} />
      ) : shown === "versions" ? (
        <Versions session={session} />
      ) : (
        <Said session={session} />
      )}
    </div>
  );
}

function Untrusted({ session }: { session: EditorSession }): JSX.Element {
  return (
    <Banner kind="warning" name="untrusted">
      <b>Written by somebody else.</b> Read it first: it runs only when you let it.
      <button
        type="button"
        class="rn-button"
        data-testid="trust"
        onClick={() => void session.roster.trust(session.row!.id)}
      >
        Let it run
      </button>
    </Banner>
  );
}

function Head({ session, onDelete, onCopy, onLeave }: PaneProps): JSX.Element {
  const { draft } = session;
  if (draft === null) return <div />;
  const written = draft.spec.kind !== "other";
  const running = session.roster.job !== null;
  // What was changed here is one's own.
  const trusted = session.dirty || session.row?.trusted !== false;
  return (
    <div class="rne-head">
      <input
        type="text"
        class="rne-title-input"
        aria-label="Name of the heuristic"
        data-testid="name"
        readOnly={!written}
        value={draft.name}
        onInput={(event) => session.edit({ name: event.currentTarget.value, named: true })}
        onKeyDown={(event) => {
          if (event.key === "Escape") onLeave();
        }}
      />
      <span class="rne-kind">{session.stored?.spec.kind ?? draft.spec.kind}</span>
      <span class="rn-grow" />
      <button
        type="button"
        class="rn-button"
        title="Try it on 10 records; nothing is stored (Ctrl+Enter)"
        data-testid="try"
        disabled={!trusted}
        onClick={() => session.tryOut()}
      >
        Try on 10 <kbd>Ctrl ⏎</kbd>
      </button>
      {written ? (
        <button
          type="button"
          class="rn-button"
          title="Save (Ctrl+S)"
          data-testid="save"
          disabled={!session.dirty || session.saving}
          onClick={() => void session.save()}
        >
          {session.dirty || session.stored === null ? "Save" : "Saved"} <kbd>Ctrl S</kbd>
        </button>
      ) : null}
      <button
        type="button"
        class="rn-button rn-primary"
        title="Save, then run it on all records that it has not seen (Shift+Enter)"
        data-testid="run"
        disabled={running || !trusted}
        onClick={() => void session.run()}
      >
        Run on all <kbd>⇧ ⏎</kbd>
      </button>
      <details class="rne-menu">
        <summary class="rn-button" aria-label="More" data-testid="more">
          ⋯
        </summary>
        <div class="rne-menu-items">
          {written ? (
            <>
              <Item name="duplicate" onClick={() => void session.duplicate()}>
                Duplicate
              </Item>
              <Item name="copy" onClick={onCopy}>
                Copy as cell
              </Item>
            </>
          ) : null}
          {session.dirty ? (
            <Item name="discard" onClick={() => session.discard()}>
              {session.stored === null ? "Discard this draft" : "Back to what is saved"}
            </Item>
          ) : null}
          {draft.heuristic === null ? null : (
            <Item name="delete" onClick={onDelete}>
              Delete …
            </Item>
          )}
        </div>
      </details>
    </div>
  );
}

function Item(props: { name: string; onClick(): void; children: string }): JSX.Element {
  return (
    <button
      type="button"
      data-testid={props.name}
      onClick={(event) => {
        event.currentTarget.closest("details")?.removeAttribute("open");
        props.onClick();
      }}
    >
      {props.children}
    </button>
  );
}

interface StatusProps {
  problems: Problem[];
  checked: boolean;
  form: boolean;
  /** What went wrong when it ran. */
  ran: string;
}

function Status({ problems, checked, form, ran }: StatusProps): JSX.Element {
  const first = problems.find((one) => one.severity === "error") ?? problems[0];
  const more = problems.length - 1;
  const tone = first === undefined ? "quiet" : first.severity === "error" ? "bad" : "warn";
  return (
    <p
      class="rne-status"
      role="status"
      data-testid="problems"
      data-count={problems.length}
      data-checked={checked}
    >
      {first === undefined && ran !== "" ? null : (
        <span class={`rn-${tone}`}>
          {first !== undefined
            ? `${first.severity === "error" ? "✗" : "!"} ${form ? "" : `line ${first.line}: `}${
                first.message
              }${more > 0 ? ` (and ${more} more)` : ""}`
            : checked
              ? "✓ no problems found"
              : " "}
        </span>
      )}
      {ran === "" ? null : <span class="rn-bad">{ran}</span>}
    </p>
  );
}

function ReadOnly({ text }: { text: string }): JSX.Element {
  return (
    <div class="rne-form">
      <p class="rne-told" data-testid="told">
        {text}
      </p>
      <p class="rn-quiet">
        It follows what is kept elsewhere: here it can be tried, run, compared and switched.
      </p>
    </div>
  );
}

function Work({ session }: { session: EditorSession }): JSX.Element | null {
  const { job } = session.roster;
  if (job === null) return null;
  const part = job.total === 0 ? 0 : job.done / job.total;
  return (
    <div class="rne-work rn-late" data-testid="work">
      <span
        class="rn-progress"
        role="progressbar"
        aria-label="Run on all records"
        aria-valuenow={Math.round(100 * part)}
      >
        <i style={{ width: `${100 * part}%` }} />
      </span>
      <span class="rn-number">
        {job.total === 0 ? "starting" : `${count(job.done)} of ${count(job.total)}`}
      </span>
      <button
        type="button"
        class="rn-button"
        data-testid="cancel"
        onClick={() => session.roster.cancel()}
      >
        Cancel
      </button>
    </div>
  );
}

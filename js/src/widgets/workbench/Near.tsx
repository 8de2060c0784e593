// The records that are most like this one, by each embedding.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Bar } from "../../ui/Bars";
import { fraction } from "../../ui/numbers";
import { Todo } from "../../ui/Todo";
import type { WorkbenchState } from "./state";

export function Near({ state }: { state: WorkbenchState }): JSX.Element {
  const { near, embedding } = state;
  const embeddings = state.hello?.embeddings ?? [];
  useEffect(() => void state.askNeighbours(), [state.version]);
  if (embeddings.length === 0) {
    return (
      <p class="rn-quiet">
        There are no vectors yet: <Todo text='project.embed("text")' code />
      </p>
    );
  }
  return (
    <>
      {embeddings.length > 1 ? (
        <div class="rn-segments" role="group" aria-label="By which embedding">
          {embeddings.map(({ name }) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === embedding}
              data-testid="embedding"
              onClick={() => void state.askNeighbours(name)}
            >
              {name}
            </button>
          ))}
        </div>
      ) : (
        <p class="rn-quiet">by {embedding}</p>
      )}
      {near === null || (near.value === null && near.trouble === "") ? (
        <div class="rn-skeleton" />
      ) : null}
      {near !== null && near.trouble !== "" ? <p class="rn-warn">{near.trouble}</p> : null}
      {near?.value?.length === 0 ? <p class="rn-quiet">No other record has a vector.</p> : null}
      <ol class="rn-wb-near" data-testid="neighbours">
        {near?.value?.map(({ id, key, text, similarity }) => (
          <li key={id}>
            <button
              type="button"
              data-testid="neighbour"
              data-key={key}
              onClick={() => void state.go({ id }, true)}
            >
              <span class="rn-wb-near-head">
                <b>{key}</b>
                <Bar share={similarity} name={null} />
                <span class="rn-number rn-quiet" title="cosine similarity">
                  {fraction(similarity, 3)}
                </span>
              </span>
              <span class="rn-wb-excerpt">{text === "" ? "(no text)" : text}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

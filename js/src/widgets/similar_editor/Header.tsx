// What the rule votes for, what it is called, and by which embedding it compares.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { safeColor } from "../../ui/color";
import { KeysButton } from "../../ui/Sheet";
import type { Info } from "./protocol";
import type { SimilarState } from "./state";

interface Props {
  state: SimilarState;
  onKeys(): void;
}

export function Header({ state, onKeys }: Props): JSX.Element {
  const { info } = state;
  return (
    <header class="rn-header">
      <h2 class="rn-title">Similar{info === null ? "" : ` · ${info.task.name}`}</h2>
      {info === null || info.task.labels.length === 0 ? null : (
        <div class="rn-tools">
          <Label state={state} info={info} />
          <Name state={state} name={info.draft.name} />
          <Embedding state={state} info={info} />
        </div>
      )}
      <span class="rn-grow" />
      <KeysButton onClick={onKeys} />
    </header>
  );
}

function Label({ state, info }: { state: SimilarState; info: Info }): JSX.Element {
  const { labels } = info.task;
  const color = labels.find(({ name }) => name === info.draft.label)?.color ?? "";
  return (
    <label class="rn-field">
      <span class="rn-quiet">votes</span>
      <span class="rn-dot" style={{ "--rn-own": safeColor(color) }} />
      <select
        class="rn-sim-select"
        value={info.draft.label}
        data-testid="label"
        onChange={(event) => void state.change({ label: event.currentTarget.value })}
      >
        {labels.map(({ id, name }) => (
          <option key={id}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function Name({ state, name }: { state: SimilarState; name: string }): JSX.Element {
  const [written, setWritten] = useState(name);
  useEffect(() => setWritten(name), [name]);
  return (
    <label class="rn-field">
      <span class="rn-quiet">name</span>
      <input
        type="text"
        class="rn-sim-name"
        value={written}
        data-testid="name"
        onInput={(event) => setWritten(event.currentTarget.value)}
        onChange={(event) => void state.change({ name: event.currentTarget.value })}
      />
    </label>
  );
}

function Embedding({ state, info }: { state: SimilarState; info: Info }): JSX.Element | null {
  const { embeddings, draft } = info;
  const gone = draft.embedding !== null && !embeddings.includes(draft.embedding);
  if (embeddings.length < 2 && !(gone && embeddings.length > 0)) return null;
  return (
    <label class="rn-field">
      <span class="rn-quiet">embedding</span>
      <select
        class="rn-sim-select"
        value={draft.embedding ?? embeddings[0]}
        data-testid="embedding"
        onChange={(event) => void state.change({ embedding: event.currentTarget.value })}
      >
        {gone ? <option value={draft.embedding!}>{draft.embedding} (gone)</option> : null}
        {embeddings.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

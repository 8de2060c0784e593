// The playground: a text at the left, what a model says of it at the right.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Chip } from "../../ui/Chip";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { toNotebook } from "../../ui/notebook";
import { type KeyRow, KeySheet, KeysButton } from "../../ui/Sheet";
import { Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { colorOf } from "./labels";
import type { RecordInfo, Subject, TaskInfo } from "./protocol";
import { Result } from "./Result";
import type { PlaygroundState } from "./state";

const MODES: Record<Subject["mode"], string> = {
  nli: "entailment",
  similarity: "similarity",
  local: "runs here",
  remote: "endpoint",
};
const KEYS: KeyRow[] = [
  [["Ctrl", "Enter"], "Ask, also while you write"],
  [["N"], "Take the next record"],
  [["E"], "Edit the text"],
  [["P"], "Show or hide what was asked"],
  [["Esc"], "From a field to the playground, then to the notebook"],
  [["?"], "These keys"],
];

export function Playground({ state }: { state: PlaygroundState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const text = useRef<HTMLTextAreaElement>(null);
  const [keys, setKeys] = useState(false);
  const [asked, setAsked] = useState(false);
  const { told, subject, connection } = state;

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.isComposing || event.key === "Tab") return;
    const { target } = event;
    const written = (target as HTMLElement).closest("textarea, input, select") !== null;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      void state.ask();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Escape") {
      if (state.asking) state.cancel();
      else if (target !== root.current) root.current?.focus();
      else toNotebook(root.current);
      return;
    }
    if (written) return;
    const key = event.key.toLowerCase();
    if (key === "n") void state.next();
    else if (key === "e") text.current?.focus();
    else if (key === "p") setAsked(!asked);
    else if (key === "?") setKeys(!keys);
    else return;
    event.preventDefault();
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-pg"
      tabIndex={-1}
      aria-label={`Playground: ${told?.task.name ?? ""}`}
      data-testid="playground"
      data-connection={connection}
      data-asking={state.asking}
      onKeyDown={onKeyDown}
    >
      <header class="rn-header">
        <h2>Playground{told === null ? "" : ` · ${told.task.name}`}</h2>
        {told === null || subject === null ? null : <Choice state={state} subject={subject} />}
        <span class="rn-grow" />
        <KeysButton onClick={() => setKeys(!keys)} />
      </header>
      <Trouble kind="warning" quiet connection={connection} trouble={state.trouble} />
      {told === null ? (
        connection === "opening" ? (
          <Skeleton trouble={state.trouble} />
        ) : null
      ) : subject === null ? (
        <Empty
          text="No heuristic of this task asks a model."
          hint="Pass one to rn.Playground(task, rn.ZeroShot(...)), or add an rn.ZeroShot or rn.LLM to the task."
        />
      ) : (
        <div class="rn-pg-body">
          <div class="rn-pg-side">
            <TextField state={state} task={told.task} field={text} />
            <Labels state={state} subject={subject} />
          </div>
          <Result state={state} task={told.task} asked={asked} onAsked={setAsked} />
        </div>
      )}
      {keys ? <KeySheet rows={KEYS} onClose={() => setKeys(false)} /> : null}
      <Toast text={state.notice.text} at={state.notice.at} />
    </section>
  );
}

function Choice({ state, subject }: { state: PlaygroundState; subject: Subject }): JSX.Element {
  const subjects = state.told?.subjects ?? [];
  return (
    <span class="rn-tools">
      {subjects.length === 1 ? (
        <b class="rn-pg-name" data-testid="subject">
          {subject.name}
        </b>
      ) : (
        <select
          aria-label="Heuristic"
          data-testid="subject"
          value={subject.id}
          onChange={(event) => state.choose(event.currentTarget.value)}
        >
          {subjects.map(({ id, name, added }) => (
            <option key={id} value={id}>
              {added ? name : `${name} (not in the task)`}
            </option>
          ))}
        </select>
      )}
      <span class="rn-badge">{MODES[subject.mode]}</span>
      <span class="rn-quiet rn-pg-model" title={subject.model}>
        {subject.model.split(/[/\\]/).pop()}
      </span>
    </span>
  );
}

interface TextProps {
  state: PlaygroundState;
  task: TaskInfo;
  field: { current: HTMLTextAreaElement | null };
}

function TextField({ state, task, field }: TextProps): JSX.Element {
  const { record } = state;
  useEffect(() => {
    const own = field.current;
    if (own === null) return;
    own.style.height = "auto";
    own.style.height = `${Math.min(own.scrollHeight + 2, 320)}px`;
  }, [state.text]);
  return (
    <>
      <textarea
        ref={field}
        rows={4}
        class="rn-pg-text"
        aria-label="Text"
        data-testid="text"
        placeholder="Type a text, or take a record."
        value={state.text}
        onInput={(event) => state.write({ text: event.currentTarget.value })}
      />
      <div class="rn-tools">
        {state.asking ? (
          <button type="button" class="rn-button" onClick={() => state.cancel()}>
            Cancel
          </button>
        ) : (
          <button
            type="button"
            class="rn-button rn-primary"
            data-testid="ask"
            disabled={state.text.trim() === ""}
            title="Ctrl+Enter"
            onClick={() => void state.ask()}
          >
            Ask
          </button>
        )}
        <button
          type="button"
          class="rn-button"
          data-testid="next"
          onClick={() => void state.next()}
        >
          Next record <kbd>N</kbd>
        </button>
        {record === null ? null : <Gold record={record} task={task} />}
      </div>
    </>
  );
}

function Gold({ record, task }: { record: RecordInfo; task: TaskInfo }): JSX.Element {
  const labels =
    typeof record.gold === "string"
      ? [record.gold]
      : [...new Set(record.gold?.map(([, , label]) => label))];
  return (
    <span class="rn-tools rn-pg-gold" data-testid="record" data-key={record.key}>
      <span class="rn-quiet">{record.key}</span>
      {labels.map((name) => (
        <Chip key={name} name={name} color={colorOf(task, name)} voice="person" />
      ))}
      {record.reviewed && labels.length === 0 ? <span class="rn-quiet">no label</span> : null}
    </span>
  );
}

function Labels({ state, subject }: { state: PlaygroundState; subject: Subject }): JSX.Element {
  const { foreign, isChanged } = state;
  const fixed = subject.kind === "llm" && isChanged;
  return (
    <fieldset class="rn-pg-question">
      <legend class="rn-hidden">Labels</legend>
      <label>
        <span class="rn-quiet">Labels</span>
        <input
          type="text"
          data-testid="labels"
          aria-describedby="rn-pg-hint"
          value={state.labels}
          onInput={(event) => state.write({ labels: event.currentTarget.value })}
        />
      </label>
      {subject.hypothesis === null ? null : (
        <label>
          <span class="rn-quiet">{subject.mode === "nli" ? "Hypothesis" : "Template"}</span>
          <input
            type="text"
            data-testid="hypothesis"
            value={state.hypothesis}
            onInput={(event) => state.write({ hypothesis: event.currentTarget.value })}
          />
        </label>
      )}
      <div class="rn-tools rn-pg-hint">
        {isChanged ? (
          <button
            type="button"
            class="rn-link"
            data-testid="reset"
            onClick={() => {
              state.reset();
              state.write({});
            }}
          >
            Take back
          </button>
        ) : null}
        {(isChanged || !subject.added) && foreign.length === 0 && !fixed ? (
          <button
            type="button"
            class="rn-button"
            data-testid="keep"
            onClick={() => void state.keep()}
          >
            {subject.added ? "Keep as the heuristic" : "Add to the task"}
          </button>
        ) : null}
        <span class="rn-quiet" id="rn-pg-hint">
          {foreign.length > 0
            ? `Not in the task: ${foreign.join(", ")}.`
            : fixed
              ? "A language model is always asked about all labels of the task."
              : "Separated by commas."}
        </span>
      </div>
    </fieldset>
  );
}

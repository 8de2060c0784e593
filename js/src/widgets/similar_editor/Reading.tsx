// The neighbour under the cursor: its text, and the keys that label it.

import type { JSX } from "preact";
import { safeColor } from "../../ui/color";
import { LabelButton } from "../../ui/LabelButton";
import { fraction } from "../../ui/numbers";
import { whole } from "./marks";
import type { Row, TaskInfo } from "./protocol";
import { type Ranking, UNIT } from "./ranking";
import type { SimilarState } from "./state";

interface Props {
  state: SimilarState;
  ranking: Ranking;
  onOpen(): void;
}

export function Reading({ state, ranking, onOpen }: Props): JSX.Element {
  const { cursor, info } = state;
  const row = state.rows.get(cursor);
  const task = info!.task;
  const example = state.draft?.examples[ranking.example[cursor] ?? 0];
  return (
    <section
      class="rn-sim-reading"
      aria-label="The neighbour under the cursor"
      data-testid="reading"
      data-key={row?.key}
    >
      <p class="rn-quiet rn-sim-about">
        <span>{row?.key ?? " "}</span>
        <span class="rn-number">{fraction((ranking.similarity[cursor] ?? 0) / UNIT, 3)}</span>
        <span class="rn-sim-nearest">
          {example === undefined ? "" : `like “${example.text.trim() || example.key}”`}
        </span>
      </p>
      <p class="rn-sim-whole" dir="auto">
        {row === undefined ? null : <Text row={row} task={task} />}
      </p>
      <Labels state={state} row={row} task={task} onOpen={onOpen} />
    </section>
  );
}

function Text({ row, task }: { row: Row; task: TaskInfo }): JSX.Element {
  return (
    <>
      {whole(row).map(({ text, own, labels }, at) => {
        if (!own && labels.length === 0) return text;
        const color = task.labels.find(({ name }) => name === labels[0])?.color;
        return (
          <mark
            key={at}
            class={own ? "rn-sim-own" : ""}
            style={color === undefined ? {} : { "--rn-own": safeColor(color) }}
            data-labels={labels.join(",")}
          >
            {text}
          </mark>
        );
      })}
    </>
  );
}

interface LabelsProps {
  state: SimilarState;
  row: Row | undefined;
  task: TaskInfo;
  onOpen(): void;
}

function Labels({ state, row, task, onOpen }: LabelsProps): JSX.Element {
  // One span of a record that nobody has reviewed would say that there is no other.
  const closed = row === undefined || (task.kind === "spans" && row.gold === null);
  return (
    <div class="rn-tools rn-sim-labels" role="group" aria-label="Label it">
      {task.labels.map((one, at) => (
        <LabelButton
          key={one.id}
          label={one}
          at={at}
          disabled={closed}
          pressed={row?.gold?.includes(one.name) ?? false}
          onClick={() => void state.label(one.name)}
        />
      ))}
      {task.kind === "spans" ? null : (
        <button type="button" class="rn-button" onClick={() => void state.label("")}>
          None <kbd>N</kbd>
        </button>
      )}
      <button
        type="button"
        class="rn-button rn-plain"
        disabled={closed || (row.gold ?? []).length === 0}
        onClick={() => void state.label(null)}
      >
        Unlabel <kbd>⌫</kbd>
      </button>
      <span class="rn-grow" />
      {closed && row !== undefined ? (
        <span class="rn-quiet rn-sim-note">
          Not reviewed yet: a single span would say that there is no other.
        </span>
      ) : null}
      {task.kind === "spans" ? (
        <button type="button" class="rn-button" onClick={onOpen}>
          Open in Labeler <kbd>↵</kbd>
        </button>
      ) : null}
    </div>
  );
}

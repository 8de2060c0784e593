// One record with what the heuristic says of it, beside what people and other heuristics say.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { safeColor } from "../../ui/color";
import { plural } from "../../ui/numbers";
import { LabelChip } from "./Chip";
import { isLong, type Mark, marksOf, type Piece, pieces } from "./marks";
import type { Example, TaskInfo } from "./protocol";

interface CardProps {
  example: Example;
  task: TaskInfo;
  /** The first with this error: its traceback is open, those of the others are the same. */
  first: boolean;
}

export function Card({ example, task, first }: CardProps): JSX.Element {
  const label = (id: number) => task.labels.find((one) => one.id === id);
  const names = Object.keys(example.texts);
  const { gold, votes } = example;
  return (
    <li class="rne-card" data-testid={`example-${example.key}`}>
      <div class="rne-verdict">
        <span class="rne-key" title={`Record ${example.key}`}>
          {example.key}
        </span>
        {task.kind === "classification" ? (
          <>
            {votes.map((vote) => (
              <LabelChip
                key={vote.label}
                label={label(vote.label)}
                voice="machine"
                confidence={vote.confidence}
              />
            ))}
            {votes.length === 0 && example.error === "" ? (
              <span class="rn-quiet">abstains</span>
            ) : null}
            <Agreement example={example} />
            {gold?.length === 0 ? <span class="rn-chip rn-person">none</span> : null}
            {gold?.map((one) =>
              typeof one === "number" ? (
                <LabelChip key={one} label={label(one)} voice="person" />
              ) : null,
            )}
          </>
        ) : (
          <SpanVerdict example={example} />
        )}
        <Others example={example} task={task} />
      </div>
      {names.map((name) => (
        <div key={name}>
          {names.length > 1 ? <div class="rne-attribute">{name}</div> : null}
          <Text example={example} attribute={name} task={task} />
        </div>
      ))}
      {example.error === "" ? null : example.traceback === "" ? (
        <p class="rne-error rn-bad">{example.error}</p>
      ) : (
        <details class="rne-error" open={first}>
          <summary class="rn-bad">{example.error}</summary>
          <pre class="rne-traceback" data-testid="traceback">
            {example.traceback}
          </pre>
        </details>
      )}
    </li>
  );
}

function Agreement({ example }: { example: Example }): JSX.Element | null {
  const judged = example.votes.find((vote) => vote.right !== null);
  if (judged !== undefined) {
    return judged.right ? (
      <span class="rn-good">✓ as people say</span>
    ) : (
      <span class="rn-bad">✗ people say</span>
    );
  }
  return example.gold === null ? null : <span class="rn-quiet">people say</span>;
}

const NAMED = 3;

/** Which heuristics say otherwise, by what they say. */
function Others({ example, task }: { example: Example; task: TaskInfo }): JSX.Element | null {
  const labels = [...new Set(example.others.map((one) => one.label))];
  if (labels.length === 0) return null;
  return (
    <>
      <span class="rn-quiet">others say</span>
      {labels.map((id) => {
        const names = example.others.filter((one) => one.label === id).map((o) => o.heuristic);
        const more = names.length - NAMED;
        return (
          <span key={id} class="rne-others" title={names.join(", ")}>
            <LabelChip label={task.labels.find((one) => one.id === id)} voice="machine" />{" "}
            <span class="rn-quiet">
              {names.slice(0, NAMED).join(", ")}
              {more > 0 ? ` and ${more} more` : ""}
            </span>
          </span>
        );
      })}
    </>
  );
}

function SpanVerdict({ example }: { example: Example }): JSX.Element {
  const right = example.votes.filter((vote) => vote.right === true).length;
  const wrong = example.votes.filter((vote) => vote.right === false).length;
  const missed = Math.max(0, (example.gold?.length ?? 0) - right);
  return (
    <>
      <span class="rn-quiet">
        {example.votes.length === 0 ? "abstains" : plural(example.votes.length, "span")}
      </span>
      {right > 0 ? <span class="rn-good">✓ {right} as people say</span> : null}
      {wrong > 0 ? <span class="rn-bad">✗ {wrong} not as people say</span> : null}
      {missed > 0 ? <span class="rn-quiet">{missed} of people's not found</span> : null}
    </>
  );
}

function Text(props: { example: Example; attribute: string; task: TaskInfo }): JSX.Element {
  const { example, attribute, task } = props;
  const [whole, setWhole] = useState(false);
  const text = example.texts[attribute] ?? "";
  const marks = marksOf(example, attribute, task.on);
  const shown = pieces(text, marks, whole);
  return (
    <p class="rne-text">
      {shown.map((piece, at) => (
        <PieceView key={at} piece={piece} task={task} />
      ))}
      {isLong(text) ? (
        <button
          type="button"
          class="rn-link"
          aria-expanded={whole}
          onClick={() => setWhole(!whole)}
        >
          {whole ? "Less" : "… Show all"}
        </button>
      ) : null}
      {text === "" ? <span class="rn-quiet">(no text)</span> : null}
    </p>
  );
}

function PieceView({ piece, task }: { piece: Piece; task: TaskInfo }): JSX.Element {
  const cut = piece.cut ? <span class="rn-quiet"> … </span> : null;
  if (piece.marks.length === 0) {
    return (
      <>
        {cut}
        {piece.text}
      </>
    );
  }
  const of = (kind: Mark["kind"]): Mark | undefined => piece.marks.find((one) => one.kind === kind);
  const [vote, gold] = [of("vote"), of("gold")];
  const label = task.labels.find((one) => one.id === (vote ?? gold)?.label);
  const classes = piece.marks.map((mark) => `rne-mark-${mark.kind}`);
  const said = [
    vote !== undefined ? `voted ${name(task, vote.label)}` : "",
    gold !== undefined ? `people say ${name(task, gold.label)}` : "",
    vote === undefined && gold === undefined ? "where the rule looked" : "",
  ];
  return (
    <>
      {cut}
      <mark
        class={[...new Set(classes)].join(" ")}
        style={{ "--rne-own": safeColor(label?.color ?? "") }}
        title={said.filter(Boolean).join(", ")}
      >
        {piece.text}
      </mark>
      {piece.ends.map((mark) => (
        <Tag key={`${mark.kind}-${mark.label}`} mark={mark} task={task} />
      ))}
    </>
  );
}

/** The label's name where a span ends: colour is never the only sign. */
function Tag({ mark, task }: { mark: Mark; task: TaskInfo }): JSX.Element | null {
  const label = task.labels.find((one) => one.id === mark.label);
  const style = { "--rne-own": safeColor(label?.color ?? "") };
  const judged = mark.right === null ? "" : mark.right ? " ✓" : " ✗";
  return (
    <span class={`rne-tag rne-tag-${mark.kind}`} style={style}>
      {label?.name ?? "?"}
      {mark.kind === "gold" ? " missed" : judged}
    </span>
  );
}

function name(task: TaskInfo, label: number | null): string {
  return task.labels.find((one) => one.id === label)?.name ?? "?";
}

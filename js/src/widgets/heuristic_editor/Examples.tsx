// Records with what the heuristic says of them, beside what people say.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { safeColor } from "../../ui/color";
import { count, plural } from "../../ui/numbers";
import { LabelChip } from "./Chip";
import { sameSpec } from "./drafts";
import { capital } from "./format";
import { isLong, type Mark, marksOf, type Piece, pieces } from "./marks";
import type { Example, Sample, TaskInfo, Trial } from "./protocol";
import type { EditorSession } from "./session";
import { SHOWN } from "./trying";

const SAMPLES: [Sample, string][] = [
  ["random", "random records"],
  ["hits", "records it votes on"],
  ["wrong", "records where it contradicts people"],
  ["uncovered", "records no heuristic covers"],
  ["errors", "records it fails on"],
  ["label", "records labelled …"],
];

const NOTHING: Record<Sample, string> = {
  random: "The project has no records.",
  hits: "It votes on none of the records that were tried.",
  wrong: "It contradicts no manual label.",
  uncovered: "Every record has a vote of some heuristic.",
  errors: "It fails on none of the records that were tried.",
  label: "No record has this label yet.",
};

export function Examples({ session }: { session: EditorSession }): JSX.Element {
  const { draft, hello, trying } = session;
  const { tried } = trying;
  const { trial } = tried;
  const old =
    trial !== null && draft !== null && tried.of !== null && !sameSpec(tried.of, draft.spec);
  return (
    <section class="rne-examples" aria-label="Examples" aria-busy={tried.state === "running"}>
      <div class="rn-tools">
        <label>
          <span class="rn-hidden">Which examples</span>
          <select
            data-testid="sample"
            value={trying.sample}
            onChange={(event) => {
              trying.sample = event.currentTarget.value as Sample;
              session.tryOut();
            }}
          >
            {SAMPLES.map(([value, name]) => (
              <option key={value} value={value}>
                {SHOWN} {name}
              </option>
            ))}
          </select>
        </label>
        {trying.sample === "label" ? (
          <label>
            <span class="rn-hidden">Label</span>
            <select
              value={trying.label}
              onChange={(event) => {
                trying.label = event.currentTarget.value;
                session.tryOut();
              }}
            >
              {hello?.task.labels.map((label) => (
                <option key={label.id} value={label.name}>
                  {label.name}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        <button
          type="button"
          class="rn-button"
          data-testid="other"
          disabled={trial === null}
          onClick={() => {
            trying.other();
            session.tryOut();
          }}
        >
          Other {SHOWN}
        </button>
        {tried.state === "running" ? (
          <span class="rn-late" data-testid="trying">
            <span class="rn-quiet">trying </span>
            <button type="button" class="rn-button" onClick={() => session.roster.cancel()}>
              Cancel
            </button>
          </span>
        ) : null}
        <span class="rn-grow" />
        {trial !== null && tried.state !== "running" ? (
          <span class="rn-quiet" data-testid="summary">
            {old ? "of the text before your last change: " : ""}
            {summary(trial)}
          </span>
        ) : null}
      </div>
      {tried.state === "failed" ? (
        <p class="rne-trouble" data-testid="trouble">
          {capital(tried.trouble)}
        </p>
      ) : null}
      {trial?.state === "failed" && trial.examples.every((one) => one.error === "") ? (
        <p class="rne-trouble" data-testid="trouble">
          {trial.message}
        </p>
      ) : null}
      {trial === null && tried.state === "done" ? (
        <p class="rne-note">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> tries it on {SHOWN} records; nothing is stored.
        </p>
      ) : null}
      {trial !== null && trial.examples.length === 0 && tried.state !== "running" ? (
        <p class="rne-note" data-testid="no-examples">
          {NOTHING[trying.sample]}
          {trial.tried > SHOWN ? ` (${count(trial.tried)} records tried)` : ""}
        </p>
      ) : null}
      <ol
        class={`rne-cards rn-scroll${tried.state === "running" || old ? " rne-old" : ""}`}
        data-testid="examples"
        data-state={tried.state}
      >
        {trial?.examples.map((example, at) => (
          <Card
            key={example.record}
            example={example}
            task={hello!.task}
            first={trial.examples.findIndex((one) => one.error === example.error) === at}
          />
        ))}
      </ol>
      {trial !== null && trial.output !== "" ? (
        <details class="rne-output">
          <summary>What it printed</summary>
          <pre>{trial.output}</pre>
        </details>
      ) : null}
    </section>
  );
}

export function summary(trial: Trial): string {
  const { examples } = trial;
  const voted = examples.filter((one) => one.votes.length > 0);
  const judged = voted.flatMap((one) => one.votes).filter((vote) => vote.right !== null);
  const right = judged.filter((vote) => vote.right).length;
  const errors = examples.filter((one) => one.error !== "").length;
  const parts = [`votes on ${voted.length} of ${examples.length}`];
  if (judged.length > 0) parts.push(`${right} of ${judged.length} right`);
  if (errors > 0) parts.push(plural(errors, "error"));
  if (trial.tried > examples.length) parts.push(`from ${count(trial.tried)} tried`);
  return parts.join(" · ");
}

interface CardProps {
  example: Example;
  task: TaskInfo;
  /** The first with this error: its traceback is open, those of the others are the same. */
  first: boolean;
}

function Card({ example, task, first }: CardProps): JSX.Element {
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

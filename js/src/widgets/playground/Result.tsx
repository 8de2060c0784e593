// What a model says of the text: confidences as bars, or spans in the text; its words folded.

import type { ComponentChildren, JSX } from "preact";
import { safeColor } from "../../ui/color";
import { pieces } from "../../ui/marked";
import { count } from "../../ui/numbers";
import { Banner } from "../../ui/states";
import { colorOf } from "./labels";
import type { Answered, RecordInfo, TaskInfo } from "./protocol";
import type { PlaygroundState } from "./state";

const SHOWN = 12; // labels; of more, the surest

interface ResultProps {
  state: PlaygroundState;
  task: TaskInfo;
  asked: boolean;
  onAsked(open: boolean): void;
}

export function Result({ state, task, asked, onAsked }: ResultProps): JSX.Element {
  const { shown, fault, asking } = state;
  return (
    <div class="rn-pg-result" aria-live="polite" aria-busy={asking} data-testid="result">
      {fault === "" ? null : (
        <Banner kind="error" name="fault">
          {fault}
        </Banner>
      )}
      {shown === null ? (
        <p class="rn-quiet rn-pg-wait">{waiting(state)}</p>
      ) : (
        <div
          class={state.isStale ? "rn-pg-stale" : ""}
          data-testid="answer"
          data-stale={state.isStale}
        >
          <Said
            answer={shown.answer}
            text={shown.question.text}
            task={task}
            record={state.record}
          />
          {shown.answer.faults.map((one) => (
            <p key={one} class="rn-bad rn-pg-fault" data-testid="no-vote">
              {one}
            </p>
          ))}
          <Words answer={shown.answer} open={asked} onOpen={onAsked} />
          <Cost answer={shown.answer} asking={asking} stale={state.isStale} />
        </div>
      )}
    </div>
  );
}

function waiting(state: PlaygroundState): string {
  if (state.asking) return "Asking…";
  if (state.fault !== "") return "";
  return state.isFree
    ? "What you type is judged as soon as you pause."
    : "Ask, and the answer stands here. An answer is kept, and not paid for again.";
}

interface SaidProps {
  answer: Answered;
  text: string;
  task: TaskInfo;
  record: RecordInfo | null;
}

function Said({ answer, text, task, record }: SaidProps): JSX.Element {
  if (task.kind === "spans") return <Spans answer={answer} text={text} task={task} />;
  const gold = record !== null && record.text === text && record.reviewed ? record.gold : undefined;
  return (
    <>
      <p class="rn-pg-vote" data-testid="vote" data-vote={answer.vote ?? ""}>
        <Vote answer={answer} gold={gold} />
      </p>
      {answer.shares.length > 0 ? <Shares answer={answer} task={task} /> : null}
    </>
  );
}

function Vote({ answer, gold }: { answer: Answered; gold: unknown }): JSX.Element {
  const { vote, confidence, threshold, faults, shares } = answer;
  if (faults.length > 0 && vote === null) return <b class="rn-bad">No vote: an error</b>;
  const judged =
    gold === undefined || gold === null ? null : gold === vote ? (
      <span class="rn-good">, as people say</span>
    ) : (
      <span class="rn-bad">, but people say {String(gold)}</span>
    );
  if (vote !== null) {
    return (
      <>
        <b>{vote}</b>
        {judged}
      </>
    );
  }
  const under = confidence !== null && confidence < threshold && shares.length !== 1;
  return (
    <>
      <b>Abstains</b>
      <span class="rn-quiet">
        {under ? `: nothing reaches ${percent(threshold)}` : ": no label fits"}
      </span>
      {judged}
    </>
  );
}

function Shares({ answer, task }: { answer: Answered; task: TaskInfo }): JSX.Element {
  const { shares, threshold, vote } = answer;
  const best = [...shares].sort((one, other) => other[1] - one[1]).slice(0, SHOWN);
  const kept = new Set(best.map(([label]) => label));
  const rows = shares.length > SHOWN ? best : shares;
  return (
    <>
      <ul class="rn-pg-shares" data-testid="shares">
        {rows
          .filter(([label]) => kept.has(label))
          .map(([label, share]) => (
            <li
              key={label}
              class={label === vote ? "rn-pg-best" : ""}
              data-label={label}
              data-share={share.toFixed(4)}
            >
              <span class="rn-pg-label" title={label}>
                <span class="rn-dot" style={{ "--rn-own": safeColor(colorOf(task, label)) }} />
                {label}
              </span>
              <span
                class="rn-pg-bar"
                role="img"
                aria-label={`${label}: ${percent(share)}`}
                style={{ "--rn-own": safeColor(colorOf(task, label)) }}
              >
                <i style={{ width: `${(100 * share).toFixed(2)}%` }} />
                {threshold > 0 ? <u style={{ left: `${100 * threshold}%` }} /> : null}
              </span>
              <span class="rn-number">{percent(share)}</span>
            </li>
          ))}
      </ul>
      <p class="rn-quiet rn-pg-legend">
        {threshold > 0 ? `It votes from ${percent(threshold)} on, where the line stands. ` : ""}
        {shares.length > SHOWN ? `The ${SHOWN} surest of ${count(shares.length)} labels.` : ""}
      </p>
    </>
  );
}

function Spans({ answer, text, task }: Omit<SaidProps, "record">): JSX.Element {
  return (
    <>
      <p class="rn-pg-marked" data-testid="marked">
        {pieces(text, answer.spans).map(({ text: part, labels, ends }, at) =>
          labels.length === 0 ? (
            part
          ) : (
            <Marked key={at} labels={labels} task={task}>
              {part}
              {ends.map((name) => (
                <sup key={name}>{name}</sup>
              ))}
            </Marked>
          ),
        )}
      </p>
      {answer.spans.length === 0 && answer.faults.length === 0 ? (
        <p class="rn-quiet">Nothing in it is marked.</p>
      ) : null}
    </>
  );
}

interface MarkedProps {
  labels: string[];
  task: TaskInfo;
  children: ComponentChildren;
}

/** A line under the text for each label, one below the other. */
function Marked({ labels, task, children }: MarkedProps): JSX.Element {
  const [first, ...rest] = labels;
  const style = {
    "--rn-own": safeColor(colorOf(task, first!)),
    paddingBottom: `${4 * rest.length}px`,
  };
  return (
    <mark data-labels={labels.join(",")} style={style} title={labels.join(", ")}>
      {rest.length > 0 ? (
        <Marked labels={rest} task={task}>
          {children}
        </Marked>
      ) : (
        children
      )}
    </mark>
  );
}

interface WordsProps {
  answer: Answered;
  open: boolean;
  onOpen(open: boolean): void;
}

function Words({ answer, open, onOpen }: WordsProps): JSX.Element {
  const { prompt, raw } = answer;
  return (
    <details
      class="rn-pg-words"
      open={open}
      data-testid="words"
      onToggle={(event) => onOpen(event.currentTarget.open)}
    >
      <summary>{raw === "" ? "What was asked" : "What was asked and answered"}</summary>
      <dl>
        {[...prompt, ...(raw === "" ? [] : [["answer", raw] as [string, string]])].map(
          ([role, content], at) => (
            <div key={at}>
              <dt class="rn-quiet">{role}</dt>
              <dd class="rn-mono">{content}</dd>
            </div>
          ),
        )}
      </dl>
    </details>
  );
}

function Cost(props: { answer: Answered; asking: boolean; stale: boolean }): JSX.Element {
  const { read, wrote, cost, known } = props.answer;
  const told = [
    read > 0 ? `${count(read)} + ${count(wrote)} tokens` : "",
    cost === null ? "" : `cost ${cost < 1 ? cost.toFixed(5) : cost.toFixed(2)}`,
    known ? "known already" : "",
    props.asking ? "asking again…" : props.stale ? "to an earlier question" : "",
  ].filter((one) => one !== "");
  return (
    <p class="rn-quiet rn-pg-cost rn-number" data-testid="cost">
      {told.join(" · ")}
    </p>
  );
}

const percent = (share: number): string => {
  const value = 100 * share;
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
};

// Records with what the heuristic says of them, beside what people say.

import type { JSX } from "preact";
import { count, plural } from "../../ui/numbers";
import { Card } from "./Card";
import { capital } from "./format";
import type { Sample, Trial } from "./protocol";
import type { EditorSession } from "./session";
import { SHOWN } from "./trying";

const SAMPLES: [Sample, string][] = [
  ["random", "random records"],
  ["hits", "records it votes on"],
  ["wrong", "records where it contradicts people"],
  ["conflicts", "records where others contradict it"],
  ["uncovered", "records no heuristic covers"],
  ["errors", "records it fails on"],
  ["label", "records labelled …"],
];

const NOTHING: Record<Sample, string> = {
  random: "The project has no records.",
  hits: "It votes on none of the records that were tried.",
  wrong: "It contradicts no manual label.",
  conflicts: "No heuristic in force contradicts it on the records that were tried.",
  uncovered: "Every record has a vote of some heuristic.",
  errors: "It fails on none of the records that were tried.",
  label: "No record has this label yet.",
};

export function Examples({ session }: { session: EditorSession }): JSX.Element {
  const { draft, hello, trying } = session;
  const { tried } = trying;
  const { trial } = tried;
  const old = trial !== null && draft !== null && trying.isOld(draft.spec);
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
        {trial !== null && trial.examples.length > 0 && tried.state !== "running" ? (
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
        aria-label="Examples"
        tabIndex={trial === null ? -1 : 0}
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
      <AsView session={session} />
      {trial !== null && trial.output !== "" ? (
        <details class="rne-output">
          <summary>What it printed</summary>
          <pre>{trial.output}</pre>
        </details>
      ) : null}
    </section>
  );
}

const METHODS: Partial<Record<Sample, string>> = {
  hits: "hits",
  wrong: "false_hits",
  conflicts: "conflicts",
};

/** Where all of them are: a View for the next cell. */
function AsView({ session }: { session: EditorSession }): JSX.Element | null {
  const { stored, hello, trying } = session;
  const method = METHODS[trying.sample];
  const found = trying.tried.trial?.examples.length ?? 0;
  if (stored === null || hello === null || method === undefined || found === 0) return null;
  const task = hello.task.name;
  const owner = /^[A-Za-z_]\w*$/.test(task) ? task : `project.task(${JSON.stringify(task)})`;
  const code = `${owner}.${method}(${JSON.stringify(stored.name)})`;
  return (
    <p class="rn-quiet" data-testid="as-view">
      All of them, as a View to label or to export: <code>{code}</code>
    </p>
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

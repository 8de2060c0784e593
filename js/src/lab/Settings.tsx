// The Settings tab: what the project holds, its tasks, and what is done with them.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count } from "../ui/numbers";
import type { TaskRow } from "./protocol";
import type { PanelState } from "./state";
import { progress } from "./words";

const KINDS: [TaskRow["kind"], string][] = [
  ["classification", "One label for each record"],
  ["multilabel", "Any number of labels for each record"],
  ["spans", "Parts of the text"],
];

export function Settings({ state }: { state: PanelState }): JSX.Element {
  const info = state.info!;
  return (
    <div class="rn-app-settings">
      <section aria-label="Project">
        <h2>Project</h2>
        <dl class="rn-app-facts">
          <dt>Folder</dt>
          <dd class="rn-mono">{info.project.path}</dd>
          <dt>Records</dt>
          <dd>{count(info.records)}</dd>
          <dt>Attributes</dt>
          <dd>{info.attributes.map(({ name }) => name).join(", ") || "none yet"}</dd>
          <dt>Labels are kept as</dt>
          <dd>{info.actor}</dd>
        </dl>
        {state.jobs.length === 0 ? null : (
          <ul class="rn-app-jobs" aria-label="Jobs">
            {state.jobs.map((job) => (
              <li key={job.id}>
                <span>{job.title}</span>
                <span class={job.state === "failed" ? "rn-bad" : "rn-quiet"}>
                  {job.state === "running" ? progress(job) : job.told || job.state}
                </span>
                {job.state === "running" ? (
                  <button
                    type="button"
                    class="rn-button"
                    onClick={() => void state.ask("cancel", { job: job.id })}
                  >
                    Cancel
                  </button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-label="Tasks">
        <h2>Tasks</h2>
        {info.tasks.map((task) => (
          <Task key={task.name} state={state} task={task} />
        ))}
        <NewTask key={info.tasks.length} state={state} />
      </section>
    </div>
  );
}

function Task({ state, task }: { state: PanelState; task: TaskRow }): JSX.Element {
  const title = KINDS.find(([kind]) => kind === task.kind)?.[1] ?? "";
  return (
    <article class="rn-app-task" aria-label={task.name}>
      <h3>{task.name}</h3>
      <p class="rn-quiet">
        {title}
        {task.on === null ? "" : `, of ${task.on}`} · {count(task.labelled)} of{" "}
        {count(task.records)} labelled · {count(task.heuristics.length)}{" "}
        {task.heuristics.length === 1 ? "heuristic" : "heuristics"}
      </p>
      <p class="rn-app-labels">
        {task.labels.map(({ name, color }) => (
          <span key={name} class="rn-chip" style={{ "--rn-own": color }}>
            <span class="rn-dot" />
            {name}
          </span>
        ))}
      </p>
      <div class="rn-tools">
        <button
          type="button"
          class="rn-button"
          disabled={task.heuristics.length === 0}
          onClick={() => void state.ask("run", { task: task.name })}
        >
          Run heuristics
        </button>
        <button
          type="button"
          class="rn-button"
          disabled={task.heuristics.length === 0}
          onClick={() => void state.ask("supervise", { task: task.name })}
        >
          Make weak labels
        </button>
      </div>
    </article>
  );
}

function NewTask({ state }: { state: PanelState }): JSX.Element {
  const info = state.info!;
  const texts = info.attributes.filter(({ type, key }) => type === "text" && !key);
  const [name, setName] = useState("");
  const [kind, setKind] = useState<TaskRow["kind"]>("classification");
  const [on, setOn] = useState(texts[0]?.name ?? "");
  const [labels, setLabels] = useState("");
  const given = labels
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const made = await state.ask("task", { name: name.trim(), labels: given, on, kind });
    if (made === null) return;
    state.take(made);
    state.choose({ task: name.trim() });
    state.show("label");
  };
  return (
    <form
      class="rn-app-new"
      aria-label="New task"
      onSubmit={(event) => void make(event)}
      data-lm-suppress-shortcuts="true"
    >
      <h3>New task</h3>
      <label class="rn-field">
        <span>Name</span>
        <input
          type="text"
          name="task"
          value={name}
          placeholder="topic"
          required
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="rn-field">
        <span>What is labelled</span>
        <select
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as TaskRow["kind"])}
        >
          {KINDS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="rn-field">
        <span>Text to read</span>
        <select value={on} onChange={(event) => setOn(event.currentTarget.value)}>
          {texts.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      <label class="rn-field">
        <span>Labels, one a line</span>
        <textarea
          name="labels"
          rows={4}
          value={labels}
          placeholder={"Delivery\nRefund"}
          onInput={(event) => setLabels(event.currentTarget.value)}
        />
      </label>
      <button
        type="submit"
        class="rn-button rn-primary"
        disabled={name.trim() === "" || given.length === 0 || texts.length === 0}
      >
        Make the task and label
      </button>
      {texts.length > 0 ? null : (
        <p class="rn-quiet">The project has no text yet: open a data file from the file browser.</p>
      )}
    </form>
  );
}

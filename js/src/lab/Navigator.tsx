// The sidebar: the projects of this server, and what the open one has.

import type { JSX } from "preact";
import { count } from "../ui/numbers";
import { Empty } from "../ui/states";
import type { ListedProject } from "./projects";
import type { PanelState } from "./state";
import type { TabId } from "./tabs";
import { progress } from "./words";

export interface NavigatorProps {
  /** Null: the server cannot list them. */
  projects: ListedProject[] | null;
  open: ReadonlySet<string>;
  current: PanelState | null;
  onOpen(path: string): void;
  onNew(): void;
  onRefresh(): void;
}

export function Navigator(props: NavigatorProps): JSX.Element {
  const { projects, open, current, onOpen, onNew, onRefresh } = props;
  return (
    <div class="rn-ui rn-side" data-testid="refinery-sidebar">
      <section aria-label="Projects">
        <header>
          <h2 class="rn-side-title">Projects</h2>
          <button type="button" class="rn-button" onClick={onNew}>
            New
          </button>
          <button type="button" class="rn-button" aria-label="Look again" onClick={onRefresh}>
            ↻
          </button>
        </header>
        {projects === null ? (
          <p class="rn-quiet">The server extension is off: open projects from the launcher.</p>
        ) : projects.length === 0 ? (
          <Empty
            text="No project yet."
            hint="Make one from a data file, or open the sample project from the launcher."
          />
        ) : (
          <ul>
            {projects.map((one) => (
              <Project key={one.path} one={one} open={open.has(one.path)} onOpen={onOpen} />
            ))}
          </ul>
        )}
      </section>
      {current?.info == null ? null : <Current state={current} />}
    </div>
  );
}

interface ProjectProps {
  one: ListedProject;
  open: boolean;
  onOpen(path: string): void;
}

function Project({ one, open, onOpen }: ProjectProps): JSX.Element {
  const { records, tasks } = one;
  return (
    <li>
      <button
        type="button"
        class="rn-side-project"
        aria-current={open ? "true" : undefined}
        title={one.problem || one.path || "The folder of the server"}
        onClick={() => onOpen(one.path)}
      >
        <b>{one.name}</b>
        <span class={one.problem === "" ? "rn-quiet" : "rn-bad"}>
          {one.problem !== "" || records === null
            ? one.problem || "cannot be read"
            : `${count(records)} records · ${ago(one.opened)}`}
        </span>
        {tasks.map(({ name, labelled }) => (
          <span key={name} class="rn-side-task">
            <span class="rn-side-name">{name}</span>
            <span class="rn-bar">
              <i style={{ width: `${records ? (100 * labelled) / records : 0}%` }} />
            </span>
            <span class="rn-quiet">{count(labelled)}</span>
          </span>
        ))}
      </button>
    </li>
  );
}

function Current({ state }: { state: PanelState }): JSX.Element {
  const info = state.info!;
  const task = state.current;
  const go = (tab: TabId) => () => state.show(tab);
  return (
    <>
      <section aria-label="Tasks">
        <header>
          <h2 class="rn-side-title">Tasks of {state.name}</h2>
        </header>
        <ul>
          {info.tasks.map((one) => (
            <li key={one.name}>
              <button
                type="button"
                class="rn-side-row"
                aria-current={one.name === task?.name ? "true" : undefined}
                onClick={() => state.choose({ task: one.name })}
              >
                <span class="rn-side-name">{one.name}</span>
                <span class="rn-quiet">
                  {count(one.labelled)} / {count(one.records)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </section>
      {task === null || task.heuristics.length === 0 ? null : (
        <section aria-label="Heuristics">
          <header>
            <h2 class="rn-side-title">Heuristics</h2>
          </header>
          <ul>
            {task.heuristics.map((one) => (
              <li key={one.name}>
                <button type="button" class="rn-side-row" onClick={go("heuristics")}>
                  <span class="rn-side-name">{one.name}</span>
                  <span class={one.state === "failed" ? "rn-bad" : "rn-quiet"}>
                    {one.enabled ? one.state : "off"}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {info.slices.length === 0 ? null : (
        <section aria-label="Slices">
          <header>
            <h2 class="rn-side-title">Slices</h2>
          </header>
          <ul>
            {info.slices.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  class="rn-side-row"
                  aria-current={name === state.slice ? "true" : undefined}
                  onClick={() => state.choose({ slice: name === state.slice ? null : name })}
                >
                  <span class="rn-side-name">{name}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {state.running.length === 0 ? null : (
        <section aria-label="Running jobs">
          <header>
            <h2 class="rn-side-title">Running</h2>
          </header>
          <ul>
            {state.running.map((job) => (
              <li key={job.id} class="rn-side-job">
                <span class="rn-side-name">{job.title}</span>
                <span class="rn-quiet">{progress(job)}</span>
                <button
                  type="button"
                  class="rn-button"
                  aria-label={`Cancel ${job.title}`}
                  onClick={() => void state.ask("cancel", { job: job.id })}
                >
                  Cancel
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

function ago(iso: string): string {
  const past = Date.now() - Date.parse(iso);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const step = STEPS.find(([, length]) => past >= length);
  return step === undefined ? "now" : format.format(-Math.floor(past / step[1]), step[0]);
}

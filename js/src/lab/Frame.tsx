// A panel: what the project is, its tabs, and the one that is looked at.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Entry } from "../ui/entry";
import { useSource } from "../ui/hooks";
import { Banner, Empty, Skeleton, Toast } from "../ui/states";
import { takeKeys } from "./keys";
import { Settings } from "./Settings";
import type { PanelState } from "./state";
import { Temporary } from "./Temporary";
import { Tour } from "./Tour";
import { TABS, type Tab, type TabId } from "./tabs";
import { progress } from "./words";

interface FrameProps {
  state: PanelState;
  onKernel(): void;
  onCode(): void;
}

export function Frame({ state, onKernel, onCode }: FrameProps): JSX.Element {
  useSource(state);
  const { info, kernel, only } = state;
  const tabs = only ? TABS.filter(({ id }) => id === "label") : TABS;
  const task = state.current;
  return (
    <div class="rn-ui rn-app" data-testid="refinery-panel" data-kernel={kernel.state}>
      <header class="rn-app-head">
        <h1 class="rn-app-name">{state.name}</h1>
        {only ? null : <Tabs state={state} tabs={tabs} />}
        <div class="rn-grow" />
        {info !== null && info.tasks.length > 1 && !only ? (
          <select
            aria-label="Task"
            value={task?.name ?? ""}
            onChange={(event) => state.choose({ task: event.currentTarget.value })}
          >
            {info.tasks.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        ) : null}
        {info !== null && info.slices.length > 0 && !only ? (
          <select
            aria-label="Slice"
            value={state.slice ?? ""}
            onChange={(event) => state.choose({ slice: event.currentTarget.value || null })}
          >
            <option value="">All records</option>
            {info.slices.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        ) : null}
        {only ? null : (
          <>
            <button
              type="button"
              class="rn-button"
              data-tour="code"
              title="The Python that shows this in a notebook"
              disabled={info === null}
              onClick={onCode}
            >
              Code
            </button>
            <button
              type="button"
              class="rn-button rn-app-kernel"
              title="Choose another kernel"
              aria-label={`Kernel: ${kernel.name || "none"}, ${kernel.state}`}
              onClick={onKernel}
            >
              <span class={`rn-app-dot rn-app-${kernel.state}`} aria-hidden="true" />
              <span class="rn-app-kernel-name">{kernel.name || "No kernel"}</span>
            </button>
          </>
        )}
      </header>
      {info?.temporary ? <Temporary state={state} /> : null}
      {state.opened !== null && state.tab === "label" ? (
        <div class="rn-app-told">
          <span class="rn-grow">{state.opened.title}</span>
          <button type="button" class="rn-button" onClick={() => state.choose({})}>
            Back to all
          </button>
        </div>
      ) : null}
      {kernel.state === "starting" && info !== null ? (
        <Banner kind="info" name="starting">
          The kernel starts. What you label meanwhile is kept and stored then.
        </Banner>
      ) : null}
      {state.trouble === "" ? null : (
        <Banner kind="error" name="panel">
          {state.trouble}
        </Banner>
      )}
      <div class="rn-app-body">
        {kernel.state === "failed" || kernel.state === "gone" ? (
          <Empty text={kernel.trouble} hint="Every label that was marked as saved is safe.">
            <button
              type="button"
              class="rn-button rn-primary"
              onClick={() => void kernel.restart()}
            >
              Start the kernel again
            </button>
            <button type="button" class="rn-button" onClick={onKernel}>
              Choose another kernel
            </button>
          </Empty>
        ) : info === null || state.busy !== "" ? (
          <Skeleton trouble={state.busy} />
        ) : (
          <Views state={state} tabs={tabs} />
        )}
      </div>
      {state.tour === null || !state.canTour ? null : <Tour state={state} />}
      <Toast text={state.notice.text} at={state.notice.at} />
    </div>
  );
}

function Tabs({ state, tabs }: { state: PanelState; tabs: Tab[] }): JSX.Element {
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = tabs.findIndex(({ id }) => id === state.tab);
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    state.show(next.id);
    (event.currentTarget as HTMLElement)
      .querySelector<HTMLElement>(`[data-tab="${next.id}"]`)
      ?.focus();
  };
  return (
    <div
      class="rn-tabs rn-app-tabs"
      role="tablist"
      aria-label="Views of the project"
      onKeyDown={move}
    >
      {tabs.map(({ id, title }) => (
        <button
          key={id}
          type="button"
          role="tab"
          data-tab={id}
          id={`${state.id}-tab-${id}`}
          aria-selected={state.tab === id}
          aria-controls={`${state.id}-view-${id}`}
          tabIndex={state.tab === id ? 0 : -1}
          onClick={() => state.show(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** A tab is made when it is first looked at, and stays. */
function Views({ state, tabs }: { state: PanelState; tabs: Tab[] }): JSX.Element {
  const seen = useRef(new Set<TabId>());
  const here = useRef<HTMLDivElement>(null);
  seen.current.add(state.tab);
  useEffect(() => takeKeys(here.current!), [state.tab]);
  return (
    <div class="rn-app-views" ref={here}>
      {tabs.map((tab) => (
        <div
          key={tab.id}
          class="rn-app-view"
          role={state.only ? undefined : "tabpanel"}
          id={`${state.id}-view-${tab.id}`}
          aria-labelledby={state.only ? undefined : `${state.id}-tab-${tab.id}`}
          hidden={state.tab !== tab.id}
        >
          {!seen.current.has(tab.id) ? null : tab.id === "settings" ? (
            <Settings state={state} />
          ) : (
            <View key={state.about(tab)} state={state} tab={tab} />
          )}
        </div>
      ))}
    </div>
  );
}

function View({ state, tab }: { state: PanelState; tab: Tab }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [trouble, setTrouble] = useState("");
  const lacks = lacking(state, tab);
  useEffect(() => {
    if (lacks) return;
    let stop: (() => void) | null = null;
    let wanted = true;
    tab.load().then(
      ({ default: view }: { default: Entry }) => {
        if (!wanted) return;
        stop = view.mount(state.transport(tab), host.current!, state.host);
        takeKeys(host.current!);
      },
      (error) => wanted && setTrouble(`This view could not be loaded: ${String(error)}`),
    );
    return () => {
      wanted = false;
      stop?.();
    };
  }, [lacks]);
  if (lacks) return <Lacking state={state} tab={tab} />;
  return (
    <>
      {trouble === "" ? null : (
        <Banner kind="error" name="view">
          {trouble}
        </Banner>
      )}
      <div class="rn-app-host" ref={host} />
    </>
  );
}

function lacking(state: PanelState, { needs }: Tab): boolean {
  const { info } = state;
  if (info === null || needs === undefined) return false;
  return needs === "task" ? info.tasks.length === 0 : info.embeddings.length === 0;
}

function Lacking({ state, tab }: { state: PanelState; tab: Tab }): JSX.Element {
  if (tab.needs === "task")
    return (
      <Empty text="There is no task yet." hint="A task says what is labelled, and with what.">
        <button
          type="button"
          class="rn-button rn-primary"
          disabled={state.only}
          onClick={() => state.show("settings")}
        >
          Make a task
        </button>
      </Empty>
    );
  const texts = state.info?.attributes.filter(({ type, key }) => type === "text" && !key) ?? [];
  const job = state.running.find(({ title }) => title.startsWith("Vectors of"));
  return (
    <Empty
      text={job === undefined ? "There are no vectors yet." : `${job.title}: ${progress(job)}`}
      hint="The map puts texts of alike meaning together. TF-IDF needs no download; models of transformers are chosen in code: project.embed."
    >
      {job !== undefined
        ? null
        : texts.map(({ name }) => (
            <button
              key={name}
              type="button"
              class="rn-button rn-primary"
              onClick={() => void state.ask("embed", { on: name })}
            >
              Make vectors of {name}
            </button>
          ))}
    </Empty>
  );
}

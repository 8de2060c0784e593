// The map: records as points, those of alike meaning together.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { MOST_KEYS } from "../../ui/LabelButton";
import { toNotebook } from "../../ui/notebook";
import { count, plural } from "../../ui/numbers";
import { KeySheet } from "../../ui/Sheet";
import { Banner, Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { Todo } from "../../ui/Todo";
import { Legend } from "./Legend";
import { type Drag, Plot } from "./Plot";
import { Selection } from "./Selection";
import type { MapState } from "./state";

const MODES: [Drag, string, string][] = [
  ["pan", "Move", "P"],
  ["lasso", "Lasso", "L"],
  ["select", "Box", "B"],
];

export function EmbeddingMap({ state }: { state: MapState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [drag, setDrag] = useState<Drag>("pan");
  const [sheet, setSheet] = useState<"" | "keys" | "rule" | "slice">("");
  const [unlabelled, setUnlabelled] = useState(true);
  const { info, points, connection, selection } = state;

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab") return;
    event.stopPropagation();
    const typing = (event.target as HTMLElement).closest("select, input") !== null;
    if (event.key === "Escape") return leave();
    if (typing || info === null) return;
    if (event.key === "Enter" || event.key === " ") return;
    const key = event.key.toLowerCase();
    const mode = MODES.find(([, , own]) => own.toLowerCase() === key);
    const label = info.labels[Number.parseInt(event.key, 10) - 1];
    if (mode !== undefined) setDrag(mode[0]);
    else if (key === "a") void state.select([]);
    else if (key === "u") void state.undo();
    else if (key === "/") search.current?.focus();
    else if (key === "?") setSheet(sheet === "keys" ? "" : "keys");
    else if (key === "o" && selection !== null && info.task !== null) void state.openLabeler();
    else if (label !== undefined && selection !== null && info.kind === "classification")
      void state.label(label.name, unlabelled);
    else return;
    event.preventDefault();
  };

  const leave = (): void => {
    if (sheet !== "") return setSheet("");
    if (state.selection !== null || state.found !== null) {
      if (search.current !== null) search.current.value = "";
      root.current?.focus();
      return state.unselect();
    }
    toNotebook(root.current);
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-map"
      tabIndex={0}
      aria-label={`Map of ${info?.embedding ?? "an embedding"}`}
      data-testid="embedding-map"
      data-connection={connection}
      data-drag={drag}
      onKeyDown={onKeyDown}
    >
      <header class="rn-header">
        <h2 class="rn-title">{info?.task ?? info?.project ?? " "}</h2>
        {points === null ? null : (
          <span class="rn-quiet" data-testid="count">
            {plural(points.count, "record")}
            {points.missing > 0 ? `, ${count(points.missing)} without a vector` : ""}
          </span>
        )}
        <span class="rn-grow" />
        {info === null ? null : (
          <div class="rn-tools">
            <label class="rn-field">
              <span class="rn-quiet">colour</span>
              <select
                class="rn-map-select"
                value={info.by}
                data-testid="colour"
                onChange={(event) => void state.colourBy(event.currentTarget.value)}
              >
                {info.colours.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.title}
                  </option>
                ))}
              </select>
            </label>
            <label class="rn-field">
              <span class="rn-quiet">layout</span>
              <select
                class="rn-map-select"
                value={state.wanted?.method ?? info.method}
                data-testid="method"
                onChange={(event) => void state.place(info.embedding, event.currentTarget.value)}
              >
                {info.methods.map((one) => (
                  <option key={one.id} value={one.id} disabled={!one.installed}>
                    {one.title}
                    {one.installed ? "" : " (not installed)"}
                  </option>
                ))}
              </select>
            </label>
            {info.embeddings.length < 2 ? null : (
              <label class="rn-field">
                <span class="rn-quiet">vectors</span>
                <select
                  class="rn-map-select"
                  value={info.embedding}
                  onChange={(event) => void state.place(event.currentTarget.value, info.method)}
                >
                  {info.embeddings.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
            )}
          </div>
        )}
      </header>
      <Trouble connection={connection} trouble={state.trouble} quiet={points === null} />
      <Layout state={state} />
      {points !== null && points.count === 0 ? (
        <Empty
          text="There is no record to draw"
          hint={
            <Todo text="Records need a vector: call project.embed() again after adding some." />
          }
        />
      ) : points === null ? (
        connection === "refused" || connection === "gone" ? null : (
          <Skeleton trouble={state.trouble} />
        )
      ) : (
        <div class="rn-map-body">
          <Plot state={state} drag={drag} />
          <aside class="rn-map-side">
            <div class="rn-segments" role="group" aria-label="What dragging does">
              {MODES.map(([mode, title, key]) => (
                <button
                  key={mode}
                  type="button"
                  aria-pressed={drag === mode}
                  title={`${title} (${key})`}
                  onClick={() => setDrag(mode)}
                >
                  {title}
                </button>
              ))}
            </div>
            <input
              ref={search}
              type="search"
              placeholder="Search   /"
              aria-label="Search and mark what is found"
              onKeyDown={(event) => {
                if (event.key === "Enter") void state.search(event.currentTarget.value);
              }}
              onInput={(event) => {
                if (event.currentTarget.value === "") void state.search("");
              }}
            />
            <Legend state={state} />
            <button
              type="button"
              class="rn-link rn-map-help"
              data-opens="keys"
              onClick={() => setSheet(sheet === "keys" ? "" : "keys")}
            >
              <kbd>?</kbd> keys
            </button>
          </aside>
        </div>
      )}
      {points === null || points.count === 0 ? null : (
        <Selection
          state={state}
          unlabelled={unlabelled}
          onUnlabelled={setUnlabelled}
          sheet={sheet}
          onSheet={setSheet}
        />
      )}
      {sheet === "keys" ? (
        <KeySheet
          onClose={() => setSheet("")}
          rows={[
            [["P"], "move the map; the wheel zooms, a double press shows all"],
            [["L"], "select with a lasso"],
            [["B"], "select with a box"],
            [["A"], "select all that are shown"],
            [["1", `${MOST_KEYS}`], "label the selection"],
            [["U"], "take back"],
            [["O"], "open the selection in a Labeler"],
            [["/"], "search"],
            [["Esc"], "clear, then leave"],
          ]}
        />
      ) : null}
      <Toast text={state.notice.text} at={state.notice.at} />
    </section>
  );
}

function Layout({ state }: { state: MapState }): JSX.Element | null {
  const { wanted, info } = state;
  if (wanted === null || info === null) return null;
  const title = info.methods.find((one) => one.id === wanted.method)?.title ?? wanted.method;
  return (
    <Banner kind="info" name="layout">
      {wanted.running ? (
        <>
          <span class="rn-grow">
            {title} is being laid out. The map stays usable; the new one comes by itself.
          </span>
          <button type="button" class="rn-button" onClick={() => void state.giveUp()}>
            Cancel
          </button>
        </>
      ) : (
        <>
          <span class="rn-grow">
            {title} has to be laid out first: seconds for a thousand records, minutes for a hundred
            thousand.
          </span>
          <button type="button" class="rn-button rn-primary" onClick={() => void state.layOut()}>
            Lay out
          </button>
          <button type="button" class="rn-button" onClick={() => void state.giveUp()}>
            Not now
          </button>
        </>
      )}
    </Banner>
  );
}

// One record: as two lines of text with its labels, or as a row of a table.

import type { JSX } from "preact";
import { Chip } from "../../ui/Chip";
import { safeColor } from "../../ui/color";
import { plural } from "../../ui/numbers";
import { pickedIn, takesSpans } from "./picking";
import { pieces } from "./pieces";
import type { Row, Snippet, TaskInfo } from "./protocol";
import type { BrowserState } from "./state";

const GAP = 12; // px between columns, as in the style

interface RowProps {
  id: string;
  at: number;
  /** In px. */
  top: number;
  state: BrowserState;
  /** Undefined: it is on its way. */
  row: Row | undefined;
  selected: boolean;
  current: boolean;
  /** A label that is not stored yet; null: taken away; undefined: none. */
  pending: string | null | undefined;
  onOpen(at: number): void;
}

const press = ({ state, at }: RowProps, event: MouseEvent): void => {
  // Rows go when they are scrolled away, and would take the keyboard with them.
  const list = (event.currentTarget as HTMLElement).closest<HTMLElement>(".rn-br-list");
  list?.focus({ preventScroll: true });
  const box = (event.target as HTMLElement).closest(".rn-br-check") !== null;
  state.press(
    at,
    event.shiftKey ? "extend" : box || event.ctrlKey || event.metaKey ? "toggle" : "alone",
  );
};

const looks = (kind: string, { selected, current, row }: RowProps): string =>
  [
    "rn-br-row",
    kind,
    selected ? "rn-br-selected" : "",
    current ? "rn-br-current" : "",
    row === undefined ? "rn-br-coming" : "",
  ].join(" ");

export function ListRow(props: RowProps): JSX.Element {
  const { id, at, top, state, row, selected } = props;
  return (
    <div
      id={id}
      class={looks("rn-br-item", props)}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      aria-posinset={at + 1}
      aria-setsize={state.length}
      style={{ top: `${top}px` }}
      data-testid="row"
      data-key={row?.key}
      data-at={at}
      onMouseUp={(event) => pick(props, event)}
      onClick={(event) => press(props, event)}
      onDblClick={() => props.onOpen(at)}
    >
      <Check selected={selected} />
      <span class="rn-br-text">
        {row === undefined ? (
          <span class="rn-skeleton" />
        ) : row.gone === true ? (
          <span class="rn-quiet">This record was deleted.</span>
        ) : (row.texts[0]?.text ?? "").trim() === "" ? (
          <span class="rn-quiet">{row.key}: no text</span>
        ) : (
          row.texts.map((one, place) => (
            <span key={one.name}>
              {place === 0 ? null : <span class="rn-quiet"> {one.name}: </span>}
              <Text snippet={one} state={state} />
            </span>
          ))
        )}
      </span>
      <Labels {...props} />
    </div>
  );
}

export function TableRow(props: RowProps): JSX.Element {
  const { id, at, top, state, row, selected } = props;
  return (
    <div
      id={id}
      class={looks("rn-br-line-row", props)}
      role="row"
      tabIndex={-1}
      aria-selected={selected}
      aria-rowindex={at + 2}
      style={{ top: `${top}px`, gridTemplateColumns: layout(state).template }}
      data-testid="row"
      data-key={row?.key}
      data-at={at}
      onMouseUp={(event) => pick(props, event)}
      onClick={(event) => press(props, event)}
      onDblClick={() => props.onOpen(at)}
    >
      <span role="gridcell" tabIndex={-1}>
        <Check selected={selected} />
      </span>
      {state.columns.map((name) => (
        <span
          key={name}
          role="gridcell"
          tabIndex={-1}
          class={numeric(state, name) ? "rn-number rn-br-right" : ""}
        >
          <CellOf name={name} row={row} state={state} />
        </span>
      ))}
      <span role="gridcell" tabIndex={-1}>
        <Labels {...props} />
      </span>
    </div>
  );
}

export function TableHead({ state }: { state: BrowserState }): JSX.Element {
  const { shown } = state;
  const own = layout(state);
  return (
    <div
      class="rn-br-head"
      role="row"
      tabIndex={-1}
      aria-rowindex={1}
      style={{ gridTemplateColumns: own.template, minWidth: `${own.width}px` }}
    >
      <span role="columnheader" tabIndex={-1}>
        <span class="rn-hidden">Selected</span>
      </span>
      {state.columns.map((name) => {
        const order = `attribute:${name}`;
        const sorted = shown?.order === order;
        const sorts = state.info?.orders.some((one) => one.id === order) === true;
        return (
          <span
            key={name}
            role="columnheader"
            tabIndex={-1}
            class={numeric(state, name) ? "rn-br-right" : ""}
            aria-sort={sorted ? (shown?.descending ? "descending" : "ascending") : undefined}
          >
            {sorts ? (
              <button
                type="button"
                class="rn-button rn-plain"
                tabIndex={-1}
                title={`Sort by ${name}`}
                onClick={() => void state.order(order, sorted ? !shown?.descending : false)}
              >
                {name}
                {sorted ? (shown?.descending ? " ↓" : " ↑") : ""}
              </button>
            ) : (
              name
            )}
          </span>
        );
      })}
      <span role="columnheader" tabIndex={-1}>
        Labels
      </span>
    </div>
  );
}

const numeric = (state: BrowserState, name: string): boolean =>
  ["integer", "float"].includes(
    state.info?.attributes.find((one) => one.name === name)?.type ?? "",
  );

/** The columns of the table as a grid, and how wide it is at least, in px. */
export function layout(state: BrowserState): { template: string; width: number } {
  const columns: [least: number, share: number][] = [
    [28, 0],
    ...state.columns.map((name): [number, number] =>
      name === state.info?.text ? [240, 4] : numeric(state, name) ? [72, 0.6] : [112, 1],
    ),
    [144, 1.2],
  ];
  return {
    template: columns
      .map(([least, share]) => (share === 0 ? `${least}px` : `minmax(${least}px, ${share}fr)`))
      .join(" "),
    width: columns.reduce((sum, [least]) => sum + least + GAP, 2 * GAP),
  };
}

function Check({ selected }: { selected: boolean }): JSX.Element {
  return (
    <span class="rn-br-check" aria-hidden="true" data-testid="check">
      <i>{selected ? "✓" : ""}</i>
    </span>
  );
}

function CellOf(props: { name: string; row: Row | undefined; state: BrowserState }): JSX.Element {
  const { name, row, state } = props;
  if (row === undefined || row.gone === true) return <span class="rn-quiet" />;
  const snippet = row.texts.find((one) => one.name === name);
  if (snippet !== undefined) return <Text snippet={snippet} state={state} />;
  const value = row.cells[name];
  if (value === undefined) return <span class="rn-quiet">—</span>;
  return <>{typeof value === "number" ? value.toLocaleString("en") : String(value)}</>;
}

/** A text with what matches marked and spans in their colour: whole of people, dashed suggested. */
function Text({ snippet, state }: { snippet: Snippet; state: BrowserState }): JSX.Element {
  const labels = state.info?.tasks.flatMap((one) => one.labels) ?? [];
  const drawn = pieces(snippet).map(({ text, unit, match, span, ends }) => {
    const shown = (
      <span key={unit} data-u={unit}>
        {match ? <mark>{text}</mark> : text}
      </span>
    );
    if (span === null) return shown;
    const label = labels.find((one) => one.id === span[2]);
    return (
      <span
        key={unit}
        class={`rn-br-span rn-br-by-${span[3]}`}
        style={{ "--rn-own": safeColor(label?.color ?? "") }}
      >
        {shown}
        {ends ? (
          <sub data-u={unit + text.length} data-n={0}>
            {label?.name ?? "?"}
          </sub>
        ) : null}
      </span>
    );
  });
  return (
    <>
      {snippet.cut[0] ? "… " : ""}
      <span class={takesSpans(state.task, snippet.name) ? "rn-br-spannable" : ""}>{drawn}</span>
      {snippet.cut[1] ? " …" : ""}
    </>
  );
}

/** The mouse was let go: if some text is selected, it can be labelled. */
function pick({ state, at, row }: RowProps, event: MouseEvent): void {
  // Twice opens the record; with a key it chooses records.
  if (event.detail > 1 || event.shiftKey || event.ctrlKey || event.metaKey) return;
  const root = (event.currentTarget as HTMLElement).querySelector(".rn-br-spannable");
  const snippet = row?.texts.find((one) => takesSpans(state.task, one.name));
  if (root !== null && snippet !== undefined) state.deeds.pick(pickedIn(root, at, snippet));
}

function Labels(props: RowProps): JSX.Element {
  const { state, row, pending } = props;
  const tasks = state.info?.tasks ?? [];
  return (
    <span
      class={`rn-br-labels${pending === undefined ? "" : " rn-br-pending"}`}
      data-testid="labels"
    >
      {row !== undefined && row.comments > 0 ? (
        <span class="rn-badge">{plural(row.comments, "comment")}</span>
      ) : null}
      {row === undefined || row.gone === true
        ? null
        : tasks.map((task) => (
            <TaskLabels
              key={task.id}
              task={task}
              row={row}
              pending={task.name === state.info?.focus ? pending : undefined}
              named={tasks.length > 1}
              spansShown={task.on === state.info?.text}
            />
          ))}
    </span>
  );
}

interface TaskLabelsProps {
  task: TaskInfo;
  row: Row;
  pending: string | null | undefined;
  named: boolean;
  /** Whether its spans stand in the text. */
  spansShown: boolean;
}

/** What is said of a task: by people, else by the machine; and whether heuristics disagree. */
function TaskLabels({
  task,
  row,
  pending,
  named,
  spansShown,
}: TaskLabelsProps): JSX.Element | null {
  const found = row.tasks[String(task.id)];
  if (found === undefined) return null;
  const label = (id: number) => task.labels.find((one) => one.id === id);
  const chips: JSX.Element[] = [];
  if (pending !== undefined) {
    const own = task.labels.find((one) => one.name === pending);
    if (own !== undefined) {
      chips.push(<Chip key="pending" name={own.name} color={own.color} voice="person" />);
    } else if (pending === "") chips.push(<Nothing key="none" task={task} />);
  } else if (found.said.length > 0) {
    for (const one of found.said.slice(0, 3)) {
      if (task.kind === "spans" && spansShown && one.label !== null) continue;
      const own = one.label === null ? undefined : label(one.label);
      chips.push(
        one.label === null ? (
          <Nothing key="none" task={task} />
        ) : (
          <span key={one.label} title={`${own?.name ?? "?"}, by ${one.by.join(", ")}`}>
            <Chip name={own?.name ?? "?"} color={own?.color ?? ""} voice="person" />
          </span>
        ),
      );
    }
  } else if (found.weak !== null) {
    const own = label(found.weak.label);
    const { confidence } = found.weak;
    chips.push(
      <Chip
        key="weak"
        name={own?.name ?? "?"}
        color={own?.color ?? ""}
        voice="machine"
        confidence={confidence}
      />,
    );
  }
  if (chips.length === 0 && !found.conflict && found.marks.length === 0) return null;
  return (
    <span class="rn-br-task" title={named ? task.name : undefined}>
      {found.marks.includes("flag") ? (
        <span role="img" aria-label="flagged" title="Flagged">
          ⚑
        </span>
      ) : null}
      {found.conflict ? (
        <span
          class="rn-warn"
          role="img"
          aria-label="heuristics disagree"
          title="Heuristics disagree"
        >
          ≠
        </span>
      ) : null}
      {chips}
    </span>
  );
}

function Nothing({ task }: { task: TaskInfo }): JSX.Element {
  return <span class="rn-badge">{task.kind === "spans" ? "no span" : "none"}</span>;
}

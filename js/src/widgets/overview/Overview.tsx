// The overview: what is counted at the top, then numbers, then charts; each mark opens its records.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { focusLabelerIn } from "../../ui/labeler";
import { toNotebook } from "../../ui/notebook";
import { count as grouped, plural } from "../../ui/numbers";
import { Empty, Skeleton, Toast, Trouble } from "../../ui/states";
import { Todo } from "../../ui/Todo";
import { Charts } from "./Charts";
import type { Opening } from "./Panel";
import type { Mark, Menu, Value } from "./protocol";
import type { OverviewState } from "./state";
import { Tiles } from "./Tiles";
import { Values } from "./Values";

const LATE = 300; // ms, after which it is said that something takes a while

export function Overview({ state }: { state: OverviewState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const watch = useRef({ cancel: (): void => undefined });
  const [late, setLate] = useState(false);
  useEffect(() => () => watch.current.cancel(), []);
  const { menu, numbers, records, connection } = state;

  const open = async (mark: Mark): Promise<void> => {
    watch.current.cancel();
    watch.current = focusLabelerIn(root.current);
    const timer = setTimeout(() => setLate(true), LATE);
    if (!(await state.openMark(mark))) watch.current.cancel();
    clearTimeout(timer);
    setLate(false);
  };
  const opening: Opening = { opened: menu?.opened ?? null, open: (mark) => void open(mark) };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab") return;
    event.stopPropagation();
    if (event.key === "Escape") toNotebook(root.current);
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-ov"
      tabIndex={-1}
      aria-label={`Overview: ${menu?.project ?? ""}`}
      aria-busy={state.busy || late}
      data-testid="overview"
      data-connection={connection}
      data-labelled={numbers?.labelled ?? ""}
      onKeyDown={onKeyDown}
    >
      <header class="rn-header">
        <h2>{menu?.project ?? " "}</h2>
        {menu === null ? null : (
          <span class="rn-quiet rn-number" data-testid="records">
            {records === null || records === menu.total
              ? plural(menu.total, "record")
              : `${grouped(records)} of ${plural(menu.total, "record")}`}
            {menu.base === null || menu.base === "" ? "" : ` · ${menu.base}`}
          </span>
        )}
        <span class="rn-grow" />
        {menu === null ? null : <Controls menu={menu} state={state} />}
      </header>
      <Trouble kind="warning" connection={connection} trouble={state.trouble} />
      {menu !== null && menu.total === 0 ? (
        <Empty
          text="The project has no records yet."
          hint={<Todo text='project.add("file.csv")' code />}
        />
      ) : records === null ? (
        <Skeleton />
      ) : (
        <div class="rn-ov-body">
          {numbers === null ? (
            <Empty
              text="There is no task yet: nothing to count but the records."
              hint={<Todo text='project.task("topic", ["A", "B"], on="text")' code />}
            />
          ) : (
            <Tiles numbers={numbers} opening={opening} />
          )}
          <div class="rn-ov-panels">
            {numbers === null ? null : (
              <Charts
                key={numbers.task}
                numbers={numbers}
                opening={opening}
                onLabel={(label) => state.chooseLabel(label)}
              />
            )}
            <Values state={state} opening={opening} />
          </div>
        </div>
      )}
      <Toast
        text={late ? "The records are being opened." : state.notice.text}
        at={state.notice.at}
        seen={late}
      />
    </section>
  );
}

const ALL = "";

function Controls({ menu, state }: { menu: Menu; state: OverviewState }): JSX.Element {
  const { tasks, slices, values, filter } = menu;
  const [query, setQuery] = useState(filter.query);
  // Numbered, as names and values may hold anything.
  const flat: [attribute: string, value: Value][] = values.flatMap(({ attribute, values: known }) =>
    [...known, null].map((value): [string, Value] => [attribute, value]),
  );
  const at = flat.findIndex(
    ([attribute, value]) => attribute === filter.attribute && value === filter.value,
  );
  return (
    <div class="rn-tools rn-ov-controls">
      {tasks.length > 1 ? (
        <label class="rn-field">
          <span class="rn-quiet">Task</span>
          <select
            data-testid="task"
            value={menu.task ?? ""}
            onChange={(event) => state.chooseTask(event.currentTarget.value)}
          >
            {tasks.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      ) : menu.task === null ? null : (
        <span class="rn-quiet">{menu.task}</span>
      )}
      {slices.length > 0 ? (
        <label class="rn-field">
          <span class="rn-quiet">Slice</span>
          <select
            data-testid="slice"
            value={filter.slice === null ? ALL : `=${filter.slice}`}
            onChange={(event) => {
              const { value } = event.currentTarget;
              state.chooseFilter({ slice: value === ALL ? null : value.slice(1) });
            }}
          >
            <option value={ALL}>all records</option>
            {slices.map((name) => (
              <option key={name} value={`=${name}`}>
                {name}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {flat.length > 0 ? (
        <label class="rn-field">
          <span class="rn-quiet">Where</span>
          <select
            data-testid="where"
            value={at}
            onChange={(event) => {
              const chosen = flat[Number(event.currentTarget.value)];
              state.chooseFilter({ attribute: chosen?.[0] ?? null, value: chosen?.[1] ?? null });
            }}
          >
            <option value={-1}>any value</option>
            {values.map(({ attribute }) => (
              <optgroup key={attribute} label={attribute}>
                {flat.map(([name, value], number) =>
                  name === attribute ? (
                    <option key={String(value)} value={number}>
                      {`${attribute} ${value === null ? "is missing" : `is ${String(value)}`}`}
                    </option>
                  ) : null,
                )}
              </optgroup>
            ))}
          </select>
        </label>
      ) : null}
      <form
        class="rn-field"
        onSubmit={(event) => {
          event.preventDefault();
          state.chooseFilter({ query: query.trim() });
        }}
      >
        <input
          type="search"
          class="rn-ov-query"
          aria-label="Only records that a query finds, in words"
          placeholder="and a query: stars > 3"
          data-testid="query"
          spellcheck={false}
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            if (event.currentTarget.value === "") state.chooseFilter({ query: "" });
          }}
        />
      </form>
    </div>
  );
}

// The head of the Browser: how many, which task, in which order, and how it is shown.

import type { JSX } from "preact";
import { Count } from "./QueryBar";
import type { BrowserState } from "./state";

interface Props {
  state: BrowserState;
  onSheet(name: string): void;
}

export function Header({ state, onSheet }: Props): JSX.Element {
  const { info, shown } = state;
  return (
    <header class="rn-header">
      <h2 data-testid="title">{info?.project ?? "Records"}</h2>
      <Count state={state} />
      <div class="rn-grow" />
      {info === null || shown === null ? null : (
        <div class="rn-tools">
          <button
            type="button"
            class="rn-button"
            aria-pressed={state.rail}
            aria-expanded={state.rail}
            data-testid="filters"
            onClick={() => state.setRail(!state.rail)}
          >
            Filters <kbd>F</kbd>
          </button>
          <button
            type="button"
            class="rn-button"
            data-opens="slices"
            data-testid="slices"
            onClick={() => onSheet("slices")}
          >
            Slices
          </button>
          {info.tasks.length < 2 ? null : (
            <label>
              <span class="rn-hidden">Task that is labelled</span>
              <select
                data-testid="task"
                value={info.focus ?? ""}
                onChange={(event) => void state.focus(event.currentTarget.value)}
              >
                {info.tasks.map((one) => (
                  <option key={one.id} value={one.name}>
                    {one.name}
                  </option>
                ))}
              </select>
            </label>
          )}
          <Order state={state} />
          <span class="rn-segments" role="group" aria-label="Show as">
            {(["list", "table"] as const).map((mode) => (
              <button
                key={mode}
                type="button"
                aria-pressed={state.mode === mode}
                data-testid={mode}
                onClick={() => state.setMode(mode)}
              >
                {mode === "list" ? "List" : "Table"}
              </button>
            ))}
          </span>
          {state.mode === "table" ? (
            <button
              type="button"
              class="rn-button"
              data-opens="columns"
              data-testid="columns"
              onClick={() => onSheet("columns")}
            >
              Columns
            </button>
          ) : null}
          <button
            type="button"
            class="rn-button rn-plain"
            aria-label="Keys"
            data-opens="keys"
            onClick={() => onSheet("keys")}
          >
            <kbd>?</kbd>
          </button>
        </div>
      )}
    </header>
  );
}

function Order({ state }: { state: BrowserState }): JSX.Element | null {
  const { info, shown } = state;
  if (info === null || shown === null) return null;
  const own = info.orders.find((one) => one.id === shown.order);
  return (
    <span class="rn-br-order">
      <label>
        <span class="rn-hidden">Order</span>
        <select
          data-testid="order"
          value={shown.order}
          onChange={(event) => void state.order(event.currentTarget.value, false)}
        >
          {info.orders.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title}
            </option>
          ))}
        </select>
      </label>
      {own === undefined || own.up === "" ? null : (
        <button
          type="button"
          class="rn-button"
          data-testid="direction"
          onClick={() => void state.order(shown.order, !shown.descending)}
        >
          {shown.descending ? `↓ ${own.down}` : `↑ ${own.up}`}
        </button>
      )}
      {shown.order === "random" ? (
        <button
          type="button"
          class="rn-button"
          title={`Seed ${shown.seed}`}
          onClick={() => void state.order("random", false)}
        >
          Shuffle again
        </button>
      ) : null}
    </span>
  );
}

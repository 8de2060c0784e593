// What is compared, and how it is shown.

import type { JSX } from "preact";
import type { Order } from "./cells";
import type { Kind, Normalize, SourceInfo, Told } from "./protocol";
import type { MatrixState } from "./state";

const GROUPS: [Kind, string][] = [
  ["gold", "By hand"],
  ["run", "Weak labels"],
  ["heuristic", "Heuristics"],
  ["person", "People"],
];
const SHOWN: [Normalize, name: string, title: string][] = [
  ["rows", "% of row", "What share of the row a cell is"],
  ["columns", "% of column", "What share of the column a cell is"],
  ["counts", "counts", "How many there are"],
];

interface ControlsProps {
  state: MatrixState;
  told: Told;
  order: Order;
  hideEmpty: boolean;
  onOrder(order: Order): void;
  onHide(hide: boolean): void;
}

export function Controls(props: ControlsProps): JSX.Element {
  const { state, told, order, hideEmpty } = props;
  const { rows, columns, level } = state.chosen;
  return (
    <div class="rn-cm-controls">
      <div class="rn-tools">
        <SourceSelect
          name="Rows"
          sources={told.sources}
          value={rows}
          onChange={(id) => state.compare({ rows: id })}
        />
        <button
          type="button"
          class="rn-button"
          aria-label="Swap rows and columns"
          title="Swap rows and columns"
          data-testid="swap"
          disabled={told.matrix === null}
          onClick={() => state.compare({ rows: columns, columns: rows })}
        >
          ⇄
        </button>
        <SourceSelect
          name="Columns"
          sources={told.sources}
          value={columns}
          onChange={(id) => state.compare({ columns: id })}
        />
        {told.levels.length > 0 ? (
          <label class="rn-field">
            <span class="rn-quiet">{told.kind === "multilabel" ? "Label" : "Count"}</span>
            <select
              data-testid="level"
              value={level}
              onChange={(e) => state.compare({ level: e.currentTarget.value })}
            >
              {told.levels.map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        ) : null}
      </div>
      <div class="rn-tools">
        <fieldset class="rn-segments">
          <legend class="rn-hidden">Show</legend>
          {SHOWN.map(([value, name, title]) => (
            <button
              key={value}
              type="button"
              aria-pressed={state.normalize === value}
              title={title}
              data-testid={`show-${value}`}
              onClick={() => state.show(value)}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <label class="rn-field">
          <span class="rn-hidden">Order of the labels</span>
          <select
            data-testid="order"
            value={order}
            onChange={(e) => props.onOrder(e.currentTarget.value as Order)}
          >
            <option value="labels">labels in order</option>
            <option value="errors">most errors first</option>
          </select>
        </label>
        <label class="rn-field">
          <input
            type="checkbox"
            data-testid="hide-empty"
            checked={hideEmpty}
            onChange={(e) => props.onHide(e.currentTarget.checked)}
          />
          hide empty
        </label>
      </div>
    </div>
  );
}

interface SourceSelectProps {
  name: string;
  sources: SourceInfo[];
  value: string;
  onChange(id: string): void;
}

function SourceSelect({ name, sources, value, onChange }: SourceSelectProps): JSX.Element {
  const known = sources.some((one) => one.id === value);
  return (
    <label class="rn-field">
      <span class="rn-quiet">{name}</span>
      <select
        class="rn-cm-source"
        data-testid={`source-${name.toLowerCase()}`}
        value={known ? value : ""}
        onChange={(e) => onChange(e.currentTarget.value)}
      >
        {known ? null : <option value="">choose</option>}
        {GROUPS.map(([kind, title]) => {
          const own = sources.filter((one) => one.kind === kind);
          return own.length === 0 ? null : (
            <optgroup key={kind} label={title}>
              {own.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.title}
                </option>
              ))}
            </optgroup>
          );
        })}
      </select>
    </label>
  );
}

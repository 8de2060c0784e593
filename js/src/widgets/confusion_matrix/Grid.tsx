// The cells: an HTML grid that a screen reader can read and the arrow keys can walk.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { count as grouped } from "../../ui/numbers";
import { type Counts, percent, shortened, units } from "./cells";
import type { Normalize } from "./protocol";

/** A cell by the positions of its labels. */
export interface Place {
  row: number;
  column: number;
  /** Reached by the keyboard: then the cell takes the focus. */
  focus?: boolean;
}

interface GridProps {
  counts: Counts;
  labels: number[];
  normalize: Normalize;
  place: Place;
  opened: Place | null;
  onMove(place: Place): void;
  onOpen(place: Place): void;
}

const LONG = 12; // characters of a word, beyond which the heads of several columns stand upright
const DENSE = 14; // labels, from which cells are small

export function Grid(props: GridProps): JSX.Element {
  const { counts, labels, normalize, place, opened } = props;
  const { info } = counts;
  const current = useRef<HTMLTableCellElement>(null);
  const dense = labels.length > DENSE;
  const upright =
    labels.length > 10 ||
    (labels.length > 5 && labels.some((l) => longestWord(info.column_labels[l]!) > LONG));

  useEffect(() => {
    if (place.focus === true) current.current?.focus();
  }, [place]);

  const cell = (row: number, column: number): JSX.Element => {
    const count = counts.at(row, column);
    const share = counts.share(row, column, normalize);
    const here = row === place.row && column === place.column;
    const tone = counts.tone(row, column);
    const strength = counts.strength(row, column, normalize);
    const main = count === 0 ? "" : normalize === "counts" ? grouped(count) : percent(share ?? 0);
    const names = `${info.row_labels[row]}, ${info.column_labels[column]}`;
    return (
      <td
        key={column}
        ref={here ? current : null}
        class={`rn-cm-cell rn-cm-${tone}`}
        style={{ "--rn-strength": strength.toFixed(3) }}
        tabIndex={here ? 0 : -1}
        aria-selected={opened?.row === row && opened.column === column}
        aria-label={`${names}: ${units(count, info.level)}${
          share === null ? "" : `, ${percent(share)}`
        }`}
        title={`${names}: ${units(count, info.level)}`}
        data-testid={`cell-${info.row_labels[row]}-${info.column_labels[column]}`}
        data-count={count}
        data-here={here}
        onFocus={() => {
          if (!here) props.onMove({ row, column });
        }}
        onClick={() => props.onOpen({ row, column })}
      >
        <span class="rn-cm-main">{main}</span>
        {count === 0 || normalize === "counts" || dense ? null : (
          <span class="rn-cm-count">{grouped(count)}</span>
        )}
      </td>
    );
  };

  return (
    <div class={`rn-cm-scroll${upright ? " rn-cm-scroll-upright" : ""}`}>
      <table
        class={`rn-cm-grid${dense ? " rn-cm-dense" : ""}${upright ? " rn-cm-upright" : ""}`}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table to walk in.
        role="grid"
        aria-label={`${info.rows.title} in rows, ${info.columns.title} in columns`}
        data-testid="grid"
      >
        <thead>
          <tr>
            <th class="rn-cm-corner" scope="col">
              <span class="rn-cm-axis-columns">{info.columns.title} →</span>
              <span class="rn-cm-axis-rows">{info.rows.title} ↓</span>
            </th>
            {labels.map((column) => (
              <th
                key={column}
                scope="col"
                title={info.column_labels[column]}
                class={column === place.column ? "rn-cm-lit" : ""}
              >
                <Name text={info.column_labels[column]!} none={column === counts.size - 1} />
              </th>
            ))}
            <th scope="col" class="rn-cm-sum">
              <Name text="total" none />
            </th>
          </tr>
        </thead>
        <tbody>
          {labels.map((row) => (
            <tr key={row}>
              <th
                scope="row"
                title={info.row_labels[row]}
                class={row === place.row ? "rn-cm-lit" : ""}
              >
                <Name text={info.row_labels[row]!} none={row === counts.size - 1} />
              </th>
              {labels.map((column) => cell(row, column))}
              <td class="rn-cm-sum" data-testid={`total-${info.row_labels[row]}`}>
                {grouped(counts.rowSums[row]!)}
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row" class="rn-cm-sum">
              <Name text="total" none />
            </th>
            {labels.map((column) => (
              <td key={column} class="rn-cm-sum">
                {grouped(counts.columnSums[column]!)}
              </td>
            ))}
            <td class="rn-cm-sum">{grouped(counts.total)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/** A head breaks between words only. */
function longestWord(name: string): number {
  return Math.max(
    ...shortened(name)
      .split(/\s+/)
      .map((word) => word.length),
  );
}

function Name({ text, none }: { text: string; none: boolean }): JSX.Element {
  return <span class={`rn-cm-name${none ? " rn-cm-none" : ""}`}>{shortened(text)}</span>;
}

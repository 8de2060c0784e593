// Manual against weak labels: the grid of the ConfusionMatrix, smaller.

import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { fraction } from "../../ui/numbers";
import { Counts, percent, units } from "../confusion_matrix/cells";
import { Grid, type Place } from "../confusion_matrix/Grid";
import type { MatrixInfo } from "../confusion_matrix/protocol";
import { Missing, type Opening, Panel } from "./Panel";
import type { LabelCount, Numbers } from "./protocol";

const MOST = 12; // labels: those with most errors
const NARROW = 6; // so many fit into half the width
const MOVES: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface MatrixProps {
  numbers: Numbers;
  opening: Opening;
  /** Another label is asked about: where a record may have several, each has its own matrix. */
  onLabel(label: string): void;
}

export function Matrix({ numbers, opening, onLabel }: MatrixProps): JSX.Element {
  const { matrix, weak, labels } = numbers;
  if (matrix !== null && matrix.judged > 0) {
    const { label } = matrix;
    return (
      // Of another label nothing stands chosen.
      <Cells key={label ?? ""} info={matrix} {...opening}>
        {label === null ? null : <LabelChoice label={label} labels={labels} onChange={onLabel} />}
      </Cells>
    );
  }
  return (
    <Panel title="By hand against weak" name="matrix">
      {weak === null ? (
        <Missing text="No weak labels yet. Combine the votes:" code="task.supervise()" />
      ) : (
        <Missing
          text="No record has been reviewed by hand yet. Label some:"
          code="rn.Labeler(task)"
        />
      )}
    </Panel>
  );
}

interface ChoiceProps {
  label: string;
  labels: LabelCount[];
  onChange(label: string): void;
}

function LabelChoice({ label, labels, onChange }: ChoiceProps): JSX.Element {
  return (
    <label class="rn-field">
      <span class="rn-quiet">Label</span>
      <select
        data-testid="matrix-label"
        value={label}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {labels.map(({ name }) =>
          name === null ? null : (
            <option key={name} value={name}>
              {name}
            </option>
          ),
        )}
      </select>
    </label>
  );
}

interface CellsProps extends Opening {
  info: MatrixInfo;
  children: ComponentChildren;
}

function Cells({ info, opened, open, children }: CellsProps): JSX.Element {
  const [chosen, setPlace] = useState<Place | null>(null);
  const counts = useMemo(() => new Counts(info), [info]);
  const labels = counts.shown({ order: "labels", hideEmpty: true, most: MOST });
  const errors = counts.errors(labels);
  const first = labels[0] ?? 0;
  const place: Place =
    chosen !== null && labels.includes(chosen.row) && labels.includes(chosen.column)
      ? chosen
      : { row: errors[0]?.[0] ?? first, column: errors[0]?.[1] ?? first };
  const nameOf = (at: number): string | null =>
    at === counts.size - 1 ? null : info.row_labels[at]!;
  const show = ({ row, column }: Place): void => {
    setPlace({ row, column });
    if (counts.at(row, column) > 0)
      open({ what: "cell", label: info.label, row: nameOf(row), column: nameOf(column) });
  };
  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = MOVES[event.key];
    if (event.key === "Enter" || event.key === " ") show(place);
    else if (by === undefined) return;
    else {
      const step = (at: number, move: number): number =>
        labels[Math.min(Math.max(labels.indexOf(at) + move, 0), labels.length - 1)]!;
      setPlace({ row: step(place.row, by[0]), column: step(place.column, by[1]), focus: true });
    }
    event.preventDefault();
  };
  const at = (name: string | number | null | undefined): number =>
    name == null ? counts.size - 1 : info.row_labels.indexOf(String(name));
  const shown =
    opened?.what === "cell" && (opened.label ?? null) === info.label
      ? { row: at(opened.row), column: at(opened.column) }
      : null;
  const count = counts.at(place.row, place.column);
  const of = counts.share(place.row, place.column, "rows");
  const rest = counts.shown({ order: "labels", hideEmpty: true, most: 10_000 }).length;
  const told = info.agreement === null ? "" : `${percent(info.agreement)} agree`;
  const kappa =
    info.kappa === null ? "" : ` · κ ${fraction(Math.round(100 * info.kappa) / 100 || 0)}`;
  return (
    <Panel
      title="By hand against weak"
      name="matrix"
      wide={labels.length > NARROW}
      told={`${told}${kappa}${labels.length < rest ? ` · ${labels.length} of ${rest} labels` : ""}`}
      detail={`${info.row_labels[place.row]} → ${info.column_labels[place.column]}: ${units(count, info.level)}${of === null || count === 0 ? "" : `, ${percent(of)} of the row`}`}
    >
      {children}
      <div class="rn-cm rn-ov-matrix" onKeyDown={onKeyDown}>
        <Grid
          counts={counts}
          labels={labels}
          normalize="rows"
          place={place}
          opened={shown}
          onMove={setPlace}
          onOpen={show}
        />
      </div>
    </Panel>
  );
}

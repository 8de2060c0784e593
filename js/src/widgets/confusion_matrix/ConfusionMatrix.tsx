// The confusion matrix: two sources side by side; a cell opens its records below.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { focusLabelerIn } from "../../ui/labeler";
import { toNotebook } from "../../ui/notebook";
import { count as grouped, plural } from "../../ui/numbers";
import { Empty, Skeleton, Trouble } from "../../ui/states";
import { Todo } from "../../ui/Todo";
import { Controls } from "./Controls";
import { Counts, type Order, percent, units } from "./cells";
import { Grid, type Place } from "./Grid";
import type { MatrixInfo, Normalize } from "./protocol";
import type { MatrixState } from "./state";

const LATE = 300; // ms, after which it is said that something takes a while
const MANY = 20; // labels, from which empty ones are hidden at first
const MOST = 60; // labels drawn at first
const DRAWABLE = 200; // labels that a browser draws without a stall

export function ConfusionMatrix({ state }: { state: MatrixState }): JSX.Element {
  useSource(state);
  const root = useRef<HTMLElement>(null);
  const [order, setOrder] = useState<Order>("labels");
  const [hide, setHide] = useState<boolean | null>(null);
  const [all, setAll] = useState(false);
  const [place, setPlace] = useState<Place | null>(null);
  const [notice, setNotice] = useState("");
  const { told, connection, normalize } = state;
  const info = told?.matrix ?? null;
  const counts = useMemo(() => (info === null ? null : new Counts(info)), [info]);
  const hideEmpty = hide ?? (counts !== null && counts.size > MANY);
  const labels = useMemo(
    () => counts?.shown({ order, hideEmpty, most: all ? Number.MAX_SAFE_INTEGER : MOST }) ?? [],
    [counts, order, hideEmpty, all],
  );
  const available = useMemo(
    () => counts?.shown({ order, hideEmpty, most: Number.MAX_SAFE_INTEGER }).length ?? 0,
    [counts, order, hideEmpty],
  );
  const errors = useMemo(() => counts?.errors(labels) ?? [], [counts, labels]);
  const first = labels[0] ?? 0;
  const here: Place =
    place !== null && labels.includes(place.row) && labels.includes(place.column)
      ? place
      : { row: errors[0]?.[0] ?? first, column: errors[0]?.[1] ?? first };

  useEffect(() => setNotice(""), [here.row, here.column, info]);

  const nameOf = (at: number, names: string[]): string | null =>
    at === names.length - 1 ? null : names[at]!;

  const open = async ({ row, column }: Place): Promise<void> => {
    if (counts === null || info === null) return;
    setPlace({ row, column });
    if (counts.at(row, column) === 0) {
      setNotice("No record is in this cell.");
      return;
    }
    const found = focusLabelerIn(root.current);
    const late = setTimeout(() => setNotice("The records are being opened."), LATE);
    const cell = { row: nameOf(row, info.row_labels), column: nameOf(column, info.column_labels) };
    if (!(await state.openCell(cell))) found.cancel();
    clearTimeout(late);
    setNotice("");
  };

  const move = (by: [number, number]): void => {
    const row = Math.min(Math.max(labels.indexOf(here.row) + by[0], 0), labels.length - 1);
    const column = Math.min(Math.max(labels.indexOf(here.column) + by[1], 0), labels.length - 1);
    setPlace({ row: labels[row]!, column: labels[column]!, focus: true });
  };

  const nextError = (step: 1 | -1): void => {
    if (errors.length === 0) return setNotice("There is no error among these labels.");
    const at = errors.findIndex(([row, column]) => row === here.row && column === here.column);
    const next = at < 0 ? 0 : (at + step + errors.length) % errors.length;
    setPlace({ row: errors[next]![0], column: errors[next]![1], focus: true });
  };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab") return;
    event.stopPropagation();
    if (event.key === "Escape") {
      toNotebook(root.current);
      return;
    }
    if ((event.target as HTMLElement).closest("select, input, button") !== null) return;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-10, 0],
      PageDown: [10, 0],
      Home: [0, -labels.length],
      End: [0, labels.length],
    };
    const by = moves[event.key];
    if (by !== undefined) move(by);
    else if (event.key === "Enter" || event.key === " ") void open(here);
    else if (event.key.toLowerCase() === "e") nextError(event.shiftKey ? -1 : 1);
    else if (event.key.toLowerCase() === "c") cycle();
    else return;
    event.preventDefault();
  };

  const cycle = (): void => {
    const next: Record<Normalize, Normalize> = {
      rows: "columns",
      columns: "counts",
      counts: "rows",
    };
    state.show(next[normalize]);
  };

  const openedAt = (): Place | null => {
    const opened = told?.opened ?? null;
    if (opened === null || info === null) return null;
    if (opened.rows !== info.rows.id || opened.columns !== info.columns.id) return null;
    if (info.label !== null && opened.level !== info.label) return null;
    const at = (name: string | null, names: string[]): number =>
      name === null ? names.length - 1 : names.indexOf(name);
    return {
      row: at(opened.row, info.row_labels),
      column: at(opened.column, info.column_labels),
    };
  };

  return (
    <section
      ref={root}
      class="rn-ui rn-cm"
      aria-label={`Confusion matrix: ${told?.task ?? ""}`}
      data-testid="confusion-matrix"
      data-connection={connection}
      data-normalize={normalize}
      aria-busy={state.busy}
      onKeyDown={onKeyDown}
    >
      <header class="rn-header">
        <h2 class="rn-cm-title">{told?.task ?? " "}</h2>
        {info !== null && counts !== null ? <Summary info={info} counts={counts} /> : null}
      </header>
      {told !== null ? (
        <Controls
          state={state}
          told={told}
          order={order}
          hideEmpty={hideEmpty}
          onOrder={setOrder}
          onHide={setHide}
        />
      ) : null}
      <Trouble kind="warning" connection={connection} trouble={state.trouble} />
      {info !== null && counts !== null ? (
        <>
          <Grid
            counts={counts}
            labels={labels}
            normalize={normalize}
            place={here}
            opened={openedAt()}
            onMove={setPlace}
            onOpen={(at) => void open(at)}
          />
          <footer class="rn-cm-foot">
            <span class="rn-cm-detail" aria-live="polite" data-testid="detail">
              {notice !== "" ? notice : <Detail counts={counts} place={here} />}
            </span>
            {labels.length < available ? (
              <span class="rn-cm-rest" data-testid="rest">
                {grouped(labels.length)} of {grouped(available)} labels, those with most errors
                {available <= DRAWABLE ? (
                  <button type="button" class="rn-button" onClick={() => setAll(true)}>
                    Show all
                  </button>
                ) : null}
              </span>
            ) : null}
            <Keys onCycle={cycle} onError={() => nextError(1)} />
          </footer>
        </>
      ) : told?.empty != null ? (
        <Empty
          text={told.empty.message}
          hint={told.empty.hint && <Todo text={told.empty.hint} />}
        />
      ) : (
        <Skeleton />
      )}
    </section>
  );
}

function Summary({ info, counts }: { info: MatrixInfo; counts: Counts }): JSX.Element {
  const { decided } = counts;
  const reviewed = plural(info.judged, "record");
  return (
    <div class="rn-cm-summary" data-testid="summary" data-judged={info.judged}>
      {info.agreement === null ? null : (
        <span>
          <b>{percent(info.agreement)}</b> agree
        </span>
      )}
      {info.label === null &&
      info.level === "records" &&
      decided !== null &&
      decided !== info.agreement ? (
        <span title="Of the records to which both give a label">
          <b>{percent(decided)}</b> where both give a label
        </span>
      ) : null}
      {info.label !== null && counts.f1 !== null ? (
        <span title="How well one finds what the other gives: the mean of precision and recall">
          F1 <b>{counts.f1.toFixed(2)}</b>
        </span>
      ) : null}
      {info.kappa === null ? null : (
        <span title="Cohen's kappa: agreement beyond chance, from 0 to 1">
          κ <b>{info.kappa.toFixed(2)}</b>
        </span>
      )}
      <span class="rn-quiet">
        {info.level === "records" ? reviewed : `${units(counts.total, info.level)} in ${reviewed}`}
      </span>
    </div>
  );
}

function Detail({ counts, place }: { counts: Counts; place: Place }): JSX.Element {
  const { info } = counts;
  const count = counts.at(place.row, place.column);
  const share = counts.share(place.row, place.column, "rows");
  const shareOfColumn = counts.share(place.row, place.column, "columns");
  return (
    <>
      <b>{info.row_labels[place.row]}</b> <span class="rn-quiet">→</span>{" "}
      <b>{info.column_labels[place.column]}</b>
      <span class="rn-quiet">: </span>
      {units(count, info.level)}
      {share === null || count === 0 ? "" : `, ${percent(share)} of the row`}
      {shareOfColumn === null || count === 0 ? "" : `, ${percent(shareOfColumn)} of the column`}
    </>
  );
}

function Keys(props: { onCycle(): void; onError(): void }): JSX.Element {
  return (
    <span class="rn-cm-keys">
      <span>
        <kbd>←↑↓→</kbd> move
      </span>
      <span>
        <kbd>Enter</kbd> open
      </span>
      <button type="button" class="rn-cm-key" onClick={props.onError} data-testid="next-error">
        <kbd>E</kbd> next error
      </button>
      <button type="button" class="rn-cm-key" onClick={props.onCycle}>
        <kbd>C</kbd> shares
      </button>
    </span>
  );
}

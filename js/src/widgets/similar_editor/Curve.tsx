// The slider: precision with its interval over the threshold, how many each lets in, and the cut.

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { safeColor } from "../../ui/color";
import { decimal, type Ranking, UNIT } from "./ranking";
import type { SimilarState } from "./state";
import { plain, sentence } from "./words";

const COLUMNS = 240;
const WIDE = 1_000; // of the drawing, whatever its size on the screen
const HIGH = 100;
const MARKS = 600; // labelled neighbours that are drawn
const ROUND = UNIT / 1_000; // a pixel is no finer
const TENTH = UNIT / 10;

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** The ends of the scale: the tenths around all neighbours. */
export interface Scale {
  from: number;
  to: number;
}

export function scaleOf(ranking: Ranking): Scale {
  const least = ranking.similarity[ranking.length - 1] ?? 0;
  const to = Math.min(Math.floor(least / TENTH) * TENTH, UNIT - 2 * TENTH);
  const from = Math.ceil((ranking.similarity[0] ?? UNIT) / TENTH) * TENTH;
  return { from: Math.max(from, to + 2 * TENTH), to };
}

export const placeOf = (threshold: number, { from, to }: Scale): number =>
  Math.min(Math.max((from - threshold) / (from - to), 0), 1);

export const thresholdAt = (place: number, { from, to }: Scale): number =>
  Math.max(Math.round((from - place * (from - to)) / ROUND) * ROUND, ROUND);

/** The line and the band, as paths; empty where nothing was judged. */
export function paths(ranking: Ranking, scale: Scale): { line: string; band: string } {
  const top: string[] = [];
  const bottom: string[] = [];
  const line: string[] = [];
  for (let column = 0; column <= COLUMNS; column++) {
    const cut = ranking.at(Math.round(scale.from - (column / COLUMNS) * (scale.from - scale.to)));
    if (cut.precision === null) continue;
    const x = ((column / COLUMNS) * WIDE).toFixed(1);
    const y = (share: number): string => ((1 - share) * HIGH).toFixed(2);
    line.push(`${x} ${y(cut.precision)}`);
    top.push(`${x} ${y(cut.high)}`);
    bottom.push(`${x} ${y(cut.low)}`);
  }
  if (line.length === 0) return { line: "", band: "" };
  return {
    line: `M${line.join("L")}`,
    band: `M${top.join("L")}L${bottom.reverse().join("L")}Z`,
  };
}

export function Curve({ state, ranking }: { state: SimilarState; ranking: Ranking }): JSX.Element {
  const plot = useRef<HTMLDivElement>(null);
  const scale = useMemo(() => scaleOf(ranking), [ranking]);
  const { line, band } = useMemo(() => paths(ranking, scale), [ranking, scale]);
  const task = state.info!.task;
  const own = task.labels.find(({ name }) => name === state.draft?.label)?.color ?? "";
  const cut = ranking.at(state.threshold);
  const at = `${100 * placeOf(state.threshold, scale)}%`;
  const drag = (event: PointerEvent): void => {
    const el = plot.current;
    if (el === null || (event.type === "pointermove" && !el.hasPointerCapture(event.pointerId)))
      return;
    const box = el.getBoundingClientRect();
    state.moveTo(thresholdAt((event.clientX - box.left) / box.width, scale));
  };
  return (
    <div class="rn-sim-curve" style={{ "--rn-own": safeColor(own) }}>
      <div class="rn-sim-scale" aria-hidden="true">
        <span>1</span>
        <span>.5</span>
        <span>0</span>
      </div>
      <div
        ref={plot}
        class="rn-sim-plot"
        role="slider"
        tabIndex={0}
        aria-label="Threshold"
        aria-valuemin={0}
        aria-valuemax={ranking.length}
        aria-valuenow={cut.hits}
        aria-valuetext={plain(sentence(cut, task.kind))}
        data-testid="slider"
        data-threshold={decimal(state.threshold)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={drag}
      >
        <svg
          viewBox={`0 0 ${WIDE} ${HIGH}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          data-testid="curve"
          data-known={line !== ""}
        >
          <path class="rn-sim-grid" d={`M0 0H${WIDE}M0 50H${WIDE}M0 100H${WIDE}`} />
          <path class="rn-sim-band" d={band} />
          <path class="rn-sim-line" d={line} />
        </svg>
        {line === "" ? (
          <p class="rn-quiet rn-sim-unknown">
            No precision yet: label some neighbours with <kbd>1</kbd> to <kbd>9</kbd>.
          </p>
        ) : null}
        <div class="rn-sim-inside" style={{ width: at }} />
        <div class="rn-sim-handle" style={{ left: at }} />
        <Marks ranking={ranking} scale={scale} />
      </div>
      <Ticks ranking={ranking} scale={scale} />
    </div>
  );
}

/** Labelled neighbours: above the line those that are right, below it the others. */
function Marks({ ranking, scale }: { ranking: Ranking; scale: Scale }): JSX.Element {
  const [right, wrong] = useMemo(() => {
    const every = Math.max(1, Math.ceil(ranking.ranks.length / MARKS));
    const drawn: [string[], string[]] = [[], []];
    for (let at = 0; at < ranking.ranks.length; at += every) {
      const x = placeOf(ranking.similarity[ranking.ranks[at]!]!, scale) * WIDE;
      if (ranking.isRight(at)) drawn[0].push(`M${x.toFixed(1)} 0V10`);
      else drawn[1].push(`M${x.toFixed(1)} 10V20`);
    }
    return drawn.map((one) => one.join(""));
  }, [ranking, scale]);
  return (
    <svg
      class="rn-sim-marks"
      viewBox={`0 0 ${WIDE} 20`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="rn-sim-grid" d={`M0 10H${WIDE}`} />
      <path class="rn-sim-right" d={right} />
      <path class="rn-sim-wrong" d={wrong} />
    </svg>
  );
}

function Ticks({ ranking, scale }: { ranking: Ranking; scale: Scale }): JSX.Element {
  const tenths = Math.round((scale.from - scale.to) / TENTH);
  return (
    <ol class="rn-sim-ticks" aria-hidden="true">
      {Array.from({ length: tenths + 1 }, (_, at) => {
        const threshold = scale.from - at * TENTH;
        const hits = threshold === 0 ? ranking.length : ranking.hits(threshold);
        return (
          <li
            key={at}
            class={at % 2 === 1 && tenths > 5 ? "rn-sim-odd" : ""}
            style={{ left: `${(100 * at) / tenths}%` }}
          >
            {threshold === 0 ? "0" : decimal(threshold).replace(/(\.\d)0$/, "$1")}
            <span>{compact.format(hits)}</span>
          </li>
        );
      })}
    </ol>
  );
}

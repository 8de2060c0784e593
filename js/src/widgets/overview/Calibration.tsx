// Whether confidence means what it says: a point for each range of confidence, with its interval.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { fraction, count as grouped } from "../../ui/numbers";
import { same, useWalk } from "./marks";
import { Missing, type Opening, Panel } from "./Panel";
import type { CalibrationBin, Mark, Numbers } from "./protocol";

const WIDTH = 320;
const HEIGHT = 200;
const LEFT = 40;
const TOP = 8;
const X = (value: number): number => LEFT + value * (WIDTH - LEFT - 12);
const Y = (value: number): number => TOP + (1 - value) * (HEIGHT - TOP - 32);
const TICKS = [0, 0.5, 1];

export function Calibration({
  numbers,
  opening,
}: {
  numbers: Numbers;
  opening: Opening;
}): JSX.Element {
  const [detail, setDetail] = useState("");
  const { calibration, weak } = numbers;
  const bins = calibration?.bins ?? [];
  const title = "Calibration";
  if (bins.length === 0) {
    return (
      <Panel title={title} name="calibration">
        {weak === null ? (
          <Missing text="No weak labels yet. Combine the votes:" code="task.supervise()" />
        ) : (
          <Missing
            text="No reviewed record has a weak label yet. Label some:"
            code="rn.Labeler(task)"
          />
        )}
      </Panel>
    );
  }
  const error = calibration?.error ?? null;
  return (
    <Panel
      title={title}
      name="calibration"
      told={error === null ? undefined : `error ${fraction(error, 3)}`}
      detail={detail}
    >
      <Points bins={bins} {...opening} onDetail={setDetail} />
    </Panel>
  );
}

interface PointsProps extends Opening {
  bins: CalibrationBin[];
  onDetail(detail: string): void;
}

function Points({ bins, opened, open, onDetail }: PointsProps): JSX.Element {
  const walk = useWalk(bins.length);
  const most = Math.max(...bins.map(({ count }) => count));
  return (
    <div
      role="group"
      aria-label="Share that is right, by confidence"
      data-testid="points"
      onKeyDown={walk.onKeyDown}
      onMouseLeave={() => onDetail("")}
    >
      <svg class="rn-ov-points" viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <title>Share that is right, by confidence</title>
        {TICKS.map((tick) => (
          <g key={tick}>
            <line class="rn-ov-line" x1={X(0)} x2={X(1)} y1={Y(tick)} y2={Y(tick)} />
            <text class="rn-ov-tick" x={LEFT - 6} y={Y(tick) + 4} text-anchor="end">
              {`${100 * tick} %`}
            </text>
            <text class="rn-ov-tick" x={X(tick)} y={HEIGHT - 14} text-anchor="middle">
              {tick}
            </text>
          </g>
        ))}
        <text class="rn-ov-tick" x={X(0.5)} y={HEIGHT - 1} text-anchor="middle">
          confidence
        </text>
        <line class="rn-ov-ideal" x1={X(0)} y1={Y(0)} x2={X(1)} y2={Y(1)} />
        {bins.map((bin, at) => {
          const mark: Mark = { what: "calibration", bin: bin.bin };
          const said = `confidence ${fraction(bin.confidence)}: ${Math.round(100 * bin.accuracy)} % of ${grouped(bin.count)} right`;
          const { onFocus, tabIndex, ...place } = walk.props(at);
          const act = (): void => open(mark);
          return (
            <g
              key={bin.bin}
              class="rn-ov-point"
              role="button"
              aria-label={said}
              aria-pressed={same(mark, opened)}
              data-count={bin.count}
              // Not tabIndex: names of attributes keep their case in an SVG.
              tabindex={tabIndex}
              {...place}
              onFocus={() => {
                onFocus();
                onDetail(said);
              }}
              onBlur={() => onDetail("")}
              onMouseEnter={() => onDetail(said)}
              onClick={act}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                act();
              }}
            >
              <line
                x1={X(bin.confidence)}
                x2={X(bin.confidence)}
                y1={Y(bin.low)}
                y2={Y(bin.high)}
              />
              <circle class="rn-ov-hit" cx={X(bin.confidence)} cy={Y(bin.accuracy)} r={14} />
              <circle
                cx={X(bin.confidence)}
                cy={Y(bin.accuracy)}
                r={3 + 4 * Math.sqrt(bin.count / most)}
              />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

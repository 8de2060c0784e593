// The drawing: Plotly on our own view of the points; a lasso or box selects, hovering shows a card.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Figure, makeFigure, themeOf, WITHOUT_WEBGL } from "./figure";
import { hasWebGL, loadPlotly, type Plotly, type PlotlyElement } from "./plotly";
import type { CardInfo } from "./protocol";
import type { MapState } from "./state";

export type Drag = "pan" | "lasso" | "select";

interface Picked {
  curveNumber: number;
  pointNumber: number;
}
interface Hovered {
  points: Picked[];
  event: MouseEvent;
}
interface Drawn {
  lassoPoints?: { x: number[]; y: number[] };
  range?: { x: [number, number]; y: [number, number] };
}

const CONFIG = {
  displayModeBar: false,
  scrollZoom: true,
  responsive: false,
  doubleClick: "reset",
};
const LATE = 120; // ms that the pointer rests before a card is asked for

export function Plot({ state, drag }: { state: MapState; drag: Drag }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plotly = useRef<Plotly | null>(null);
  const figure = useRef<Figure | null>(null);
  const [webgl] = useState(hasWebGL);
  const [trouble, setTrouble] = useState("");
  const [hovered, setHovered] = useState<{ at: number; x: number; y: number } | null>(null);
  const [theme, setTheme] = useState(0);

  useEffect(() => {
    // JupyterLab tells of a change of theme on the body.
    const watch = new MutationObserver(() => setTheme((one) => one + 1));
    watch.observe(document.body, {
      attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"],
    });
    const resized = new ResizeObserver(() => {
      const el = place.current;
      if (el !== null && el.clientWidth > 0 && figure.current !== null) {
        plotly.current?.Plots.resize(el);
      }
    });
    if (place.current !== null) resized.observe(place.current);
    return () => {
      watch.disconnect();
      resized.disconnect();
      if (place.current !== null) plotly.current?.purge(place.current);
    };
  }, []);

  useLayoutEffect(() => {
    const el = place.current;
    if (el === null || state.points === null) return;
    let stopped = false;
    const draw = async (): Promise<void> => {
      plotly.current ??= await loadPlotly(state);
      if (stopped) return;
      const made = makeFigure(state, themeOf(el), webgl, drag);
      figure.current = made;
      const drawn = await plotly.current.react(el, made.traces, made.layout, CONFIG);
      if (!stopped) listen(drawn);
      el.dataset.drawn = String(state.drawn);
    };
    draw().catch((error: unknown) => setTrouble(String((error as Error).message ?? error)));
    return () => {
      stopped = true;
    };
  }, [state.drawn, drag, theme]);

  const listen = (el: PlotlyElement): void => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    for (const name of ["plotly_selected", "plotly_hover", "plotly_unhover", "plotly_relayouting"])
      el.removeAllListeners(name);
    el.on("plotly_selected", ((told: Drawn | undefined) => {
      const corners = cornersOf(told);
      if (corners.length > 2) void state.select(corners);
    }) as (data: never) => void);
    el.on("plotly_hover", ((told: Hovered) => {
      const point = told.points[0];
      const at = point && figure.current?.points[point.curveNumber]?.[point.pointNumber];
      if (at === undefined) return;
      const box = el.getBoundingClientRect();
      const where = { at, x: told.event.clientX - box.left, y: told.event.clientY - box.top };
      clearTimeout(timer);
      timer = setTimeout(() => setHovered(where), LATE);
    }) as (data: never) => void);
    const hide = (): void => {
      clearTimeout(timer);
      setHovered(null);
    };
    el.on("plotly_unhover", hide as (data: never) => void);
    el.on("plotly_relayouting", hide as (data: never) => void);
  };

  // The wheel zooms where one works; elsewhere it goes on scrolling the notebook.
  const guard = (event: WheelEvent): void => {
    const own = place.current?.closest(".rn-map");
    const root = own?.getRootNode() as Document | ShadowRoot | undefined;
    if (!own?.contains(root?.activeElement ?? null)) event.stopPropagation();
  };

  const count = state.points?.count ?? 0;
  return (
    <div class="rn-map-plot" onWheelCapture={guard}>
      <div
        ref={place}
        class="rn-map-canvas"
        role="img"
        aria-label={`${count.toLocaleString("en")} records as points`}
        data-testid="plot"
        data-webgl={webgl}
      />
      {hovered === null ? null : <HoverCard state={state} {...hovered} />}
      {trouble === "" ? null : (
        <p class="rn-map-note rn-bad" role="alert">
          The points cannot be drawn: {trouble}
        </p>
      )}
      {!webgl && count > WITHOUT_WEBGL ? (
        <p class="rn-map-note" data-testid="no-webgl">
          This browser has no WebGL: an even part of the points is drawn. A lasso takes all.
        </p>
      ) : null}
    </div>
  );
}

function cornersOf(told: Drawn | undefined): [number, number][] {
  const whole = (value: number): number => Math.round(value);
  if (told?.lassoPoints !== undefined) {
    const { x, y } = told.lassoPoints;
    const every = Math.max(1, Math.ceil(x.length / 2_000));
    return x
      .map((one, at): [number, number] => [whole(one), whole(y[at]!)])
      .filter((_, at) => at % every === 0);
  }
  if (told?.range === undefined) return [];
  const { x, y } = told.range;
  return [
    [whole(x[0]), whole(y[0])],
    [whole(x[1]), whole(y[0])],
    [whole(x[1]), whole(y[1])],
    [whole(x[0]), whole(y[1])],
  ];
}

interface HoverProps {
  state: MapState;
  at: number;
  x: number;
  y: number;
}

function HoverCard({ state, at, x, y }: HoverProps): JSX.Element | null {
  const [card, setCard] = useState<CardInfo | null>(null);
  useEffect(() => {
    let stopped = false;
    setCard(null);
    state
      .card(at)
      .then((told) => stopped || setCard(told))
      .catch(() => undefined);
    return () => {
      stopped = true;
    };
  }, [at]);
  if (card === null) return null;
  const { categories, scale } = state;
  const name = categories === null ? null : (categories.names[categories.codes[at]!] ?? null);
  const value =
    scale === null || scale.steps[at] === 0
      ? null
      : scale.low + ((scale.steps[at]! - 1) / 65_534) * (scale.high - scale.low);
  return (
    <div
      class={`rn-map-card${y > 240 ? " rn-map-above" : ""}`}
      style={{ "--x": `${x}px`, "--y": `${y}px` }}
      data-testid="card"
    >
      <div class="rn-map-card-head">
        <span class="rn-quiet">{card.key}</span>
        {name === null ? null : <span>{name}</span>}
        {value === null ? null : (
          <span class="rn-number">
            {scale!.title} {value.toLocaleString("en", { maximumFractionDigits: 2 })}
          </span>
        )}
      </div>
      <p class="rn-map-card-text">
        {card.text === "" ? <span class="rn-quiet">No text</span> : card.text}
        {card.cut ? "…" : ""}
      </p>
    </div>
  );
}

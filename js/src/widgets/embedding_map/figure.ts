// What is drawn: points in traces by category, or in the colours of a scale; hits of a search and
// the selection on top. Colours come from the theme.

import { safeColor } from "../../ui/color";
import type { MapState } from "./state";

export const SIDE = 65_535;
export const WITHOUT_WEBGL = 4_000; // points that a browser draws as shapes without a stall
const PALE_LIGHT = "#b3bac4";
const PALE_DARK = "#646c78";
// From hardly seen to clearly seen on the paper of each theme, in even steps of lightness.
const SCALES = {
  light: ["#cfd8e6", "#8fa9cf", "#5079b5", "#1f4f95", "#062a63"],
  dark: ["#3a465c", "#5b6f94", "#8f9ab0", "#d3bf7e", "#ffe873"],
};

export interface Theme {
  ink: string;
  paper: string;
  accent: string;
  dark: boolean;
}

export interface Figure {
  traces: object[];
  layout: object;
  /** For each trace, the point that stands at each of its places. */
  points: Uint32Array[];
}

export function themeOf(el: HTMLElement): Theme {
  const style = getComputedStyle(el);
  const value = (name: string, fallback: string): string =>
    style.getPropertyValue(name).trim() || fallback;
  return {
    ink: value("--jp-ui-font-color1", "#1f2328"),
    paper: value("--jp-layout-color1", "#ffffff"),
    accent: value("--jp-brand-color1", "#1565c0"),
    dark: document.body.dataset.jpThemeLight === "false",
  };
}

/** The colours of a scale, from low to high. */
export function scaleOf(dark: boolean): string[] {
  return dark ? SCALES.dark : SCALES.light;
}

export function sizeOf(count: number): number {
  if (count <= 2_000) return 7;
  if (count <= 20_000) return 5;
  return count <= 200_000 ? 3 : 2;
}

/** Every point, or an even part of them where there is no WebGL. */
export function shownPoints(count: number, webgl: boolean): Uint32Array {
  const step = webgl ? 1 : Math.max(1, Math.ceil(count / WITHOUT_WEBGL));
  return Uint32Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);
}

export function makeFigure(state: MapState, theme: Theme, webgl: boolean, drag: string): Figure {
  const points = state.points;
  const traces: object[] = [];
  const places: Uint32Array[] = [];
  const layout = {
    autosize: true,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    showlegend: false,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "closest",
    hoverdistance: 12,
    dragmode: drag,
    newselection: { line: { color: theme.accent, width: 2, dash: "solid" } },
    activeselection: { fillcolor: theme.accent, opacity: 0.08 },
    // A new picture begins unmoved; new colours leave it where it is.
    uirevision: `${points?.revision ?? 0}`,
    selectionrevision: `${state.drawn}`,
    selections: [],
    xaxis: axis(),
    yaxis: { ...axis(), scaleanchor: "x", scaleratio: 1 },
  };
  if (points === null) return { traces, layout, points: places };
  const type = webgl ? "scattergl" : "scatter";
  const size = sizeOf(points.count);
  const pale = theme.dark ? PALE_DARK : PALE_LIGHT;
  const shown = shownPoints(points.count, webgl);
  const selected = state.selection === null ? null : new Set(state.selection.at);
  const add = (at: Uint32Array, marker: object): void => {
    if (at.length === 0) return;
    traces.push({
      type,
      mode: "markers",
      x: Float32Array.from(at, (one) => points.x[one]!),
      y: Float32Array.from(at, (one) => points.y[one]!),
      marker: { size, line: { width: 0 }, ...marker },
      hoverinfo: "none",
    });
    places.push(at);
  };
  /** What is selected keeps its colour, the rest fades. */
  const trace = (at: Uint32Array, marker: (at: Uint32Array) => object): void => {
    if (selected === null) return add(at, { ...marker(at), opacity: 0.85 });
    const [inside, outside] = [true, false].map((wanted) =>
      at.filter((one) => selected.has(one) === wanted),
    );
    add(outside!, { ...marker(outside!), opacity: 0.12 });
    add(inside!, { ...marker(inside!), opacity: 1 });
  };
  const { categories, scale } = state;
  if (categories !== null) {
    const groups = byCategory(shown, categories.codes, categories.names.length);
    // What nothing was said of lies below.
    for (let code = groups.length - 1; code >= 0; code--) {
      if (state.hidden.has(code) || groups[code]!.length === 0) continue;
      const color = categories.colors[code] === "" ? pale : safeColor(categories.colors[code]!);
      trace(groups[code]!, () => ({ color }));
    }
  } else if (scale !== null) {
    trace(
      shown.filter((at) => scale.steps[at] === 0),
      () => ({ color: pale, size: Math.max(2, size - 2) }),
    );
    const colors = scaleOf(theme.dark);
    const colorscale = colors.map((color, at) => [at / (colors.length - 1), color]);
    trace(
      shown.filter((at) => scale.steps[at] !== 0),
      (at) => ({
        color: Float32Array.from(at, (one) => (scale.steps[one]! - 1) / (SIDE - 1)),
        cmin: 0,
        cmax: 1,
        colorscale,
        showscale: false,
      }),
    );
  } else {
    trace(shown, () => ({ color: theme.accent }));
  }
  if (state.found !== null) {
    const ring = { color: "rgba(0,0,0,0)", size: size + 8, line: { width: 2, color: theme.ink } };
    add(state.found.at, ring);
  }
  return { traces, layout, points: places };
}

function byCategory(shown: Uint32Array, codes: Uint16Array, count: number): Uint32Array[] {
  const sizes = new Array<number>(count).fill(0);
  for (const at of shown) sizes[codes[at]!]! += 1;
  const groups = sizes.map((size) => new Uint32Array(size));
  const filled = new Array<number>(count).fill(0);
  for (const at of shown) {
    const code = codes[at]!;
    groups[code]![filled[code]!++] = at;
  }
  return groups;
}

function axis(): object {
  return {
    visible: false,
    showgrid: false,
    zeroline: false,
    range: [-0.03 * SIDE, 1.03 * SIDE],
    fixedrange: false,
  };
}

// Plotly, as far as it is used here; fetched from the kernel once a page, as no notebook should
// carry 1.6 MB with each map, and nothing comes from a network.

import { joined } from "../../ui/columns";
import type { MapState } from "./state";

export interface PlotlyElement extends HTMLElement {
  on(event: string, handler: (data: never) => void): void;
  removeAllListeners(event: string): void;
}

export interface Plotly {
  react(el: HTMLElement, traces: object[], layout: object, config?: object): Promise<PlotlyElement>;
  relayout(el: HTMLElement, change: object): Promise<unknown>;
  purge(el: HTMLElement): void;
  Plots: { resize(el: HTMLElement): void };
}

interface Page {
  __refineryNbPlotly?: Promise<Plotly> | undefined;
  Plotly?: Plotly;
}

export function loadPlotly(state: MapState): Promise<Plotly> {
  const page = globalThis as unknown as Page;
  page.__refineryNbPlotly ??= fetchPlotly(state, page).catch((error: unknown) => {
    page.__refineryNbPlotly = undefined;
    throw error;
  });
  return page.__refineryNbPlotly;
}

async function fetchPlotly(state: MapState, page: Page): Promise<Plotly> {
  const first = await state.link.call("drawing", { part: 0 }, 60_000);
  const rest = Array.from({ length: first.parts - 1 }, (_, at) =>
    state.link.call("drawing", { part: at + 1 }, 60_000),
  );
  const parts = [first, ...(await Promise.all(rest))].map((part) => part.text);
  const url = URL.createObjectURL(new Blob([joined(parts)], { type: "text/javascript" }));
  const before = page.Plotly;
  try {
    await new Promise<void>((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.onload = () => resolve();
      script.onerror = () => reject(new Error("the drawing library could not be loaded."));
      document.head.append(script);
      script.remove();
    });
    const loaded = page.Plotly;
    if (loaded === undefined) throw new Error("the drawing library could not be loaded.");
    return loaded;
  } finally {
    URL.revokeObjectURL(url);
    // What somebody else put there stays theirs.
    if (before !== undefined) page.Plotly = before;
  }
}

/** Whether points can be drawn by the graphics card (or what stands in for it). */
export function hasWebGL(): boolean {
  try {
    const context = document.createElement("canvas").getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
}

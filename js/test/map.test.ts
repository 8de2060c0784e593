import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { joined, uint16, uint32 } from "../src/ui/columns";
import { makeFigure, shownPoints, WITHOUT_WEBGL } from "../src/widgets/embedding_map/figure";
import type { Info } from "../src/widgets/embedding_map/protocol";
import { MapState } from "../src/widgets/embedding_map/state";
import { base64, kernel } from "./kernel";

const u16 = (...values: number[]): string => base64(Uint16Array.from(values));
const u32 = (...values: number[]): string => base64(Uint32Array.from(values));

const info: Info = {
  project: "p",
  task: "topic",
  kind: "classification",
  labels: [{ id: 1, name: "A", color: "#3b6fd4" }],
  embeddings: ["letters"],
  methods: [
    { id: "pca", title: "Components", installed: true },
    { id: "tsne", title: "t-SNE", installed: true },
  ],
  colours: [{ id: "label", title: "Manual label" }],
  embedding: "letters",
  method: "pca",
  by: "label",
  laying_out: false,
};
const colours = {
  by: "label",
  scale: null,
  categories: {
    names: ["A", "Not labelled"],
    colors: ["#3b6fd4", ""],
    counts: [1, 2],
    codes: u16(1, 0, 1),
  },
};
const placed = {
  ready: true,
  revision: 1,
  count: 3,
  missing: 0,
  joined: 0,
  x: u16(0, 100, 65_535),
  y: u16(1, 2, 3),
  ...colours,
};
const about = { labelled: 1, labels: [] };
const answers: Record<string, object> = {
  hello: info,
  places: placed,
  colours,
  select: { count: 2, at: u32(0, 2), ...about },
  label: { count: 2, ...about },
  undo: { done: true, ...about },
  search: { count: 1, at: u32(1) },
  card: { key: "k", text: "t", cut: false },
};
const theme = { ink: "#000000", paper: "#ffffff", accent: "#1565c0", dark: false };

function open(more: Record<string, object> = {}) {
  const { asked, transport } = kernel(({ op }) => {
    const told = more[op] ?? answers[op] ?? {};
    return "error" in told ? told : { ok: told };
  });
  return { transport, asked, state: new MapState(transport, () => "c") };
}

interface Trace {
  x: Float32Array;
  marker: { color: unknown; opacity: number };
}

test("columns come back as the numbers that were sent", () => {
  expect([...uint16(u16(0, 1, 65_535))]).toEqual([0, 1, 65_535]);
  expect([...uint32(u32(7, 4_000_000_000))]).toEqual([7, 4_000_000_000]);
  const whole = Buffer.from("any bytes at all").toString("base64");
  const parts = [whole.slice(0, 8), whole.slice(8)];
  expect(Buffer.from(joined(parts)).toString()).toBe("any bytes at all");
});

test("each category is drawn in its colour, what is not labelled below the others", async () => {
  const { state } = open();
  await state.open();
  const { traces, points } = makeFigure(state, theme, true, "pan");
  expect(points.map((one) => [...one])).toEqual([[0, 2], [1]]);
  expect((traces as Trace[]).map(({ x }) => [...x])).toEqual([[0, 65_535], [100]]);
  expect((traces as Trace[])[1]!.marker.color).toBe("#3b6fd4");
});

test("a hidden category is not drawn, and not selected", async () => {
  const { state, asked } = open();
  await state.open();
  state.toggle(1);
  expect(makeFigure(state, theme, true, "pan").points.map((one) => [...one])).toEqual([[1]]);
  await state.select([]);
  expect(asked.at(-1)!.args).toEqual({ polygon: [], hidden: [1] });
  state.only(0);
  expect([...state.hidden]).toEqual([]);
});

test("what is selected keeps its colour and the rest fades", async () => {
  const { state } = open();
  await state.open();
  await state.select([
    [0, 0],
    [1, 0],
    [1, 1],
  ]);
  const { traces, points } = makeFigure(state, theme, true, "pan");
  const strength = points.map((one, at) => [[...one], (traces as Trace[])[at]!.marker.opacity]);
  expect(strength).toEqual([
    [[0, 2], 1],
    [[1], 0.12],
  ]);
  state.unselect();
  expect(state.selection).toBeNull();
});

test("hits of a search are ringed on top", async () => {
  const { state } = open();
  await state.open();
  await state.search("late");
  const { points } = makeFigure(state, theme, true, "pan");
  expect([...points.at(-1)!]).toEqual([1]);
  await state.search("");
  expect(state.found).toBeNull();
});

test("without WebGL an even part of many points is drawn", () => {
  expect(shownPoints(10, false)).toHaveLength(10);
  const many = shownPoints(100_000, false);
  expect(many.length).toBeLessThanOrEqual(WITHOUT_WEBGL);
  expect(many.at(-1)).toBeGreaterThan(99_000);
  expect(shownPoints(100_000, true)).toHaveLength(100_000);
});

test("a layout that is not there is offered, made, and comes by itself", async () => {
  const { state, asked, transport } = open({ places: { ready: false, laying_out: false } });
  await state.open();
  await state.place("letters", "tsne");
  expect(state.wanted).toEqual({ embedding: "letters", method: "tsne", running: false });
  await state.layOut();
  expect(state.wanted?.running).toBe(true);
  transport.deliver({ v: PROTOCOL, push: "layout", error: null });
  await vi.waitFor(() => expect(asked.at(-1)!.op).toBe("places"));
  await vi.waitFor(() => expect(state.wanted?.running).toBe(false));
  transport.deliver({ v: PROTOCOL, push: "layout", error: "it was cancelled" });
  await vi.waitFor(() => expect(state.trouble).toBe("it was cancelled"));
  expect(state.wanted).toBeNull();
});

test("many events make one look", async () => {
  const { state, asked, transport } = open();
  await state.open();
  const before = asked.length;
  for (let n = 0; n < 50; n += 1) {
    transport.deliver({ v: PROTOCOL, push: "changed", vectors: false });
  }
  await vi.waitFor(() => expect(asked.length).toBe(before + 2));
  await new Promise((done) => setTimeout(done, 250));
  expect(asked.slice(before).map(({ op }) => op)).toEqual(["hello", "colours"]);
});

test("an error is said and what was shown stays", async () => {
  const { state } = open({ label: { error: { code: "label", message: "no label 'C'." } } });
  await state.open();
  await state.select([]);
  await state.label("C", true);
  expect(state.trouble).toBe("no label 'C'.");
  expect(state.selection?.count).toBe(2);
  await state.undo();
  expect(state.trouble).toBe("");
});

test("a card is asked for once", async () => {
  const { state, asked } = open();
  await state.open();
  await Promise.all([state.card(1), state.card(1), state.card(2)]);
  expect(asked.filter(({ op }) => op === "card")).toHaveLength(2);
});

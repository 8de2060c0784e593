import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { MemoryStore } from "../src/state/storage";
import { MemoryTransport } from "../src/transport/memory";
import { examples } from "../src/widgets/browser/Language";
import { pieces } from "../src/widgets/browser/pieces";
import type { Info, Json, Row, Shown, Tree } from "../src/widgets/browser/protocol";
import { barOf, drawn, real, TALLEST } from "../src/widgets/browser/scrolling";
import { Selection } from "../src/widgets/browser/selection";
import { BrowserState } from "../src/widgets/browser/state";
import { fresh, fromTree, operators, toJson } from "../src/widgets/browser/tree";
import { Typing } from "../src/widgets/browser/typing";

test("a selection of ranges is the set that they stand for", () => {
  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 16807) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    let selection = new Selection();
    const set = new Set<number>();
    for (let step = 0; step < 12; step++) {
      const from = random(20);
      const to = from + random(6);
      const kind = random(3);
      if (kind === 0) selection = selection.add(from, to);
      else if (kind === 1) selection = selection.remove(from, to);
      else selection = selection.toggle(from);
      if (kind === 2) set.has(from) ? set.delete(from) : set.add(from);
      else for (let at = from; at < to; at++) kind === 0 ? set.add(at) : set.delete(at);
    }
    expect(selection.size).toBe(set.size);
    for (let at = 0; at < 30; at++) expect(selection.has(at)).toBe(set.has(at));
    for (let at = 1; at < selection.ranges.length; at++) {
      expect(selection.ranges[at]![0]).toBeGreaterThan(selection.ranges[at - 1]![1]);
    }
  }
});

test("a million rows are reached by a scrollbar that is shorter than they are", () => {
  const extent = { whole: 52_000_000, window: 520 };
  expect(drawn(extent)).toBe(TALLEST);
  expect(real(extent, 0, 100, 0)).toBe(0);
  expect(real(extent, TALLEST - 520, 0, 0)).toBe(52_000_000 - 520);
  // A turn of the wheel moves by what it says, a jump by its share.
  expect(real(extent, 4_000_100, 4_000_000, 22_000_000)).toBe(26_000_100);
  const jumped = real(extent, 4_000_000, 0, 0);
  expect(jumped).toBeGreaterThan(25_900_000);
  expect(barOf(extent, jumped)).toBeCloseTo(4_000_000, 3);
  const short = { whole: 1_040, window: 520 };
  expect([drawn(short), real(short, 300, 0, 0), barOf(short, 300)]).toEqual([1_040, 300, 300]);
});

test("a text is cut where marks and spans begin and end, in code points", () => {
  const found = pieces({
    name: "text",
    text: "💩 late\nparcel",
    begin: 0,
    cut: [false, false],
    marks: [[2, 6]],
    spans: [[2, 13, 7, "person"]],
  });
  expect(found.map(({ text, match, span, ends }) => [text, match, span?.[2], ends])).toEqual([
    ["💩 ", false, undefined, false],
    ["late", true, 7, false],
    [" parcel", false, 7, true],
  ]);
});

const INFO: Info = {
  project: "shop",
  total: 3,
  focus: "topic",
  base: null,
  text: "text",
  tasks: [
    {
      id: 1,
      name: "topic",
      kind: "classification",
      on: "text",
      labels: [{ id: 1, name: "A", color: "#112233", hotkey: "1" }],
      heuristics: ["late"],
      runs: [4],
      people: ["ann"],
    },
  ],
  attributes: [
    { name: "text", type: "text", key: false },
    { name: "stars", type: "integer", key: false },
    { name: "paid", type: "boolean", key: false },
    { name: "kind", type: "category", key: false },
  ],
  slices: ["hard"],
  embeddings: ["e"],
  orders: [],
  shown: null as unknown as Shown,
};
const attribute = (name: string): Json => ({ is: "attribute", name });
const compare = (field: Json, op: string, value: unknown, cased = false): Json => ({
  is: "compare",
  field,
  op,
  value,
  case: cased,
});
const LEAVES: Json[] = [
  compare(attribute("stars"), ">", 3),
  compare(attribute("stars"), "in", [1, 2]),
  compare(attribute("stars"), "missing", null),
  compare(attribute("paid"), "=", true),
  compare(attribute("text"), "contains", "Late", true),
  compare(attribute("text"), "matches", "\\d", true),
  compare({ is: "length", name: "text" }, "<", 100),
  compare({ is: "weak", task: "topic", run: 4, what: "label" }, "=", "A"),
  compare({ is: "weak", task: "topic", run: 3, what: "confidence" }, "<", 0.7),
  { is: "labelled", task: "topic", label: "A", actor: "ann", none: false },
  { is: "labelled", task: "topic", label: null, actor: null, none: true },
  { is: "marked", task: "topic", mark: "flag" },
  { is: "conflicting", task: "topic" },
  { is: "voted", task: "topic", heuristic: "late", label: null },
  { is: "voted", task: "topic", heuristic: null, label: "A" },
  { is: "search", text: 'late "in time"' },
  { is: "commented", actor: null },
  { is: "commented", actor: "ann" },
  { is: "keys", keys: ["a"] },
  compare(attribute("kind"), "in", ["a, b", "c"]),
];

test.each(LEAVES)("a condition is a line of the filter and the same again: %j", (leaf) => {
  for (const not of [false, true]) {
    const group = fromTree({ leaf, words: "…", not });
    expect(toJson(group, INFO)).toEqual(not ? { is: "not", item: leaf } : leaf);
  }
});

test("a slice is a line, as is what is near to a text", () => {
  const missing = compare({ is: "slice", name: "hard" }, "missing", null);
  const inSlice = fromTree({ leaf: missing, words: "", not: true });
  expect(inSlice.items[0]).toMatchObject({ line: { field: "slice:", value: "hard", not: false } });
  expect(toJson(inSlice, INFO)).toEqual({ is: "not", item: missing });
  const line = { ...fresh(INFO, "meaning:"), value: "late" };
  const made = toJson({ kind: "line", line }, INFO)!;
  expect(made).toMatchObject({ is: "among", selection: { limit: 100 } });
  expect(toJson(fromTree({ leaf: made, words: "", not: false }), INFO)).toEqual(made);
});

test("a range of numbers is one line", () => {
  const confidence = { is: "weak", task: "topic", run: 4, what: "confidence" };
  for (const [field, low, high] of [
    [attribute("stars"), -3, 5],
    [confidence, 0.25, 0.5],
  ] as const) {
    const items = [compare(field, ">=", low), compare(field, "<=", high)];
    const leaves = items.map((leaf): Tree => ({ leaf, words: "", not: false }));
    const group = fromTree({
      join: "any",
      not: false,
      items: [{ join: "all", not: true, items: leaves }],
    });
    const part = group.items[0]!;
    expect(part).toMatchObject({ items: [{ line: { op: "between", value: `${low}..${high}` } }] });
    expect(toJson(group, INFO)).toEqual({ is: "not", item: { is: "all", items } });
  }
  const line = { ...fresh(INFO, "attribute:stars"), op: "between" as const };
  const read = (value: string) => toJson({ kind: "line", line: { ...line, value } }, INFO);
  expect(read(".5...7")).toMatchObject({ items: [{ value: 0.5 }, { value: 0.7 }] });
  expect(read("3..")).toBe(null);
});

test("groups are kept, and lines without a value are left out", () => {
  const tree: Tree = {
    join: "all",
    not: false,
    items: [
      { leaf: LEAVES[0]!, words: "", not: false },
      {
        join: "any",
        not: true,
        items: [
          { leaf: LEAVES[9]!, words: "", not: false },
          { leaf: LEAVES[12]!, words: "", not: true },
        ],
      },
    ],
  };
  const group = fromTree(tree);
  const whole = {
    is: "all",
    items: [
      LEAVES[0],
      {
        is: "not",
        item: { is: "any", items: [LEAVES[9], { is: "not", item: LEAVES[12] }] },
      },
    ],
  };
  expect(toJson(group, INFO)).toEqual(whole);
  const open = { kind: "line" as const, line: fresh(INFO, "attribute:stars") };
  expect(toJson({ ...group, items: [...group.items, open] }, INFO)).toEqual(whole);
  expect(operators(INFO, "attribute:paid")).toEqual(["=", "!=", "missing"]);
});

test("a candidate takes the place of what is typed, and only the newest answer counts", async () => {
  vi.useFakeTimers();
  const counted: string[] = [];
  const typing = new Typing(
    {
      count: async (text) => {
        counted.push(text);
        return { count: text.length, fault: null };
      },
      complete: async () => ({ start: 2, end: 4, candidates: [{ text: "stars", kind: "" }] }),
    },
    () => undefined,
  );
  typing.type("💩 st", 4);
  typing.type("💩 sta", 5);
  await vi.advanceTimersByTimeAsync(200);
  expect(counted).toEqual(["💩 sta"]);
  expect(typing.count).toBe(6);
  typing.text = "💩 st > 3";
  expect(typing.accept(0)).toEqual({ text: "💩 stars > 3", cursor: 7 });
  // Typed on before the kernel offers anew: what is accepted takes the place of all of it.
  typing.text = "💩 st";
  await typing.offer(4);
  typing.type("💩 sta", 5);
  expect(typing.accept(0)).toEqual({ text: "💩 stars ", cursor: 8 });
  await typing.offer(4);
  typing.type("💩 sx", 4);
  expect(typing.accept(0)).toBe(null);
  vi.useRealTimers();
});

interface Asked {
  id: string;
  op: string;
  args: Record<string, unknown>;
}

const row = (at: number): Row => ({
  at,
  id: at,
  key: `r${at}`,
  texts: [],
  cells: {},
  comments: 0,
  tasks: {},
});
const shownOf = (text: string, revision: number, count: number | null): Shown => ({
  fault: null,
  revision,
  text,
  order: "view",
  descending: false,
  seed: 1,
  tree: { join: "all", not: false, items: [] },
  chips: [],
  count,
  first: [row(0), row(1)],
});

function opened(answers: Record<string, (args: Record<string, unknown>) => unknown>) {
  const asked: Asked[] = [];
  const info = { ...INFO, shown: shownOf("", 1, 3_000) };
  const transport = new MemoryTransport((message, reply) => {
    const one = message as Asked;
    asked.push(one);
    const ok = one.op === "hello" ? info : (answers[one.op]?.(one.args) ?? {});
    reply({ v: PROTOCOL, id: one.id, ok });
  }, null);
  const state = new BrowserState(transport, () => "v", new MemoryStore());
  return { state, asked, transport };
}

test("many records are labelled after a yes only; one goes on to the next", async () => {
  const { state, asked } = opened({
    label: (args) => ({ count: args.ranges === null ? 0 : 1 }),
    rows: () => ({ revision: 1, rows: [] }),
  });
  await state.open();
  const label = INFO.tasks[0]!.labels[0]!;
  state.deeds.label(label, false);
  expect(state.cursor).toBe(1);
  await vi.waitFor(() => expect(state.deeds.done?.text).toBe("1 record labelled A"));
  state.selectAll();
  state.deeds.label(label, true);
  expect(state.deeds.confirming?.count).toBe(3_000);
  state.deeds.confirm(false);
  expect(asked.filter((one) => one.op === "label").length).toBe(1);
  state.deeds.label(label, true);
  state.deeds.confirm(true);
  await vi.waitFor(() => expect(asked.filter((one) => one.op === "label").length).toBe(2));
  expect(asked.at(-1)!.op === "rows" || asked.at(-1)!.args.keep).toBe(true);
  state.dispose();
});

test("an undo is asked after the label that it takes back", async () => {
  const { state, asked } = opened({ label: () => ({ count: 1 }), undo: () => ({ done: true }) });
  await state.open();
  state.deeds.label(INFO.tasks[0]!.labels[0]!, false);
  await state.deeds.undo();
  const ops = asked.map((one) => one.op).filter((op) => op === "label" || op === "undo");
  expect(ops).toEqual(["label", "undo"]);
  expect(state.notice.text).toBe("Taken back");
  state.dispose();
});

test("a fault stays beside what is shown, and a query that was overtaken is dropped", async () => {
  const fault = { message: "no", hint: null, start: 0, end: 2 };
  const { state } = opened({
    query: (args) =>
      args.text === "bad"
        ? { fault }
        : args.text === "old"
          ? { superseded: true }
          : shownOf("new", 2, 1),
  });
  await state.open();
  await state.query({ text: "bad" });
  expect([state.shown?.revision, state.typing.fault?.message, state.typing.text]).toEqual([
    1,
    "no",
    "bad",
  ]);
  await Promise.all([state.query({ text: "old" }), state.query({ text: "new" })]);
  expect([state.shown?.text, state.count, state.typing.fault]).toEqual(["new", 1, null]);
  state.dispose();
});

test("records beyond the first page are counted after it is shown", async () => {
  const { state } = opened({
    query: () => shownOf("late", 5, null),
    whole: () => ({ revision: 5, count: 1_000_000 }),
  });
  await state.open();
  await state.query({ text: "late" });
  await vi.waitFor(() => expect(state.count).toBe(1_000_000));
  expect(state.length).toBe(1_000_000);
  state.dispose();
});

test("examples are in the words of the project, and quote what is no plain word", () => {
  const tasks = [{ ...INFO.tasks[0]!, name: "my topic", heuristics: ["lookup:x"] }];
  const found = examples({ ...INFO, tasks, focus: "my topic" }).map(([query]) => query);
  expect(found).toContain("`my topic` is unlabelled");
  expect(found).toContain('vote("my topic", "lookup:x") = A');
  expect(found).toContain("stars >= 3");
  expect(found).toContain("slice:hard");
});

test("a selection in a row is labelled once, and undone by the task that it is of", async () => {
  const { state, asked } = opened({
    span: () => ({ start: 4, end: 10, there: false }),
    undo: () => ({ done: true }),
  });
  await state.open();
  const things = { ...INFO.tasks[0]!, id: 2, name: "things", kind: "spans" as const };
  state.info = { ...state.info!, focus: "things", tasks: [things] };
  const rect = { left: 0, bottom: 0 } as DOMRect;
  state.deeds.pick({ at: 1, start: 5, end: 9, rect });
  await Promise.all([state.deeds.labelSpan("THING"), state.deeds.labelSpan("THING")]);
  const spans = asked.filter(({ op }) => op === "span");
  expect(spans.map(({ args }) => args)).toEqual([
    { revision: 1, task: "things", at: 1, start: 5, end: 9, label: "THING" },
  ]);
  expect([state.deeds.picked, state.deeds.done?.text]).toEqual([null, "1 span labelled THING"]);
  await state.deeds.undo();
  expect(asked.findLast(({ op }) => op === "undo")?.args.task).toBe("things");
  state.dispose();
});

test("what is drawn of a text has the places of the text, whatever white space it holds", () => {
  const text = "💩 late\n\n parcel";
  const found = pieces({ name: "text", text, begin: 0, cut: [false, false], marks: [], spans: [] });
  const drawn = found.map((one) => one.text).join("");
  expect(drawn.length).toBe(text.length);
  const parts = pieces({
    ...{ name: "text", text, begin: 0, cut: [false, false], marks: [[2, 6]] },
    spans: [],
  });
  expect(parts.map(({ unit }) => unit)).toEqual([0, 3, 7]);
  expect(text.slice(3, 7)).toBe("late");
});

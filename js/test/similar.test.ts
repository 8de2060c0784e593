import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { paths, placeOf, scaleOf, thresholdAt } from "../src/widgets/similar_editor/Curve";
import { line, whole } from "../src/widgets/similar_editor/marks";
import type { DraftInfo, Info, Row } from "../src/widgets/similar_editor/protocol";
import { decimal, Ranking, UNIT, wilson } from "../src/widgets/similar_editor/ranking";
import { SimilarState } from "../src/widgets/similar_editor/state";
import { plain, sentence } from "../src/widgets/similar_editor/words";
import { type Asked, base64, kernel } from "./kernel";

const nano = (...values: number[]): Uint32Array =>
  Uint32Array.from(values, (value) => Math.round(value * UNIT));
const ranking = (similarity: Uint32Array, judged: [number, number][] = []): Ranking =>
  new Ranking(
    similarity,
    new Uint16Array(similarity.length),
    Uint32Array.from(judged, ([rank, code]) => 4 * rank + code),
  );

test("the interval is the one of the engine", () => {
  // refinery_nb.quality.interval.wilson(9, 10) and (0, 3)
  expect(wilson(9, 10).map((one) => one.toFixed(6))).toEqual(["0.595850", "0.982124"]);
  expect(wilson(0, 3).map((one) => one.toFixed(6))).toEqual(["0.000000", "0.561497"]);
  expect(wilson(0, 0)).toEqual([Number.NaN, Number.NaN]);
});

test("a threshold is the shortest decimal that lets in what is wanted", () => {
  const found = ranking(nano(0.713, 0.7129, 0.62, 0.62, 0.3));
  const shown = [0, 1, 2, 3, 4, 5].map((hits) => decimal(found.threshold(hits)));
  // Those as similar come along.
  expect(shown).toEqual([".72", ".713", ".71", ".62", ".62", ".30"]);
  expect(found.hits(found.threshold(3))).toBe(4);
  expect(decimal(ranking(nano(1, 0.5)).threshold(0))).toBe("1.00");
});

test("every place between neighbours can be reached, one by one and back", () => {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 60; round++) {
    const digits = 10 ** (1 + Math.floor(random() * 9));
    const values = Array.from({ length: 12 }, () => Math.ceil(random() * digits) / digits);
    const found = ranking(nano(...values.sort((a, b) => b - a)));
    const places = new Set<number>();
    let threshold = found.threshold(0);
    for (let steps = 0; steps < 20; steps++) {
      const hits = found.hits(threshold);
      places.add(hits);
      // What is let in is what is as similar as the threshold, or more.
      expect([...found.similarity].filter((one) => one >= threshold).length).toBe(hits);
      threshold = found.step(threshold, 1);
    }
    const different = new Set(found.similarity);
    const least = found.similarity[0] === UNIT ? 0 : 1;
    expect(places.size).toBe(different.size + least);
    expect(found.hits(threshold)).toBe(12);
    const back = new Set<number>();
    for (let steps = 0; steps < 20; steps++) {
      back.add(found.hits(threshold));
      threshold = found.step(threshold, -1);
    }
    expect(back).toEqual(places);
  }
});

test("a cut counts what was judged of what it lets in", () => {
  const found = ranking(nano(0.9, 0.8, 0.7, 0.6, 0.5), [
    [0, 1],
    [2, 0],
    [3, 2],
  ]);
  expect(found.at(0.95 * UNIT)).toMatchObject({ hits: 0, checked: 0, precision: null });
  expect(found.at(0.85 * UNIT)).toMatchObject({ hits: 1, checked: 1, right: 1, precision: 1 });
  expect(found.at(0.1 * UNIT)).toMatchObject({ hits: 5, checked: 3, right: 1, none: 1 });
  expect(found.nextJudged(0.85 * UNIT, 1)).toBe(2);
  expect(found.nextJudged(0.85 * UNIT, -1)).toBe(0);
  expect(found.nextJudged(0.95 * UNIT, -1)).toBeNull();
  expect(found.nextJudged(0.1 * UNIT, 1)).toBeNull();
});

test("a precision is reached by the lowest threshold that has it", () => {
  const judged: [number, number][] = [
    [0, 1],
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 0],
    [5, 0],
  ];
  const found = ranking(nano(0.9, 0.8, 0.7, 0.6, 0.5, 0.5), judged);
  expect(decimal(found.reaching(1)!)).toBe(".90");
  expect(decimal(found.reaching(0.75)!)).toBe(".60");
  expect(decimal(found.reaching(0.5)!)).toBe(".50"); // .5 of both that are equal, not .6 of one
  expect(ranking(nano(0.9), [[0, 0]]).reaching(0.5)).toBeNull();
  expect(ranking(nano(0.9)).reaching(0.5)).toBeNull();
});

test("hits are counted by the example that they are nearest to", () => {
  const found = new Ranking(
    nano(0.9, 0.8, 0.7, 0.6),
    Uint16Array.from([1, 0, 1, 0]),
    Uint32Array.from([1, 8]),
  );
  expect(found.byExample(0.65 * UNIT, 2)).toEqual([
    { hits: 1, checked: 0, right: 0 },
    { hits: 2, checked: 2, right: 1 },
  ]);
});

test("what a threshold gives is said in one line", () => {
  const cut = { threshold: 0.62 * UNIT, hits: 148, checked: 44, right: 40, none: 1 };
  const [low, high] = wilson(40, 44);
  const told = { ...cut, precision: 40 / 44, low, high };
  expect(plain(sentence(told, "classification"))).toBe(
    "at .62: 148 records, precision .91 (.79 to .96, 44 labelled), 3 of another label, " +
      "1 where no label fits",
  );
  const known = { ...cut, checked: 0, right: 0, none: 0, precision: null, low: 0, high: 0 };
  expect(plain(sentence(known, "classification"))).toBe(
    "at .62: 148 records, none of them labelled yet",
  );
  expect(plain(sentence({ ...known, hits: 1 }, "spans"))).toContain("1 span");
});

test("a pixel is a threshold and back, on a scale that does not depend on the threshold", () => {
  const found = ranking(nano(0.9, 0.55), [[0, 1]]);
  const scale = scaleOf(found);
  expect(scale).toEqual({ from: 0.9 * UNIT, to: 0.5 * UNIT });
  expect(placeOf(UNIT, scale)).toBe(0);
  expect(placeOf(0.1 * UNIT, scale)).toBe(1);
  for (const place of [0, 0.25, 0.5, 1]) {
    expect(placeOf(thresholdAt(place, scale), scale)).toBeCloseTo(place, 3);
  }
  const { line: drawn, band } = paths(found, scale);
  expect(drawn.startsWith("M0.0 0.00")).toBe(true); // where the first judged one comes in
  expect(band.endsWith("Z")).toBe(true);
  expect(paths(ranking(nano(0.9)), scale)).toEqual({ line: "", band: "" });
});

const row = (rank: number, change: Partial<Row> = {}): Row => ({
  rank,
  record: 10 + rank,
  key: `r${rank}`,
  text: `text ${rank}`,
  start: null,
  end: null,
  cut: [false, false],
  place: null,
  gold: null,
  spans: [],
  ...change,
});

test("a span is marked by code points, in a line and in the whole text", () => {
  const text = `💩 ${"x".repeat(50)} Anna met Bob`;
  const start = [..."💩 "].length + 50 + 1;
  const one = row(0, { text, start, end: start + 4, spans: [[start + 9, start + 12, "PER"]] });
  expect(
    whole(one)
      .map(({ text: part }) => part)
      .join(""),
  ).toBe(text);
  expect(whole(one).filter(({ own }) => own)).toEqual([{ text: "Anna", own: true, labels: [] }]);
  expect(whole(one).at(-1)).toEqual({ text: "Bob", own: false, labels: ["PER"] });
  const short = line(one);
  expect(short.map(({ text: part }) => part).join("")).toMatch(/^…x+ Anna met Bob$/);
  expect(short[1]).toEqual({ text: "Anna", own: true, labels: [] });
  expect(whole(row(0, { cut: [true, true] })).map(({ text: part }) => part)).toEqual([
    "…",
    "text 0",
    "…",
  ]);
});

const draft: DraftInfo = {
  label: "A",
  name: "similar:A",
  named: false,
  threshold: 0.65 * UNIT,
  chosen: true,
  embedding: "v",
  examples: [{ kind: "record", key: "r", text: "x" }],
  standing: "new",
  kind: "",
};
const info: Info = {
  project: "p",
  task: {
    name: "topic",
    kind: "classification",
    on: "text",
    labels: [
      { id: 1, name: "A", color: "#3b6fd4" },
      { id: 2, name: "B", color: "#d43b6f" },
    ],
  },
  embeddings: ["v"],
  labelled: 1,
  draft,
};
const compared = {
  revision: 1,
  similarity: base64(nano(0.9, 0.8, 0.7, 0.6, 0.5)),
  example: base64(new Uint16Array(5)),
  judged: base64(Uint32Array.from([1])),
  labelled: 1,
  left_out: 0,
  draft,
};

function open(more: Record<string, (asked: Asked) => object> = {}) {
  const answers: Record<string, (asked: Asked) => object> = {
    hello: () => info,
    neighbours: () => compared,
    rows: ({ args }) => ({
      revision: args.revision,
      rows: Array.from({ length: Number(args.to) - Number(args.from) }, (_, at) =>
        row(Number(args.from) + at),
      ),
    }),
    threshold: () => ({ draft }),
    label: () => ({
      revision: 1,
      judged: base64(Uint32Array.from([1, 8])),
      labelled: 1,
      counts: true,
    }),
    add: () => ({ draft }),
    save: () => ({ draft, name: "similar:A", state: "finished", votes: 3, message: "" }),
    ...more,
  };
  const { asked, transport } = kernel((one) => {
    const told = answers[one.op]?.(one) ?? {};
    if ("silence" in told) return null;
    return "error" in told ? told : { ok: told };
  });
  return { transport, asked, state: new SimilarState(transport, () => "c") };
}

async function ready(more: Record<string, (asked: Asked) => object> = {}) {
  const opened = open(more);
  await opened.state.open();
  await vi.waitFor(() => expect(opened.state.ranking).not.toBeNull());
  opened.state.rows.need(0, 5);
  await vi.waitFor(() => expect(opened.state.rows.get(4)).toBeDefined());
  return opened;
}

test("it opens at the threshold of the rule, with the cursor at the cut", async () => {
  const { state } = await ready();
  expect([state.cut?.hits, state.cursor, state.cut?.checked]).toEqual([3, 2, 1]);
});

test("arrows move the cut by one neighbour, and the cursor with it", async () => {
  const { state, asked } = await ready();
  state.step(1);
  expect([state.cut?.hits, state.cursor]).toEqual([4, 3]);
  state.step(-1);
  expect([state.cut?.hits, state.cursor]).toEqual([3, 3]);
  state.jump(-1);
  expect([state.cut?.hits, state.cursor]).toEqual([0, 0]);
  state.jump(1);
  expect([state.cut?.hits, state.cursor]).toEqual([1, 0]);
  // Many moves are told once.
  await vi.waitFor(() => expect(asked.at(-1)!.op).toBe("threshold"));
  expect(asked.filter(({ op }) => op === "threshold")).toHaveLength(1);
  expect(asked.at(-1)!.args).toEqual({ value: state.threshold, chosen: true });
});

test("until a person has chosen, the twenty nearest are let in", async () => {
  const many = Array.from({ length: 60 }, (_, at) => 0.9 - at / 100);
  const unchosen = { ...draft, chosen: false };
  const { state, asked } = open({
    hello: () => ({ ...info, draft: unchosen }),
    neighbours: () => ({
      ...compared,
      similarity: base64(nano(...many)),
      example: base64(new Uint16Array(60)),
      draft: unchosen,
    }),
    threshold: () => ({ draft: unchosen }),
  });
  await state.open();
  await vi.waitFor(() => expect(state.cut?.hits).toBe(20));
  await vi.waitFor(() => expect(asked.at(-1)!.args.chosen).toBe(false));
  state.step(1);
  await state.compare();
  expect(state.cut?.hits).toBe(21);
});

test("a label shows at once, goes on to the next, and changes the precision", async () => {
  const { state, asked } = await ready();
  const done = state.label("B");
  expect([state.pending.get(2), state.cursor]).toEqual(["B", 3]);
  await done;
  expect(asked.find(({ op }) => op === "label")!.args).toEqual({
    record: 12,
    place: null,
    label: "B",
  });
  expect([state.pending.size, state.cut?.checked, state.cut?.right]).toEqual([0, 2, 1]);
  // Its row is asked for again, and stays until then.
  await vi.waitFor(() => expect(asked.filter(({ op }) => op === "rows")).toHaveLength(2));
  expect(state.rows.get(2)).toBeDefined();
});

test("a label that is refused is said, and the cursor goes back", async () => {
  const error = { code: "query", message: "not reviewed.", hint: "Open it." };
  const { state } = await ready({ label: () => ({ error }) });
  await state.label("A");
  expect([state.trouble, state.cursor, state.pending.size]).toEqual([
    "not reviewed. Open it.",
    2,
    0,
  ]);
  state.dismiss();
  expect(state.trouble).toBe("");
});

test("a span of a record that nobody has reviewed is not labelled alone", async () => {
  const { state, asked } = await ready({
    rows: () => ({ revision: 1, rows: [row(2, { place: [0, 4] }), row(4)] }),
  });
  await state.label("A");
  expect(state.notice.text).toContain("Not reviewed");
  expect(asked.map(({ op }) => op)).not.toContain("label");
});

test("an answer to an earlier comparison is dropped", async () => {
  const late: Asked[] = [];
  const { state, transport } = await ready();
  const slow = open({
    neighbours: (one) => {
      late.push(one);
      return { silence: true };
    },
  });
  await slow.state.open();
  void slow.state.compare();
  await vi.waitFor(() => expect(late).toHaveLength(2));
  const answer = (at: number, similarity: number): void =>
    slow.transport.deliver({
      v: PROTOCOL,
      id: late[at]!.id,
      ok: {
        ...compared,
        similarity: base64(nano(similarity)),
        example: base64(new Uint16Array(1)),
      },
    });
  answer(1, 0.2);
  answer(0, 0.9);
  await vi.waitFor(() => expect(slow.state.comparing).toBe(false));
  await new Promise((done) => setTimeout(done, 10));
  expect(slow.state.ranking?.similarity[0]).toBe(0.2 * UNIT);
  state.dispose();
  transport.dispose();
});

test("what cannot be compared is said, and what is missing is asked of nobody", async () => {
  const error = { code: "input", message: "no model.", hint: null };
  const wrong = open({ neighbours: () => ({ error }) });
  await wrong.state.open();
  await vi.waitFor(() => expect(wrong.state.fault).toBe("no model."));
  for (const [change, missing] of [
    [{ embeddings: [] }, "embedding"],
    [{ draft: { ...draft, examples: [] } }, "examples"],
    [{ task: { ...info.task, labels: [] } }, "label"],
  ] as const) {
    const { state, asked } = open({ hello: () => ({ ...info, ...change }) });
    await state.open();
    expect([state.missing, state.comparing]).toEqual([missing, false]);
    expect(asked.map(({ op }) => op)).toEqual(["hello"]);
  }
});

test("of many rows that pass by only the last are asked for", async () => {
  const { state, asked } = await ready({
    neighbours: () => ({
      ...compared,
      similarity: base64(nano(...Array.from({ length: 900 }, (_, at) => 0.9 - at / 1000))),
      example: base64(new Uint16Array(900)),
    }),
  });
  for (let first = 0; first < 800; first += 10) state.rows.need(first, first + 40);
  await vi.waitFor(() => expect(state.rows.get(829)).toBeDefined());
  expect(asked.filter(({ op }) => op === "rows").length).toBeLessThanOrEqual(3);
});

test("the threshold is told before the rule is saved", async () => {
  const { state, asked } = await ready();
  state.step(1);
  await state.save();
  expect(asked.slice(-2).map(({ op }) => op)).toEqual(["threshold", "save"]);
  expect(state.notice.text).toBe("similar:A votes on 3 records");
});

test("many labels of others make one look", async () => {
  const { state, asked, transport } = await ready({
    judged: () => ({ revision: 1, judged: base64(Uint32Array.from([1, 5])), labelled: 2 }),
  });
  for (let n = 0; n < 30; n++) transport.deliver({ v: PROTOCOL, push: "labels" });
  await vi.waitFor(() => expect(state.cut?.checked).toBe(2));
  expect(asked.filter(({ op }) => op === "judged")).toHaveLength(1);
  transport.deliver({ v: PROTOCOL, push: "compared", revision: 1 });
  await new Promise((done) => setTimeout(done, 200));
  expect(asked.filter(({ op }) => op === "neighbours")).toHaveLength(1);
});

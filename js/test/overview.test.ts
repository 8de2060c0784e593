import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { pace, same, share, short } from "../src/widgets/overview/marks";
import type { Counted, Filter, Menu, Statistics } from "../src/widgets/overview/protocol";
import { OverviewState } from "../src/widgets/overview/state";
import { type Answer, kernel } from "./kernel";

const filter: Filter = { slice: null, attribute: null, value: null, query: "" };
const menu: Menu = {
  project: "p",
  base: null,
  total: 9,
  tasks: [{ name: "topic", kind: "classification" }],
  task: "topic",
  slices: ["hard"],
  values: [],
  attributes: [{ name: "text", type: "text" }],
  filter,
  opened: null,
};
const counted: Counted = { ...menu, records: 9, numbers: null };
const statistics: Statistics = {
  attribute: "text",
  unit: "characters",
  bars: [],
  missing: 0,
  others: 0,
  distinct: null,
  low: null,
  mean: null,
  median: null,
  high: null,
  looked_at: null,
};
const usual: Answer = ({ op, args }) => {
  if (op === "hello") return { ok: menu };
  if (op === "numbers") return { ok: { ...counted, filter: args.filter ?? filter } };
  if (op === "statistics") return { ok: { statistics } };
  return { ok: { count: 3, title: "topic is A", opened: args.mark } };
};

function open(answer: Answer = usual) {
  const { asked, transport } = kernel(answer);
  const state = new OverviewState(transport, () => "c");
  const ops = (): string[] => asked.map(({ op }) => op);
  return { asked, transport, state, ops };
}

const change = { v: PROTOCOL, push: "changed", labels: true };

test("it opens, and asks for the numbers and the values at once", async () => {
  const { state, ops } = open();
  await state.open();
  await vi.waitFor(() => expect(state.statistics).not.toBeNull());
  expect(ops()).toEqual(["hello", "numbers", "statistics"]);
  expect(state.records).toBe(9);
});

test("labels that come quickly are looked at together, and leave the values alone", async () => {
  const { state, ops, transport } = open();
  await state.open();
  await vi.waitFor(() => expect(state.statistics).not.toBeNull());
  for (let n = 0; n < 20; n += 1) transport.deliver(change);
  await vi.waitFor(() => expect(ops().slice(3)).toEqual(["numbers"]));
  for (let n = 0; n < 20; n += 1) transport.deliver(change);
  await vi.waitFor(() => expect(ops().slice(3)).toEqual(["numbers", "numbers"]));
  transport.deliver({ ...change, labels: false });
  await vi.waitFor(() => expect(ops().slice(5)).toEqual(["numbers", "statistics"]));
});

test("values are looked at again where labels decide which records count", async () => {
  const { state, ops, transport } = open();
  await state.open();
  state.chooseFilter({ query: "topic is unlabelled" });
  await vi.waitFor(() => expect(state.busy).toBe(false));
  await vi.waitFor(() => expect(state.reading).toBe(false));
  const before = ops().length;
  transport.deliver(change);
  await vi.waitFor(() => expect(ops().slice(before)).toEqual(["numbers", "statistics"]));
});

test("a filter that is chosen is shown at once and asked once, and the values follow it", async () => {
  const { state, asked, ops } = open();
  await state.open();
  await vi.waitFor(() => expect(state.statistics).not.toBeNull());
  state.chooseFilter({ slice: "hard" });
  expect(state.menu?.filter.slice).toBe("hard");
  expect(state.busy).toBe(true);
  await vi.waitFor(() => expect(state.busy).toBe(false));
  await vi.waitFor(() => expect(state.reading).toBe(false));
  expect(ops().slice(3)).toEqual(["numbers", "statistics"]);
  expect(asked[3]!.args).toEqual({ filter: { ...filter, slice: "hard" } });
  expect(state.menu?.filter.slice).toBe("hard");
});

test("a label that the matrix asks about is asked once, and the values stay", async () => {
  const { state, asked, ops } = open();
  await state.open();
  await vi.waitFor(() => expect(state.statistics).not.toBeNull());
  state.chooseLabel("Late");
  expect(state.busy).toBe(true);
  await vi.waitFor(() => expect(state.busy).toBe(false));
  expect(ops().slice(3)).toEqual(["numbers"]);
  expect(asked[3]!.args).toEqual({ label: "Late" });
});

test("an error is said, and the next answer takes it away", async () => {
  let fail = true;
  const error = { code: "query", message: "No such slice.", hint: "" };
  const { state } = open((one) => (fail && one.op === "numbers" ? { error } : usual(one)));
  await state.open();
  await vi.waitFor(() => expect(state.trouble).toBe("No such slice."));
  fail = false;
  await state.refresh();
  expect(state.trouble).toBe("");
});

test("a query that the kernel refuses is said, and the filter before stands", async () => {
  const error = { code: "query", message: "No attribute starz.", hint: "" };
  const { state, asked } = open((one) =>
    (one.args.filter as Filter | undefined)?.query === "starz > 3" ? { error } : usual(one),
  );
  await state.open();
  state.chooseFilter({ slice: "hard" });
  await vi.waitFor(() => expect(state.busy).toBe(false));
  state.chooseFilter({ query: "starz > 3" });
  await vi.waitFor(() => expect(state.trouble).toBe("No attribute starz."));
  expect(state.menu?.filter).toEqual({ ...filter, slice: "hard" });
  state.chooseFilter({ slice: null });
  await vi.waitFor(() => expect(state.busy).toBe(false));
  const last = asked.filter(({ op, args }) => op === "numbers" && "filter" in args).pop();
  expect(last?.args).toEqual({ filter });
});

test("a mark that was opened is known, and said", async () => {
  const { state } = open();
  await state.open();
  const mark = { what: "manual", label: "A" };
  expect(await state.openMark(mark)).toBe(true);
  expect(same(mark, state.menu?.opened ?? null)).toBe(true);
  expect(state.notice.text).toBe("3 records: topic is A");
});

test("marks are the same whatever the order, and null is as good as nothing", () => {
  expect(same({ what: "a", x: 1 }, { x: 1, what: "a" })).toBe(true);
  expect(same({ what: "a", label: null }, { what: "a" })).toBe(true);
  expect(same({ what: "a", label: "A" }, { what: "a" })).toBe(false);
  expect(same({ what: "a" }, null)).toBe(false);
});

test("a share never says all or nothing of some", () => {
  expect(share(1, 0)).toBeNull();
  expect(share(0, 10)).toBe("0 %");
  expect(share(1, 100_000)).toBe("<0.1 %");
  expect(share(3, 1_000)).toBe("0.3 %");
  expect(share(12, 100)).toBe("12 %");
  expect(share(9_999, 10_000)).toBe(">99 %");
  expect(share(5, 5)).toBe("100 %");
  expect(short(1_234_567)).toBe("1.23 M");
  expect(pace(840)).toBe("14/min while labelling");
  expect(pace(30)).toBe("30/h while labelling");
});

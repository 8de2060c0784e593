import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { pieces } from "../src/ui/marked";
import { parseLabels, writeLabels } from "../src/widgets/playground/labels";
import type { Answered, Subject, Told } from "../src/widgets/playground/protocol";
import { PlaygroundState } from "../src/widgets/playground/state";
import { type Answer, kernel } from "./kernel";

const subject: Subject = {
  id: "given",
  name: "zs",
  kind: "zero_shot",
  mode: "nli",
  model: "m",
  added: false,
  on: "text",
  labels: ["Sports", "World"],
  hypothesis: "About {}.",
};
const task: Told["task"] = {
  id: 1,
  name: "topic",
  kind: "classification",
  labels: [
    { id: 1, name: "Sports", color: "#112233" },
    { id: 2, name: "World", color: "#445566" },
  ],
};
const answer: Answered = {
  shares: [],
  vote: "Sports",
  confidence: 0.9,
  threshold: 0.5,
  spans: [],
  faults: [],
  prompt: [],
  raw: "",
  read: 0,
  wrote: 0,
  cost: null,
  known: false,
};

function open(change: Partial<Subject> = {}, reply: Answer = () => null) {
  const told: Told = { task, subjects: [{ ...subject, ...change }], chosen: "given" };
  const { asked, transport } = kernel((one) => {
    const said = reply(one) ?? { ok: one.op === "ask" ? answer : told };
    return "silence" in said ? null : said;
  });
  const state = new PlaygroundState(transport, () => "c", 0);
  return { transport, asked, state, told };
}

test("labels are written as names between commas, in quotes where they must", () => {
  const names = ["a", "b, c", 'say "x", so', "Sci/Tech"];
  expect(parseLabels(writeLabels(names))).toEqual(names);
  expect(parseLabels(" a ,, b\nc, a,")).toEqual(["a", "b", "c"]);
  expect(parseLabels("")).toEqual([]);
});

test("a text is cut where spans begin and end, by code points", () => {
  const text = "💩 good pizza!";
  const found = pieces(text, [
    [2, 12, "DISH"],
    [7, 12, "FOOD"],
    [5, 99, "NOT"],
  ]);
  expect(found.map((one) => one.text).join("")).toBe(text);
  expect(found.filter((one) => one.labels.length > 0)).toEqual([
    { text: "good ", labels: ["DISH"], ends: [] },
    { text: "pizza", labels: ["DISH", "FOOD"], ends: ["DISH", "FOOD"] },
  ]);
  expect(pieces("", [])).toEqual([]);
});

test("a model that scores is asked when a person pauses, one that costs when told to", async () => {
  for (const mode of ["nli", "remote"] as const) {
    const { state, asked } = open({ mode });
    await state.open();
    for (const text of ["a", "ab", "abc"]) state.write({ text });
    await new Promise((done) => setTimeout(done, 20));
    const questions = asked.filter(({ op }) => op === "ask");
    expect(questions.length).toBe(mode === "nli" ? 1 : 0);
    if (mode === "nli") expect(questions[0]!.args.text).toBe("abc");
  }
});

test("what is not changed is not sent, and what is changed makes the answer stale", async () => {
  const { state, asked } = open({ mode: "remote" });
  await state.open();
  state.write({ text: "hm", labels: "Sports,World" });
  await state.ask();
  expect(asked.at(-1)!.args).toEqual({
    subject: "given",
    text: "hm",
    labels: null,
    hypothesis: null,
  });
  expect(state.isStale).toBe(false);
  state.write({ labels: "Sports, Weather", hypothesis: "{}!" });
  expect([state.isStale, state.isChanged]).toEqual([true, true]);
  expect(state.foreign).toEqual(["Weather"]);
  state.reset();
  expect([state.isStale, state.isChanged]).toEqual([false, false]);
});

test("an answer to an earlier question, or to a cancelled one, is not shown", async () => {
  const late: ((message: object) => void)[] = [];
  const { state, transport, asked } = open({ mode: "remote" }, (one) => {
    if (one.op !== "ask") return null;
    late.push((ok) => transport.deliver({ v: PROTOCOL, id: one.id, ok }));
    return { silence: true };
  });
  await state.open();
  state.write({ text: "one" });
  void state.ask();
  state.write({ text: "two" });
  void state.ask();
  await vi.waitFor(() => expect(late.length).toBe(2));
  late[1]!({ ...answer, vote: "World" });
  late[0]!(answer);
  await vi.waitFor(() => expect(state.shown?.answer.vote).toBe("World"));
  await new Promise((done) => setTimeout(done, 10));
  expect(state.shown?.answer.vote).toBe("World");
  void state.ask();
  await vi.waitFor(() => expect(late.length).toBe(3));
  state.cancel();
  late[2]!(answer);
  await new Promise((done) => setTimeout(done, 10));
  expect([state.asking, state.shown?.answer.vote]).toEqual([false, "World"]);
  expect(asked.map(({ op }) => op)).toContain("cancel");
});

test("an error is told in place of an answer", async () => {
  const error = { code: "endpoint", message: "it answered 503.", hint: "Wait." };
  const { state } = open({ mode: "remote" }, (one) => (one.op === "ask" ? { error } : null));
  await state.open();
  state.write({ text: "x" });
  await state.ask();
  expect([state.fault, state.shown, state.asking]).toEqual(["it answered 503. Wait.", null, false]);
});

test("what was written stays when the kernel tells of changes, and is kept on demand", async () => {
  const { state, transport, told } = open({ mode: "remote" }, (one) => {
    if (one.op !== "keep") return null;
    const kept = { ...subject, mode: "remote", id: "added:zs", added: true, labels: ["Sports"] };
    return { ok: { ...told, subjects: [kept], subject: "added:zs" } };
  });
  await state.open();
  state.write({ text: "x", labels: "Sports" });
  await state.ask();
  transport.deliver({ v: PROTOCOL, push: "changed" });
  await new Promise((done) => setTimeout(done, 10));
  expect(state.labels).toBe("Sports");
  await state.keep();
  expect([state.subject?.added, state.isChanged, state.isStale]).toEqual([true, false, false]);
  expect(state.notice.text).toContain("zs is in the task");
});

test("after the last record the first one comes again, and says so", async () => {
  const records = [{ id: 7, key: "a", text: "one", reviewed: false, gold: null }, null];
  const { state, asked } = open({ mode: "remote" }, (one) =>
    one.op === "record" ? { ok: { record: records[one.args.after === null ? 0 : 1] } } : null,
  );
  await state.open();
  await state.next();
  expect([state.text, state.record?.key]).toEqual(["one", "a"]);
  await state.next();
  expect(state.record?.key).toBe("a");
  expect(state.notice.text).toContain("last record");
  expect(asked.filter(({ op }) => op === "record").map(({ args }) => args.after)).toEqual([
    null,
    7,
    null,
  ]);
  state.write({ text: "one more" });
  expect(state.record).toBe(null);
});

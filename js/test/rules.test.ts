// Which text a rule is made of, for which tasks, and with which label to begin with.
// @vitest-environment jsdom
import { expect, test } from "vitest";
import type { Annotation, Card, TaskInfo } from "../src/rpc";
import type { Session } from "../src/state/session";
import { ruleSource, rulesOn } from "../src/widgets/labeler/rules";

const label = (id: number, name: string) => ({ id, name, color: "#112233", hotkey: "" });
const common = { overlap: "any", guideline: "" } as const;
const topic: TaskInfo = {
  ...common,
  id: 1,
  name: "topic",
  kind: "classification",
  on: "text",
  labels: [label(7, "World"), label(8, "Sports")],
};
const names: TaskInfo = {
  ...common,
  id: 2,
  name: "names",
  kind: "spans",
  on: "text",
  labels: [label(9, "PER")],
};
const whole: TaskInfo = { ...topic, id: 3, name: "whole", on: null };
const other: TaskInfo = { ...topic, id: 4, name: "other", on: "title" };
const card: Card = {
  id: 1,
  position: 0,
  key: "a",
  attributes: [],
  texts: { text: { text: "💩 Ada met Bob" } },
  tasks: {},
  votes: {},
  weak: {},
};

function session(values: Record<number, Annotation>): Session {
  const tasks = [topic, names, whole, other];
  const shown = (_card: Card, task: TaskInfo) => ({ value: values[task.id] ?? null, marks: [] });
  return { tasks, shown } as unknown as Session;
}

test("a rule votes for tasks about the attribute, then for those about whole records", () => {
  expect(rulesOn([whole, other, topic, names], "text").map((t) => t.id)).toEqual([1, 2, 3]);
});

test("the selected text is cut by code points", () => {
  const selection = { attribute: "text", start: 2, end: 5 };
  expect(ruleSource(session({}), card, selection, null)).toEqual({
    attribute: "text",
    text: "Ada",
    task: null,
    label: null,
  });
});

test("the label of the span comes before the label of the record", () => {
  const values = { 1: { label: 8 }, 2: { spans: [[2, 5, 9]] } } as Record<number, Annotation>;
  const on = { attribute: "text", start: 2, end: 5 };
  expect(ruleSource(session(values), card, on, null)).toMatchObject({ label: { name: "PER" } });
  const beside = { attribute: "text", start: 10, end: 13 };
  expect(ruleSource(session(values), card, beside, null)).toMatchObject({
    text: "Bob",
    task: { name: "topic" },
    label: { name: "Sports" },
  });
});

test("nothing selected, or only space, makes no rule", () => {
  expect(ruleSource(session({}), card, null, null)).toBeNull();
  expect(ruleSource(session({}), card, { attribute: "text", start: 1, end: 2 }, null)).toBeNull();
  expect(ruleSource(session({}), card, { attribute: "gone", start: 0, end: 2 }, null)).toBeNull();
});

test("what the mouse marked counts only inside a text of the record", () => {
  const root = document.createElement("section");
  const view = document.createElement("div");
  view.className = "rn-text";
  view.dataset.attribute = "text";
  const inside = document.createElement("p");
  inside.textContent = "Ada met Bob";
  const beside = document.createElement("i");
  beside.textContent = "else";
  view.append(inside);
  root.append(view, beside);
  document.body.append(root);
  const mark = (element: HTMLElement): void => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const native = document.getSelection()!;
    native.removeAllRanges();
    native.addRange(range);
  };
  mark(inside);
  expect(ruleSource(session({}), card, null, root)).toMatchObject({ text: "Ada met Bob" });
  mark(beside);
  expect(ruleSource(session({}), card, null, root)).toBeNull();
});

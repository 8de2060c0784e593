import { expect, test } from "vitest";
import type { TaskInfo } from "../src/rpc";
import { actionOf } from "../src/widgets/labeler/keys";

const task: TaskInfo = {
  id: 1,
  name: "topic",
  kind: "classification",
  on: "text",
  overlap: "any",
  guideline: "",
  labels: [
    { id: 7, name: "World", color: "#112233", hotkey: "1" },
    { id: 8, name: "Sports", color: "#112233", hotkey: "p" },
  ],
};
const press = (key: string, more = {}) => ({ key, shiftKey: false, repeat: false, ...more });

test("digits and letters label", () => {
  expect(actionOf(press("1"), [task], false)).toMatchObject({ do: "label", label: { id: 7 } });
  expect(actionOf(press("P"), [task], false)).toMatchObject({ do: "label", label: { id: 8 } });
});

test("a capital is a key of its own where a label has it", () => {
  const capital = { id: 9, name: "Tech", color: "#112233", hotkey: "P" };
  const many = { ...task, labels: [...task.labels, capital] };
  expect(actionOf(press("P", { shiftKey: true }), [many], false)).toMatchObject({
    label: { id: 9 },
  });
  expect(actionOf(press("p"), [many], false)).toMatchObject({ label: { id: 8 } });
});

test("a held key neither labels nor accepts again, but arrows go on", () => {
  for (const key of ["1", "Enter", "u", "s", "f", "n"]) {
    expect(actionOf(press(key, { repeat: true }), [task], false)).toBeNull();
  }
  expect(actionOf(press("ArrowRight", { repeat: true }), [task], false)).not.toBeNull();
});

test("arrows move the record, or the token cursor while it is there", () => {
  expect(actionOf(press("ArrowLeft"), [task], false)).toEqual({ do: "step", by: -1 });
  expect(actionOf(press("ArrowRight", { shiftKey: true }), [task], true)).toEqual({
    do: "cursor",
    by: 1,
    extend: true,
  });
});

test("shift tells redo from undo, also with caps lock", () => {
  expect(actionOf(press("u"), [task], false)).toEqual({ do: "undo" });
  expect(actionOf(press("U", { shiftKey: true }), [task], false)).toEqual({ do: "redo" });
});

test("plus makes a rule once, however the keyboard writes it", () => {
  expect(actionOf(press("+"), [task], false)).toEqual({ do: "rule" });
  expect(actionOf(press("+", { shiftKey: true }), [task], true)).toEqual({ do: "rule" });
  expect(actionOf(press("+", { repeat: true }), [task], false)).toBeNull();
});

test("an unknown key does nothing", () => {
  expect(actionOf(press("x"), [task], false)).toBeNull();
});

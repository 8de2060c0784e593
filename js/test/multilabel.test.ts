import { expect, test } from "vitest";
import type { Annotation, Card, TaskInfo } from "../src/rpc";
import { toggled } from "../src/widgets/labeler/actions";
import { labelsOf, suggestions } from "../src/widgets/labeler/suggestions";

const label = (id: number) => ({ id, name: `L${id}`, color: "#112233", hotkey: String(id) });
const task: TaskInfo = {
  id: 1,
  name: "tags",
  kind: "multilabel",
  on: "text",
  overlap: "any",
  guideline: "",
  labels: [label(1), label(2), label(3)],
};
const vote = (heuristic: string, id: number) => ({ heuristic, label: id, confidence: 1 });
const card = (votes: Card["votes"][string], weak: Card["weak"] = {}): Card => ({
  id: 1,
  position: 0,
  key: "r0",
  attributes: [],
  texts: {},
  tasks: {},
  votes: { "1": votes },
  weak,
});

test("keys turn labels on and off, each by itself", () => {
  let value: Annotation = null;
  const press = (id: number): void => {
    value = toggled(task, label(id), value).value ?? null;
  };
  press(3);
  press(1);
  expect(value).toEqual({ labels: [1, 3] });
  press(3);
  expect(value).toEqual({ labels: [1] });
  press(1);
  expect(value).toBeNull();
});

test("a label takes the place of reviewed, none", () => {
  expect(toggled(task, label(2), { none: true }).value).toEqual({ labels: [2] });
});

test("weak labels are proposed before votes", () => {
  const shown = card([vote("a", 3)], { "1": { labels: [[1, 0.9]] } });
  expect(suggestions(shown, task)).toEqual([{ label: 1, confidence: 0.9, from: "weak" }]);
});

test("without weak labels, what more than half of the voters say is proposed", () => {
  const shown = card([vote("a", 1), vote("a", 2), vote("b", 1), vote("c", 1)]);
  expect(suggestions(shown, task)).toEqual([{ label: 1, confidence: 1, from: "votes" }]);
  expect(suggestions(card([vote("a", 1), vote("b", 2)]), task)).toEqual([]);
});

test("what a value holds", () => {
  expect(labelsOf({ label: 2 })).toEqual([2]);
  expect(labelsOf({ none: true })).toEqual([]);
  expect(labelsOf(null)).toEqual([]);
});

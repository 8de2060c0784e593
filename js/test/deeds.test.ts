// What the application offers instead of code.
import { expect, test } from "vitest";
import { deedsIn } from "../src/lab/deeds";
import type { TaskRow } from "../src/lab/protocol";

const TASK = { name: "topic", heuristics: [{ name: "late", enabled: true, state: "ran" }] };

function panel(task: object | null = TASK) {
  const done: unknown[] = [];
  const state = {
    info: { attributes: [{ name: "text", type: "text", key: false }] } as never,
    current: task as TaskRow | null,
    show: (tab: string) => void done.push(tab),
    ask: (op: string, args: object) => {
      done.push([op, args]);
      return Promise.resolve({ job: 1 } as never);
    },
    say: () => undefined,
  };
  return { done, deeds: (text: string) => deedsIn(text, state) };
}

const titles = (text: string, task: object | null = TASK): string[] =>
  panel(task)
    .deeds(text)
    .map(({ title }) => title);

test("a sentence with code offers each step, in order", () => {
  expect(titles("Run task.run() and then task.supervise().")).toEqual([
    "Run heuristics",
    "Make weak labels",
  ]);
});

test("without a heuristic the first step is to write one, said once", () => {
  const text = "Run task.run() and then task.supervise().";
  expect(titles(text, { ...TASK, heuristics: [] })).toEqual(["Write a heuristic"]);
  expect(titles(text, null)).toEqual([]);
});

test("a task inside a call is not a task to be made", () => {
  expect(titles("Label some: rn.Labeler(project.task('topic')).")).toEqual(["Label some"]);
  expect(titles('project.task("topic", ["A", "B"])')).toEqual(["Make a task"]);
});

test("what only code can do stays code", () => {
  expect(titles('rn.Labeler(task, by="name")')).toEqual([]);
  expect(titles('project.add("file.csv")')).toEqual([]);
  expect(titles("Let both label the same View.")).toEqual([]);
});

test("an offer does what it says", () => {
  const { done, deeds } = panel();
  for (const text of ["task.supervise()", 'project.embed("text")', "rn.HeuristicEditor(task)"])
    for (const one of deeds(text)) one.act();
  expect(done).toEqual([["supervise", { task: "topic" }], ["embed", { on: "text" }], "heuristics"]);
});

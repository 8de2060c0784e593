import { expect, test } from "vitest";
import { Offsets } from "../src/offsets";
import type { TaskInfo } from "../src/rpc";
import { splitLines } from "../src/ui/text/chunks";
import { assignLanes, cutSegments, type DrawnSpan } from "../src/ui/text/lanes";
import { snapToGraphemes, snapToTokens } from "../src/ui/text/selection";
import { symbolAt } from "../src/ui/text/symbols";
import { withSpan } from "../src/widgets/labeler/suggestions";

const task = (overlap: TaskInfo["overlap"]): TaskInfo => ({
  id: 1,
  name: "names",
  kind: "spans",
  on: "text",
  overlap,
  guideline: "",
  labels: [],
});
const drawn = (start: number, end: number): DrawnSpan => ({
  id: `${start}-${end}`,
  start,
  end,
  label: 1,
  task: 1,
  voice: "person",
  confidence: 1,
  sources: [],
  status: "saved",
});

test("lines cover every character, line breaks included", () => {
  for (const text of [
    "",
    "a",
    "a\r\nb\rc\nd",
    "\r\n".repeat(40) + "end",
    "💩\n💩",
    "x".repeat(9_000),
  ]) {
    const lines = splitLines(new Offsets(text));
    let at = 0;
    for (const line of lines) {
      expect(line.start).toBe(at);
      at = line.next;
      expect(line.chunks[0]!.start).toBe(line.start);
      expect(line.chunks[line.chunks.length - 1]!.end).toBe(line.end);
    }
    expect(at).toBe([...text].length);
  }
});

test("overlapping spans lie in different lanes, others share one", () => {
  const lanes = assignLanes([drawn(0, 5), drawn(3, 8), drawn(9, 12)]).map((item) => item.lane);
  expect(lanes).toEqual([0, 1, 0]);
});

test("a text is cut at every border, and a span that ends with the line break ends there", () => {
  const segments = cutSegments(0, 10, assignLanes([drawn(2, 5), drawn(4, 11)]), 11);
  expect(segments.map((s) => [s.start, s.end])).toEqual([
    [0, 2],
    [2, 4],
    [4, 5],
    [5, 10],
  ]);
  expect(segments[3]!.ends.length).toBe(1);
});

test("a selection snaps to tokens, and exact ones to whole characters", () => {
  expect(snapToTokens([0, 3, 4, 8], 1, 5)).toEqual([0, 8]);
  expect(snapToTokens([0, 3, 4, 8], 8, 9)).toBeNull();
  const fireman = "👨🏻‍🚒 x";
  expect(snapToGraphemes(fireman, 1, 2)).toEqual([0, 7]);
});

test("invisible characters get a symbol, emoji joiners do not", () => {
  expect(symbolAt("a\u202eb", 1)).toBe("RLO");
  expect(symbolAt("a\u200bb", 1)).toBe("ZWSP");
  expect(symbolAt("👨‍🚒", 2)).toBeNull();
});

test("the overlap policy of the task is kept", () => {
  const value = { spans: [[0, 5, 1]] as [number, number, number][] };
  expect(withSpan(task("flat"), value, [3, 8, 2])).toBeNull();
  expect(withSpan(task("nested"), value, [3, 8, 2])).toBeNull();
  expect(withSpan(task("nested"), value, [1, 3, 2])).not.toBeNull();
  expect(withSpan(task("any"), value, [3, 8, 2])).not.toBeNull();
  expect(withSpan(task("any"), value, [0, 5, 1])).toBeNull();
});

import { expect, test } from "vitest";
import { Counts, percent, shortened, units } from "../src/widgets/confusion_matrix/cells";
import type { MatrixInfo } from "../src/widgets/confusion_matrix/protocol";

const info = (more: Partial<MatrixInfo> = {}): MatrixInfo => ({
  rows: { id: "gold", title: "Manual labels" },
  columns: { id: "run:1", title: "Weak labels" },
  level: "records",
  label: null,
  row_labels: ["A", "B", "C", "none"],
  column_labels: ["A", "B", "C", "abstains"],
  cells: [
    [0, 0, 8],
    [0, 1, 1],
    [0, 3, 1],
    [1, 0, 4],
    [3, 1, 2],
  ],
  judged: 16,
  agreement: 0.5,
  kappa: 0.2,
  ...more,
});
const options = { order: "labels", hideEmpty: false, most: 99 } as const;

test("shares are of the row or of the column, and of nothing there is none", () => {
  const counts = new Counts(info());
  expect(counts.share(0, 1, "rows")).toBeCloseTo(0.1);
  expect(counts.share(0, 1, "columns")).toBeCloseTo(1 / 3);
  expect(counts.share(2, 2, "rows")).toBeNull();
  expect(counts.total).toBe(16);
  expect(counts.decided).toBeCloseTo(8 / 13);
});

test("to abstain is not an error; to say that there is none, is", () => {
  const counts = new Counts(info());
  expect(counts.tone(0, 0)).toBe("agree");
  expect(counts.tone(0, 1)).toBe("error");
  expect(counts.tone(0, 3)).toBe("silent");
  expect(counts.tone(3, 1)).toBe("error");
  expect(counts.tone(2, 2)).toBe("nothing");
  const spans = new Counts(
    info({ row_labels: ["A", "B", "C", "outside"], column_labels: ["A", "B", "C", "outside"] }),
  );
  expect(spans.tone(0, 3)).toBe("error");
});

test("labels in order, by errors, without the empty, and at most so many", () => {
  const counts = new Counts(info());
  expect(counts.shown(options)).toEqual([0, 1, 2, 3]);
  expect(counts.shown({ ...options, hideEmpty: true })).toEqual([0, 1, 3]);
  expect(counts.shown({ ...options, order: "errors" })).toEqual([1, 0, 3, 2]);
  expect(counts.shown({ ...options, most: 2 })).toEqual([0, 1]);
  expect(counts.errors([0, 1])).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

test("a stronger colour is a larger share, in every way of showing", () => {
  const counts = new Counts(info());
  for (const normalize of ["rows", "columns", "counts"] as const) {
    expect(counts.strength(1, 0, normalize)).toBeLessThanOrEqual(1);
  }
  expect(counts.strength(1, 0, "rows")).toBeGreaterThan(counts.strength(0, 1, "rows"));
});

test("numbers and names in words", () => {
  expect(percent(0.001)).toBe("<1 %");
  expect(percent(0.999)).toBe(">99 %");
  expect(percent(0.15)).toBe("15 %");
  expect(units(1, "records")).toBe("1 record");
  expect(units(1200, "touching")).toBe("1,200 spans");
  expect(shortened("A rather long label number 07")).toBe("A rather l…number 07");
  expect(shortened("👩‍🚒 short")).toBe("👩‍🚒 short");
});

test("of one label the F1 is the same from either side", () => {
  const asked = {
    label: "A",
    row_labels: ["A", "not A"],
    column_labels: ["A", "not A"],
    judged: 10,
  };
  const cells: [number, number, number][] = [
    [0, 0, 3],
    [0, 1, 1],
    [1, 0, 2],
    [1, 1, 4],
  ];
  expect(new Counts(info({ ...asked, cells })).f1).toBeCloseTo(6 / 9);
  expect(new Counts(info({ ...asked, cells: [[1, 1, 10]] })).f1).toBeNull();
});

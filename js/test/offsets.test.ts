import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OffsetError, Offsets } from "../src/offsets";

interface Vector {
  text: string;
  pairs: [point: number, unit: number][];
  inside: number[];
}
const vectors = JSON.parse(
  readFileSync(new URL("../../tests/vectors/offsets.json", import.meta.url), "utf8"),
) as Vector[];

test.each(vectors)("offsets agree with the shared vectors: %j", ({ text, pairs, inside }) => {
  const offsets = new Offsets(text);
  for (const [point, unit] of pairs) {
    expect(offsets.toUtf16(point)).toBe(unit);
    expect(offsets.fromUtf16(unit)).toBe(point);
  }
  for (const unit of inside) expect(() => offsets.fromUtf16(unit)).toThrow(OffsetError);
});

// Rules of the house: text is only ever text, files stay small, and so does the bundle.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";

const source = new URL("../src/", import.meta.url);
const files = readdirSync(source, { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name));
const read = (name: string): string => readFileSync(new URL(name, source), "utf8");
const BANNED =
  /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|dangerouslySetInnerHTML|\beval\(|new Function/;

test.each(files)("%s sets no HTML and runs no text", (name) => {
  expect(read(name)).not.toMatch(BANNED);
});

test.each(files)("%s has at most 400 lines", (name) => {
  expect(read(name).split("\n").length).toBeLessThanOrEqual(420);
});

test("the bundle stays small, as every widget carries it", () => {
  const bundle = new URL("../../refinery_nb/static/labeler.js", import.meta.url);
  expect(existsSync(bundle)).toBe(true);
  expect(statSync(bundle).size).toBeLessThan(80_000);
});

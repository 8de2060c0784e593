// Rules of the house: text is only ever text, files stay small, and so do the bundles.
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
  expect(read(name).split("\n").length).toBeLessThanOrEqual(400);
});

// In bytes, minified: a bundle travels with every widget that is shown.
// The Labeler has more to do than others; what is not needed at once is a part.
const BUDGETS: Record<string, number> = { labeler: 84_000 };
const widgets = readdirSync(new URL("widgets/", source)).filter((name) =>
  existsSync(new URL(`widgets/${name}/index.ts`, source)),
);

test.each(widgets)("the bundle of %s stays small", (name) => {
  const bundle = new URL(`../../refinery_nb/static/${name}.js`, import.meta.url);
  expect(existsSync(bundle)).toBe(true);
  expect(statSync(bundle).size).toBeLessThan(BUDGETS[name] ?? 80_000);
});

// They are fetched once a page, and only by what needs them.
const PARTS: Record<string, number> = {
  code: 450_000,
  comments: 24_000,
  guideline: 24_000,
  language: 24_000,
};

test("every part stays small", () => {
  const parts = readdirSync(new URL("parts/", source), { withFileTypes: true })
    .filter((one) => one.isDirectory())
    .map(({ name }) => name)
    .sort();
  expect(parts).toEqual(Object.keys(PARTS));
  for (const name of parts) {
    const part = new URL(`../../refinery_nb/static/${name}.part.js`, import.meta.url);
    expect(statSync(part).size).toBeLessThan(PARTS[name]!);
  }
});

// The page loads its entry, the panel and the styles at once, each view when it is looked at.
test("the extension for JupyterLab stays small", () => {
  const folder = new URL("../../refinery_nb/labextension/static/", import.meta.url);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const sizes = scripts.map((name) => statSync(new URL(name, folder)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(460_000);
  expect(Math.max(...sizes)).toBeLessThan(90_000);
});

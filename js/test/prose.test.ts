import { expect, test } from "vitest";
import { type Block, blocks, type Run, runs } from "../src/ui/prose";

const plain = (list: Run[]): string =>
  list.map((run) => ("runs" in run ? plain(run.runs) : run.text)).join("");

const kinds = (text: string): string[] => blocks(text).map((block) => block.is);

test("a guideline has headings, lists, quotes, code and rules", () => {
  const found = blocks(
    "# Topics\nOne of them,\nnot two.\n\n- **World**\n- _Sports_\n\n1. a\n2. b\n> said\n---\n```\nx < y\n```",
  );
  expect(found.map((block) => block.is)).toEqual([
    "heading",
    "paragraph",
    "list",
    "list",
    "quote",
    "rule",
    "code",
  ]);
  expect((found[1] as Block & { runs: Run[] }).runs).toEqual([
    { is: "text", text: "One of them,\nnot two." },
  ]);
  expect((found[2] as Block & { items: Run[][] }).items[0]).toEqual([
    { is: "strong", runs: [{ is: "text", text: "World" }] },
  ]);
  expect((found[6] as Block & { text: string }).text).toBe("x < y");
});

test.each([
  "javascript:alert(1)",
  "data:text/html,x",
  "JaVaScRiPt:x",
  "//evil",
  "vbscript:x",
  "/lab",
])("a link to %s stays text", (href) => {
  expect(runs(`[x](${href})`).every((run) => run.is === "text")).toBe(true);
});

test("links to pages and addresses are links", () => {
  expect(runs("see [the *list*](https://example.org/a?b=1)")).toEqual([
    { is: "text", text: "see " },
    {
      is: "link",
      href: "https://example.org/a?b=1",
      runs: [
        { is: "text", text: "the " },
        { is: "em", runs: [{ is: "text", text: "list" }] },
      ],
    },
  ]);
});

// J1.
test.each([
  "<img src=x onerror=hit()>",
  "<script>hit()</script>",
  "<button data-commandlinker-command=x>",
  "a ** b * c _ d [x] (y) `",
  "snake_case_name and __init__",
])("%s keeps all its characters", (text) => {
  expect(plain(runs(text)).replace(/[*_`]/g, "")).toBe(text.replace(/[*_`]/g, ""));
  expect(runs(text).some((run) => run.is === "link")).toBe(false);
});

test("an underline inside a word is part of it", () => {
  expect(runs("snake_case_name")).toEqual([{ is: "text", text: "snake_case_name" }]);
});

test("a text of marks takes no longer than a text of words", () => {
  for (const mark of ["*", "_", "`", "[", "**a", "[a](", "> ", "- "]) {
    const text = mark.repeat(20_000);
    expect(blocks(text).length).toBeGreaterThan(0);
  }
  expect(kinds("")).toEqual([]);
});

// The editor's own logic: drafts and conflicts, order, differences, completion, marks.
// @vitest-environment jsdom
import { EditorState, Text } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../src/state/storage";
import { MemoryTransport } from "../src/transport/memory";
import { type Known, proposal } from "../src/ui/code/complete";
import { diagnostic } from "../src/ui/code/editor";
import { diffLines, folded } from "../src/widgets/heuristic_editor/diff";
import { differs, draftOf, sameSpec, specOf } from "../src/widgets/heuristic_editor/drafts";
import { changeParts, interval, rate, share, when } from "../src/widgets/heuristic_editor/format";
import { pieces } from "../src/widgets/heuristic_editor/marks";
import { found, ordered, wrongVotes } from "../src/widgets/heuristic_editor/order";
import type { Measure, Row, Stored } from "../src/widgets/heuristic_editor/protocol";
import { EditorSession } from "../src/widgets/heuristic_editor/session";

const measure = (hits: number, correct: number, incorrect: number): Measure => ({
  covered: hits,
  hits,
  correct,
  incorrect,
  precision: correct + incorrect === 0 ? null : correct / (correct + incorrect),
  low: 0.1,
  high: 0.9,
});

const row = (name: string, patch: Partial<Row> = {}): Row => ({
  id: 1,
  name,
  kind: "function",
  enabled: true,
  version: 1,
  versions: 1,
  at: "2026-01-01T00:00:00Z",
  state: "finished",
  message: "",
  errors: 0,
  conflicts: 0,
  labels: [],
  measure: measure(10, 0, 0),
  trusted: true,
  comments: 0,
  ...patch,
});

describe("order", () => {
  test("failed first, then errors, then not run, then wrong votes; switched off last", () => {
    const rows = [
      row("sure", { measure: measure(100, 50, 0) }),
      row("off", { enabled: false, state: "failed" }),
      row("shaky", { measure: measure(100, 5, 5) }),
      row("fresh", { state: "new", measure: null }),
      row("stumbles", { errors: 3, measure: measure(0, 0, 0) }),
      row("broken", { state: "failed" }),
    ];
    expect(ordered(rows, "work").map((one) => one.name)).toEqual([
      "broken",
      "stumbles",
      "fresh",
      "shaky",
      "sure",
      "off",
    ]);
  });

  test("a rule without labels counts as half right", () => {
    expect(wrongVotes(row("x", { measure: measure(10, 0, 0) }))).toBe(5);
  });

  test("unknown precision comes last, and a search finds words in any order", () => {
    const rows = [row("b"), row("a late", { measure: measure(9, 1, 1) })];
    expect(ordered(rows, "precision").map((one) => one.name)).toEqual(["a late", "b"]);
    expect(found(rows, "function late").map((one) => one.name)).toEqual(["a late"]);
  });
});

describe("difference", () => {
  test("lines that are gone, new and the same", () => {
    const lines = diffLines("a\nb\nc\nd", "a\nc\nx\nd");
    expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "same a",
      "gone b",
      "same c",
      "new x",
      "same d",
    ]);
    expect(lines.map((line) => line.old)).toEqual([1, 2, 3, null, 4]);
    expect(lines.map((line) => line.new)).toEqual([1, null, 2, 3, 4]);
  });

  test("both texts can be read out of it, whatever they are", () => {
    const texts = ["", "a", "a\n", "a\nb\na\nb", "b\na\nb\na", "x\n\n\ny", "\n\n"];
    for (const before of texts) {
      for (const after of texts) {
        const lines = diffLines(before, after);
        const side = (kind: string): string =>
          lines
            .filter((line) => line.kind !== kind)
            .map((line) => line.text)
            .join("\n");
        expect(side("new")).toBe(before);
        expect(side("gone")).toBe(after);
      }
    }
  });

  test("long runs of equal lines are left out", () => {
    const before = Array.from({ length: 40 }, (_, at) => `line ${at}`);
    const after = before.with(20, "changed");
    const shown = folded(diffLines(before.join("\n"), after.join("\n")), 2);
    expect(shown[0]).toBeNull();
    expect(shown.at(-1)).toBeNull();
    expect(shown.filter((line) => line !== null)).toHaveLength(6);
  });
});

describe("completion", () => {
  const known: Known = {
    attributes: [{ name: "headline", type: "text" }],
    labels: ["World", "Sci/Tech"],
    lookups: [{ name: "teams", terms: 3 }],
    spans: false,
  };
  const text = "def rule(record):\n";
  const names = (before: string, after = ""): unknown[] =>
    proposal(before, after, text, known)?.options.map((one) => one.apply ?? one.label) ?? [];

  test.each([
    ['x = record["', ['headline"]']],
    ["x = record['he", ["headline']"]],
    ['x = record.doc("', ['headline")']],
    ['any(t in project.lookups["t', ['teams"]']],
    ['    return "', ['World"', 'Sci/Tech"']],
    ["    return ", ['"World"', '"Sci/Tech"', "None"]],
    ['    yield ("', ['World"', 'Sci/Tech"']],
    ['    return None if x else "S', ['World"', 'Sci/Tech"']],
    ["    record.", ["doc", "get", "items", "keys", "values"]],
    ['other["', []],
    ["x = 1", []],
  ])("after %s", (before, wanted) => {
    expect(names(before)).toEqual(wanted);
  });

  test("a quote that stands there already is written over, and the cursor goes past it", () => {
    const over = (after: string) => proposal('x = record["', after, text, known)?.over;
    expect(names('x = record["', '"]')).toEqual(['headline"]']);
    expect([over('"]'), over('"'), over(""), over("x")]).toEqual([2, 1, 0, 0]);
  });
});

describe("what is shown", () => {
  test("problems stand in code points, also after wide characters", () => {
    const doc = Text.of(["x = '💩'; y = nothing"]);
    const at = diagnostic(doc, { line: 1, start: 13, end: 20, message: "", severity: "error" });
    expect(doc.sliceString(at.from, at.to)).toBe("nothing");
    const whole = diagnostic(EditorState.create({ doc: "  a\n" }).doc, {
      line: 9,
      start: null,
      end: null,
      message: "",
      severity: "error",
    });
    expect(whole.from).toBeLessThanOrEqual(whole.to);
  });

  test("marks that overlap share their pieces, and long texts are cut to them", () => {
    const mark = (start: number, end: number) =>
      ({ kind: "looked", start, end, label: null, right: null }) as const;
    const shown = pieces("💩 abcdef", [mark(0, 4), mark(2, 6)], false);
    expect(shown.map((piece) => [piece.text, piece.marks.length])).toEqual([
      ["💩 ", 1],
      ["ab", 2],
      ["cd", 1],
      ["ef", 0],
    ]);
    const long = `${"x".repeat(2000)}late${"y".repeat(2000)}`;
    const cut = pieces(long, [mark(2000, 2004)], false);
    expect(cut[0]!.cut).toBe(true);
    expect(cut.map((piece) => piece.text).join("").length).toBeLessThan(400);
    expect(pieces(long, [], true)[0]!.text).toBe(long);
  });

  test("numbers read as in the report", () => {
    expect([share(0, 0), share(1, 8), share(1, 100_000)]).toEqual(["—", "12.5 %", "< 0.1 %"]);
    expect([rate(null), rate(1), rate(0.8)]).toEqual(["unknown", "1.0", ".80"]);
    expect(interval(measure(4, 1, 1))).toBe(".50 (.10–.90)");
    expect(when("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:05:00Z"))).toBe("5 min ago");
    const [coverage, precision] = changeParts(
      {
        old: 1,
        new: 2,
        before: measure(10, 0, 0),
        after: measure(20, 1, 1),
        gained: 0,
        lost: 0,
        flipped: 0,
      },
      100,
    );
    expect(coverage).toMatchObject({ before: "10.0 %", after: "20.0 %", better: true });
    expect(precision).toMatchObject({ before: "unknown", better: null });
  });
});

// A kernel with one heuristic, as far as the editor needs one.

const SOURCE = "def late(record): ...";

class Kernel {
  readonly sent: { op: string; args: Record<string, unknown> }[] = [];
  source = SOURCE;
  name = "late";
  version = 1;
  readonly transport = new MemoryTransport((message, reply) => {
    const { id, op, args } = message as { id: string; op: string; args: Record<string, unknown> };
    this.sent.push({ op, args });
    try {
      reply({ v: 1, id, ok: this.answer(op, args) });
    } catch (error) {
      reply({ v: 1, id, error: { code: (error as Error).message, message: "no" } });
    }
  }, null);

  stored(): Stored {
    const spec = { kind: "function", source: this.source, entry: "late" };
    const { version } = this;
    return {
      id: 1,
      name: this.name,
      version,
      state: "new",
      message: "",
      line: null,
      spec,
      editable: true,
      told: "",
    };
  }

  answer(op: string, args: Record<string, unknown>): unknown {
    if (op === "hello") {
      return {
        project: { id: "p", name: "p" },
        task: { id: 1, name: "t", kind: "classification", on: "text", labels: [] },
        attributes: [],
        lookups: [],
        template: "",
        job: null,
      };
    }
    if (op === "list") {
      return { heuristics: [row("late", { version: this.version })], records: 1, labelled: 0 };
    }
    if (op === "open") return { ...this.stored(), versions: [], errors: [], change: null };
    if (op === "check") return { problems: [], entry: "late" };
    if (op === "save") {
      if (args.base !== this.version) throw new Error("conflict");
      this.change((args.spec as { source: string }).source);
      return this.stored();
    }
    return {};
  }

  /** Another version, as if written in a cell. */
  change(source: string): void {
    this.source = source;
    this.version += 1;
  }
}

async function settled(until: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !until(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(until()).toBe(true);
}

async function opened(kernel: Kernel, store = new MemoryStore()): Promise<EditorSession> {
  const session = new EditorSession(kernel.transport, store);
  await session.open();
  await settled(() => session.rows !== null);
  await session.select("h1");
  return session;
}

const typed = (source: string) => ({ spec: { kind: "function", source, entry: "late" } as const });

describe("a session", () => {
  test("what is typed outlives it, until it is saved", async () => {
    const [kernel, store] = [new Kernel(), new MemoryStore()];
    const first = await opened(kernel, store);
    first.edit(typed("mine"));
    expect(first.dirty).toBe(true);
    first.dispose();
    const second = await opened(kernel, store);
    expect(second.draft?.spec).toMatchObject({ source: "mine" });
    expect(await second.save()).toBe(true);
    expect(kernel.source).toBe("mine");
    expect(second.dirty).toBe(false);
    expect(store.keys("refinery_nb:draft")).toEqual([]);
    second.dispose();
  });

  test("a change elsewhere is shown where nothing was typed, and asked about where it was", async () => {
    const kernel = new Kernel();
    const session = await opened(kernel);
    kernel.change("theirs");
    kernel.transport.deliver({ v: 1, push: "changed" });
    await settled(() => session.stored?.version === 2);
    expect(session.draft?.spec).toMatchObject({ source: "theirs" });
    expect(session.conflict).toBeNull();

    session.edit(typed("mine"));
    kernel.change("theirs again");
    kernel.transport.deliver({ v: 1, push: "changed" });
    await settled(() => session.conflict !== null);
    expect(session.draft?.spec).toMatchObject({ source: "mine" });
    expect(await session.save()).toBe(false);
    session.keepMine();
    expect(await session.save()).toBe(true);
    expect(kernel.source).toBe("mine");
    session.dispose();
  });

  test("theirs is taken, and the draft goes", async () => {
    const [kernel, store] = [new Kernel(), new MemoryStore()];
    const session = await opened(kernel, store);
    session.edit(typed("mine"));
    kernel.change("theirs");
    kernel.transport.deliver({ v: 1, push: "changed" });
    await settled(() => session.conflict !== null);
    session.discard();
    expect(session.draft?.spec).toMatchObject({ source: "theirs" });
    expect(session.conflict).toBeNull();
    expect(store.keys("refinery_nb:draft")).toEqual([]);
    session.dispose();
  });

  test("a draft of an older version is a conflict, not a surprise", async () => {
    const [kernel, store] = [new Kernel(), new MemoryStore()];
    const first = await opened(kernel, store);
    first.edit(typed("mine"));
    first.dispose();
    kernel.change("theirs");
    const second = await opened(kernel, store);
    expect(second.draft?.spec).toMatchObject({ source: "mine" });
    expect(second.conflict?.version).toBe(2);
    second.dispose();
  });

  test("a draft of a heuristic that is gone is kept as a new one", async () => {
    const [kernel, store] = [new Kernel(), new MemoryStore()];
    const first = await opened(kernel, store);
    first.edit(typed("mine"));
    first.dispose();
    // The id was given again, to another heuristic.
    kernel.name = "other";
    const second = await opened(kernel, store);
    expect(second.draft).toMatchObject({ name: "other", spec: { source: SOURCE } });
    expect(second.unsaved).toMatchObject([{ name: "late", heuristic: null, base: null }]);
    await second.select(second.unsaved[0]!.key);
    expect(second.draft?.spec).toMatchObject({ source: "mine" });
    second.dispose();
  });

  test("what is typed while it is saved stays", async () => {
    const kernel = new Kernel();
    const session = await opened(kernel);
    session.edit(typed("one"));
    const saving = session.save();
    session.edit(typed("two"));
    expect(await saving).toBe(true);
    expect(kernel.source).toBe("one");
    expect(session.draft?.spec).toMatchObject({ source: "two" });
    expect(session.dirty).toBe(true);
    expect(await session.save()).toBe(true);
    expect(kernel.source).toBe("two");
    session.dispose();
  });
});

test("a kind that is not written here is shown and never differs", () => {
  const spec = { kind: "annotator", actor: "ann" };
  const stored = { ...new Kernel().stored(), spec, editable: false };
  const only = { spec, editable: false, told: "Votes on them." };
  expect(specOf(only)).toEqual({ kind: "other", shown: "Votes on them." });
  expect(differs(draftOf(stored, 0), stored)).toBe(false);
  expect(sameSpec(specOf(only), specOf(only))).toBe(true);
});

test("a function in another system's dialect keeps it when it is edited", () => {
  const spec = {
    ...{ kind: "function", source: "def lf(record): ...", entry: "lf", name: "mine" },
    ...{ dialect: "refinery", texts: ["text"], model: "en_core_web_sm", lines: [] },
  };
  expect(specOf({ spec, editable: true, told: "" })).toEqual({
    ...{ kind: "function", source: "def lf(record): ...", entry: "lf" },
    ...{ dialect: "refinery", texts: ["text"], model: "en_core_web_sm" },
  });
});

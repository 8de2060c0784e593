// The workbench: going from record to record, the cell, the spans that are drawn; and comments.
// @vitest-environment jsdom
import { h, render } from "preact";
import { expect, test, vi } from "vitest";
import { MemoryStore } from "../src/state/storage";
import { MemoryTransport } from "../src/transport/memory";
import { Comments } from "../src/ui/Comments";
import { proposal } from "../src/ui/code/complete";
import type { AskComments, Comment } from "../src/ui/commenting";
import { loadPart } from "../src/ui/parts";
import { agrees, LAYERS, spansOf } from "../src/widgets/workbench/layers";
import type { Ran, Sheet, TaskSheet, Vote } from "../src/widgets/workbench/protocol";
import { WorkbenchState } from "../src/widgets/workbench/state";

interface Message {
  id: string;
  op: string;
  args: Record<string, never>;
}

const KEYS = ["a", "b", "c"];
const sheet = (key: string): Sheet => ({
  id: key.charCodeAt(0),
  key,
  attributes: [
    {
      ...{ name: "text", type: "text", key: false, text: "late", length: 4 },
      ...{ tokens: [0, 4], count: 1, tokenizer: "en" },
    },
  ],
  tasks: [],
});
const RAN: Ran = {
  ...{ state: "finished", output: "", value: "4", message: "", traceback: "", line: null },
  seconds: 0.1,
};

function kernel(more: Record<string, (args: never) => unknown> = {}) {
  const asked: Message[] = [];
  const told = (key: string) => ({
    record: sheet(key),
    at: KEYS.includes(key) ? KEYS.indexOf(key) : null,
    count: KEYS.length,
  });
  const answers: Record<string, (args: never) => unknown> = {
    hello: () => ({
      ...{ project: { id: "p", name: "mail" }, actor: "ann", attributes: [], lookups: [] },
      ...{ embeddings: [{ name: "tfidf", attribute: "text" }], ...told("a") },
    }),
    open: ({ key, id, at }: { key?: string; id?: number; at?: number }) =>
      told(key ?? (id === undefined ? KEYS[at!]! : String.fromCharCode(id))),
    neighbours: ({ id }: { id: number }) => ({
      neighbours: [{ id: 122, key: "z", text: `like ${id}`, similarity: 0.5 }],
    }),
    run: () => RAN,
    stop: () => ({}),
    bye: () => ({}),
    ...more,
  };
  const transport = new MemoryTransport((message, reply) => {
    const { id, op, args } = message as Message;
    asked.push(message as Message);
    const answer = answers[op]!(args as never);
    if (answer instanceof Promise) void answer.then((ok) => reply({ v: 1, id, ok }));
    else if (answer !== undefined) reply({ v: 1, id, ok: answer });
  }, null);
  return { asked, transport };
}

async function opened(more: Record<string, (args: never) => unknown> = {}) {
  const { asked, transport } = kernel(more);
  const store = new MemoryStore();
  const state = new WorkbenchState(transport, store, () => "me", 5);
  await state.open();
  return { state, asked, transport, store };
}

test("it goes from record to record and stays inside", async () => {
  const { state } = await opened();
  expect(state.record?.key).toBe("a");
  await state.step(-1);
  expect([state.record?.key, state.notice.text]).toEqual(["a", "This is the first record."]);
  await state.step(1);
  await state.step(1);
  expect(state.record?.key).toBe("c");
  await state.step(1);
  expect(state.notice.text).toBe("This is the last record.");
});

test("steps that come quickly are all taken", async () => {
  const { state } = await opened();
  await Promise.all([state.step(1), state.step(1)]);
  expect(state.record?.key).toBe("c");
});

test("from a neighbour outside of the view one goes back, or on from where one was", async () => {
  const { state } = await opened();
  await state.step(1);
  await state.go({ id: 122 }, true);
  expect([state.record?.key, state.told?.at, state.trail]).toEqual(["z", null, ["b"]]);
  await state.back();
  expect([state.record?.key, state.trail]).toEqual(["b", []]);
  await state.go({ id: 122 }, true);
  await state.step(1);
  expect([state.record?.key, state.trail]).toEqual(["c", []]);
});

test("only the record that was asked for last is shown", async () => {
  const waiting: ((told: unknown) => void)[] = [];
  const { state } = await opened({ open: () => new Promise((done) => waiting.push(done)) });
  const [first, second] = [state.go({ key: "b" }), state.go({ key: "c" })];
  expect(state.opening).toBe(true);
  waiting[1]!({ record: sheet("c"), at: 2, count: 3 });
  waiting[0]!({ record: sheet("b"), at: 1, count: 3 });
  expect([await first, await second]).toEqual([false, true]);
  expect(state.opening).toBe(false);
  expect(state.record?.key).toBe("c");
});

test("what is known of the neighbours stays until it is known better, but not of others", async () => {
  const { state, transport, asked } = await opened();
  await state.askNeighbours();
  expect(state.near?.value?.[0]?.text).toBe("like 97");
  const { version } = state;
  transport.deliver({ v: 1, push: "changed" });
  transport.deliver({ v: 1, push: "changed" });
  await vi.waitFor(() => expect(state.version).toBe(version + 1));
  expect(asked.filter(({ op }) => op === "open")).toHaveLength(1);
  expect(state.near?.value).toHaveLength(1);
  await state.step(1);
  expect(state.near).toBeNull();
});

test("the cell is kept by the browser, and runs on the record that is shown", async () => {
  const { state, store, asked } = await opened();
  expect(state.source).toBe('record["text"]');
  state.write("len(record)");
  await state.run();
  expect(asked.at(-1)).toMatchObject({ op: "run", args: { id: 97, source: "len(record)" } });
  expect([state.outcome?.key, state.outcome?.ran.value]).toEqual(["a", "4"]);
  const again = new WorkbenchState(kernel().transport, store);
  await again.open();
  expect(again.source).toBe("len(record)");
});

test("what went wrong stands at its line, until another record is shown", async () => {
  const ran: Ran = { ...RAN, state: "failed", message: "KeyError: 'x'", line: 2 };
  const { state } = await opened({ run: () => ran });
  await state.run();
  expect(state.faults).toEqual([{ line: 2, message: "KeyError: 'x'" }]);
  await state.step(1);
  expect(state.faults).toEqual([]);
});

test("a cell is stopped, and its end is shown", async () => {
  let end: (ran: Ran) => void = () => undefined;
  const { state, asked } = await opened({
    run: () => new Promise<Ran>((done) => (end = done)),
  });
  const running = state.run();
  expect(state.running).toBe(true);
  state.stop();
  expect(asked.at(-1)?.op).toBe("stop");
  end({ ...RAN, state: "cancelled" });
  await running;
  expect([state.running, state.outcome?.ran.state]).toEqual([false, "cancelled"]);
});

const vote = (label: number, start: number | null = null, end: number | null = null): Vote => ({
  ...{ label, start, end, confidence: 1 },
});
const task = (more: Partial<TaskSheet>): TaskSheet => ({
  ...{ id: 1, name: "names", kind: "spans", on: "text", labels: [], said: [], marks: [] },
  ...{ votes: [], weak: null, ...more },
});

test("a span of several sources is drawn once, as a person's where one says so", () => {
  const spans = task({
    said: [{ by: "ann", labels: [vote(7, 0, 4)] }],
    weak: { model: "majority", labels: [vote(7, 0, 4), vote(8, 5, 6)] },
    votes: [
      {
        ...{ heuristic: "words", kind: "lookup", enabled: true, state: "finished" },
        votes: [vote(8, 5, 6)],
      },
    ],
  });
  const told = (layers: readonly (typeof LAYERS)[number][]) =>
    spansOf(spans, new Set(layers)).map(({ start, voice, sources }) => [start, voice, sources]);
  expect(told(LAYERS)).toEqual([
    [0, "person", ["ann", "weak label"]],
    [5, "machine", ["weak label", "words"]],
  ]);
  expect(told(["heuristics"])).toEqual([[5, "machine", ["words"]]]);
});

test("a vote is judged only by what all people say", () => {
  const said = (...labels: number[]) =>
    task({ said: labels.map((label, at) => ({ by: `p${at}`, labels: [vote(label)] })) });
  expect(agrees(said(1), [vote(1)])).toBe(true);
  expect(agrees(said(1), [vote(2)])).toBe(false);
  expect(agrees(said(1, 2), [vote(2)])).toBeNull();
  expect(agrees(said(), [vote(2)])).toBeNull();
  expect(agrees(task({ said: [{ by: "ann", labels: [] }] }), [vote(2)])).toBe(false);
});

test("outside of functions a record is called record", () => {
  const known = { labels: [], lookups: [], spans: false, attributes: [] };
  expect(proposal("record.", "", "record.", { ...known, record: "record" })).not.toBeNull();
  expect(proposal("record.", "", "record.", known)).toBeNull();
});

test("a part is asked for once a page, and again after it did not come", async () => {
  const made = vi.spyOn(URL, "createObjectURL").mockImplementation(() => "data:text/javascript,");
  URL.revokeObjectURL = () => undefined;
  const ask = vi.fn(() => Promise.reject(new Error("busy")));
  await expect(loadPart("one", ask)).rejects.toThrow("busy");
  const later = vi.fn(() => new Promise<{ text: string }>(() => undefined));
  void loadPart("one", later);
  void loadPart("one", later);
  expect([ask.mock.calls.length, later.mock.calls.length]).toEqual([1, 1]);
  made.mockRestore();
});

// Comments

function people() {
  const kept: (Comment & { gone?: boolean })[] = [
    {
      id: 1,
      by: "ben",
      at: "2026-01-01T10:00:00+00:00",
      text: "<b>Why?</b>",
      edited: null,
      own: false,
    },
  ];
  const ask = (async (op: string, args: { id?: number; text: string }) => {
    const found = kept.find(({ id }) => id === args.id);
    if (op === "comments") return { comments: kept.filter(({ gone }) => gone !== true) };
    if (op === "comment_add") {
      if (args.text === "refused") throw Object.assign(new Error("No."), { hint: "Try again." });
      const made = { id: kept.length + 1, by: "ann", at: "", edited: null, own: true };
      kept.push({ ...made, text: args.text });
    }
    if (op === "comment_edit") found!.text = args.text;
    if (op === "comment_delete") found!.gone = true;
    if (op === "comment_restore") found!.gone = false;
    return {};
  }) as unknown as AskComments;
  return { kept, ask };
}

async function shown(name = "r1", given = people()) {
  const box = document.createElement("div");
  document.body.append(box);
  const show = (on: string): void =>
    render(
      h(Comments, { ask: given.ask, on: { kind: "record", name: on }, of: on, revision: 0 }),
      box,
    );
  show(name);
  await vi.waitFor(() => expect(box.querySelector("[data-count='-1']")).toBeNull());
  const one = <E extends HTMLElement>(id: string): E =>
    box.querySelector<E>(`[data-testid=${id}]`)!;
  const write = (text: string): void => {
    const field = one<HTMLTextAreaElement>("comment-text");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const texts = () => [...box.querySelectorAll(".rn-prose")].map((found) => found.textContent);
  return { box, show, one, write, texts, kept: given.kept };
}

test("a comment is text, written with Ctrl+Enter, changed, deleted and put back", async () => {
  const { box, one, write, texts, kept } = await shown();
  expect(texts()).toEqual(["<b>Why?</b>"]);
  expect(one("comment-edit")).toBeNull(); // it is somebody else's
  write("Because.");
  await vi.waitFor(() => expect(one<HTMLButtonElement>("comment-send").disabled).toBe(false));
  one("comment-text").dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }),
  );
  await vi.waitFor(() => expect(texts()).toEqual(["<b>Why?</b>", "Because."]));
  await vi.waitFor(() => expect(one<HTMLTextAreaElement>("comment-text").value).toBe(""));
  one("comment-delete").click();
  await vi.waitFor(() => expect(texts()).toEqual(["<b>Why?</b>"]));
  expect(kept[1]!.gone).toBe(true);
  await vi.waitFor(() => expect(one("comment-undo")).not.toBeNull());
  one("comment-undo").click();
  await vi.waitFor(() => expect(texts()).toHaveLength(2));
  box.remove();
});

test("what was not taken is not lost, nor what was not sent while another record is shown", async () => {
  const { box, show, one, write } = await shown("r7");
  write("refused");
  await vi.waitFor(() => expect(one<HTMLButtonElement>("comment-send").disabled).toBe(false));
  one("comment-send").click();
  await vi.waitFor(() => expect(box.querySelector("[role=alert]")?.textContent).toContain("No."));
  expect(one<HTMLTextAreaElement>("comment-text").value).toBe("refused");
  show("r8");
  await vi.waitFor(() => expect(one<HTMLTextAreaElement>("comment-text").value).toBe(""));
  show("r7");
  await vi.waitFor(() => expect(one<HTMLTextAreaElement>("comment-text").value).toBe("refused"));
  box.remove();
});

test("no key that is typed into a comment reaches the widget around it", async () => {
  const { box, one } = await shown();
  const heard = vi.fn();
  box.addEventListener("keydown", heard);
  for (const key of ["1", "u", "Enter"]) {
    one("comment-text").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
  expect(heard).not.toHaveBeenCalled();
  one("comment-text").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(heard).toHaveBeenCalledTimes(1);
  box.remove();
});

import { expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import type { Told } from "../src/widgets/confusion_matrix/protocol";
import { MatrixState } from "../src/widgets/confusion_matrix/state";
import { type Answer, kernel } from "./kernel";

const told: Told = {
  task: "topic",
  kind: "classification",
  sources: [],
  levels: [],
  opened: null,
  matrix: null,
  empty: { message: "No record has been reviewed by hand yet.", hint: "" },
};

function open(answer: Answer = () => ({ ok: told })) {
  const { asked, transport } = kernel(answer);
  return { transport, asked, state: new MatrixState(transport, () => "c") };
}

const change = { v: PROTOCOL, push: "changed" };

test("it opens, and shows shares as the kernel wants them until a person chooses", async () => {
  const { state } = open(() => ({ ok: { ...told, normalize: "columns" } }));
  await state.open();
  expect(state.connection).toBe("ready");
  expect(state.normalize).toBe("columns");
  state.show("counts");
  expect(state.normalize).toBe("counts");
});

test("changes that come while it asks are fetched once more, not once each", async () => {
  const { state, asked, transport } = open();
  await state.open();
  for (let n = 0; n < 20; n += 1) transport.deliver(change);
  await vi.waitFor(() => expect(asked.length).toBe(3));
  await new Promise((done) => setTimeout(done, 20));
  expect(asked.map(({ op }) => op)).toEqual(["hello", "matrix", "matrix"]);
});

test("another source chosen while it asks is not lost", async () => {
  const { state, asked } = open();
  await state.open();
  void state.refresh();
  state.compare({ rows: "person:ann" });
  state.compare({ columns: "person:ben" });
  await vi.waitFor(() => expect(asked.length).toBe(3));
  expect(asked[2]!.args).toEqual({ rows: "person:ann", columns: "person:ben" });
});

test("an error is said, and the next answer takes it away", async () => {
  let fail = true;
  const error = { code: "query", message: "There is no label 'X'.", hint: "Add it." };
  const { state } = open(({ op }) => (op === "open" && fail ? { error } : { ok: told }));
  await state.open();
  expect(await state.openCell({ row: "X", column: null })).toBe(false);
  expect(state.trouble).toBe("There is no label 'X'. Add it.");
  fail = false;
  expect(await state.openCell({ row: "A", column: null })).toBe(true);
  expect(state.trouble).toBe("");
});

test("a kernel that goes is said; one that refuses to open too", async () => {
  const { state, transport } = open();
  await state.open();
  transport.setAlive(false);
  expect(state.connection).toBe("gone");
  transport.setAlive(true);
  await vi.waitFor(() => expect(state.connection).toBe("ready"));
  const refused = open(() => ({ error: { code: "store", message: "The project is closed." } }));
  await refused.state.open();
  expect(refused.state.connection).toBe("refused");
  expect(refused.state.trouble).toBe("The project is closed.");
});

test("once disposed it asks nothing more", async () => {
  const { state, asked, transport } = open();
  await state.open();
  state.dispose();
  transport.deliver(change);
  await new Promise((done) => setTimeout(done, 20));
  expect(asked.filter(({ op }) => op === "matrix")).toEqual([]);
});

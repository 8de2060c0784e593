// The session over the memory transport: an engine of a few lines stands for the kernel.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Acknowledgement, Card, Operation, TaskInfo } from "../src/rpc";
import { Session } from "../src/state/session";
import { MemoryStore } from "../src/state/storage";
import { MemoryTransport } from "../src/transport/memory";

const task: TaskInfo = {
  id: 1,
  name: "topic",
  kind: "classification",
  on: "text",
  overlap: "any",
  guideline: "",
  labels: [
    { id: 7, name: "World", color: "#112233", hotkey: "1" },
    { id: 8, name: "Sports", color: "#112233", hotkey: "2" },
  ],
};

class Engine {
  readonly stored = new Map<number, { version: number; value: Operation["value"] }>();
  readonly seen: string[] = [];
  answering = true;
  refuse = false;
  conflict = false;

  readonly serve = (message: unknown, reply: (answer: unknown) => void): void => {
    if (!this.answering) return;
    const { id, op, args } = message as { id: string; op: string; args: Record<string, unknown> };
    reply({ v: 1, id, ok: this.answer(op, args) });
  };

  private answer(op: string, args: Record<string, unknown>): unknown {
    if (op === "hello") {
      return {
        project: { id: "p", name: "p" },
        actor: "ann",
        tasks: [task],
        attributes: ["text"],
        queue: {
          length: 3,
          position: 0,
          order: "view",
          filter: "all",
          seed: 0,
          search: "",
          title: "",
          revision: 1,
        },
        progress: {},
        session: { id: "s" },
      };
    }
    if (op === "page") return { revision: 1, records: [0, 1, 2].map((n) => this.card(n)) };
    if (op === "apply") {
      return { acks: (args.operations as Operation[]).map((one) => this.apply(one)), progress: {} };
    }
    return {};
  }

  private apply(op: Operation): Acknowledgement {
    if (this.refuse) return { op_id: op.op_id, status: "rejected", changes: [], message: "no" };
    if (!this.seen.includes(op.op_id)) {
      this.seen.push(op.op_id);
      if (!this.conflict)
        this.stored.set(op.record!, { version: this.seen.length, value: op.value });
    }
    const now = this.stored.get(op.record!);
    const change = {
      record: op.record!,
      task: 1,
      actor: "ann",
      version: now?.version ?? 5,
      value: (now?.value ?? { label: 8 }) as never,
      marks: [],
    };
    return {
      op_id: op.op_id,
      status: this.conflict ? "conflict" : "saved",
      changes: [change],
      message: "",
    };
  }

  private card(n: number): Card {
    const now = this.stored.get(n);
    return {
      id: n,
      position: n,
      key: String(n),
      attributes: [],
      texts: { text: { text: `text ${n}` } },
      tasks: {
        1: {
          version: now?.version ?? 0,
          value: (now?.value ?? null) as never,
          marks: [],
          stale: false,
        },
      },
      votes: {},
      weak: {},
    };
  }
}

let ids = 0;
function start(engine: Engine, store: MemoryStore): Session {
  const session = new Session(
    new MemoryTransport(engine.serve),
    store,
    Date.now,
    () => `client${++ids}`,
  );
  void session.open();
  return session;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms);

test("a label is shown at once and pending until the kernel answers", async () => {
  const engine = new Engine();
  const session = start(engine, new MemoryStore());
  await settle();
  const card = session.card!;
  engine.answering = false;
  session.apply(card, [{ task, value: { label: 7 } }]);
  expect(session.shown(card, task).value).toEqual({ label: 7 });
  expect(session.sync?.status(0, 1)).toBe("pending");
  await settle(100);
  expect(session.sync?.count("pending")).toBe(1);
  engine.answering = true;
  await settle(10_000);
  expect(session.sync?.status(0, 1)).toBe("saved");
  expect(engine.stored.get(0)?.value).toEqual({ label: 7 });
});

test("what was not answered is sent again and has one effect", async () => {
  const engine = new Engine();
  const store = new MemoryStore();
  const session = start(engine, store);
  await settle();
  engine.answering = false;
  session.apply(session.card!, [{ task, value: { label: 7 } }]);
  await settle(20_000);
  expect(session.slow).toBe(true);
  engine.answering = true;
  await settle(60_000);
  expect(engine.seen.length).toBe(1);
  expect(session.sync?.outbox.entries).toEqual([]);
  expect(store.keys("refinery_nb:outbox:")).toEqual([]);
});

test("a new widget sends what an old one could not, and says so", async () => {
  const engine = new Engine();
  const store = new MemoryStore();
  const old = start(engine, store);
  await settle();
  engine.answering = false;
  old.apply(old.card!, [{ task, value: { label: 8 } }]);
  await settle(100);
  old.dispose();
  engine.answering = true;
  const next = start(engine, store);
  await settle(1_000);
  expect(engine.stored.get(0)?.value).toEqual({ label: 8 });
  expect(next.notice.text).toBe("1 label from before is saved now");
});

test("a refused label stays, red, until it is retried or discarded", async () => {
  const engine = new Engine();
  const session = start(engine, new MemoryStore());
  await settle();
  engine.refuse = true;
  session.apply(session.card!, [{ task, value: { label: 7 } }]);
  await settle();
  expect(session.sync?.status(0, 1)).toBe("failed");
  engine.refuse = false;
  session.sync?.retry(session.sync.outbox.entries[0]!);
  await settle();
  expect(session.sync?.status(0, 1)).toBe("saved");
});

test("a conflict keeps both values until a person chooses", async () => {
  const engine = new Engine();
  const session = start(engine, new MemoryStore());
  await settle();
  engine.conflict = true;
  session.apply(session.card!, [{ task, value: { label: 7 } }]);
  await settle();
  const entry = session.sync!.outbox.entries[0]!;
  expect(entry.state).toBe("conflict");
  expect(entry.theirs?.value).toEqual({ label: 8 });
  engine.conflict = false;
  session.insist(entry);
  await settle();
  expect(engine.stored.get(0)?.value).toEqual({ label: 7 });
});

test("another version of the protocol asks for a reload", async () => {
  const transport = new MemoryTransport((message, reply) => {
    reply({ v: 2, id: (message as { id: string }).id, ok: {} });
  });
  const session = new Session(transport, new MemoryStore());
  void session.open();
  await settle();
  expect(session.connection).toBe("reload");
});

test("the kernel's end is said, and nothing is shown as saved", async () => {
  const engine = new Engine();
  const transport = new MemoryTransport(engine.serve);
  const session = new Session(transport, new MemoryStore());
  void session.open();
  await settle();
  transport.setAlive(false);
  session.apply(session.card!, [{ task, value: { label: 7 } }]);
  await settle();
  expect(session.connection).toBe("gone");
  expect(session.sync?.status(0, 1)).toBe("pending");
});

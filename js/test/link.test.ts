// The connection of a widget to its kernel.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PROTOCOL } from "../src/rpc";
import { Link, type Patience } from "../src/state/link";
import { type Answer, kernel as kernelThat } from "./kernel";

interface Operations {
  hello: { args: { client: string }; ok: { name: string } };
  bye: { args: { client: string }; ok: Record<string, never> };
  work: { args: { n: number }; ok: { n: number } };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A link to a kernel whose answer may change; null: it does not answer. */
function linked(first: Answer = () => ({ ok: { name: "p" } }), patience: Patience = {}) {
  const met: string[] = [];
  const kernel = { answer: first };
  const { asked, transport } = kernelThat((one) => kernel.answer(one), null);
  const emit = vi.fn();
  const events = {
    hello: (info: { name: string }) => void met.push(info.name),
    push: vi.fn(),
    emit,
  };
  const link = new Link<Operations, { name: string }, { push: string }>(
    transport,
    "c",
    events,
    patience,
  );
  const ops = (): string[] => asked.map(({ op }) => op);
  return { link, transport, kernel, asked, ops, met, emit, events };
}

test("a kernel that is busy is waited for, and said to be", async () => {
  const { link, kernel, met, ops } = linked(() => null, { hello: 5_000, awaited: "The map comes" });
  const opened = link.open();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(link.trouble).toBe("");
  await vi.advanceTimersByTimeAsync(1);
  expect(link.trouble).toBe("The kernel is busy. The map comes as soon as it answers.");
  expect(link.connection).toBe("opening");
  kernel.answer = () => ({ ok: { name: "late" } });
  await vi.advanceTimersByTimeAsync(5_000);
  await opened;
  expect([link.connection, link.trouble, met]).toEqual(["ready", "", ["late"]]);
  expect(ops()).toEqual(["hello", "hello", "hello"]);
});

test("where nothing can be sent the page has its turn between two tries", async () => {
  const { link, transport, met } = linked();
  const send = vi.spyOn(transport, "send");
  for (let n = 0; n < 100; n += 1) {
    send.mockImplementationOnce(() => {
      throw new Error("Cannot send");
    });
  }
  const opened = link.open();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(send.mock.calls.length).toBeLessThan(5);
  expect([link.connection, met]).toEqual(["opening", []]);
  expect(link.trouble).toContain("The kernel is busy.");
  send.mockRestore();
  await vi.advanceTimersByTimeAsync(1_000);
  await opened;
  expect([link.connection, link.trouble, met]).toEqual(["ready", "", ["p"]]);
});

test("a refusal is told with its hint, and asked about no more", async () => {
  const error = { code: "store", message: "The project is closed.", hint: "Open it." };
  const { link, ops } = linked(() => ({ error }));
  await link.open();
  expect([link.connection, link.trouble]).toEqual(["refused", "The project is closed. Open it."]);
  expect(ops()).toEqual(["hello"]);
});

test("what was refused can be opened later, and what is open told anew", async () => {
  const error = { code: "store", message: "There is no task." };
  const { link, kernel, met } = linked(() => ({ error }));
  await link.open();
  kernel.answer = () => ({ ok: { name: "one" } });
  await link.open();
  kernel.answer = () => ({ ok: { name: "two" } });
  await link.open();
  expect([link.connection, link.trouble, met]).toEqual(["ready", "", ["one", "two"]]);
});

test("a kernel that is gone is asked nothing; found again, it is greeted once", async () => {
  const { link, transport, ops } = linked();
  await link.open();
  transport.setAlive(false);
  expect(link.connection).toBe("gone");
  await link.open();
  expect(ops()).toEqual(["hello"]);
  transport.setAlive(true);
  await vi.waitFor(() => expect(link.connection).toBe("ready"));
  expect(ops()).toEqual(["hello", "hello"]);
});

test("a hello from before the kernel was lost does not call it busy once another is answered", async () => {
  const { link, transport, kernel, ops } = linked(() => null);
  const first = link.open();
  transport.setAlive(false);
  kernel.answer = () => ({ ok: { name: "p" } });
  transport.setAlive(true);
  await vi.waitFor(() => expect(link.connection).toBe("ready"));
  await vi.advanceTimersByTimeAsync(60_000);
  await first;
  expect([link.connection, link.trouble]).toEqual(["ready", ""]);
  expect(ops()).toEqual(["hello", "hello"]);
});

test("a kernel of another version asks for a reload of the page", async () => {
  const { link, transport, asked } = linked(() => null);
  const opened = link.open();
  transport.deliver({ v: PROTOCOL + 1, id: asked[0]!.id, ok: {} });
  expect(link.connection).toBe("reload");
  await vi.advanceTimersByTimeAsync(30_000);
  await opened;
  expect(asked).toHaveLength(1);
});

test("opening is done when what it tells has been taken in", async () => {
  const { link, events } = linked();
  let taken = false;
  Object.assign(events, {
    hello: async () => {
      await Promise.resolve();
      taken = true;
    },
  });
  await link.open();
  expect(taken).toBe(true);
});

test("a question has its own patience or the widget's", async () => {
  const { link } = linked(({ op }) => (op === "hello" ? { ok: { name: "p" } } : null), { call: 9 });
  await link.open();
  const [own, usual] = [vi.fn(), vi.fn()];
  link.call("work", { n: 1 }, 20).catch(own);
  link.call("work", { n: 2 }).catch(usual);
  await vi.advanceTimersByTimeAsync(10);
  expect([own.mock.calls.length, usual.mock.calls.length]).toEqual([0, 1]);
  await vi.advanceTimersByTimeAsync(10);
  expect(own.mock.calls.length).toBe(1);
});

test("it says bye where it was greeted and the kernel lives, and is silent afterwards", async () => {
  const never = linked(() => null);
  void never.link.open();
  never.link.dispose();
  expect(never.ops()).toEqual(["hello"]);
  const dead = linked();
  await dead.link.open();
  dead.transport.setAlive(false);
  dead.link.dispose();
  expect(dead.ops()).toEqual(["hello"]);
  const { link, transport, emit, events, ops } = linked();
  await link.open();
  emit.mockClear();
  link.dispose();
  expect(ops()).toEqual(["hello", "bye"]);
  transport.deliver({ v: PROTOCOL, push: "changed" });
  transport.setAlive(false);
  await vi.advanceTimersByTimeAsync(600_000);
  expect([emit.mock.calls.length, events.push.mock.calls.length]).toEqual([0, 0]);
});

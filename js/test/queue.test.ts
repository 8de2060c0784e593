import { describe, expect, it } from "vitest";
import type { Card, QueueInfo } from "../src/rpc";
import { Queue } from "../src/state/queue";

const INFO: QueueInfo = {
  length: 5,
  position: 0,
  order: "mixed",
  filter: "all",
  seed: 0,
  search: "",
  title: "",
  revision: 1,
};

function card(id: number, position: number): Card {
  return {
    id,
    position,
    key: String(id),
    attributes: [],
    texts: { text: { text: `text ${id}` } },
    tasks: {},
    votes: {},
    weak: {},
  };
}

/** A kernel whose order of records can change. */
class Kernel {
  order = [10, 11, 12, 13, 14];
  asked: number[] = [];

  readonly page = async (from: number, to: number, at: number) => {
    this.asked.push(at);
    const ids = this.order.slice(from, to);
    return { revision: 1, records: ids.map((id, step) => card(id, from + step)) };
  };
}

async function settled(queue: Queue): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  expect(queue.trouble).toBeNull();
}

describe("a queue that is put in another order while a person labels", () => {
  it("shows what comes next in the new order", async () => {
    const kernel = new Kernel();
    const queue = new Queue(INFO, kernel.page, () => undefined);
    queue.ensure();
    await settled(queue);
    kernel.order = [10, 14, 13, 12, 11];
    queue.refresh();
    await settled(queue);
    expect(queue.current?.id).toBe(10);
    queue.go(1);
    expect(queue.current?.id).toBe(14);
  });

  it("leaves the record under the eyes, even if the kernel has moved it", async () => {
    const kernel = new Kernel();
    const queue = new Queue(INFO, kernel.page, () => undefined);
    queue.ensure();
    await settled(queue);
    queue.go(2);
    kernel.order = [10, 11, 14, 13, 12];
    queue.refresh();
    await settled(queue);
    expect(queue.current?.id).toBe(12);
    expect(kernel.asked.at(-1)).toBe(2);
  });

  it("does not take another record for the one that stood there before", async () => {
    const kernel = new Kernel();
    const queue = new Queue(INFO, kernel.page, () => undefined);
    queue.ensure();
    await settled(queue);
    kernel.order = [10, 14, 13, 15, 16];
    queue.refresh();
    await settled(queue);
    expect(queue.card(11)).toBeUndefined();
    expect(queue.card(14)?.position).toBe(1);
  });
});

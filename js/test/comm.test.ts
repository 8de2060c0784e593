// The transport over a comm: it follows a kernel that comes and goes.

import { describe, expect, it } from "vitest";
import { type Comm, CommTransport, type Network } from "../src/transport/comm";

class Kernel implements Network {
  there = true;
  opened: object[] = [];
  sent: unknown[] = [];
  closed = 0;
  receive: ((message: unknown) => void) | null = null;
  private readonly listeners = new Set<() => void>();

  connect(data: object, receive: (message: unknown) => void): Comm | null {
    if (!this.there) return null;
    this.opened.push(data);
    this.receive = receive;
    return { send: (message) => this.sent.push(message), close: () => void this.closed++ };
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  change(there: boolean): void {
    this.there = there;
    for (const listener of [...this.listeners]) listener();
  }
}

describe("CommTransport", () => {
  it("hands messages both ways", () => {
    const kernel = new Kernel();
    const transport = new CommTransport(kernel, { view: "labeler" });
    const heard: unknown[] = [];
    transport.onMessage((message) => heard.push(message));
    transport.send("asked");
    kernel.receive?.("told");
    expect(kernel.opened).toEqual([{ view: "labeler" }]);
    expect([kernel.sent, heard]).toEqual([["asked"], ["told"]]);
  });

  it("says when the kernel goes, and opens a comm on the next one", () => {
    const kernel = new Kernel();
    const transport = new CommTransport(kernel, { view: "labeler" });
    const lives: boolean[] = [];
    transport.onAlive((alive) => lives.push(alive));
    kernel.change(false);
    transport.send("lost");
    kernel.change(true);
    expect(lives).toEqual([false, true]);
    expect(kernel.sent).toEqual([]);
    expect(kernel.opened).toHaveLength(2);
  });

  it("waits for a kernel that is not there yet", () => {
    const kernel = new Kernel();
    kernel.there = false;
    const transport = new CommTransport(kernel, {});
    expect(transport.alive).toBe(false);
    kernel.change(true);
    expect(transport.alive).toBe(true);
  });

  it("closes its comm and hears nothing more once it is disposed", () => {
    const kernel = new Kernel();
    const transport = new CommTransport(kernel, {});
    transport.dispose();
    kernel.change(true);
    expect([kernel.closed, kernel.opened.length]).toEqual([1, 1]);
  });
});

// The transport to an engine in the same page: for tests, the harness and a static demo.

import { Ears } from "./ears";
import type { Transport } from "./transport";

/** Answers a request with zero or more messages, now or later. */
export type Server = (message: unknown, reply: (message: unknown) => void) => void;

export class MemoryTransport extends Ears implements Transport {
  constructor(
    private readonly server: Server,
    /** How long an answer takes, in ms; null: answered in the same task. */
    public latency: number | null = 0,
  ) {
    super(true);
  }

  send(message: unknown): void {
    if (!this.alive) return;
    // Through JSON both ways, as over a wire: nothing is shared by accident.
    const sent = JSON.parse(JSON.stringify(message)) as unknown;
    this.server(sent, (answer) => this.deliver(answer));
  }

  /** Deliver a message from the engine, for example a push. */
  deliver(message: unknown): void {
    const copy = JSON.parse(JSON.stringify(message)) as unknown;
    const hand = (): void => {
      if (this.alive) this.hand(copy);
    };
    if (this.latency === null) hand();
    else setTimeout(hand, this.latency);
  }

  setAlive(alive: boolean): void {
    this.tell(alive);
  }
}

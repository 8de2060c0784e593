// The transport over a comm of the page's own: the application has no widget model.

import { Ears } from "./ears";
import type { Transport } from "./transport";

/** An open comm. */
export interface Comm {
  send(message: unknown): void;
  close(): void;
}

/** A kernel that may come and go; while it is there, comms can be opened on it. */
export interface Network {
  /** Open a comm; null while there is no kernel that could answer. */
  connect(data: object, receive: (message: unknown) => void): Comm | null;
  /** Call the listener when there is a kernel, another one, or none; returns how to stop. */
  onChange(listener: () => void): () => void;
}

export class CommTransport extends Ears implements Transport {
  private comm: Comm | null = null;
  private readonly stop: () => void;

  constructor(
    private readonly network: Network,
    /** What the comm is opened with: the view, and what it is about. */
    private readonly data: object,
  ) {
    super(false);
    this.stop = network.onChange(() => this.connect());
    this.connect();
  }

  send(message: unknown): void {
    // What is not sent is asked again: the state knows from `alive` that nobody hears it.
    this.comm?.send(message);
  }

  override dispose(): void {
    this.stop();
    this.comm?.close();
    this.comm = null;
    super.dispose();
  }

  /** A new kernel knows nothing of the old comm: begin anew, and say so. */
  private connect(): void {
    this.comm?.close();
    this.tell(false);
    this.comm = this.network.connect(this.data, (message) => this.hand(message));
    this.tell(this.comm !== null);
  }
}

// The connection of a widget to its kernel: opening it, losing it, finding it again.

import { Rpc, RpcError, type Table } from "../rpc";
import type { Transport } from "../transport/transport";

export type Connection = "opening" | "ready" | "gone" | "reload" | "refused";

export interface LinkEvents<Info, Pushed> {
  hello(info: Info): void | Promise<void>;
  push(push: Pushed): void;
  emit(): void;
}

/** How long a widget waits for an answer, in ms, and what it says meanwhile. */
export interface Patience {
  hello?: number;
  call?: number;
  /** What comes as soon as the kernel answers. */
  awaited?: string;
}

const AGAIN = 1_000; // ms until another try, where a hello could not even be sent

export class Link<Ops extends Table<keyof Ops>, Info, Pushed> {
  connection: Connection = "opening";
  /** Why it does not open, or is slow to. */
  trouble = "";
  disposed = false;
  private greeted = false;
  private readonly patience: Required<Patience>;
  private readonly rpc: Rpc<Ops, Pushed>;
  private readonly stopAlive: () => void;

  constructor(
    private readonly transport: Transport,
    private readonly client: string,
    private readonly events: LinkEvents<Info, Pushed>,
    patience: Patience = {},
  ) {
    // A model may have to be loaded, many records be compared.
    this.patience = { hello: 30_000, call: 600_000, awaited: "This opens", ...patience };
    this.rpc = new Rpc<Ops, Pushed>(
      transport,
      client,
      (push) => events.push(push),
      () => this.set("reload"),
    );
    this.stopAlive = transport.onAlive((alive) => {
      if (!alive) this.set("gone");
      else if (this.connection === "gone") {
        this.set("opening");
        void this.open();
      }
    });
    if (!transport.alive) this.connection = "gone";
  }

  call<Op extends keyof Ops & string>(
    op: Op,
    args: Ops[Op]["args"],
    timeout = this.patience.call,
  ): Promise<Ops[Op]["ok"]> {
    return this.rpc.call(op, args, timeout);
  }

  private greet(op: "hello" | "bye"): Promise<unknown> {
    const args = { client: this.client };
    return this.rpc.call(op as keyof Ops & string, args, this.patience.hello);
  }

  private set(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.events.emit();
  }

  /** Say hello until it is answered; once open, to hear what is told by now. */
  async open(): Promise<void> {
    const { connection } = this;
    if (connection === "gone" || connection === "reload") return;
    while (!this.disposed && this.connection === connection) {
      try {
        const info = (await this.greet("hello")) as Info;
        this.greeted = true;
        this.trouble = "";
        this.connection = "ready";
        return this.events.hello(info);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        // Where the kernel was lost and found meanwhile, another hello has been answered.
        if (error.code === "version" || this.disposed || this.connection !== connection) return;
        if (error.code === "timeout" || error.code === "closed") {
          if (!this.transport.alive) return;
          this.trouble = `The kernel is busy. ${this.patience.awaited} as soon as it answers.`;
          this.events.emit();
          // Nothing was sent, and at once: the page needs its turn to learn that a kernel is gone.
          if (error.code === "closed") await new Promise((done) => setTimeout(done, AGAIN));
        } else {
          this.trouble = told(error);
          return this.set("refused");
        }
      }
    }
  }

  dispose(): void {
    this.disposed = true;
    if (this.transport.alive && this.greeted) {
      this.greet("bye").catch(() => undefined);
    }
    this.rpc.dispose();
    this.stopAlive();
    this.transport.dispose();
  }
}

export const told = (error: RpcError): string => [error.message, error.hint].join(" ").trim();

/** Wait for what the kernel answers; null where it refuses, and says why. */
export async function attempt<Result>(
  work: Promise<Result>,
  refused: (error: RpcError) => void,
): Promise<Result | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    refused(error);
    return null;
  }
}

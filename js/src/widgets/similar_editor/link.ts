// The connection of an editor to its kernel: opening it, losing it, finding it again.

import { Rpc, RpcError } from "../../rpc";
import type { Transport } from "../../transport/transport";
import type { Info, SimilarOperations, SimilarPush } from "./protocol";

export type Connection = "opening" | "ready" | "gone" | "reload" | "refused";

const PATIENCE = 600_000; // ms: a model may have to be loaded, many records be compared

export interface LinkEvents {
  hello(info: Info): void;
  push(push: SimilarPush): void;
  emit(): void;
}

export class Link {
  connection: Connection = "opening";
  /** Why it does not open, or is slow to. */
  trouble = "";
  disposed = false;
  private greeted = false;
  private readonly rpc: Rpc<SimilarOperations, SimilarPush>;
  private readonly stopAlive: () => void;

  constructor(
    private readonly transport: Transport,
    private readonly client: string,
    private readonly events: LinkEvents,
  ) {
    this.rpc = new Rpc(
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

  call<Op extends keyof SimilarOperations & string>(
    op: Op,
    args: SimilarOperations[Op]["args"],
    timeout = PATIENCE,
  ): Promise<SimilarOperations[Op]["ok"]> {
    return this.rpc.call(op, args, timeout);
  }

  private set(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.events.emit();
  }

  async open(): Promise<void> {
    while (!this.disposed && this.connection === "opening") {
      try {
        const info = await this.call("hello", { client: this.client }, 30_000);
        this.greeted = true;
        this.trouble = "";
        this.connection = "ready";
        this.events.hello(info);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.code === "version" || this.disposed) return;
        if (error.code === "timeout" || error.code === "closed") {
          if (!this.transport.alive) return;
          this.trouble = "The kernel is busy. This opens as soon as it answers.";
          this.events.emit();
        } else {
          this.trouble = told(error);
          this.set("refused");
        }
      }
    }
  }

  dispose(): void {
    this.disposed = true;
    if (this.transport.alive && this.greeted) {
      this.call("bye", { client: this.client }).catch(() => undefined);
    }
    this.rpc.dispose();
    this.stopAlive();
    this.transport.dispose();
  }
}

export const told = (error: RpcError): string => [error.message, error.hint].join(" ").trim();

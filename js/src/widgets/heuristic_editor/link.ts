// The connection of an editor to its kernel: opening it, losing it, finding it again.

import { Rpc, RpcError } from "../../rpc";
import type { Transport } from "../../transport/transport";
import type { EditorOperations, EditorPush, Hello } from "./protocol";

export type Connection = "opening" | "ready" | "gone" | "reload" | "refused";

export interface LinkEvents {
  hello(hello: Hello): void;
  push(push: EditorPush): void;
  emit(): void;
}

export class Link {
  connection: Connection = "opening";
  /** Why the kernel refused to open, or that it is slow to. */
  trouble = "";
  disposed = false;
  private greeted = false;
  private readonly rpc: Rpc<EditorOperations, EditorPush>;
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

  call<Op extends keyof EditorOperations>(
    op: Op,
    args: EditorOperations[Op]["args"],
    timeout?: number,
  ): Promise<EditorOperations[Op]["ok"]> {
    return this.rpc.call(op, args, timeout);
  }

  private set(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.events.emit();
  }

  async open(): Promise<void> {
    while (!this.disposed && this.connection !== "reload") {
      try {
        const hello = await this.call("hello", { client: this.client }, 5_000);
        this.greeted = true;
        this.trouble = "";
        this.connection = "ready";
        this.events.hello(hello);
        return;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.code === "version" || this.disposed) return;
        if (error.code !== "timeout" && error.code !== "closed") {
          this.trouble = told(error);
          this.set("refused");
          return;
        }
        if (!this.transport.alive) return;
        this.trouble = "The kernel is busy. The heuristics come as soon as it answers.";
        this.events.emit();
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

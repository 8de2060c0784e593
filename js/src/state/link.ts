// The connection of a widget to its kernel: opening it, losing it, finding it again.

import { Rpc, RpcError, type Table } from "../rpc";
import type { Transport } from "../transport/transport";

export type Connection = "opening" | "ready" | "gone" | "reload" | "refused";

const PATIENCE = 600_000; // ms: a model may have to be loaded, many records be compared

export interface LinkEvents<Info, Pushed> {
  hello(info: Info): void;
  push(push: Pushed): void;
  emit(): void;
}

export class Link<Ops extends Table<keyof Ops>, Info, Pushed> {
  connection: Connection = "opening";
  /** Why it does not open, or is slow to. */
  trouble = "";
  disposed = false;
  private greeted = false;
  private readonly rpc: Rpc<Ops, Pushed>;
  private readonly stopAlive: () => void;

  constructor(
    private readonly transport: Transport,
    private readonly client: string,
    private readonly events: LinkEvents<Info, Pushed>,
  ) {
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
    timeout = PATIENCE,
  ): Promise<Ops[Op]["ok"]> {
    return this.rpc.call(op, args, timeout);
  }

  private greet(op: "hello" | "bye", timeout: number): Promise<unknown> {
    return this.rpc.call(op as keyof Ops & string, { client: this.client }, timeout);
  }

  private set(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.events.emit();
  }

  async open(): Promise<void> {
    while (!this.disposed && this.connection === "opening") {
      try {
        const info = (await this.greet("hello", 30_000)) as Info;
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
      this.greet("bye", PATIENCE).catch(() => undefined);
    }
    this.rpc.dispose();
    this.stopAlive();
    this.transport.dispose();
  }
}

export const told = (error: RpcError): string => [error.message, error.hint].join(" ").trim();

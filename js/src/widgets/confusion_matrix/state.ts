// The state of one matrix: the connection, what the kernel told, which cell is open.

import { Rpc, RpcError } from "../../rpc";
import type { Transport } from "../../transport/transport";
import type { CellName, MatrixOperations, MatrixPush, Normalize, Told } from "./protocol";

export type Connection = "opening" | "ready" | "gone" | "reload" | "refused";

export class MatrixState {
  connection: Connection = "opening";
  told: Told | null = null;
  normalize: Normalize = "rows";
  /** What is shown, or was asked for: also while it comes, and where there is nothing to show. */
  chosen: { rows: string; columns: string; level: string } = { rows: "", columns: "", level: "" };
  /** What the kernel could not do, or why it is slow. */
  trouble = "";
  private readonly rpc: Rpc<MatrixOperations, MatrixPush>;
  private readonly client: string;
  private readonly listeners = new Set<() => void>();
  private readonly stopAlive: () => void;
  private asking = false;
  private again = false;
  private wanted: MatrixOperations["matrix"]["args"] = {};
  private disposed = false;

  constructor(
    private readonly transport: Transport,
    makeId: () => string = () => crypto.randomUUID(),
  ) {
    this.client = makeId();
    this.rpc = new Rpc(
      transport,
      this.client,
      () => void this.refresh(),
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

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private emit(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private set(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.emit();
  }

  async open(): Promise<void> {
    while (!this.disposed && this.connection === "opening") {
      try {
        const { normalize, ...told } = await this.rpc.call(
          "hello",
          { client: this.client },
          30_000,
        );
        if (this.told === null) this.normalize = normalize;
        this.take(told);
        this.trouble = "";
        this.set("ready");
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.code === "version" || this.disposed) return;
        if (error.code === "timeout" || error.code === "closed") {
          if (!this.transport.alive) return;
          this.trouble = "The kernel is busy. The matrix comes as soon as it answers.";
          this.emit();
        } else {
          this.trouble = [error.message, error.hint].join(" ").trim();
          this.set("refused");
        }
      }
    }
  }

  private take(told: Told): void {
    this.told = told;
    const { matrix } = told;
    if (matrix !== null) {
      const { rows, columns, level } = matrix;
      this.chosen = { rows: rows.id, columns: columns.id, level, ...this.wanted };
    }
  }

  /** Whether an answer is awaited. */
  get busy(): boolean {
    return this.asking;
  }

  /** Compare other sources, or count in other units. */
  compare(change: MatrixOperations["matrix"]["args"]): void {
    this.wanted = { ...this.wanted, ...change };
    this.chosen = { ...this.chosen, ...change };
    void this.refresh();
  }

  show(normalize: Normalize): void {
    this.normalize = normalize;
    this.emit();
  }

  /** Fetch the matrix anew; what changes meanwhile is fetched once more, not once each. */
  async refresh(): Promise<void> {
    if (this.connection !== "ready") return;
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    do {
      this.again = false;
      const asked = this.wanted;
      this.wanted = {};
      this.emit();
      try {
        this.take(await this.rpc.call("matrix", asked, 120_000));
        this.trouble = "";
      } catch (error) {
        this.fail(error);
      }
    } while (this.again && !this.disposed);
    this.asking = false;
    if (!this.disposed) this.emit();
  }

  /** Show the records of a cell below; true once the kernel has done so. */
  async openCell(cell: CellName): Promise<boolean> {
    try {
      await this.rpc.call("open", { ...cell }, 120_000);
      this.trouble = "";
      this.emit();
      return true;
    } catch (error) {
      this.fail(error);
      this.emit();
      return false;
    }
  }

  private fail(error: unknown): void {
    if (!(error instanceof RpcError)) throw error;
    if (!this.disposed) this.trouble = [error.message, error.hint].join(" ").trim();
  }

  dispose(): void {
    this.disposed = true;
    if (this.transport.alive && this.told !== null) {
      this.rpc.call("bye", { client: this.client }).catch(() => undefined);
    }
    this.rpc.dispose();
    this.stopAlive();
    this.transport.dispose();
    this.listeners.clear();
  }
}

// The state of one matrix: what the kernel told, which cell is open.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Transport } from "../../transport/transport";
import type { CellName, MatrixOperations, MatrixPush, Normalize, Told } from "./protocol";

const SLOW = 120_000; // ms

export class MatrixState extends Source {
  told: Told | null = null;
  normalize: Normalize = "rows";
  /** What is shown, or was asked for: also while it comes, and where there is nothing to show. */
  chosen: { rows: string; columns: string; level: string } = { rows: "", columns: "", level: "" };
  private readonly link: Link<MatrixOperations, MatrixOperations["hello"]["ok"], MatrixPush>;
  private asking = false;
  private again = false;
  private wanted: MatrixOperations["matrix"]["args"] = {};

  constructor(transport: Transport, makeId: () => string = () => crypto.randomUUID()) {
    super();
    this.link = new Link(
      transport,
      makeId(),
      {
        hello: ({ normalize, ...told }) => {
          if (this.told === null) this.normalize = normalize;
          this.take(told);
          this.emit();
        },
        push: () => void this.refresh(),
        emit: () => this.emit(),
      },
      { awaited: "The matrix comes" },
    );
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** What the kernel could not do, or why it is slow. */
  get trouble(): string {
    return this.link.trouble;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  private take(told: Told): void {
    this.told = told;
    const { matrix } = told;
    if (matrix !== null) {
      const { rows, columns } = matrix;
      const level = matrix.label ?? matrix.level;
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
        this.take(await this.link.call("matrix", asked, SLOW));
        this.link.trouble = "";
      } catch (error) {
        this.fail(error);
      }
    } while (this.again && !this.link.disposed);
    this.asking = false;
    if (!this.link.disposed) this.emit();
  }

  /** Show the records of a cell below; true once the kernel has done so. */
  async openCell(cell: CellName): Promise<boolean> {
    try {
      await this.link.call("open", { ...cell }, SLOW);
      this.link.trouble = "";
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
    if (!this.link.disposed) this.link.trouble = told(error);
  }

  dispose(): void {
    this.link.dispose();
    this.silence();
  }
}

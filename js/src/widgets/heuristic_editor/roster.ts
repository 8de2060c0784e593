// The heuristics of the task as a list, kept up to date, and runs on all records.

import { RpcError } from "../../rpc";
import { told } from "../../state/link";
import { plural } from "../../ui/numbers";
import type { EditorLink, Job, Ran, Row, Rows } from "./protocol";

const REFRESH_AFTER = 200;
const LONGEST_PAUSE = 10_000;
const LONG = 3_600_000;

export interface RosterEvents {
  /** The list was fetched: what is open may have changed. */
  fetched(): Promise<void>;
  failed(error: RpcError): void;
  say(text: string): void;
  emit(): void;
}

export class Roster {
  rows: Rows | null = null;
  /** What the list could not be fetched for. */
  trouble = "";
  job: Job | null = null;
  /** Grows whenever the list was fetched. */
  looks = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private fetching = false;
  private again = false;
  /** How long the list took last, in ms: where it takes long, it is asked for less often. */
  private took = 0;

  constructor(
    private readonly link: EditorLink,
    private readonly events: RosterEvents,
  ) {}

  row(id: number | null | undefined): Row | undefined {
    return this.rows?.heuristics.find((one) => one.id === id);
  }

  /** Fetch the list soon: changes come in bursts. */
  refresh(): void {
    clearTimeout(this.timer);
    const pause = Math.min(Math.max(REFRESH_AFTER, 2 * this.took), LONGEST_PAUSE);
    this.timer = setTimeout(() => void this.fetch(), pause);
  }

  async fetch(): Promise<void> {
    if (this.fetching) {
      this.again = true;
      return;
    }
    this.fetching = true;
    try {
      do {
        this.again = false;
        const begun = Date.now();
        this.rows = await this.link.call("list", {}, 120_000);
        this.took = Date.now() - begun;
        this.trouble = "";
        this.looks += 1;
        await this.events.fetched();
      } while (this.again && !this.link.disposed);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.code !== "closed") this.trouble = told(error);
    } finally {
      this.fetching = false;
      this.events.emit();
    }
  }

  async toggle(row: Row): Promise<void> {
    const enabled = !row.enabled;
    this.set(row.id, enabled);
    try {
      await this.link.call("enable", { heuristic: row.id, enabled });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.set(row.id, row.enabled);
      this.events.failed(error);
    }
  }

  private set(id: number, enabled: boolean): void {
    if (this.rows === null) return;
    const heuristics = this.rows.heuristics.map((one) =>
      one.id === id ? { ...one, enabled } : one,
    );
    this.rows = { ...this.rows, heuristics };
    this.events.emit();
  }

  /** Let code run that came with somebody else's project. */
  async trust(heuristic: number): Promise<void> {
    try {
      await this.link.call("trust", { heuristic });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.events.failed(error);
    }
    await this.fetch();
  }

  async run(ids: number[]): Promise<void> {
    if (ids.length === 0 || this.job !== null) return;
    this.job = { heuristics: ids, done: 0, total: 0 };
    this.events.emit();
    try {
      const ran = await this.link.call("run", { heuristics: ids }, LONG);
      this.events.say(ended(ran.runs));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.events.failed(error);
    }
    this.job = null;
    await this.fetch();
  }

  cancel(): void {
    this.link.call("cancel", {}).catch(() => undefined);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

export function ended(runs: Ran[]): string {
  const failed = runs.filter((one) => one.state === "failed").length;
  const [first] = runs;
  if (runs.some((one) => one.state === "cancelled")) {
    return "The run was cancelled; the older votes stay.";
  }
  if (failed > 0)
    return runs.length === 1 ? "The run failed." : `${failed} of ${runs.length} failed.`;
  if (runs.length !== 1 || first === undefined) return `${runs.length} heuristics have run.`;
  return first.state === "unchanged"
    ? `${first.heuristic} has seen all records already.`
    : `${first.heuristic} has run: ${plural(first.votes, "vote")}${
        first.errors > 0 ? `, ${plural(first.errors, "error")}` : ""
      }.`;
}

// The state of one Browser: the query, its records, what is looked at and what is selected.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import { openStore, type Store } from "../../state/storage";
import type { Transport } from "../../transport/transport";
import { Deeds } from "./deeds";
import type { BrowserOperations, BrowserPush, Fault, Info, Row, Shown, TaskInfo } from "./protocol";
import { Rows } from "./rows";
import { type Range, Selection } from "./selection";
import { EMPTY, fromTree, type Group, incomplete, toJson } from "./tree";
import { Typing } from "./typing";

const SOON = 150; // ms in which several events count as one
type Asked = { text: string; order: string; descending: boolean; seed: number };

export class BrowserState extends Source {
  info: Info | null = null;
  shown: Shown | null = null;
  /** How many records are shown; null: not counted yet. */
  count: number | null = null;
  /** How many match by now, where that is another number. */
  drifted: number | null = null;
  filter: Group = EMPTY;
  cursor = 0;
  anchor = 0;
  /** Grows whenever the list has to bring the cursor into view. */
  look = 0;
  /** Grows whenever the kernel has told anew what there is. */
  looks = 0;
  asking = false;
  mode: "list" | "table";
  columns: string[];
  rail: boolean;
  readonly typing: Typing;
  readonly rows: Rows;
  /** What is done with records: labelling, saving, opening. */
  readonly deeds = new Deeds(this);
  readonly id: string;
  readonly link: Link<BrowserOperations, Info, BrowserPush>;
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();
  private selected = new Selection();
  private number = 0;
  private wrong = "";

  constructor(
    transport: Transport,
    makeId: () => string = () => crypto.randomUUID(),
    private readonly store: Store = openStore(),
  ) {
    super();
    this.id = makeId();
    this.mode = store.get("refinery_nb:browser:mode") === "table" ? "table" : "list";
    this.rail = store.get("refinery_nb:browser:rail") === "open";
    this.columns = [];
    this.link = new Link(transport, this.id, {
      hello: (info) => {
        this.meet(info);
        this.columns = this.readColumns(info);
        this.take(info.shown);
      },
      push: (push) => this.pushed(push),
      emit: () => this.emit(),
    });
    this.rows = new Rows(
      (from, to) => this.ask("rows", { revision: this.rows.revision, from, to }),
      () => this.emit(),
    );
    this.typing = new Typing(
      {
        count: (text, number) => this.quiet("count", { text, number }),
        complete: (text, cursor) => this.quiet("complete", { text, cursor }),
      },
      () => this.emit(),
    );
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why it does not open, or what went wrong with what was asked last. */
  get trouble(): string {
    return this.link.trouble || this.wrong;
  }

  get selection(): Selection {
    return this.selected;
  }

  /** The kernel hears of it too, for `browser.selected` in other cells. */
  set selection(selection: Selection) {
    if (selection.size === 0 && this.selected.size === 0) return;
    this.selected = selection;
    this.soon("select", () => this.quiet("select", this.deeds.target));
  }

  get task(): TaskInfo | null {
    return this.info?.tasks.find((one) => one.name === this.info?.focus) ?? null;
  }

  /** How many rows the list has: before they are counted, those that are there. */
  get length(): number {
    return this.count ?? this.shown?.first.length ?? 0;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  override emit(): void {
    if (!this.link.disposed) super.emit();
  }

  private meet(info: Info): void {
    this.info = info;
    this.looks += 1;
  }

  // The query

  private get asked(): Asked {
    const shown = this.shown;
    return {
      text: shown?.text ?? "",
      order: shown?.order ?? "view",
      descending: shown?.descending ?? false,
      seed: shown?.seed ?? 1,
    };
  }

  /** Ask another query, or the same in another order; of several only the last counts. */
  async query(changes: Partial<Asked> = {}): Promise<void> {
    const number = ++this.number;
    this.asking = true;
    this.emit();
    const answer = await this.ask("query", { ...this.asked, ...changes, number });
    if (number !== this.number) return;
    this.asking = false;
    if (answer !== null && !("superseded" in answer)) {
      if (answer.fault === null) this.take(answer);
      else this.typing.settle(changes.text ?? this.asked.text, answer.fault as Fault);
    }
    this.emit();
  }

  private take(shown: Shown): void {
    this.shown = shown;
    this.count = shown.count;
    this.drifted = null;
    this.filter = fromTree(shown.tree);
    this.deeds.pending.clear();
    this.deeds.picked = null;
    this.rows.restart(shown.revision, shown.first);
    this.selection = new Selection();
    this.cursor = 0;
    this.anchor = 0;
    this.look += 1;
    this.typing.settle(shown.text);
    if (shown.count === null) void this.countAll(shown.revision);
    this.emit();
  }

  private async countAll(revision: number): Promise<void> {
    const answer = await this.ask("whole", { revision });
    if (answer === null || this.shown?.revision !== revision) return;
    this.count = answer.count;
    this.emit();
  }

  /** Ask the filter that was put together by hand. */
  async filterBy(filter: Group): Promise<void> {
    this.filter = filter;
    this.emit();
    if (this.info === null) return;
    const condition = toJson(filter, this.info) ?? { is: "all", items: [] };
    const answer = await this.ask("written", { condition });
    if (answer === null || this.filter !== filter) return;
    if (answer.text === this.shown?.text) return;
    const before = this.filter;
    await this.query({ text: answer.text });
    // A line whose value is not typed yet is no part of the query, but stays.
    if (this.shown?.text === answer.text && incomplete(before, this.info)) {
      this.filter = before;
      this.emit();
    }
  }

  /** Leave one of the parts out that are joined by "and". */
  async dropChip(at: number): Promise<void> {
    if (this.shown === null) return;
    const { items } = fromTree(this.shown.tree);
    await this.filterBy({ ...EMPTY, items: items.filter((_, one) => one !== at) });
  }

  async order(id: string, descending: boolean): Promise<void> {
    const seed = id === "random" ? this.asked.seed + 1 : this.asked.seed;
    await this.query({ order: id, descending, seed });
  }

  async focus(task: string): Promise<void> {
    const info = await this.ask("focus", { task });
    if (info === null) return;
    this.meet(info);
    this.rows.renew();
    this.emit();
  }

  // What is looked at

  setMode(mode: "list" | "table"): void {
    this.mode = mode;
    this.store.set("refinery_nb:browser:mode", mode);
    this.look += 1;
    this.emit();
  }

  setRail(open: boolean): void {
    this.rail = open;
    this.store.set("refinery_nb:browser:rail", open ? "open" : "closed");
    this.emit();
  }

  setColumns(columns: string[]): void {
    this.columns = columns;
    this.store.set(this.columnsKey, JSON.stringify(columns));
    this.emit();
  }

  private get columnsKey(): string {
    return `refinery_nb:browser:columns:${this.info?.project ?? ""}`;
  }

  private readColumns(info: Info): string[] {
    const known = info.attributes.map((one) => one.name);
    try {
      const kept = JSON.parse(this.store.get(this.columnsKey) ?? "null") as unknown;
      if (Array.isArray(kept)) {
        return kept.filter((one): one is string => known.includes(one as string));
      }
    } catch {
      // What cannot be read is as good as none.
    }
    const others = info.attributes.filter(
      (one) => one.key || one.type !== "text" || one.name === info.text,
    );
    return others.slice(0, 6).map((one) => one.name);
  }

  moveTo(at: number, extend = false): void {
    if (this.length === 0) return;
    this.cursor = Math.min(Math.max(at, 0), this.length - 1);
    if (extend) this.selection = Selection.between(this.anchor, this.cursor);
    else this.anchor = this.cursor;
    this.look += 1;
    this.emit();
  }

  moveBy(by: number, extend = false): void {
    this.moveTo(this.cursor + by, extend);
  }

  /** A row was pressed: alone, added, or up to here. */
  press(at: number, how: "alone" | "toggle" | "extend"): void {
    this.cursor = at;
    if (how === "extend") this.selection = Selection.between(this.anchor, at);
    else {
      this.anchor = at;
      if (how === "toggle") this.selection = this.selection.toggle(at);
    }
    this.emit();
  }

  toggle(): void {
    if (this.length === 0) return;
    this.selection = this.selection.toggle(this.cursor);
    this.anchor = this.cursor;
    this.emit();
  }

  selectAll(): void {
    if (this.count === null) return this.say("Still counting: try again in a moment");
    this.selection = new Selection().add(0, this.length);
    this.emit();
  }

  unselect(): void {
    this.selection = new Selection();
    this.emit();
  }

  /** What an action is about: the selection, or the record under the cursor. */
  get chosen(): Range[] {
    if (this.selection.size > 0) return [...this.selection.ranges];
    return this.length > 0 ? [[this.cursor, this.cursor + 1]] : [];
  }

  get chosenCount(): number {
    return this.chosen.reduce((sum, [from, to]) => sum + to - from, 0);
  }

  values(attribute: string): Promise<string[]> {
    return this.quiet("values", { attribute }).then((found) => found?.values ?? []);
  }

  row(at: number): Row | undefined {
    return this.rows.get(at);
  }

  dismiss(): void {
    this.wrong = "";
    this.emit();
  }

  private pushed(told: BrowserPush): void {
    const look =
      told.push === "labels"
        ? () => this.relabelled()
        : told.push === "asked"
          ? () => this.follow(told.revision)
          : () => this.refresh();
    this.soon(told.push, look);
  }

  /** Do something a little later; what is asked again meanwhile is done once. */
  private soon(name: string, work: () => Promise<unknown>): void {
    clearTimeout(this.waiting.get(name));
    this.waiting.set(
      name,
      setTimeout(() => void work(), SOON),
    );
  }

  private async relabelled(): Promise<void> {
    this.rows.renew();
    await this.drift();
  }

  /** See how many records match by now; those that are shown stay where they are. */
  private async drift(): Promise<void> {
    const shown = this.shown;
    if (shown === null || this.count === null) return;
    const answer = await this.quiet("now", { revision: shown.revision });
    if (answer === null || answer.revision !== this.shown?.revision) return;
    this.drifted = answer.count === this.count ? null : answer.count;
    this.emit();
  }

  /** Show what another view has asked. */
  private async follow(revision: number): Promise<void> {
    if (this.asking || revision <= (this.shown?.revision ?? 0)) return;
    const info = await this.ask("hello", { client: this.id });
    if (info !== null && !this.asking) this.take(info.shown);
  }

  private async refresh(): Promise<void> {
    if (this.info === null || this.connection !== "ready") return;
    const info = await this.ask("hello", { client: this.id });
    if (info === null) return;
    this.meet(info);
    this.rows.renew();
    await this.drift();
  }

  async ask<Op extends keyof BrowserOperations & string>(
    op: Op,
    args: BrowserOperations[Op]["args"],
  ): Promise<BrowserOperations[Op]["ok"] | null> {
    const answer = await this.quiet(op, args, (wrong) => {
      this.wrong = wrong;
    });
    if (answer !== null && op !== "rows") this.wrong = "";
    this.emit();
    return answer;
  }

  private async quiet<Op extends keyof BrowserOperations & string>(
    op: Op,
    args: BrowserOperations[Op]["args"],
    failed: (wrong: string) => void = () => undefined,
  ): Promise<BrowserOperations[Op]["ok"] | null> {
    try {
      return await this.link.call(op, args);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      failed(told(error));
      return null;
    }
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.typing.dispose();
    this.link.dispose();
    this.silence();
  }
}

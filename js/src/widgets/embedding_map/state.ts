// The state of one map: the points with their colours, and what is selected.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Transport } from "../../transport/transport";
import { uint16, uint32 } from "../../ui/columns";
import { count } from "../../ui/numbers";
import type {
  About,
  CardInfo,
  Categories,
  Coloured,
  Info,
  MapOperations,
  MapPush,
  Scale,
} from "./protocol";

export interface Points {
  revision: number;
  count: number;
  missing: number;
  joined: number;
  x: Uint16Array;
  y: Uint16Array;
}

export interface Selection extends About {
  count: number;
  at: Uint32Array;
}

const CARDS = 500; // cards that are kept
const SLOW = 120_000; // ms

export class MapState extends Source {
  info: Info | null = null;
  points: Points | null = null;
  categories: (Omit<Categories, "codes"> & { codes: Uint16Array }) | null = null;
  scale: (Omit<Scale, "steps"> & { steps: Uint16Array }) | null = null;
  /** Categories that are not shown. */
  hidden: ReadonlySet<number> = new Set();
  selection: Selection | null = null;
  found: { text: string; at: Uint32Array } | null = null;
  /** The layout that has to be made first, or is being made. */
  wanted: { embedding: string; method: string; running: boolean } | null = null;
  busy = false;
  /** Grows with everything that the drawing shows. */
  drawn = 0;
  readonly link: Link<MapOperations, Info, MapPush>;
  private readonly client: string;
  private readonly cards = new Map<number, Promise<CardInfo>>();
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport, makeId: () => string = () => crypto.randomUUID()) {
    super();
    this.client = makeId();
    this.link = new Link(
      transport,
      this.client,
      {
        hello: (info) => {
          this.info = info;
          this.emit();
          return this.place(info.embedding, info.method);
        },
        push: (push) => this.pushed(push),
        emit: () => this.emit(),
      },
      { call: SLOW, awaited: "The map comes" },
    );
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why it does not open, or what went wrong with what was asked last. */
  get trouble(): string {
    return this.link.trouble;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  /** Show another embedding or layout. */
  async place(embedding: string, method: string): Promise<void> {
    const placed = await this.ask("places", { embedding, method });
    if (placed === null || this.info === null) return;
    if (!placed.ready) {
      this.wanted = { embedding, method, running: placed.laying_out };
      this.emit();
      return;
    }
    this.wanted = null;
    this.info = { ...this.info, embedding, method };
    this.points = { ...placed, x: uint16(placed.x), y: uint16(placed.y) };
    this.selection = null;
    this.found = null;
    this.cards.clear();
    this.colour(placed);
  }

  async layOut(): Promise<void> {
    if (this.wanted === null) return;
    const { embedding, method } = this.wanted;
    if ((await this.ask("lay_out", { embedding, method })) === null) return;
    this.wanted = { embedding, method, running: true };
    this.emit();
  }

  async giveUp(): Promise<void> {
    if (this.wanted?.running) await this.ask("cancel", {});
    this.wanted = null;
    this.emit();
  }

  async colourBy(by: string): Promise<void> {
    const told = await this.ask("colours", { by });
    if (told !== null) this.colour(told);
  }

  private colour(told: Coloured): void {
    const same = told.by === this.info?.by;
    this.categories =
      told.categories === null
        ? null
        : { ...told.categories, codes: uint16(told.categories.codes) };
    this.scale = told.scale === null ? null : { ...told.scale, steps: uint16(told.scale.steps) };
    if (!same) this.hidden = new Set();
    if (this.info !== null) this.info = { ...this.info, by: told.by };
    this.redraw();
  }

  private redraw(): void {
    this.drawn += 1;
    this.emit();
  }

  toggle(category: number): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(category)) hidden.add(category);
    this.hidden = hidden;
    this.redraw();
  }

  only(category: number): void {
    const all = this.categories?.names.map((_, at) => at) ?? [];
    const alone = all.every((at) => this.hidden.has(at) === (at !== category));
    this.hidden = new Set(alone ? [] : all.filter((at) => at !== category));
    this.redraw();
  }

  /** Select what lies in a polygon; without corners, all that are shown. */
  async select(polygon: [number, number][]): Promise<void> {
    const told = await this.ask("select", { polygon, hidden: [...this.hidden] });
    if (told === null) return;
    this.selection = { ...told, at: uint32(told.at) };
    this.redraw();
  }

  unselect(): void {
    if (this.selection === null && this.found === null) return;
    this.selection = null;
    this.found = null;
    this.redraw();
  }

  async label(label: string, unlabelled: boolean): Promise<void> {
    const told = await this.ask("label", { label, unlabelled });
    if (told === null) return;
    this.about(told);
    this.say(
      told.count === 0
        ? "Nothing to label: all of these records have a label"
        : `${count(told.count)} labelled ${label}. U takes it back`,
    );
  }

  async undo(): Promise<void> {
    const told = await this.ask("undo", {});
    if (told === null) return;
    this.about(told);
    this.say(told.done ? "Taken back" : "There is nothing to take back");
  }

  async heuristic(label: string, name: string): Promise<boolean> {
    const told = await this.ask("heuristic", { label, name });
    if (told === null) return false;
    this.say(`Heuristic ${told.name} votes ${label} on ${count(told.votes)} records`);
    return true;
  }

  async slice(name: string): Promise<boolean> {
    const told = await this.ask("slice", { name });
    if (told === null) return false;
    this.say(`Slice ${told.name} holds ${count(told.count)} records`);
    return true;
  }

  openLabeler(): Promise<unknown> {
    return this.ask("open", {});
  }

  async search(text: string): Promise<void> {
    if (text.trim() === "") {
      this.found = null;
      return this.redraw();
    }
    const told = await this.ask("search", { text });
    if (told === null) return;
    this.found = { text, at: uint32(told.at) };
    this.say(told.count === 0 ? "Nothing found" : `${told.count} found`);
    this.redraw();
  }

  /** A record's card, asked for once. */
  card(at: number): Promise<CardInfo> {
    const known = this.cards.get(at);
    if (known !== undefined) return known;
    if (this.cards.size >= CARDS) this.cards.clear();
    const asked = this.link.call("card", { at }, 30_000);
    asked.catch(() => this.cards.delete(at));
    this.cards.set(at, asked);
    return asked;
  }

  private about(told: About): void {
    if (this.selection !== null) {
      this.selection = { ...this.selection, labelled: told.labelled, labels: told.labels };
    }
    this.emit();
  }

  private pushed(push: MapPush): void {
    if (push.push === "layout") {
      const wanted = this.wanted;
      if (wanted === null) return;
      if (push.error === null) void this.place(wanted.embedding, wanted.method);
      else {
        this.wanted = null;
        this.link.trouble = push.error;
        this.emit();
      }
      return;
    }
    // Many labels make many events: one look is enough.
    clearTimeout(this.again);
    this.again = setTimeout(() => void this.refresh(push.vectors), 150);
  }

  private async refresh(vectors: boolean): Promise<void> {
    if (this.link.disposed || this.info === null || this.connection !== "ready") return;
    const info = await this.ask("hello", { client: this.client });
    if (info === null) return;
    const shown = { embedding: this.info.embedding, method: this.info.method };
    this.info = { ...info, ...shown };
    if (vectors) await this.place(shown.embedding, shown.method);
    else await this.colourBy(this.info.by);
  }

  private async ask<Op extends keyof MapOperations & string>(
    op: Op,
    args: MapOperations[Op]["args"],
  ): Promise<MapOperations[Op]["ok"] | null> {
    this.busy = true;
    try {
      const answer = await this.link.call(op, args);
      this.link.trouble = "";
      return answer;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (!this.link.disposed) {
        this.link.trouble = told(error);
        this.emit();
      }
      return null;
    } finally {
      this.busy = false;
    }
  }

  dispose(): void {
    clearTimeout(this.again);
    this.link.dispose();
    this.silence();
  }
}

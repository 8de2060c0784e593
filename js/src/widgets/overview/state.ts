// The state of one overview: what the kernel counted, what is chosen, what is open.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Transport } from "../../transport/transport";
import type {
  Counted,
  Filter,
  Mark,
  Menu,
  Numbers,
  OverviewOperations,
  OverviewPush,
  Statistics,
} from "./protocol";

const SLOW = 300_000; // ms: the first time, columns are read
const REST = 120; // ms between two looks while labels come

type Asked = OverviewOperations["numbers"]["args"];

export class OverviewState extends Source {
  menu: Menu | null = null;
  /** How many records count; null before the first answer. */
  records: number | null = null;
  numbers: Numbers | null = null;
  statistics: Statistics | null = null;
  /** Whether numbers, or values, are awaited because somebody chose others. */
  busy = false;
  reading = false;
  private readonly link: Link<OverviewOperations, Menu, OverviewPush>;
  private asking = false;
  private again = false;
  private wanted: Asked = {};
  private values: OverviewOperations["statistics"]["args"] = {};
  private asked = 0;
  /** What the kernel counts by: stands again where it refuses another. */
  private counted: Filter | null = null;
  private looked = 0;
  private moved = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport, makeId: () => string = () => crypto.randomUUID()) {
    super();
    this.link = new Link(
      transport,
      makeId(),
      {
        hello: (menu) => {
          this.menu = menu;
          void this.refresh();
          void this.read();
          this.emit();
        },
        push: ({ labels }) => this.changed(labels),
        emit: () => this.emit(),
      },
      { awaited: "The overview comes" },
    );
  }

  get connection(): Connection {
    return this.link.connection;
  }

  get trouble(): string {
    return this.link.trouble;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  chooseTask(task: string): void {
    this.look({ task });
    void this.read();
  }

  chooseFilter(change: Partial<Filter>): void {
    if (this.menu === null) return;
    const filter = { ...this.menu.filter, ...change };
    this.menu = { ...this.menu, filter };
    this.look({ filter });
    void this.read();
  }

  /** Ask in the matrix about another label: where a record may have several. */
  chooseLabel(label: string): void {
    this.look({ label });
  }

  /** Show another attribute, or its texts in another unit. */
  chooseValues(change: OverviewOperations["statistics"]["args"]): void {
    this.values = { ...this.values, ...change };
    void this.read();
  }

  private look(change: Asked): void {
    this.wanted = { ...this.wanted, ...change };
    this.busy = true;
    this.emit();
    void this.refresh();
  }

  /** Something changed: look at once, and then again when it has rested, however often it is said. */
  private changed(labels: boolean): void {
    this.moved ||= !labels || this.filtered;
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.looked + REST - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.looked = Date.now();
      void this.refresh();
      if (this.moved) void this.read();
      this.moved = false;
    }, wait);
  }

  /** Whether labels may change which records count. */
  private get filtered(): boolean {
    const { base, filter } = this.menu ?? { base: null, filter: null };
    return base !== null || (filter !== null && (filter.slice !== null || filter.query !== ""));
  }

  /** Fetch the numbers anew; what changes meanwhile is fetched once more, not once each. */
  async refresh(): Promise<void> {
    if (this.connection !== "ready") return;
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    do {
      this.again = false;
      const args = this.wanted;
      this.wanted = {};
      try {
        this.take(await this.link.call("numbers", args, SLOW));
        this.link.trouble = "";
      } catch (error) {
        this.fail(error);
        if (args.filter !== undefined) this.stand();
      }
    } while (this.again && !this.link.disposed);
    this.asking = false;
    this.busy = false;
    if (!this.link.disposed) this.emit();
  }

  private take(found: Counted): void {
    const { records, numbers, ...menu } = found;
    // What was chosen meanwhile is asked next.
    const filter = this.wanted.filter ?? menu.filter;
    this.counted = menu.filter;
    this.menu = { ...menu, filter };
    this.records = records;
    this.numbers = numbers;
    this.emit();
  }

  private stand(): void {
    if (this.menu === null || this.wanted.filter !== undefined) return;
    this.menu = { ...this.menu, filter: this.counted ?? this.menu.filter };
  }

  /** Fetch the values of the attribute; only the newest answer counts. */
  async read(): Promise<void> {
    if (this.connection !== "ready") return;
    const number = ++this.asked;
    this.reading = true;
    this.emit();
    try {
      // After the filter that was just chosen: the kernel answers both on threads.
      while (this.asking && this.busy && !this.link.disposed) await pause(20);
      const { statistics } = await this.link.call("statistics", this.values, SLOW);
      if (number === this.asked) this.statistics = statistics;
    } catch (error) {
      this.fail(error);
    }
    if (number !== this.asked || this.link.disposed) return;
    this.reading = false;
    this.emit();
  }

  /** Show the records behind a mark below; true once the kernel has done so. */
  async openMark(mark: Mark): Promise<boolean> {
    try {
      const { count, title, opened } = await this.link.call("open", { mark }, SLOW);
      this.link.trouble = "";
      if (this.menu !== null) this.menu = { ...this.menu, opened };
      this.say(`${count.toLocaleString("en")} records: ${title}`);
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
    clearTimeout(this.timer);
    this.link.dispose();
    this.silence();
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

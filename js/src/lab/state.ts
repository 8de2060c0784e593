// What a panel knows of its project, and what is shown in it.

import type { ServiceManager } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import { RpcError } from "../rpc";
import { Link, told } from "../state/link";
import { Source } from "../state/source";
import { CommTransport } from "../transport/comm";
import type { Host } from "../ui/host";
import { deedsIn } from "./deeds";
import { absolute, ProjectKernel } from "./kernel";
import type { JobRow, Operations, ProjectInfo, Pushed, TaskRow } from "./protocol";
import { TABS, type Tab, type TabId } from "./tabs";

/** What a panel is opened with, and restored from. */
export interface PanelArgs {
  path: string;
  tab?: TabId;
  task?: string;
  slice?: string;
  /** Only the Labeler, for somebody who does nothing else. */
  only?: boolean;
  /** Make the project if it is not there. */
  make?: boolean;
  /** Fill a project without records with the sample data. */
  sample?: boolean;
  /** A file of the server whose records are added. */
  add?: string;
  key?: string;
}

const SOON = 250; // ms in which several changes are one

export class PanelState extends Source {
  readonly id = UUID.uuid4();
  readonly kernel: ProjectKernel;
  info: ProjectInfo | null = null;
  jobs: JobRow[] = [];
  tab: TabId;
  task: string | null;
  slice: string | null;
  readonly only: boolean;
  /** What another view opened in the Labeler, and what it is. */
  opened: { id: number; title: string } | null = null;
  /** What Browse opened in the tab of a record. */
  record: { id: number; key: string } | null = null;
  trouble = "";
  /** What is being done: its words stand where the next step will. */
  busy = "";
  /** The step of the tour that is shown, from 0. */
  tour: number | null = null;
  ended: (job: JobRow) => void = () => undefined;
  /** What views find around them. */
  readonly host: Host = {
    record: (key) => this.showRecord(key),
    deeds: (text) => deedsIn(text, this),
  };
  private readonly link: Link<Operations, ProjectInfo, Pushed>;
  private readonly reported = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private begun = false;

  constructor(
    services: ServiceManager.IManager,
    readonly args: PanelArgs,
  ) {
    super();
    this.tab = args.tab ?? "label";
    this.task = args.task ?? null;
    this.slice = args.slice ?? null;
    this.only = args.only === true;
    this.kernel = new ProjectKernel(services, args.path, args.make === true);
    this.kernel.onChange(() => this.emit());
    this.link = new Link(
      new CommTransport(this.kernel, { view: "panel", panel: this.id }),
      this.id,
      {
        hello: (info) => this.welcome(info),
        push: (push) => this.pushed(push),
        emit: () => this.emit(),
      },
    );
  }

  get name(): string {
    return this.info?.project.name ?? this.args.path.split("/").pop() ?? "";
  }

  get current(): TaskRow | null {
    const tasks = this.info?.tasks ?? [];
    return tasks.find((one) => one.name === this.task) ?? tasks[0] ?? null;
  }

  /** Whether there is something to show around in. */
  get canTour(): boolean {
    const ready = this.kernel.state === "ready" && this.busy === "";
    return ready && !this.only && this.current !== null;
  }

  /** What restores this panel. */
  get saved(): { [name: string]: string | boolean } {
    return {
      path: this.args.path,
      tab: this.tab,
      ...(this.task === null ? {} : { task: this.task }),
      ...(this.slice === null ? {} : { slice: this.slice }),
      ...(this.only ? { only: true } : {}),
    };
  }

  get running(): JobRow[] {
    return this.jobs.filter((one) => one.state === "running");
  }

  open(): Promise<void> {
    return this.kernel.start();
  }

  transport(tab: Tab): CommTransport {
    const about = {
      task: this.task ?? this.current?.name,
      ...(this.slice === null ? {} : { slice: this.slice }),
      ...(tab.id === "label" && this.opened !== null ? { opened: this.opened.id } : {}),
      ...(tab.id === "record" && this.record !== null ? { record: this.record.key } : {}),
    };
    return new CommTransport(this.kernel, { view: tab.view, panel: this.id, ...about });
  }

  /** What a tab shows; when it changes, the tab is made anew. */
  about(tab: Tab): string {
    const opened = { label: this.opened?.id, record: this.record?.id }[tab.id as string] ?? "";
    return JSON.stringify([this.task ?? this.current?.name, this.slice, opened]);
  }

  show(tab: TabId): void {
    if (TABS.every(({ id }) => id !== tab)) return;
    this.tab = tab;
    this.emit();
  }

  showRecord(key: string): void {
    this.record = { id: (this.record?.id ?? 0) + 1, key };
    this.show("record");
  }

  toTour(step: number | null): void {
    this.tour = step;
    this.emit();
  }

  choose(change: { task?: string; slice?: string | null }): void {
    if (change.task !== undefined) this.task = change.task;
    if (change.slice !== undefined) this.slice = change.slice;
    this.opened = this.record = null;
    this.emit();
  }

  /** Ask the kernel; what goes wrong is said in the panel, and null returned. */
  async ask<Op extends keyof Operations>(
    op: Op,
    args: Operations[Op]["args"],
    busy = "",
  ): Promise<Operations[Op]["ok"] | null> {
    this.trouble = "";
    this.busy = busy;
    this.emit();
    try {
      return await this.link.call(op, args);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (error.code !== "closed") this.trouble = told(error);
      return null;
    } finally {
      this.busy = "";
      this.emit();
    }
  }

  async refresh(): Promise<void> {
    try {
      this.take(await this.link.call("project", {}));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  take(info: ProjectInfo | null): void {
    if (info === null) return;
    this.info = info;
    this.jobs = info.jobs;
    this.emit();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.link.dispose();
    this.kernel.dispose(this.running.length > 0);
    this.silence();
  }

  private async welcome(info: ProjectInfo): Promise<void> {
    for (const job of info.jobs) if (job.state !== "running") this.reported.add(job.id);
    this.take(info);
    if (this.begun) return;
    this.begun = true;
    const { args } = this;
    if (args.sample && info.records === 0)
      this.take(await this.ask("add", { sample: true }, "The sample data is prepared."));
    if (args.add !== undefined) {
      const key = args.key ? { key: args.key } : {};
      this.take(await this.ask("add", { path: absolute(args.add), ...key }, "Records are added."));
    }
    // Nothing can be labelled yet: the first step is to say what for.
    if (this.info?.tasks.length === 0 && !this.only) this.show("settings");
  }

  private pushed(push: Pushed): void {
    if (push.push === "changed") {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.refresh(), SOON);
    } else if (push.push === "jobs") {
      this.jobs = push.jobs;
      this.emit();
      const job = push.jobs.find(({ id }) => id === push.changed);
      if (job !== undefined && job.state !== "running" && !this.reported.has(job.id)) {
        this.reported.add(job.id);
        this.ended(job);
        void this.refresh();
      }
    } else {
      this.opened = { id: push.opened, title: push.title };
      this.tab = "label";
      this.emit();
    }
  }
}

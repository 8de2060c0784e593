// What is done with the records of a Browser: labelled, taken back, saved, written, opened.

import type { Host } from "../../ui/host";
import { plural } from "../../ui/numbers";
import type { Picked } from "./picking";
import type { LabelInfo } from "./protocol";
import type { Range } from "./selection";
import type { BrowserState } from "./state";

/** From so many records on a label is asked about first. */
export const MANY = 1_000;

/** What was done last and can be taken back. */
export interface Done {
  text: string;
  task: string;
}

export class Deeds {
  working = false;
  done: Done | null = null;
  /** A label that waits for a yes, as it is for many records. */
  confirming: { label: LabelInfo | null; keep: boolean; count: number } | null = null;
  /** Labels that were given and are not stored yet, by place; null: taken away. */
  readonly pending = new Map<number, string | null>();
  /** Some text of a record that can be labelled as a span. */
  picked: Picked | null = null;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly state: BrowserState) {}

  /** Label what is chosen; null: none fits. Many are asked about first. */
  label(label: LabelInfo | null, keep: boolean): void {
    const count = this.state.chosenCount;
    if (count === 0) return;
    if (count > MANY) {
      this.confirming = { label, keep, count };
      this.state.emit();
    } else void this.setLabel(label === null ? "" : label.name, keep);
  }

  confirm(yes: boolean): void {
    const asked = this.confirming;
    this.confirming = null;
    if (yes && asked !== null) void this.setLabel(asked.label?.name ?? "", asked.keep);
    this.state.emit();
  }

  /** An empty label: none fits; null takes it away. */
  async setLabel(label: string | null, keep = false): Promise<void> {
    const { task, shown } = this.state;
    const ranges = this.state.chosen;
    if (task === null || shown === null || ranges.length === 0) return;
    if (task.kind === "spans")
      return this.state.say("Select some text to label it, or open the Labeler by Enter");
    const one = this.state.selection.size === 0;
    if (one) {
      this.pending.set(this.state.cursor, label);
      if (label !== null) this.state.moveBy(1);
    } else this.working = true;
    this.state.emit();
    const args = { revision: shown.revision, ranges, task: task.name, label, keep };
    const answer = await this.write(() => this.state.ask("label", args));
    this.working = false;
    if (one) this.pending.delete(ranges[0]![0]);
    if (answer !== null) {
      const what = label === null ? "without a label" : `labelled ${label === "" ? "none" : label}`;
      const text = `${plural(answer.count, "record")} ${what}`;
      this.done = { text, task: task.name };
      if (answer.count === 0) this.state.say("All of these are labelled already");
    }
    this.state.rows.renew();
    this.state.emit();
  }

  pick(picked: Picked | null): void {
    if (picked === this.picked) return;
    this.picked = picked;
    this.state.emit();
  }

  /** Label what is picked as a span; the kernel widens it to whole tokens. */
  async labelSpan(label: string): Promise<void> {
    const { task, shown } = this.state;
    const { picked } = this;
    if (task === null || shown === null || picked === null) return;
    this.pick(null);
    const { at, start, end } = picked;
    const args = { revision: shown.revision, task: task.name, at, start, end, label };
    const answer = await this.write(() => this.state.ask("span", args));
    if (answer?.there) this.state.say("It is labelled so already");
    else if (answer !== null) this.done = { text: `1 span labelled ${label}`, task: task.name };
    this.state.rows.renew();
    this.state.emit();
  }

  async undo(again = false): Promise<void> {
    const task = this.done?.task ?? this.state.task?.name;
    if (task === undefined) return;
    const answer = await this.write(() => this.state.ask("undo", { task, again }));
    if (answer === null) return;
    this.done = null;
    this.state.rows.renew();
    this.state.say(
      answer.done ? (again ? "Repeated" : "Taken back") : "There is nothing to take back",
    );
  }

  /** One after the other: an undo takes back what was asked before it. */
  private write<Found>(work: () => Promise<Found>): Promise<Found> {
    const next = this.writing.then(work, work);
    this.writing = next.catch(() => undefined);
    return next;
  }

  // What is done with all that is shown, or with the selection

  get target(): { revision: number; ranges: Range[] | null } {
    const ranges = this.state.selection.size > 0 ? [...this.state.selection.ranges] : null;
    return { revision: this.state.shown?.revision ?? 0, ranges };
  }

  async slice(name: string, fixed: boolean): Promise<boolean> {
    const answer = await this.state.ask("slice", { ...this.target, name, static: fixed });
    if (answer === null || this.state.info === null) return false;
    this.state.info = { ...this.state.info, slices: answer.slices };
    this.state.say(`Slice ${answer.name} holds ${plural(answer.count, "record")}`);
    return true;
  }

  /** Write a file; "exists": there is one of that name. */
  async export(path: string, replace: boolean): Promise<"done" | "exists" | "failed"> {
    const answer = await this.state.ask("export", { ...this.target, path, replace });
    if (answer === null) return "failed";
    if (answer.exists) return "exists";
    this.state.say(`${plural(answer.count, "record")} in ${answer.path}`);
    return "done";
  }

  async openLabeler(from = 0): Promise<void> {
    const target = from > 0 ? { ...this.target, ranges: null } : this.target;
    await this.state.ask("open", { ...target, at: from });
  }

  showRecord(host: Host): void {
    const row = this.state.rows.get(this.state.cursor);
    if (row !== undefined) host.record(row.key);
  }

  /** Show the records that are most like the one under the cursor. */
  async similar(): Promise<void> {
    const row = this.state.rows.get(this.state.cursor);
    if (row === undefined) return;
    if (this.state.info?.embeddings.length === 0) {
      return this.state.say("There are no vectors to compare by: project.embed(...) makes them");
    }
    const key = row.key.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    await this.state.query({ text: `like:"${key}"`, order: "view" });
  }
}

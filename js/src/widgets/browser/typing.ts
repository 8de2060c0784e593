// The query that is being typed: how many records it would find, what is wrong, what could follow.

import type { Candidate, Fault } from "./protocol";

const SOON = 120; // ms

export interface Answers {
  count(
    text: string,
    number: number,
  ): Promise<{ count: number | null; fault: Fault | null } | null>;
  complete(
    text: string,
    cursor: number,
  ): Promise<{ start: number; end: number; candidates: Candidate[] } | null>;
}

export class Typing {
  text = "";
  /** How many records it would find; null: not known yet, or nothing is being typed. */
  count: number | null = null;
  fault: Fault | null = null;
  candidates: Candidate[] = [];
  chosen = -1;
  private place: [start: number, end: number] = [0, 0];
  private number = 0;
  private turn = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly answers: Answers,
    private readonly changed: () => void,
  ) {}

  /** What stands in the field now is what is shown. */
  settle(text: string, fault: Fault | null = null): void {
    clearTimeout(this.timer);
    this.turn += 1;
    this.text = text;
    this.count = null;
    this.fault = fault;
    this.close();
  }

  /** It is asked now: what is offered meanwhile comes too late. */
  finish(): void {
    clearTimeout(this.timer);
    this.turn += 1;
    this.close();
  }

  type(text: string, cursor: number): void {
    this.text = text;
    this.turn += 1;
    this.narrow(cursor);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), SOON);
    void this.offer(cursor);
    this.changed();
  }

  /** Keep what fits what is typed by now, until the kernel offers anew. */
  private narrow(cursor: number): void {
    const word = [...this.text].slice(this.place[0], cursor).join("").toLowerCase();
    const goes = cursor >= this.place[1] && !/\s/.test(word);
    this.candidates = this.candidates.filter(
      (one) => goes && one.text.toLowerCase().startsWith(word),
    );
    this.place = [this.place[0], cursor];
    this.chosen = -1;
  }

  private async look(): Promise<void> {
    const { turn, text } = this;
    const found = await this.answers.count(text, ++this.number);
    if (turn !== this.turn || found === null) return;
    this.count = found.count;
    // What is not finished is no fault yet.
    const unfinished = found.fault !== null && found.fault.start >= [...text].length;
    this.fault = unfinished ? null : found.fault;
    this.changed();
  }

  /** Ask what could stand at the cursor (code points). */
  async offer(cursor: number): Promise<void> {
    const { turn } = this;
    const found = await this.answers.complete(this.text, cursor);
    if (turn !== this.turn || found === null) return;
    this.candidates = found.candidates;
    this.place = [found.start, found.end];
    this.chosen = -1;
    this.changed();
  }

  move(by: number): void {
    const count = this.candidates.length;
    if (count === 0) return;
    this.chosen = (this.chosen + by + (this.chosen < 0 && by < 0 ? 1 : 0) + count) % count;
    this.changed();
  }

  /** The text with a candidate in it, and where the cursor stands then (code points). */
  accept(at: number): { text: string; cursor: number } | null {
    const candidate = this.candidates[at];
    if (candidate === undefined) return null;
    const points = [...this.text];
    const before = points.slice(0, this.place[0]).join("");
    const after = points.slice(this.place[1]).join("");
    const gap = /[(]$/.test(candidate.text) || after.startsWith(" ") ? "" : " ";
    const written = before + candidate.text + gap;
    this.close();
    return { text: written + after, cursor: [...written].length };
  }

  close(): void {
    this.candidates = [];
    this.chosen = -1;
    this.changed();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

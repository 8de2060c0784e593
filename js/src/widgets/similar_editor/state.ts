// The state of one editor: the rule, its neighbours, the threshold, and what is looked at.

import { RpcError } from "../../rpc";
import { type Connection, Link, told } from "../../state/link";
import { Source } from "../../state/source";
import type { Transport } from "../../transport/transport";
import { uint16, uint32 } from "../../ui/columns";
import { plural } from "../../ui/numbers";
import type { Compared, DraftInfo, Info, Judged, SimilarOperations, SimilarPush } from "./protocol";
import { type Cut, Ranking, UNIT } from "./ranking";
import { Rows } from "./rows";

const SOON = 150; // ms after which a threshold is sent, or an event looked at
const FIRST = 20; // neighbours that are let in until a person has chosen a threshold

export class SimilarState extends Source {
  info: Info | null = null;
  ranking: Ranking | null = null;
  leftOut = 0;
  threshold = UNIT / 2;
  /** The rank that the keys label. */
  cursor = 0;
  /** What the list has to bring into view; the number grows with every wish. */
  look: { at: "cut" | "cursor"; turn: number } = { at: "cut", turn: 0 };
  comparing = false;
  saving = false;
  /** Why the neighbours are not there. */
  fault = "";
  readonly rows = new Rows(
    (from, to) => this.ask("rows", { revision: this.rows.revision, from, to }),
    () => this.emit(),
  );
  /** What was said of a neighbour and is not yet stored, by rank. */
  readonly pending = new Map<number, string | null>();
  private readonly link: Link<SimilarOperations, Info, SimilarPush>;
  private turn = 0;
  private wrong = "";
  private unsent: ReturnType<typeof setTimeout> | undefined;
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();

  /** What tells this view from others in the page. */
  readonly id: string;

  constructor(transport: Transport, makeId: () => string = () => crypto.randomUUID()) {
    super();
    this.id = makeId();
    this.link = new Link(transport, this.id, {
      hello: (info) => {
        this.info = info;
        this.threshold = info.draft.threshold;
        void this.compare();
      },
      push: (push) => this.pushed(push),
      emit: () => this.emit(),
    });
  }

  get connection(): Connection {
    return this.link.connection;
  }

  /** Why it does not open, or what went wrong with what was asked last. */
  get trouble(): string {
    return this.link.trouble || this.wrong;
  }

  open(): Promise<void> {
    return this.link.open();
  }

  get draft(): DraftInfo | null {
    return this.info?.draft ?? null;
  }

  get cut(): Cut | null {
    return this.ranking?.at(this.threshold) ?? null;
  }

  /** What is missing before anything can be compared. */
  get missing(): "label" | "embedding" | "examples" | null {
    const { info } = this;
    if (info === null) return null;
    if (info.task.labels.length === 0) return "label";
    if (info.embeddings.length === 0) return "embedding";
    return info.draft.examples.length === 0 ? "examples" : null;
  }

  /** Compare all records with the examples; an answer to an earlier question is dropped. */
  async compare(): Promise<void> {
    const turn = ++this.turn;
    this.fault = "";
    if (this.missing !== null) {
      this.ranking = null;
      this.comparing = false;
      return this.emit();
    }
    this.comparing = true;
    this.emit();
    try {
      const found = await this.link.call("neighbours", {});
      if (turn === this.turn) this.take(found);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (turn === this.turn) {
        this.fault = told(error);
        this.ranking = null;
      }
    }
    if (turn === this.turn) this.comparing = false;
    this.emit();
  }

  private take(found: Compared): void {
    const similarity = uint32(found.similarity);
    this.ranking = new Ranking(similarity, uint16(found.example), uint32(found.judged));
    this.leftOut = found.left_out;
    this.rows.restart(found.revision);
    this.pending.clear();
    if (this.info !== null) {
      // The threshold here may be newer than the one that the kernel knows.
      const chosen = this.info.draft.chosen || found.draft.chosen;
      this.info = {
        ...this.info,
        labelled: found.labelled,
        draft: { ...found.draft, chosen },
      };
      if (!chosen) {
        this.threshold = this.ranking.threshold(Math.min(FIRST, this.ranking.length));
        this.sendSoon();
      }
    }
    this.cursor = Math.max(0, this.ranking.hits(this.threshold) - 1);
    this.bring("cut");
  }

  private bring(at: "cut" | "cursor"): void {
    this.look = { at, turn: this.look.turn + 1 };
  }

  // The threshold

  /** Move the threshold; the cursor goes to the neighbour beside it, or to the one that is meant. */
  moveTo(threshold: number, cursor?: number): void {
    const { ranking, info } = this;
    if (ranking === null || info === null) return;
    const before = ranking.hits(this.threshold);
    this.threshold = Math.min(Math.max(Math.round(threshold), 1), UNIT);
    const hits = ranking.hits(this.threshold);
    const beside = hits >= before ? hits - 1 : hits;
    this.cursor = Math.min(Math.max(cursor ?? beside, 0), Math.max(0, ranking.length - 1));
    this.info = { ...info, draft: { ...info.draft, chosen: true } };
    this.bring("cut");
    this.sendSoon();
    this.emit();
  }

  step(by: number): void {
    if (this.ranking !== null) this.moveTo(this.ranking.step(this.threshold, by));
  }

  /** Let the next labelled neighbour in, or leave the last one out. */
  jump(by: 1 | -1): void {
    const { ranking } = this;
    const rank = ranking?.nextJudged(this.threshold, by) ?? null;
    if (ranking === null || rank === null) {
      return this.say(by === 1 ? "No labelled neighbour below" : "No labelled neighbour above");
    }
    const inside = ranking.threshold(rank + 1);
    this.moveTo(by === 1 ? inside : ranking.step(inside, -1), rank);
  }

  reach(precision: number): void {
    const found = this.ranking?.reaching(precision) ?? null;
    if (found !== null) this.moveTo(found);
    else this.say(`No threshold reaches ${precision} on what is labelled`);
  }

  private sendSoon(): void {
    clearTimeout(this.unsent);
    this.unsent = setTimeout(() => void this.send(), SOON);
  }

  private async send(): Promise<void> {
    clearTimeout(this.unsent);
    this.unsent = undefined;
    const args = { value: this.threshold, chosen: this.draft?.chosen ?? false };
    const answer = await this.ask("threshold", args);
    if (answer !== null && this.unsent === undefined) this.drafted(answer.draft);
  }

  private async sent(): Promise<void> {
    if (this.unsent !== undefined) await this.send();
  }

  // The list

  moveCursor(by: number): void {
    const last = (this.ranking?.length ?? 0) - 1;
    if (last < 0) return;
    this.cursor = Math.min(Math.max(this.cursor + by, 0), last);
    this.bring("cursor");
    this.emit();
  }

  setCursor(rank: number): void {
    this.cursor = rank;
    this.emit();
  }

  toCut(): void {
    this.cursor = Math.max(0, (this.cut?.hits ?? 0) - 1);
    this.bring("cut");
    this.emit();
  }

  // Labels

  /** Label what is under the cursor, and go on; an empty label: none fits; null: take it away. */
  async label(label: string | null): Promise<void> {
    const rank = this.cursor;
    const row = this.rows.get(rank);
    if (row === undefined || this.comparing) return;
    if (row.place !== null && row.gold === null) {
      return this.say("Not reviewed yet: Enter opens the whole record in a Labeler");
    }
    this.pending.set(rank, label);
    this.moveCursor(label === null ? 0 : 1);
    const { record, place } = row;
    const answer = await this.ask("label", { record, place, label });
    if (this.pending.get(rank) === label) this.pending.delete(rank);
    if (answer === null) return this.setCursor(rank);
    this.judge(answer);
    if (!answer.counts) this.say("Stored, but no gold: people disagree about this record");
  }

  async undo(): Promise<void> {
    const answer = await this.ask("undo", {});
    if (answer === null) return;
    this.judge(answer);
    this.say(answer.done ? "Taken back" : "There is nothing to take back");
  }

  private judge(found: Judged): void {
    if (this.ranking === null || found.revision !== this.rows.revision) return;
    this.ranking = this.ranking.withJudged(uint32(found.judged));
    if (this.info !== null) this.info = { ...this.info, labelled: found.labelled };
    this.rows.renew();
    this.emit();
  }

  // The rule

  async add(text: string): Promise<boolean> {
    if (text.trim() === "") return false;
    return this.edited(await this.ask("add", { text }));
  }

  async addNeighbour(rank: number): Promise<void> {
    if (this.ranking === null || rank >= this.ranking.length || this.comparing) return;
    const done = this.edited(await this.ask("add", { rank, revision: this.rows.revision }));
    if (done) this.say("Added to the examples");
  }

  async remove(at: number): Promise<void> {
    this.edited(await this.ask("remove", { at }));
  }

  async start(): Promise<void> {
    this.edited(await this.ask("start", {}));
  }

  async change(args: { label?: string; name?: string; embedding?: string }): Promise<void> {
    const answer = await this.ask("change", args);
    if (answer === null || this.info === null) return;
    this.info = { ...this.info, labelled: answer.labelled };
    this.drafted(answer.draft);
    if (args.embedding !== undefined) await this.compare();
    else if (args.label !== undefined) await this.judgeAgain();
  }

  private edited(answer: { draft: DraftInfo } | null): boolean {
    if (answer === null) return false;
    this.drafted(answer.draft);
    void this.compare();
    return true;
  }

  private drafted(draft: DraftInfo): void {
    if (this.info === null) return;
    const chosen = this.info.draft.chosen || draft.chosen;
    this.info = { ...this.info, draft: { ...draft, chosen } };
    this.emit();
  }

  async save(): Promise<void> {
    if (this.saving || this.missing !== null) return;
    this.saving = true;
    this.emit();
    await this.sent();
    const answer = await this.ask("save", {});
    this.saving = false;
    if (answer !== null) {
      this.drafted(answer.draft);
      const unit = this.info?.task.kind === "spans" ? "span" : "record";
      if (answer.state === "failed") this.wrong = answer.message;
      else this.say(`${answer.name} votes on ${plural(answer.votes, unit)}`);
    }
    this.emit();
  }

  /** Show what lies below the cut in a Labeler, or one record. */
  async openLabeler(rank?: number): Promise<void> {
    await this.sent();
    const row = rank === undefined ? undefined : this.rows.get(rank);
    if (rank !== undefined && row === undefined) return;
    await this.ask("open", row === undefined ? {} : { record: row.record });
  }

  dismiss(): void {
    this.wrong = "";
    this.emit();
  }

  private pushed(told: SimilarPush): void {
    // What was compared for this view comes as an answer.
    if (told.push === "compared" && (this.comparing || told.revision <= this.rows.revision)) return;
    const { push } = told;
    // Many changes make many events: one look is enough.
    clearTimeout(this.waiting.get(push));
    const look = push === "labels" ? () => this.judgeAgain() : () => this.refresh(push);
    this.waiting.set(
      push,
      setTimeout(() => void look(), SOON),
    );
  }

  private async judgeAgain(): Promise<void> {
    if (this.ranking === null) return this.refresh("task");
    const answer = await this.ask("judged", {});
    if (answer !== null) this.judge(answer);
  }

  private async refresh(push: SimilarPush["push"]): Promise<void> {
    if (this.info === null || this.connection !== "ready") return;
    const before = this.missing;
    const info = await this.ask("hello", { client: this.id });
    if (info === null || this.info === null) return;
    const chosen = this.info.draft.chosen || info.draft.chosen;
    this.info = { ...info, draft: { ...info.draft, chosen } };
    this.emit();
    if (push === "vectors" || push === "compared" || this.missing !== before) await this.compare();
  }

  private async ask<Op extends keyof SimilarOperations & string>(
    op: Op,
    args: SimilarOperations[Op]["args"],
  ): Promise<SimilarOperations[Op]["ok"] | null> {
    try {
      const answer = await this.link.call(op, args);
      if (op !== "rows" && op !== "judged") this.wrong = "";
      return answer;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.wrong = told(error);
      this.emit();
      return null;
    }
  }

  dispose(): void {
    if (this.unsent !== undefined) void this.send();
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.link.dispose();
    this.silence();
  }
}

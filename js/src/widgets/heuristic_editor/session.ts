// One editor: the list, what is being written, and what is done with it.

import { RpcError } from "../../rpc";
import { attempt, Link } from "../../state/link";
import { Source } from "../../state/source";
import type { Store } from "../../state/storage";
import type { Transport } from "../../transport/transport";
import { Bricks } from "./bricks";
import { Checking } from "./checking";
import { type Draft, Drafts, differs, draftOf, keyOf, newDraft, sent } from "./drafts";
import { Past } from "./past";
import type { EditorLink, EditorPush, Hello, Opened, Row, Rows, Spec, Stored } from "./protocol";
import { Removals } from "./removals";
import { Roster } from "./roster";
import { Trying } from "./trying";

export class EditorSession extends Source {
  readonly checking: Checking;
  readonly past: Past;
  readonly removals: Removals;
  readonly roster: Roster;
  readonly trying: Trying;
  hello: Hello | null = null;
  draft: Draft | null = null;
  /** What is stored of the heuristic that is being edited. */
  stored: Opened | null = null;
  /** Grows when the text must be shown anew: another heuristic, or another text of the same. */
  revision = 0;
  saving = false;
  /** Another version came while this one was being edited. */
  conflict: Stored | null = null;
  /** What went wrong with the last thing that was done. */
  failure: { message: string; hint: string } | null = null;
  readonly bricks: Bricks;
  drafts: Drafts | null = null;
  /** Counts what was chosen: an answer that comes late is not shown. */
  private choices = 0;
  readonly part = (name: string): Promise<{ text: string }> =>
    this.link.call("part", { name }, 60_000);
  readonly link: EditorLink;
  constructor(
    transport: Transport,
    private readonly store: Store,
    private readonly now: () => number = Date.now,
    private readonly makeId: () => string = () => crypto.randomUUID(),
  ) {
    super();
    this.link = new Link(
      transport,
      makeId(),
      {
        hello: (hello) => this.welcome(hello),
        push: (push) => this.pushed(push),
        emit: () => this.emit(),
      },
      { hello: 5_000, call: 10_000, awaited: "The heuristics come" },
    );
    this.checking = new Checking(
      this.link,
      () => this.draft,
      (entry) => {
        if (this.draft?.named === false && entry !== null)
          this.draft = { ...this.draft, name: entry };
        this.emit();
      },
    );
    const tell = {
      failed: (error: RpcError) => this.fail(error),
      say: (text: string) => this.say(text),
      emit: () => this.emit(),
    };
    this.roster = new Roster(this.link, { ...tell, fetched: () => this.follow() });
    this.past = new Past(this.link, tell);
    this.bricks = new Bricks(this.link, tell);
    this.removals = new Removals(this.link, {
      ...tell,
      removed: (id) => {
        if (this.draft?.heuristic === id) this.close();
        this.roster.refresh();
      },
      back: async (id) => {
        await this.roster.fetch();
        await this.select(keyOf(id));
      },
    });
    this.trying = new Trying(
      (args, timeout) => this.link.call("examples", args, timeout),
      () => this.emit(),
    );
  }

  get rows(): Rows | null {
    return this.roster.rows;
  }

  get row(): Row | undefined {
    return this.roster.row(this.draft?.heuristic);
  }

  /** Do something; what goes wrong is shown, and null returned. */
  private attempt<Result>(work: Promise<Result>): Promise<Result | null> {
    return attempt(work, (error) => this.fail(error));
  }

  private fail(error: RpcError): void {
    if (!this.link.disposed && error.code !== "closed") {
      this.failure = { message: error.message, hint: error.hint };
    }
    this.emit();
  }

  dismiss(): void {
    this.failure = null;
    this.emit();
  }

  // -- opening -------------------------------------------------------------------------------

  open(): Promise<void> {
    return this.link.open();
  }

  private welcome(hello: Hello): void {
    this.hello = hello;
    this.roster.job = hello.job;
    this.drafts ??= new Drafts(this.store, hello.project.id, hello.task.id);
    const labels = hello.task.labels.map((label) => label.name);
    if (!labels.includes(this.trying.label)) this.trying.label = labels[0] ?? "";
    this.checking.soon(0);
    this.emit();
    void this.roster.fetch();
  }

  dispose(): void {
    this.checking.dispose();
    this.roster.dispose();
    this.link.dispose();
    this.silence();
  }

  // -- the list --------------------------------------------------------------------------------

  private pushed(push: EditorPush): void {
    if (push.push === "progress") this.roster.job = push.job;
    else if (push.push === "schema") void this.open();
    else this.roster.refresh();
    this.emit();
  }

  /** Take in what has become of the heuristic that is being edited. */
  private async follow(): Promise<void> {
    this.drafts?.release(this.rows?.heuristics ?? [], this.draft, () => this.newKey());
    const id = this.draft?.heuristic;
    if (id == null || this.saving || this.row === undefined) return;
    const opened = await this.link.call("open", { heuristic: id }, 120_000);
    if (this.draft?.heuristic === id && !this.saving) this.takeIn(opened);
  }

  private takeIn(opened: Opened): void {
    const { draft } = this;
    if (draft === null) return;
    const before = this.stored;
    if (!differs(draft, opened)) {
      this.stored = opened;
      this.draft = { ...draftOf(opened, this.now()) };
      this.conflict = null;
      this.drafts?.forget(draft.key);
    } else if (opened.version === draft.base || before === null) {
      this.stored = opened;
      if (opened.version !== draft.base) this.conflict = opened;
    } else if (!differs(draft, before)) {
      this.show(draftOf(opened, this.now()), opened);
      this.say(`${opened.name} was changed elsewhere; this is the new version.`);
    } else {
      this.stored = opened;
      this.conflict = opened;
    }
    this.emit();
  }

  /** Drafts of heuristics that are not stored yet. */
  get unsaved(): Draft[] {
    return this.drafts?.unsaved(this.draft) ?? [];
  }

  /** Whether a stored heuristic has a draft that differs. */
  edited(id: number): boolean {
    if (this.draft?.heuristic === id) return this.dirty;
    return this.drafts?.get(keyOf(id)) !== null;
  }

  // -- writing ---------------------------------------------------------------------------------

  get dirty(): boolean {
    const { draft } = this;
    return draft !== null && draft.spec.kind !== "other" && differs(draft, this.stored);
  }

  get gone(): boolean {
    const id = this.draft?.heuristic;
    return id != null && this.rows !== null && this.row === undefined && !this.saving;
  }

  async select(key: string): Promise<void> {
    if (this.draft?.key === key) return;
    this.failure = null;
    let kept = this.drafts?.get(key) ?? null;
    if (!key.startsWith("h")) {
      this.choices += 1;
      if (kept !== null) this.show(kept, null);
      return;
    }
    const id = Number(key.slice(1));
    const own = ++this.choices;
    const opened = await this.attempt(this.link.call("open", { heuristic: id }, 120_000));
    if (opened !== null && own === this.choices) {
      if (kept !== null && kept.origin !== opened.name) {
        this.drafts?.orphan(kept, this.newKey());
        kept = null;
      }
      const draft = kept !== null && differs(kept, opened) ? kept : draftOf(opened, this.now());
      this.show(draft, opened);
      if (draft.base !== opened.version) this.conflict = opened;
    }
    this.emit();
  }

  private show(draft: Draft, stored: Opened | null): void {
    const same = this.draft?.key === draft.key;
    this.draft = draft;
    this.stored = stored;
    this.revision += 1;
    this.checking.forget();
    this.conflict = null;
    this.past.forget();
    if (!same) this.trying.forget();
    this.checking.soon(0);
    this.emit();
  }

  edit(patch: { name?: string; named?: boolean; spec?: Spec }): void {
    if (this.draft === null) return;
    this.draft = { ...this.draft, ...patch, at: this.now() };
    this.failure = null;
    if (this.dirty) {
      if (this.drafts?.keep(this.draft) === false) {
        this.say("The browser keeps no drafts: save before you leave.");
      }
    } else this.drafts?.forget(this.draft.key);
    if (patch.spec !== undefined) this.checking.soon();
    this.emit();
  }

  async create(spec: Spec, name: string): Promise<void> {
    const free = await this.attempt(this.link.call("name", { wanted: name }));
    const draft = newDraft(this.newKey(), free?.name ?? name, name, spec, this.now());
    this.show(draft, null);
    this.drafts?.keep(draft);
  }

  private newKey(): string {
    return `new-${this.makeId()}`;
  }

  async duplicate(): Promise<void> {
    if (this.draft === null || this.draft.spec.kind === "other") return;
    await this.create(this.draft.spec, this.draft.name);
    this.edit({ named: true });
  }

  discard(): void {
    const { draft, stored } = this;
    if (draft === null) return;
    this.drafts?.forget(draft.key);
    if (stored !== null) this.show(draftOf(stored, this.now()), stored);
    else this.close();
    this.say("The draft was discarded.");
  }

  /** Let go of what is open. */
  close(): void {
    if (this.draft !== null) this.drafts?.forget(this.draft.key);
    this.draft = this.stored = this.conflict = null;
    this.past.forget();
    this.checking.forget();
    this.trying.forget();
    this.emit();
  }

  keepMine(): void {
    if (this.draft === null || this.stored === null) return;
    this.edit({});
    this.draft = { ...this.draft, base: this.stored.version };
    this.conflict = null;
    this.emit();
  }

  /** Write a removed heuristic as a new one. */
  asNew(): void {
    if (this.draft === null) return;
    this.drafts?.forget(this.draft.key);
    this.draft = { ...this.draft, key: this.newKey(), heuristic: null, base: null };
    this.stored = null;
    this.edit({});
  }

  async save(): Promise<boolean> {
    const { draft } = this;
    if (draft === null || draft.spec.kind === "other" || this.saving) return false;
    if (!this.dirty) return true;
    this.saving = true;
    this.failure = null;
    this.emit();
    try {
      const { heuristic, base, name, spec } = draft;
      const stored = await this.link.call("save", { heuristic, base, name, spec }, 60_000);
      this.drafts?.forget(draft.key);
      const opened = await this.link.call("open", { heuristic: stored.id }, 120_000);
      const typed = this.draft;
      if (typed?.key === draft.key) {
        // What was typed meanwhile stays, on the base of what was saved.
        const own = {
          key: keyOf(stored.id),
          heuristic: stored.id,
          origin: stored.name,
          base: stored.version,
        };
        const changed = typed.spec !== spec || typed.name !== name;
        this.draft = changed ? { ...typed, ...own } : draftOf(stored, this.now());
        this.stored = opened;
        this.conflict = null;
        this.past.forget();
        if (changed) this.drafts?.keep(this.draft);
      }
      this.say(`${stored.name} is saved.`);
      return true;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // A conflict has a banner of its own, once the list was fetched.
      if (error.code !== "conflict") this.fail(error);
      return false;
    } finally {
      this.saving = false;
      this.roster.refresh();
      this.emit();
    }
  }

  // -- trying and running --------------------------------------------------------------------

  tryOut(): void {
    const { draft } = this;
    // What was asked for is shown, not the versions.
    this.past.forget();
    if (draft !== null) void this.trying.run(draft.name, draft.spec, sent(draft, this.stored));
  }

  /** Save what is written and run it on all records. */
  async run(): Promise<void> {
    if (this.draft === null || this.roster.job !== null) return;
    if (this.dirty && !(await this.save())) return;
    const id = this.draft?.heuristic;
    if (id == null) return;
    await this.roster.run([id]);
    if (this.draft?.heuristic === id && this.trying.isOld(this.draft.spec)) this.tryOut();
  }

  // -- versions, removing, copying -----------------------------------------------------------

  async restore(version: number): Promise<void> {
    const { draft } = this;
    if (draft?.heuristic == null) return;
    this.saving = true;
    const opened = await this.attempt(this.past.restore(draft.heuristic, version));
    if (opened !== null) {
      this.drafts?.forget(draft.key);
      this.show(draftOf(opened, this.now()), opened);
      this.say("The old version is in force again, with its votes.");
    }
    this.saving = false;
    this.roster.refresh();
  }

  /** The code of a cell that adds what is written. */
  async cell(): Promise<string | null> {
    const { draft } = this;
    if (draft === null) return null;
    const { name } = draft;
    const told = await this.attempt(
      this.link.call("cell", { name, spec: sent(draft, this.stored) }),
    );
    this.emit();
    return told?.code ?? null;
  }
}

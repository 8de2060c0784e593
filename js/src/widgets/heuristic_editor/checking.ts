// What is wrong with what is being written, asked of the kernel while a person types.

import { RpcError } from "../../rpc";
import type { Problem } from "../../ui/code/places";
import type { Draft } from "./drafts";
import type { EditorLink } from "./protocol";

const AFTER = 250;

export class Checking {
  problems: Problem[] = [];
  /** Whether the problems are those of the text as it stands. */
  done = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly link: EditorLink,
    private readonly draft: () => Draft | null,
    /** Which function of the text is the heuristic, as far as that is known. */
    private readonly checked: (entry: string | null) => void,
  ) {}

  forget(): void {
    this.problems = [];
    this.done = false;
    clearTimeout(this.timer);
  }

  soon(after = AFTER): void {
    clearTimeout(this.timer);
    this.done = false;
    this.timer = setTimeout(() => void this.check(), after);
  }

  private async check(): Promise<void> {
    const draft = this.draft();
    if (draft === null || draft.spec.kind === "other") return;
    const { key, name, spec } = draft;
    try {
      const told = await this.link.call("check", { name, spec });
      const now = this.draft();
      if (now?.key !== key || now.spec !== spec) return;
      this.problems = told.problems;
      this.done = true;
      this.checked(told.entry);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

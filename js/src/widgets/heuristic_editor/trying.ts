// What is being written, tried on a few records.

import { RpcError } from "../../rpc";
import { told } from "../../state/link";
import { sameSpec } from "./drafts";
import type { EditorOperations, Sample, Spec, Trial } from "./protocol";

export const SHOWN = 10;
const LONG = 3_600_000;

export interface Tried {
  state: "running" | "done" | "failed";
  trial: Trial | null;
  /** Why it could not be tried. */
  trouble: string;
  /** What was tried; where it is not what stands, the result is old. */
  of: Spec | null;
}

const NOT_YET: Tried = { state: "done", trial: null, trouble: "", of: null };

export class Trying {
  tried: Tried = NOT_YET;
  sample: Sample = "random";
  label = "";
  private seed = 0;
  private current = 0;

  constructor(
    private readonly ask: (
      args: EditorOperations["examples"]["args"],
      timeout: number,
    ) => Promise<Trial>,
    private readonly emit: () => void,
  ) {}

  forget(): void {
    this.current += 1;
    this.tried = NOT_YET;
  }

  /** Whether something else was tried than what stands: then the examples are of no use. */
  isOld(spec: Spec): boolean {
    const { of } = this.tried;
    return of !== null && !sameSpec(of, spec);
  }

  /** Take the sample that comes next: other records of the same kind. */
  other(): void {
    this.seed += 1;
  }

  async run(name: string, spec: Spec, sent: Spec): Promise<void> {
    const own = ++this.current;
    this.tried = { ...this.tried, state: "running" };
    this.emit();
    const { sample, label, seed } = this;
    try {
      const trial = await this.ask({ name, spec: sent, sample, label, n: SHOWN, seed }, LONG);
      if (own !== this.current) return;
      this.tried = { state: "done", trial, trouble: "", of: spec };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (own !== this.current) return;
      this.tried = { state: "failed", trial: null, trouble: told(error), of: spec };
    }
    this.emit();
  }
}

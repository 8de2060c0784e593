// Deleting a heuristic, and putting the last one back.

import { RpcError } from "../../rpc";
import type { EditorLink } from "./protocol";

export interface RemovalEvents {
  removed(heuristic: number): void;
  back(heuristic: number): Promise<void>;
  failed(error: RpcError): void;
  say(text: string): void;
  emit(): void;
}

export class Removals {
  /** The last one, which can be put back. */
  removed: { token: string; name: string } | null = null;

  constructor(
    private readonly link: EditorLink,
    private readonly events: RemovalEvents,
  ) {}

  async remove(heuristic: number): Promise<void> {
    try {
      this.removed = await this.link.call("remove", { heuristic });
      this.events.removed(heuristic);
      this.events.say(`${this.removed.name} was deleted.`);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.events.failed(error);
    }
  }

  async putBack(): Promise<void> {
    const { removed } = this;
    if (removed === null) return;
    this.removed = null;
    try {
      const { heuristic } = await this.link.call("put_back", { token: removed.token });
      await this.events.back(heuristic);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.events.failed(error);
    }
    this.events.emit();
  }

  forget(): void {
    this.removed = null;
    this.events.emit();
  }
}

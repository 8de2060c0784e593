// Older versions of a heuristic: what differs, and the way back.

import { RpcError } from "../../rpc";
import type { Compared, EditorLink, Opened } from "./protocol";

export interface PastEvents {
  failed(error: RpcError): void;
  emit(): void;
}

export class Past {
  /** The version that what stands is held against. */
  compared: Compared | null = null;

  constructor(
    private readonly link: EditorLink,
    private readonly events: PastEvents,
  ) {}

  forget(): void {
    this.compared = null;
  }

  async compare(heuristic: number | null | undefined, version: number | null): Promise<void> {
    this.compared = null;
    if (version !== null && heuristic != null) {
      try {
        this.compared = await this.link.call("version", { heuristic, version }, 120_000);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        this.events.failed(error);
      }
    }
    this.events.emit();
  }

  /** Make an old version the one in force. */
  async restore(heuristic: number, version: number): Promise<Opened> {
    await this.link.call("restore", { heuristic, version }, 60_000);
    return this.link.call("open", { heuristic }, 120_000);
  }
}

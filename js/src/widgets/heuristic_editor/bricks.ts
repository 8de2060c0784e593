// The ready rules that the kernel knows, asked for once.

import { RpcError } from "../../rpc";
import type { Brick, EditorLink } from "./protocol";

interface BricksEvents {
  failed(error: RpcError): void;
  emit(): void;
}

export class Bricks {
  known: Brick[] = [];

  constructor(
    private readonly link: EditorLink,
    private readonly events: BricksEvents,
  ) {}

  async load(): Promise<void> {
    if (this.known.length > 0) return;
    try {
      this.known = (await this.link.call("bricks", {})).bricks;
      this.events.emit();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      this.events.failed(error);
    }
  }
}

// The transport over the model of an anywidget: custom messages, JSON only.

import { Ears } from "./ears";
import type { Transport } from "./transport";

export interface WidgetModel {
  send(content: unknown): void;
  // biome-ignore lint/suspicious/noExplicitAny: events of the widget model carry anything.
  on(name: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  off(name: string, callback: (...args: any[]) => void): void;
}

export class AnywidgetTransport extends Ears implements Transport {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: WidgetModel,
    private readonly el: HTMLElement,
  ) {
    super(true);
    model.on("msg:custom", this.receive);
    model.on("comm:close", this.closed);
    model.on("comm_live_update", this.look);
    this.look();
  }

  send(message: unknown): void {
    this.model.send(message);
  }

  override dispose(): void {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.receive);
    this.model.off("comm:close", this.closed);
    this.model.off("comm_live_update", this.look);
    super.dispose();
  }

  private readonly receive = (message: unknown): void => {
    // A message proves that the kernel lives, whatever was said before.
    this.tell(true);
    this.hand(message);
  };

  private readonly closed = (): void => this.tell(false);

  // The model proxy hides `comm_live`; the widget manager shows it as a class of the view, which
  // another listener of the same event sets: look after all of them.
  private readonly look = (): void => {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.tell(this.el.closest(".jupyter-widgets-disconnected") === null);
    }, 0);
  };
}

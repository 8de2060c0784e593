// The transport over the model of an anywidget: custom messages, JSON only.

import type { Transport } from "./transport";

export interface WidgetModel {
  send(content: unknown): void;
  // biome-ignore lint/suspicious/noExplicitAny: events of the widget model carry anything.
  on(name: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  off(name: string, callback: (...args: any[]) => void): void;
}

export class AnywidgetTransport implements Transport {
  alive = true;
  private readonly messages = new Set<(message: unknown) => void>();
  private readonly lives = new Set<(alive: boolean) => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly model: WidgetModel,
    private readonly el: HTMLElement,
  ) {
    model.on("msg:custom", this.receive);
    model.on("comm:close", this.closed);
    model.on("comm_live_update", this.look);
    this.look();
  }

  send(message: unknown): void {
    this.model.send(message);
  }

  onMessage(listener: (message: unknown) => void): () => void {
    this.messages.add(listener);
    return () => void this.messages.delete(listener);
  }

  onAlive(listener: (alive: boolean) => void): () => void {
    this.lives.add(listener);
    return () => void this.lives.delete(listener);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.receive);
    this.model.off("comm:close", this.closed);
    this.model.off("comm_live_update", this.look);
    this.messages.clear();
    this.lives.clear();
  }

  private readonly receive = (message: unknown): void => {
    // A message proves that the kernel lives, whatever was said before.
    this.set(true);
    for (const listener of [...this.messages]) listener(message);
  };

  private readonly closed = (): void => this.set(false);

  // The model proxy hides `comm_live`; the widget manager shows it as a class of the view, which
  // another listener of the same event sets: look after all of them.
  private readonly look = (): void => {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.set(this.el.closest(".jupyter-widgets-disconnected") === null);
    }, 0);
  };

  private set(alive: boolean): void {
    if (alive === this.alive) return;
    this.alive = alive;
    for (const listener of [...this.lives]) listener(alive);
  }
}

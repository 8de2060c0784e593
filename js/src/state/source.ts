// Something that is shown: it says when it changed, and what a screen reader should say.

export class Source {
  /** A sentence for the screen and the screen reader; the number makes repeats count. */
  notice = { text: "", at: 0 };
  private readonly listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  emit(): void {
    for (const listener of [...this.listeners]) listener();
  }

  say(text: string): void {
    this.notice = { text, at: this.notice.at + 1 };
    this.emit();
  }

  protected silence(): void {
    this.listeners.clear();
  }
}

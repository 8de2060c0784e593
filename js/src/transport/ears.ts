// Who listens to a transport, and whether the other side is there: what all transports share.

export abstract class Ears {
  private readonly messages = new Set<(message: unknown) => void>();
  private readonly lives = new Set<(alive: boolean) => void>();

  constructor(public alive: boolean) {}

  onMessage(listener: (message: unknown) => void): () => void {
    this.messages.add(listener);
    return () => void this.messages.delete(listener);
  }

  onAlive(listener: (alive: boolean) => void): () => void {
    this.lives.add(listener);
    return () => void this.lives.delete(listener);
  }

  dispose(): void {
    this.messages.clear();
    this.lives.clear();
  }

  protected hand(message: unknown): void {
    for (const listener of [...this.messages]) listener(message);
  }

  protected tell(alive: boolean): void {
    if (alive === this.alive) return;
    this.alive = alive;
    for (const listener of [...this.lives]) listener(alive);
  }
}

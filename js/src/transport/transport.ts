// What the front end needs of a connection to the engine.

export interface Transport {
  send(message: unknown): void;
  /** Call the listener with every message; returns how to stop. */
  onMessage(listener: (message: unknown) => void): () => void;
  /** Whether the other side can still be reached, as far as it is known. */
  readonly alive: boolean;
  /** Call the listener when `alive` changes; returns how to stop. */
  onAlive(listener: (alive: boolean) => void): () => void;
  dispose(): void;
}

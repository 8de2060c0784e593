// Hooks that several components share.

import { useEffect, useReducer } from "preact/hooks";

/** Render again whenever the source says that it changed. */
export function useSource(source: { subscribe(listener: () => void): () => void }): void {
  const [, bump] = useReducer((count: number) => count + 1, 0);
  useEffect(() => source.subscribe(() => bump(undefined as never)), [source]);
}

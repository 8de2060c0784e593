// Hooks that several components share.

import { useLayoutEffect, useReducer } from "preact/hooks";

/**
 * Render again whenever the source says that it changed. Not `useEffect`, which begins after the
 * page is painted: a kernel that answers sooner would not be heard.
 */
export function useSource(source: { subscribe(listener: () => void): () => void }): void {
  const [, bump] = useReducer((count: number) => count + 1, 0);
  useLayoutEffect(() => source.subscribe(() => bump(undefined as never)), [source]);
}

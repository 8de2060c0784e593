// The Labeler that a cell opens stands beside the matrix, in the same box of widgets.

/** Give the keyboard to the Labeler beside the matrix as soon as it shows a record. */
export function focusLabelerIn(matrix: HTMLElement | null): { cancel(): void } {
  const box = matrix?.closest<HTMLElement>(".widget-vbox, .jp-OutputArea-output") ?? null;
  if (box === null) return { cancel: () => undefined };
  const before = box.querySelector(".rn-labeler");
  const look = (): void => {
    const found = box.querySelector<HTMLElement>(".rn-labeler");
    if (found === null || found === before) return;
    observer.disconnect();
    found.scrollIntoView({ block: "nearest" });
    found.focus({ preventScroll: true });
  };
  const observer = new MutationObserver(look);
  observer.observe(box, { childList: true, subtree: true });
  return { cancel: () => observer.disconnect() };
}

// The Labeler that a widget opens stands beside it, in the same box of widgets.

/** Give the keyboard to the Labeler beside a widget as soon as it shows a record. */
export function focusLabelerIn(widget: HTMLElement | null): { cancel(): void } {
  const box = widget?.closest<HTMLElement>(".widget-vbox, .jp-OutputArea-output") ?? null;
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

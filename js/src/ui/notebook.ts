// The notebook that a widget stands in.

/** Give the keyboard back to the notebook. */
export function toNotebook(widget: HTMLElement | null): void {
  const notebook = widget?.closest<HTMLElement>(".jp-Notebook");
  (document.activeElement as HTMLElement | null)?.blur();
  notebook?.focus();
}

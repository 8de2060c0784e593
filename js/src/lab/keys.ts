// Who has the keyboard in a panel.

/** Give the keys to the view that is shown, if nobody in sight has them. */
export function takeKeys(within: Element): void {
  const panel = within.closest<HTMLElement>(".rn-panel");
  const active = document.activeElement;
  const free =
    active === null ||
    active === document.body ||
    active === panel ||
    (panel?.contains(active) === true && active.closest("[hidden]") !== null);
  if (panel === null || !free) return;
  const view = panel.querySelector<HTMLElement>(".rn-app-view:not([hidden]) .rn-ui");
  (view ?? panel).focus({ preventScroll: true });
}

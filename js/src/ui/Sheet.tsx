// What opens over a widget: it takes the keyboard, and Escape or a press beside it closes it.

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { KeyOn } from "./events";

interface SheetProps {
  name: string;
  title: string;
  /** A class for its width. */
  wide?: string;
  onClose(): void;
  children: ComponentChildren;
}

/** What has `data-first` gets the keyboard, else the sheet itself. */
export function Sheet({ name, title, wide = "", onClose, children }: SheetProps): JSX.Element {
  const sheet = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  // Before the next key comes.
  useLayoutEffect(() => {
    const own = sheet.current;
    (own?.querySelector<HTMLElement>("[data-first]") ?? own)?.focus({ preventScroll: true });
    // Capturing: what is pressed may stop the event, and may live in a shadow tree.
    const beside = (event: Event): void => {
      const path = event.composedPath();
      // The button that opens it closes it by itself.
      const opens = path.some((one) => (one as HTMLElement).dataset?.opens === name);
      if (own !== null && !opens && !path.includes(own)) close.current();
    };
    own?.ownerDocument.addEventListener("pointerdown", beside, true);
    return () => own?.ownerDocument.removeEventListener("pointerdown", beside, true);
  }, []);
  const onKeyDown = (event: KeyOn<HTMLDivElement>): void => {
    if (event.key !== "Escape" && !(event.key === "?" && name === "keys")) return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  return (
    <div
      ref={sheet}
      class={`rn-sheet ${wide}`}
      role="dialog"
      aria-label={title}
      tabIndex={-1}
      data-testid={`sheet-${name}`}
      onKeyDown={onKeyDown}
    >
      <div class="rn-sheet-head">
        <h3>{title}</h3>
        <button
          type="button"
          class="rn-button rn-plain rn-close"
          aria-label={`Close: ${title}`}
          onClick={onClose}
        >
          ✕
        </button>
      </div>
      {children}
    </div>
  );
}

export type KeyRow = [keys: string[], what: string];

export function KeySheet(props: { rows: KeyRow[]; onClose(): void }): JSX.Element {
  return (
    <Sheet name="keys" title="Keys" wide="rn-sheet-keys" onClose={props.onClose}>
      <dl>
        {props.rows.map(([keys, what]) => (
          <div key={what} class="rn-sheet-row">
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}

/** Opens and closes the sheet of keys. */
export function KeysButton({ onClick }: { onClick(): void }): JSX.Element {
  return (
    <button
      type="button"
      class="rn-button rn-plain"
      data-opens="keys"
      aria-label="Keys"
      onClick={onClick}
    >
      <kbd>?</kbd>
    </button>
  );
}

// What stands where something is missing, is coming or went wrong: each says what to do.

import type { ComponentChildren, JSX } from "preact";

interface BannerProps {
  kind: "info" | "warning" | "error";
  name: string;
  children: ComponentChildren;
}

/** Only when something needs a person: what happened, what is safe, what to do. */
export function Banner({ kind, name, children }: BannerProps): JSX.Element {
  return (
    <div
      class={`rn-banner rn-banner-${kind}`}
      role={kind === "info" ? "status" : "alert"}
      data-testid={`banner-${name}`}
    >
      {children}
    </div>
  );
}

interface EmptyProps {
  text: string;
  hint?: ComponentChildren;
  /** Buttons: the next useful thing. */
  children?: ComponentChildren;
}

export function Empty({ text, hint, children }: EmptyProps): JSX.Element {
  return (
    <div class="rn-empty" data-testid="empty">
      <p class="rn-empty-text">{text}</p>
      {hint == null || hint === "" ? null : <p class="rn-quiet">{hint}</p>}
      {children == null ? null : <div class="rn-tools">{children}</div>}
    </div>
  );
}

/** Lines where text will be; `trouble` says why it takes long. */
export function Skeleton({ trouble = "" }: { trouble?: string }): JSX.Element {
  return (
    <div class="rn-empty" data-testid="loading" aria-busy="true">
      {trouble === "" ? null : <p class="rn-quiet">{trouble}</p>}
      <div class="rn-skeleton" />
      <div class="rn-skeleton" />
      <div class="rn-skeleton" />
    </div>
  );
}

interface ToastProps {
  text: string;
  /** A new number says it again. */
  at: number;
  seen?: boolean;
}

/** What was just done; read aloud, and seen for two seconds. */
export function Toast({ text, at, seen = true }: ToastProps): JSX.Element {
  return (
    <>
      <div class="rn-hidden" aria-live="polite" data-testid="live">
        {text}
      </div>
      {text === "" || !seen ? null : (
        <div key={at} class="rn-toast" aria-hidden="true">
          {text}
        </div>
      )}
    </>
  );
}

// What stands where something is missing, is coming or went wrong: each says what to do.

import type { ComponentChildren, JSX } from "preact";
import type { Connection } from "../state/link";

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

interface TroubleProps {
  connection: Connection;
  /** Why it does not open, or what went wrong with what was asked last. */
  trouble: string;
  kind?: "warning" | "error";
  /** Another place says what went wrong, as long as the kernel is there. */
  quiet?: boolean;
  onClose?(): void;
}

/** Why a widget cannot be used, or what the kernel could not do. */
export function Trouble(props: TroubleProps): JSX.Element | null {
  const { connection, trouble, kind = "error", quiet = false, onClose } = props;
  const said =
    connection === "gone"
      ? "The kernel is gone. Restart it and run this cell again."
      : connection === "reload"
        ? "This page is older than the kernel's refinery_nb. Reload the page."
        : connection === "refused"
          ? `The kernel cannot open this. ${trouble}`
          : quiet
            ? ""
            : trouble;
  if (said === "") return null;
  return (
    <Banner kind={kind} name="trouble">
      <span class="rn-grow">{said}</span>
      {onClose !== undefined && connection === "ready" ? (
        <button type="button" class="rn-button" onClick={onClose}>
          Close
        </button>
      ) : null}
    </Banner>
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

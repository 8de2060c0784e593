// The line at the bottom: what the keys do, as buttons, and the state of what was done.

import type { JSX } from "preact";
import type { Session } from "../../state/session";
import type { Action } from "./keys";

interface FooterProps {
  session: Session;
  flagged: boolean;
  skipped: boolean;
  cursor: boolean;
  spans: boolean;
  autoNext: boolean;
  single: boolean;
  folded: boolean;
  comments: number;
  onAction(action: Action): void;
  onAutoNext(on: boolean): void;
  onFold(on: boolean): void;
}

export function Footer(props: FooterProps): JSX.Element {
  const { session, flagged, skipped, cursor, spans, onAction } = props;
  const button = (
    key: string,
    name: string,
    action: Action,
    more: { pressed?: boolean; hint?: string; said?: string } = {},
  ): JSX.Element => (
    <button
      type="button"
      class="rn-key"
      title={more.hint}
      aria-pressed={more.pressed}
      data-testid={`do-${name}`}
      onClick={() => onAction(action)}
    >
      <kbd>{key}</kbd> {more.said ?? name}
    </button>
  );
  return (
    <footer class="rn-footer">
      <div class="rn-keys" role="toolbar" aria-label="Actions">
        {button("←", "back", { do: "step", by: -1 })}
        {button("→", "next", { do: "step", by: 1 })}
        {button(
          "↵",
          "accept",
          { do: "accept" },
          { hint: "Accept the suggestion, then the next record" },
        )}
        {button("u", "undo", { do: "undo" }, { hint: "Shift-U repeats" })}
        {button("s", "skip", { do: "skip" }, { pressed: skipped })}
        {button("f", "flag", { do: "flag" }, { pressed: flagged })}
        {spans
          ? button("t", "cursor", { do: "enterCursor" }, { pressed: cursor, hint: "Token cursor" })
          : null}
        {button("+", "rule", { do: "rule" }, { hint: "Make a rule of the selected text" })}
        {button("/", "search", { do: "search" })}
        {button(
          ",",
          "comments",
          { do: "comments" },
          { said: props.comments > 0 ? `comments (${props.comments})` : "comment" },
        )}
        {button("?", "keys", { do: "keys" })}
        <button
          type="button"
          class="rn-key"
          aria-pressed={!props.folded}
          title="Show which heuristics vote for what"
          data-testid="do-why"
          onClick={() => props.onFold(!props.folded)}
        >
          why
        </button>
      </div>
      {props.single ? (
        <label class="rn-auto">
          <input
            type="checkbox"
            checked={props.autoNext}
            data-testid="auto-next"
            onChange={(event) => props.onAutoNext(event.currentTarget.checked)}
          />{" "}
          go on after a label
        </label>
      ) : null}
      <div class="rn-grow" />
      <Status session={session} />
    </footer>
  );
}

function Status({ session }: { session: Session }): JSX.Element {
  const pending = session.sync?.count("pending") ?? 0;
  const failed = session.sync?.count("failed") ?? 0;
  const conflicts = session.sync?.count("conflict") ?? 0;
  return (
    <div
      class="rn-status"
      data-testid="status"
      data-pending={pending}
      data-failed={failed}
      data-conflicts={conflicts}
    >
      {failed > 0 ? (
        <span class="rn-bad">
          <span class="rn-mark rn-mark-failed" /> {failed} not saved
        </span>
      ) : null}
      {conflicts > 0 ? (
        <span class="rn-bad">
          <span class="rn-mark rn-mark-conflict" /> {conflicts} in conflict
        </span>
      ) : null}
      {pending > 0 ? (
        <span>
          <span class="rn-mark rn-mark-pending" /> {pending} pending
        </span>
      ) : session.saved !== null ? (
        <span key={session.saved.at} class="rn-saved">
          <span class="rn-mark rn-mark-saved" /> saved
        </span>
      ) : null}
    </div>
  );
}

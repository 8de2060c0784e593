// What opens beside the record: the guideline, or comments. Both come when they are asked for.

import type { JSX } from "preact";
import type { Card } from "../../rpc";
import type { Session } from "../../state/session";
import { Later } from "../../ui/Later";

export type Beside = "guideline" | "comments";

interface AsideProps {
  session: Session;
  card: Card | undefined;
  part: Beside;
  onClose(): void;
  /** The keyboard goes back to the record. */
  onLeave(): void;
}

export function Aside({ session, card, part, onClose, onLeave }: AsideProps): JSX.Element | null {
  const { ask, said, tasks } = session;
  const comments = part === "comments";
  if (comments && card === undefined) return null;
  const title = comments ? "Comments" : "Guideline";
  const name = card?.key;
  return (
    <aside class="rn-guideline" aria-label={title} data-testid={comments ? "beside" : part}>
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
      <Later
        key={part}
        part={part}
        ask={(name) => ask("part", { name })}
        props={
          comments
            ? {
                ask,
                on: { kind: "record", name },
                of: `record ${name}`,
                revision: said,
                focus: true,
                onLeave,
                tasks,
              }
            : { tasks }
        }
      />
    </aside>
  );
}

// What needs a person: a lost kernel, a rule that changed elsewhere, a failure, a deletion.

import type { JSX } from "preact";
import { Banner } from "../../ui/states";
import { diffLines } from "./diff";
import { capital, specText } from "./format";
import type { EditorSession } from "./session";

function Button(props: { name: string; onClick(): void; children: string }): JSX.Element {
  return (
    <button type="button" class="rn-button" data-testid={props.name} onClick={props.onClick}>
      {props.children}
    </button>
  );
}

interface NoticesProps {
  session: EditorSession;
  /** The heuristic that is about to be deleted. */
  deleting: { id: number; name: string } | null;
  onDeleted(): void;
}

export function Notices({ session, deleting, onDeleted }: NoticesProps): JSX.Element {
  const { failure, removals } = session;
  const { connection } = session.link;
  const { removed } = removals;
  return (
    <>
      {connection === "gone" ? (
        <Banner kind="warning" name="gone">
          <b>The kernel is gone.</b> What you write is kept in this browser. Start the kernel and
          run the cell again.
        </Banner>
      ) : null}
      {connection === "reload" ? (
        <Banner kind="warning" name="reload">
          <b>This page is older than the kernel.</b> Reload it; your drafts are kept.
        </Banner>
      ) : null}
      {connection === "refused" ? (
        <Banner kind="error" name="refused">
          <b>The editor could not open.</b> {session.link.trouble}
        </Banner>
      ) : null}
      {session.roster.trouble === "" ? null : (
        <Banner kind="error" name="list">
          <b>The list could not be read.</b> {session.roster.trouble}
          <Button name="again" onClick={() => session.roster.refresh()}>
            Try again
          </Button>
        </Banner>
      )}
      {failure === null ? null : (
        <Banner kind="error" name="failure">
          <b>{capital(failure.message)}</b> {failure.hint}
          <Button name="dismiss" onClick={() => session.dismiss()}>
            Close
          </Button>
        </Banner>
      )}
      {deleting === null ? null : (
        <Banner kind="warning" name="delete">
          <b>Delete {deleting.name}</b> with its versions and votes?
          <button
            type="button"
            class="rn-button"
            data-testid="delete-yes"
            // biome-ignore lint/a11y/noAutofocus: the question was asked for by a key.
            autoFocus
            ref={(button) => button?.focus()}
            onClick={() => {
              void removals.remove(deleting.id);
              onDeleted();
            }}
          >
            Delete
          </button>
          <Button name="delete-no" onClick={onDeleted}>
            Keep
          </Button>
        </Banner>
      )}
      {removed === null ? null : (
        <Banner kind="info" name="removed">
          {removed.name} was deleted.
          <Button name="put-back" onClick={() => void removals.putBack()}>
            Undo
          </Button>
          <Button name="forget" onClick={() => removals.forget()}>
            Close
          </Button>
        </Banner>
      )}
      <Elsewhere session={session} />
    </>
  );
}

function Elsewhere({ session }: { session: EditorSession }): JSX.Element | null {
  const { conflict, draft } = session;
  if (session.gone) {
    return (
      <Banner kind="warning" name="removed-elsewhere">
        <b>{draft?.name} was removed elsewhere.</b> What you wrote is still here.
        <Button name="as-new" onClick={() => session.asNew()}>
          Keep it as a new one
        </Button>
        <Button name="discard-gone" onClick={() => session.close()}>
          Let it go
        </Button>
      </Banner>
    );
  }
  if (conflict === null || draft === null) return null;
  const lines = diffLines(specText(conflict.spec), specText(draft.spec));
  const changed = lines.filter((line) => line.kind !== "same").length;
  return (
    <Banner kind="warning" name="conflict">
      <b>{conflict.name} was changed elsewhere</b> while you were editing it; {changed}{" "}
      {changed === 1 ? "line differs" : "lines differ"}. Nothing you typed is lost.
      <Button
        name="compare"
        onClick={() => void session.past.compare(session.draft?.heuristic, conflict.version)}
      >
        Show the difference
      </Button>
      <Button name="keep-mine" onClick={() => session.keepMine()}>
        Keep mine
      </Button>
      <Button name="take-theirs" onClick={() => session.discard()}>
        Take theirs
      </Button>
    </Banner>
  );
}

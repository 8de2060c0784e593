// Banners: only when something needs a person. What happened, what is safe, what to do.

import type { JSX } from "preact";
import type { Annotation, TaskInfo } from "../../rpc";
import type { Entry } from "../../state/outbox";
import type { Session } from "../../state/session";
import { Banner } from "../../ui/states";

export function Notices({ session }: { session: Session }): JSX.Element {
  const { connection, sync } = session;
  const waiting = sync?.outbox.entries.length ?? 0;
  const kept = `${waiting} ${waiting === 1 ? "label is" : "labels are"} kept in this browser`;
  const entries = sync?.outbox.entries ?? [];
  const failed = entries.filter((entry) => entry.state === "failed");
  const conflict = entries.find((entry) => entry.state === "conflict");
  return (
    <div class="rn-notices">
      {connection === "gone" ? (
        <Banner kind="error" name="gone">
          <b>The kernel is gone.</b>{" "}
          {waiting > 0 ? `${kept} and will be saved.` : "All labels are saved."} Restart the kernel
          and run this cell again.
        </Banner>
      ) : null}
      {connection === "reload" ? (
        <Banner kind="error" name="reload">
          <b>This page is older than the kernel's refinery_nb.</b> {waiting > 0 ? `${kept}. ` : ""}
          Reload the page.
        </Banner>
      ) : null}
      {connection === "refused" ? (
        <Banner kind="error" name="refused">
          <b>The kernel cannot open this.</b> {session.trouble}
        </Banner>
      ) : null}
      {connection === "ready" && session.slow && waiting > 0 ? (
        <Banner kind="info" name="busy">
          <b>The kernel does not answer: it is busy, or gone.</b> {kept} and saved as soon as it
          answers; go on labeling. If it was restarted, run this cell again.
        </Banner>
      ) : null}
      {sync !== null && !sync.outbox.durable ? (
        <Banner kind="warning" name="storage">
          This browser keeps nothing: labels that are not saved yet are lost if the page is closed.
        </Banner>
      ) : null}
      {failed.length > 0 ? <Failed session={session} entries={failed} /> : null}
      {conflict !== undefined ? <Conflict session={session} entry={conflict} /> : null}
    </div>
  );
}

function Failed({ session, entries }: { session: Session; entries: Entry[] }): JSX.Element {
  const all = (act: (entry: Entry) => void): void => entries.forEach(act);
  const count = entries.length;
  return (
    <Banner kind="error" name="failed">
      <b>
        {count} {count === 1 ? "label was" : "labels were"} not saved.
      </b>{" "}
      {entries[0]!.message}
      <span class="rn-tools">
        <button
          type="button"
          class="rn-button"
          data-testid="retry"
          onClick={() => all((e) => session.sync?.retry(e))}
        >
          Retry
        </button>
        <button
          type="button"
          class="rn-button"
          data-testid="discard"
          onClick={() => all((e) => session.sync?.discard(e))}
        >
          Discard
        </button>
      </span>
    </Banner>
  );
}

function Conflict({ session, entry }: { session: Session; entry: Entry }): JSX.Element {
  const task = session.tasks.find((one) => one.id === entry.op.task);
  const theirs = entry.theirs?.value ?? null;
  const mine = entry.op.value as Annotation;
  return (
    <Banner kind="warning" name="conflict">
      <b>Another window set this record to something else.</b> Stored: {inWords(task, theirs)}.
      Yours: {inWords(task, mine)}.
      <span class="rn-tools">
        <button
          type="button"
          class="rn-button"
          data-testid="keep-theirs"
          onClick={() => session.sync?.discard(entry)}
        >
          Keep what is stored
        </button>
        <button
          type="button"
          class="rn-button"
          data-testid="keep-mine"
          onClick={() => session.insist(entry)}
        >
          Use mine
        </button>
      </span>
    </Banner>
  );
}

function inWords(task: TaskInfo | undefined, value: Annotation): string {
  const name = (id: number): string => task?.labels.find((label) => label.id === id)?.name ?? "?";
  if (value === null) return "unlabelled";
  if ("none" in value) return "reviewed, none";
  if ("label" in value) return name(value.label);
  if ("labels" in value) return value.labels.map(name).join(", ");
  const counts = new Map<string, number>();
  for (const [, , label] of value.spans) {
    counts.set(name(label), (counts.get(name(label)) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => `${count} × ${label}`).join(", ");
}

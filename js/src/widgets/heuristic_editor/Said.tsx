// What people say of the heuristic, of its task, and of the labels that it votes for.

import type { JSX } from "preact";
import type { CommentedProps } from "../../ui/commenting";
import { Later } from "../../ui/Later";
import type { EditorSession } from "./session";

export function Said({ session }: { session: EditorSession }): JSX.Element {
  const { stored, hello, link, roster } = session;
  if (stored === null || hello === null) {
    return <p class="rne-note">It can be commented on once it is saved.</p>;
  }
  const { name } = stored;
  const { task } = hello;
  const props: CommentedProps = {
    ask: (op, args) => link.call(op, args as never, 60_000),
    on: { kind: "heuristic", name, task: task.name },
    of: `heuristic ${name}`,
    revision: roster.looks,
    tasks: [task],
  };
  return (
    <section class="rne-said" aria-label="Comments">
      <Later key={stored.id} part="comments" ask={session.part} props={props} />
    </section>
  );
}

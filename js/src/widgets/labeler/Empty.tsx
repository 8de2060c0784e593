// What stands where a record would: nothing to label, all seen, or still loading.

import type { JSX } from "preact";
import type { Filter } from "../../rpc";
import type { Session } from "../../state/session";
import { count } from "../../ui/numbers";
import { Skeleton, Empty as States } from "../../ui/states";

const EMPTY: Record<Filter, string> = {
  all: "This view holds no records.",
  unlabelled: "All records of this view are labelled.",
  flagged: "No record of this view is flagged.",
  skipped: "No record of this view is skipped.",
};

export function Empty({ session }: { session: Session }): JSX.Element {
  const info = session.queue?.info;
  if (info === undefined || (!session.queue?.atEnd && info.length > 0)) {
    return <Skeleton trouble={[session.trouble, session.queue?.trouble ?? ""].join(" ").trim()} />;
  }
  const searched = info.search !== "";
  const what = info.length === 1 ? "the one record" : `all ${count(info.length)} records`;
  const text =
    info.length > 0
      ? `You have been through ${what} of this queue.`
      : searched
        ? `No record has the words “${info.search}”.`
        : EMPTY[info.filter];
  const offer = (filter: Filter, name: string): JSX.Element => (
    <button
      type="button"
      class="rn-button"
      data-testid={`show-${filter}`}
      onClick={() => void session.requeue({ filter, search: "" })}
    >
      {name}
    </button>
  );
  return (
    <States text={text} hint="Everything that is marked saved is stored in the project.">
      {info.length > 0 ? (
        <button type="button" class="rn-button" onClick={() => session.go(0)} data-testid="restart">
          From the start
        </button>
      ) : null}
      {info.filter === "unlabelled" || searched ? null : offer("unlabelled", "Show unlabelled")}
      {info.filter === "flagged" ? null : offer("flagged", "Show flagged")}
      {info.filter === "all" && !searched ? null : offer("all", "Show all")}
    </States>
  );
}

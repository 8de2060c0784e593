// The line at the top: what is labelled, how far, how fast, and in which order.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Filter, Order } from "../../rpc";
import type { Session } from "../../state/session";
import type { KeyOn } from "../../ui/events";
import { count } from "../../ui/numbers";

const ORDERS: [Order, string][] = [
  ["view", "in order"],
  ["random", "at random"],
];
/** These follow what is learnt from the labels. */
const LEARNT: [Order, string][] = [
  ["mixed", "most instructive first"],
  ["uncertain", "least certain first"],
  ["margin", "closest calls first"],
  ["entropy", "highest entropy first"],
  ["disagreement", "most disputed first"],
  ["diverse", "most novel first"],
  ["representative", "most typical first"],
];
const FILTERS: [Filter, string][] = [
  ["all", "show all"],
  ["unlabelled", "only unlabelled"],
  ["flagged", "only flagged"],
  ["skipped", "only skipped"],
];

interface HeaderProps {
  session: Session;
  searching: boolean;
  onSearch(open: boolean): void;
}

export function Header({ session, searching, onSearch }: HeaderProps): JSX.Element {
  const { tasks, queue } = session;
  const info = queue?.info;
  const parts = tasks
    .map((task) => session.progress[String(task.id)])
    .filter((p) => p !== undefined);
  const labelled = Math.min(...parts.map((part) => part.labelled));
  const total = parts[0]?.total ?? 0;
  const rate = session.perMinute;
  return (
    <header class="rn-header">
      <div class="rn-labeled" style={{ width: total > 0 ? `${(100 * labelled) / total}%` : "0" }} />
      <h2 class="rn-title" data-testid="title">
        {tasks.map((task) => task.name).join(" · ")}
      </h2>
      {parts.length > 0 ? (
        <div class="rn-count" data-testid="progress" data-labelled={labelled}>
          <b>{count(labelled)}</b> / {count(total)} labelled
          {rate !== null ? ` · ${rate}/min` : ""}
        </div>
      ) : null}
      <div class="rn-grow" />
      {info !== undefined ? (
        <div class="rn-queue">
          <span class="rn-view" title={info.title} data-testid="view-title">
            {info.title}
          </span>
          <span class="rn-quiet rn-number" data-testid="position">
            {queue === null || queue.atEnd ? "" : `${count(queue.position + 1)} of `}
            {count(info.length)}
          </span>
          <label>
            <span class="rn-hidden">Show</span>
            <select
              data-testid="filter"
              value={info.filter}
              onChange={(e) => void session.requeue({ filter: e.currentTarget.value as Filter })}
            >
              {FILTERS.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span class="rn-hidden">Order</span>
            <select
              data-testid="order"
              value={info.order}
              onChange={(e) => void session.requeue({ order: e.currentTarget.value as Order })}
            >
              {ORDERS.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
              <optgroup label="What to label next">
                {LEARNT.map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </optgroup>
            </select>
          </label>
        </div>
      ) : null}
      {searching || (info?.search ?? "") !== "" ? (
        <Search session={session} focus={searching} onClose={() => onSearch(false)} />
      ) : null}
    </header>
  );
}

function Search(props: { session: Session; focus: boolean; onClose(): void }): JSX.Element {
  const { session, focus, onClose } = props;
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) box.current?.focus();
  }, [focus]);
  const onKeyDown = (event: KeyOn<HTMLInputElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key === "Enter") void session.requeue({ search: event.currentTarget.value });
    else if (event.key === "Escape") {
      if ((session.queue?.info.search ?? "") !== "") void session.requeue({ search: "" });
    } else return;
    event.preventDefault();
    onClose();
  };
  return (
    <div class="rn-search" role="search">
      <input
        ref={box}
        type="text"
        aria-label="Search the records"
        placeholder={'Words, a "phrase", or begin*; Enter searches, Esc shows all again'}
        data-testid="search"
        defaultValue={session.queue?.info.search ?? ""}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

// The numbers at the top: how far the labels, the rules and the people are.

import type { ComponentChildren, JSX } from "preact";
import { fraction, count as grouped, plural } from "../../ui/numbers";
import { Todo } from "../../ui/Todo";
import { pace, same, share, short } from "./marks";
import type { Opening } from "./Panel";
import type { Mark, Numbers } from "./protocol";

export function Tiles({ numbers, opening }: { numbers: Numbers; opening: Opening }): JSX.Element {
  const { records, labelled, weak, voted, agreement, pace: time } = numbers;
  const rest = records - labelled;
  const agrees = share(agreement.agree, agreement.several);
  return (
    <div class="rn-ov-tiles" data-testid="tiles">
      <Tile
        name="labelled"
        title="Labelled"
        value={short(labelled)}
        mark={{ what: "labelled" }}
        {...opening}
      >
        <Progress part={labelled} whole={records} />
        <p>
          {share(labelled, records) ?? "none"} of {grouped(records)} ·{" "}
          <Link
            name="unlabelled"
            count={rest}
            what="to do"
            mark={{ what: "unlabelled" }}
            {...opening}
          />
        </p>
      </Tile>
      {weak === null ? (
        <Tile name="weak" title="Weakly labelled" value="–" {...opening}>
          <p>
            Combine the votes: <Todo text="task.supervise()" />
          </p>
        </Tile>
      ) : (
        <Tile
          name="weak"
          title="Weakly labelled"
          value={short(weak.labelled)}
          mark={{ what: "weak" }}
          {...opening}
        >
          <Progress part={weak.labelled} whole={records} />
          <p>
            {share(weak.labelled, records) ?? "none"} · by {weak.model}
          </p>
        </Tile>
      )}
      {voted.rows.length === 0 ? (
        <Tile name="heuristics" title="Heuristics" value="0" {...opening}>
          <p>
            There is none yet: <Todo text="rn.HeuristicEditor(task)" />
          </p>
        </Tile>
      ) : (
        <Tile
          name="heuristics"
          title={
            voted.enabled === 1 ? "Heuristic covers" : `${grouped(voted.enabled)} heuristics cover`
          }
          value={short(voted.covered)}
          mark={{ what: "voted" }}
          {...opening}
        >
          <Progress part={voted.covered} whole={records} />
          <p>
            {share(voted.covered, records) ?? "none"}
            {voted.conflicting === null ? null : (
              <>
                {" · "}
                <Link
                  name="conflicting"
                  count={voted.conflicting}
                  what="in conflict"
                  mark={{ what: "conflicting" }}
                  {...opening}
                />
              </>
            )}
          </p>
        </Tile>
      )}
      {agrees === null ? (
        <Tile name="agreement" title="Agreement" value="–" {...opening}>
          <p>
            {agreement.people.length > 1
              ? "No record has been judged by two people yet"
              : "Let a second person label the same View"}
          </p>
        </Tile>
      ) : (
        <Tile
          name="agreement"
          title="Agreement"
          value={agrees}
          mark={{ what: "several" }}
          {...opening}
        >
          <Progress part={agreement.agree} whole={agreement.several} />
          <p>
            of {plural(agreement.several, "record")}
            {agreement.alpha === null ? "" : ` · α ${fraction(agreement.alpha)}`} ·{" "}
            <Link
              name="differing"
              count={numbers.differing}
              what="differ"
              mark={{ what: "differing" }}
              {...opening}
            />
          </p>
        </Tile>
      )}
      <Tile
        name="today"
        title="Labels today"
        value={short(time.today)}
        {...(time.today > 0 ? { mark: { what: "today" } } : {})}
        {...opening}
      >
        <p>
          {grouped(time.total)} in all
          {time.rate === null ? "" : ` · ${pace(time.rate)}`}
        </p>
      </Tile>
    </div>
  );
}

interface TileProps extends Opening {
  name: string;
  title: string;
  value: string;
  /** Where the number has records behind it. */
  mark?: Mark;
  children: ComponentChildren;
}

function Tile({ name, title, value, mark, opened, open, children }: TileProps): JSX.Element {
  return (
    <div class="rn-ov-tile" data-testid={`tile-${name}`}>
      {mark === undefined ? (
        <p class="rn-ov-head">
          <span class="rn-ov-name">{title}</span>
          <span class="rn-ov-value">{value}</span>
        </p>
      ) : (
        <button
          type="button"
          class="rn-ov-head"
          aria-pressed={same(mark, opened)}
          title="Open these records"
          onClick={() => open(mark)}
        >
          <span class="rn-ov-name">{title}</span>
          <span class="rn-ov-value">{value}</span>
        </button>
      )}
      {children}
    </div>
  );
}

interface LinkProps extends Opening {
  name: string;
  count: number;
  what: string;
  mark: Mark;
}

function Link({ name, count, what, mark, opened, open }: LinkProps): JSX.Element {
  if (count === 0) return <span>none {what}</span>;
  return (
    <button
      type="button"
      class="rn-link"
      data-testid={name}
      aria-pressed={same(mark, opened)}
      onClick={() => open(mark)}
    >
      {grouped(count)} {what}
    </button>
  );
}

function Progress({ part, whole }: { part: number; whole: number }): JSX.Element {
  return (
    <div class="rn-progress" aria-hidden="true">
      <i style={{ width: `${whole === 0 ? 0 : (100 * part) / whole}%` }} />
    </div>
  );
}

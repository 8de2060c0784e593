// What the values of an attribute are like: each as a row, or numbers and lengths in ranges.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count as grouped, plural } from "../../ui/numbers";
import { Columns } from "./Columns";
import { Missing, type Opening, Panel } from "./Panel";
import type { Mark, Statistics } from "./protocol";
import { plainBar, Rows } from "./Rows";
import type { OverviewState } from "./state";

const number = (value: number): string =>
  value.toLocaleString("en", { maximumSignificantDigits: 4 });

export function Values({
  state,
  opening,
}: {
  state: OverviewState;
  opening: Opening;
}): JSX.Element {
  const [detail, setDetail] = useState("");
  const { statistics, menu, reading } = state;
  const attributes = menu?.attributes ?? [];
  const type = attributes.find(({ name }) => name === statistics?.attribute)?.type;
  const told = statistics === null ? "" : summary(statistics);
  return (
    <Panel title="Attribute" name="values" told={told} detail={detail}>
      {attributes.length === 0 ? (
        <Missing text="There are no records yet. Add some:" code='project.add("file.csv")' />
      ) : (
        <div class="rn-tools">
          <select
            aria-label="Attribute"
            data-testid="attribute"
            value={statistics?.attribute ?? ""}
            onChange={(event) => state.chooseValues({ attribute: event.currentTarget.value })}
          >
            {attributes.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          {type === "text" ? (
            <fieldset class="rn-segments">
              <legend class="rn-hidden">Lengths in</legend>
              {(["characters", "tokens"] as const).map((unit) => (
                <button
                  key={unit}
                  type="button"
                  data-testid={`unit-${unit}`}
                  aria-pressed={statistics?.unit === unit}
                  onClick={() => state.chooseValues({ unit })}
                >
                  {unit}
                </button>
              ))}
            </fieldset>
          ) : null}
        </div>
      )}
      {statistics === null ? null : (
        <div class="rn-ov-values" aria-busy={reading}>
          <Shown statistics={statistics} {...opening} onDetail={setDetail} />
          <Rest statistics={statistics} {...opening} />
        </div>
      )}
    </Panel>
  );
}

function markOf({ attribute, unit }: Statistics, bar: string | null): Mark {
  return { what: "value", attribute, unit: unit === "tokens" ? unit : null, bar };
}

interface ShownProps extends Opening {
  statistics: Statistics;
  onDetail(detail: string): void;
}

function Shown({ statistics, opened, open, onDetail }: ShownProps): JSX.Element {
  const { bars, unit, attribute } = statistics;
  if (bars.length === 0) {
    return <Missing text={`${attribute} has no values that can be counted here.`} />;
  }
  if (unit === "values") {
    const whole = bars.reduce(
      (sum, { count }) => sum + count,
      statistics.others + statistics.missing,
    );
    const longest = Math.max(...bars.map(({ count }) => count));
    const rows = bars.map(({ name, count }) => ({
      name,
      bars: [plainBar("value", count, whole, "records", markOf(statistics, name), longest)],
    }));
    return (
      <Rows
        rows={rows}
        name="values"
        label={`Values of ${attribute}`}
        opened={opened}
        open={open}
      />
    );
  }
  const lengths = unit !== "numbers";
  return (
    <Columns
      columns={bars.map(({ name, count }) => ({
        name: lengths ? `${name} ${unit}` : name,
        count,
        mark: markOf(statistics, name),
      }))}
      what="records"
      name="values"
      ends={[bars[0]!.name, bars[bars.length - 1]!.name]}
      axis={lengths ? unit : attribute}
      opened={opened}
      open={open}
      onDetail={onDetail}
    />
  );
}

function Rest({ statistics, open }: Opening & { statistics: Statistics }): JSX.Element | null {
  const { missing, others, looked_at } = statistics;
  if (missing === 0 && others === 0 && looked_at === null) return null;
  return (
    <p class="rn-quiet rn-ov-rest">
      {missing > 0 ? (
        <button
          type="button"
          class="rn-link"
          data-testid="missing-values"
          onClick={() => open(markOf(statistics, null))}
        >
          {grouped(missing)} without a value
        </button>
      ) : null}
      {others > 0 ? <span>{plural(others, "record")} with other values</span> : null}
      {looked_at !== null ? <span>of a sample of {grouped(looked_at)}</span> : null}
    </p>
  );
}

function summary({ low, mean, median, high, distinct }: Statistics): string {
  if (low !== null && mean !== null && median !== null && high !== null) {
    return `${number(low)} to ${number(high)} · median ${number(median)} · mean ${number(mean)}`;
  }
  return distinct === null ? "" : plural(distinct, "value");
}

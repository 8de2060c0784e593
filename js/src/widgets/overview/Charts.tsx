// The charts of a task.

import type { JSX } from "preact";
import { fraction, count as grouped } from "../../ui/numbers";
import { Calibration } from "./Calibration";
import { ColumnsPanel } from "./Columns";
import { Matrix } from "./Matrix";
import { share } from "./marks";
import { Missing, type Opening, Panel } from "./Panel";
import type { LabelCount, Numbers } from "./protocol";
import { plainBar, type RowBar, type RowInfo, Rows } from "./Rows";

const MOST = 13; // labels and "none", in their own order

interface ChartProps {
  numbers: Numbers;
  opening: Opening;
}

export function Charts({
  numbers,
  opening,
  onLabel,
}: ChartProps & { onLabel(label: string): void }): JSX.Element {
  return (
    <>
      <Labels numbers={numbers} opening={opening} />
      <Matrix numbers={numbers} opening={opening} onLabel={onLabel} />
      <Confidence numbers={numbers} opening={opening} />
      <Calibration numbers={numbers} opening={opening} />
      <Heuristics numbers={numbers} opening={opening} />
      <OverTime numbers={numbers} opening={opening} />
      <People numbers={numbers} opening={opening} />
    </>
  );
}

function Labels({ numbers, opening }: ChartProps): JSX.Element {
  const { labels, kind } = numbers;
  const manual = labels.reduce((sum, one) => sum + one.manual, 0);
  const weak = labels.reduce((sum, one) => sum + (one.weak ?? 0), 0);
  const shares = labels.flatMap((one) => [
    one.manual / Math.max(manual, 1),
    (one.weak ?? 0) / Math.max(weak, 1),
  ]);
  const longest = Math.max(...shares, 0.01);
  // Many labels: those that are given most stand first.
  const weight = (one: LabelCount): number =>
    one.manual / Math.max(manual, 1) + (one.weak ?? 0) / Math.max(weak, 1);
  const bar = (one: LabelCount, machine: boolean): RowBar => {
    const count = machine ? (one.weak ?? 0) : one.manual;
    const whole = machine ? weak : manual;
    const spans = one.spans?.[machine ? 1 : 0] ?? null;
    const of = share(count, whole) ?? "";
    const who = machine ? "weak" : "by hand";
    return {
      name: machine ? "weak" : "manual",
      count,
      length: count / Math.max(whole, 1) / longest,
      told: count === 0 ? "0" : `${grouped(count)} · ${of}`,
      said: `${who}: ${grouped(count)} records, ${of}${spans === null ? "" : `, ${grouped(spans)} spans`}`,
      mark: { what: machine ? "weak" : "manual", label: one.name },
      voice: machine ? "machine" : "person",
    };
  };
  const rows: RowInfo[] = labels
    .filter((one) => one.name !== null || one.manual > 0)
    .sort((one, other) => (labels.length > MOST ? weight(other) - weight(one) : 0))
    .map((one) => ({
      name: one.name ?? "none",
      ...(one.name === null ? { quiet: true } : { color: one.color }),
      bars: one.weak === null || weak === 0 ? [bar(one, false)] : [bar(one, false), bar(one, true)],
    }));
  return (
    <Panel
      title="Labels"
      name="labels"
      told={
        manual + weak === 0 ? undefined : (
          <span class="rn-ov-key">
            <i class="rn-ov-person" /> by hand
            {weak > 0 ? (
              <>
                <i class="rn-ov-machine" /> weak
              </>
            ) : null}
            {kind === "spans" ? " · records with the label" : ""}
          </span>
        )
      }
    >
      {rows.length === 0 ? (
        <Missing text="The task has no labels yet. Add some:" code='task.add_labels(["A", "B"])' />
      ) : manual + weak === 0 ? (
        <Missing text="Nothing is labelled yet. Begin:" code="rn.Labeler(task)" />
      ) : (
        <Rows rows={rows} name="labels" label="Records by label" {...opening} />
      )}
    </Panel>
  );
}

function Confidence({ numbers, opening }: ChartProps): JSX.Element {
  const { weak } = numbers;
  if (weak === null || weak.labelled === 0) {
    return (
      <Panel title="Confidence of the weak labels" name="confidence">
        {weak === null ? (
          <Missing text="No weak labels yet. Combine the votes:" code="task.supervise()" />
        ) : (
          <Missing text="The last run gave none of these records a label." />
        )}
      </Panel>
    );
  }
  const bins = weak.confidence.length;
  const edge = (at: number): string => fraction(at / bins);
  return (
    <ColumnsPanel
      title="Confidence of the weak labels"
      name="confidence"
      told={`by ${weak.model}`}
      columns={weak.confidence.map((count, at) => ({
        name: `${edge(at)} to ${edge(at + 1)}`,
        count,
        mark: { what: "confidence", bin: at },
      }))}
      what={numbers.kind === "spans" ? "records, by their least certain span" : "records"}
      ends={["0", "1"]}
      axis="confidence"
      machine
      {...opening}
    />
  );
}

function Heuristics({ numbers, opening }: ChartProps): JSX.Element {
  const { rows } = numbers.voted;
  return (
    <Panel title="Heuristics" name="heuristics" told={rows.length === 0 ? undefined : "coverage"}>
      {rows.length === 0 ? (
        <Missing
          text="No heuristics yet. Write one, or have some proposed:"
          code="rn.HeuristicEditor(task)"
        />
      ) : rows.every(({ count }) => count === 0) ? (
        <Missing text="No heuristic has voted on these records. Run them:" code="task.run()" />
      ) : (
        <Rows
          rows={rows.map((row) => ({
            name: row.name,
            ...(row.enabled ? {} : { badge: "off", quiet: true }),
            bars: [
              plainBar(
                "coverage",
                row.count,
                numbers.records,
                "records",
                {
                  what: "voted",
                  heuristic: row.name,
                },
                Math.max(...rows.map(({ count }) => count)),
              ),
            ],
          }))}
          name="heuristics"
          label="Records that each heuristic votes on"
          most={8}
          {...opening}
        />
      )}
    </Panel>
  );
}

function OverTime({ numbers, opening }: ChartProps): JSX.Element {
  const { spans, unit } = numbers.pace;
  const first = spans[0];
  const last = spans[spans.length - 1];
  if (first === undefined || last === undefined) {
    return (
      <Panel title="Labels over time" name="time">
        <Missing text="Nobody has labelled yet. Begin:" code="rn.Labeler(task)" />
      </Panel>
    );
  }
  return (
    <ColumnsPanel
      title="Labels over time"
      name="time"
      told={`a column ${{ hour: "an hour", day: "a day", days: "several days" }[unit]}`}
      columns={spans.map(({ begin, end, name, count }) => ({
        name,
        count,
        mark: { what: "time", begin, end },
      }))}
      what="labels"
      ends={[first.name, last.name]}
      {...opening}
    />
  );
}

function People({ numbers, opening }: ChartProps): JSX.Element {
  const { people, pairs } = numbers.agreement;
  return (
    <Panel title="People" name="people" told={pairs.length === 0 ? undefined : "how far two agree"}>
      {pairs.length > 0 ? (
        <Rows
          rows={pairs.map((pair) => ({
            name: `${pair.one} and ${pair.other}`,
            bars: [
              {
                name: "pair",
                count: pair.records,
                length: pair.agree / pair.records,
                told: `${share(pair.agree, pair.records)}${pair.kappa === null ? "" : ` · κ ${fraction(pair.kappa)}`}`,
                said: `agree on ${grouped(pair.agree)} of ${grouped(pair.records)} records${pair.kappa === null ? "" : `, Cohen's kappa ${fraction(pair.kappa)}`}`,
                mark: { what: "pair", one: pair.one, other: pair.other },
                voice: "plain",
              },
            ],
          }))}
          name="people"
          label="How far two people agree"
          most={6}
          {...opening}
        />
      ) : people.length > 1 ? (
        <Missing
          text="No record has been judged by two people. Let both label the same View:"
          code="rn.Labeler(task, view)"
        />
      ) : (
        <Missing
          text={
            people.length === 1
              ? `Only ${people[0]} has labelled. A second person shows how far the guideline carries:`
              : "Nobody has labelled yet. Begin:"
          }
          code={people.length === 1 ? 'rn.Labeler(task, by="name")' : "rn.Labeler(task)"}
        />
      )}
    </Panel>
  );
}

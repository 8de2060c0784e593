// The filter by hand: lines of field, operator and value, in groups that any or all must hold.

import type { JSX } from "preact";
import type { Info } from "./protocol";
import type { BrowserState } from "./state";
import { fields, fresh, type Group, type Line, operators, type Part, split } from "./tree";
import { Value } from "./Value";

const WORDS: Record<string, string> = {
  "=": "is",
  "!=": "is not",
  in: "is one of",
  between: "is between",
  contains: "contains",
  starts: "begins with",
  ends: "ends with",
  matches: "matches (regular expression)",
  missing: "is missing",
};

export function Rail({ state }: { state: BrowserState }): JSX.Element | null {
  const { info, filter } = state;
  if (info === null) return null;
  return (
    <aside class="rn-br-rail rn-scroll" aria-label="Filters" data-testid="rail">
      <GroupView
        info={info}
        state={state}
        group={filter}
        root
        onChange={(changed) => void state.filterBy(changed)}
      />
      {filter.items.length > 0 ? null : (
        <p class="rn-quiet">
          Add a condition, or write a query above: both show the same. Conditions can be joined in
          groups.
        </p>
      )}
    </aside>
  );
}

interface GroupProps {
  info: Info;
  state: BrowserState;
  group: Group;
  root?: boolean;
  onChange(group: Group): void;
  onRemove?(): void;
}

function GroupView({
  info,
  state,
  group,
  root = false,
  onChange,
  onRemove,
}: GroupProps): JSX.Element {
  const change = (at: number, part: Part | null): void => {
    const items = group.items.flatMap((one, place) =>
      place !== at ? [one] : part === null ? [] : [part],
    );
    onChange({ ...group, items });
  };
  const add = (part: Part): void => onChange({ ...group, items: [...group.items, part] });
  return (
    <div
      class={root ? "rn-br-group" : "rn-br-group rn-br-inner"}
      role="group"
      aria-label={root ? "All conditions" : "Group of conditions"}
    >
      {root && group.items.length < 2 ? null : (
        <div class="rn-tools">
          {root ? (
            <span class="rn-quiet">Records that match all of</span>
          ) : (
            <>
              <Negation not={group.not} onChange={(not) => onChange({ ...group, not })} />
              <select
                aria-label="How the group is joined"
                data-testid="join"
                value={group.join}
                onChange={(event) =>
                  onChange({ ...group, join: event.currentTarget.value as "all" | "any" })
                }
              >
                <option value="any">any of</option>
                <option value="all">all of</option>
              </select>
              <span class="rn-grow" />
              <Remove name="Remove the group" onClick={() => onRemove?.()} />
            </>
          )}
        </div>
      )}
      {group.items.map((part, at) =>
        part.kind === "group" ? (
          <GroupView
            key={at}
            info={info}
            state={state}
            group={part}
            onChange={(changed) => change(at, changed)}
            onRemove={() => change(at, null)}
          />
        ) : part.kind === "fixed" ? (
          <div key={at} class="rn-br-line">
            <Negation not={part.not} onChange={(not) => change(at, { ...part, not })} />
            <span class="rn-br-fixed" title={part.words}>
              {part.words}
            </span>
            <Remove name={`Remove: ${part.words}`} onClick={() => change(at, null)} />
          </div>
        ) : (
          <LineView
            key={at}
            info={info}
            state={state}
            line={part.line}
            onChange={(line) => change(at, { kind: "line", line })}
            onRemove={() => change(at, null)}
          />
        ),
      )}
      <div class="rn-tools">
        <FieldMenu
          info={info}
          value=""
          name={root ? "Add a condition" : "Add a condition to the group"}
          onPick={(field) => add({ kind: "line", line: fresh(info, field) })}
        />
        {root ? (
          <button
            type="button"
            class="rn-button"
            data-testid="add-group"
            onClick={() => add({ kind: "group", join: "any", not: false, items: [] })}
          >
            Add group
          </button>
        ) : null}
      </div>
    </div>
  );
}

interface LineProps {
  info: Info;
  state: BrowserState;
  line: Line;
  onChange(line: Line): void;
  onRemove(): void;
}

function LineView({ info, state, line, onChange, onRemove }: LineProps): JSX.Element {
  const ops = operators(info, line.field);
  const [kind, name] = split(line.field);
  return (
    <div class="rn-br-line" data-testid="line" data-field={line.field}>
      <Negation not={line.not} onChange={(not) => onChange({ ...line, not })} />
      <FieldMenu
        info={info}
        value={line.field}
        name="Field"
        onPick={(field) => onChange(fresh(info, field))}
      />
      <Remove name={`Remove: ${name || kind}`} onClick={onRemove} />
      <div class="rn-br-value">
        {ops.length === 0 ? null : (
          <select
            aria-label="Operator"
            data-testid="operator"
            value={line.op}
            onChange={(event) => onChange({ ...line, op: event.currentTarget.value as Line["op"] })}
          >
            {ops.map((op) => (
              <option key={op} value={op}>
                {WORDS[op] ?? op}
              </option>
            ))}
          </select>
        )}
        {line.op === "missing" ? null : (
          <Value info={info} state={state} line={line} onChange={onChange} />
        )}
        {kind === "attribute" && ["contains", "starts", "ends"].includes(line.op) ? (
          <label class="rn-field" title="Upper and lower case differ">
            <input
              type="checkbox"
              checked={line.cased}
              onChange={(event) => onChange({ ...line, cased: event.currentTarget.checked })}
            />
            Aa
          </label>
        ) : null}
      </div>
    </div>
  );
}

interface FieldMenuProps {
  info: Info;
  value: string;
  name: string;
  onPick(field: string): void;
}

function FieldMenu({ info, value, name, onPick }: FieldMenuProps): JSX.Element {
  return (
    <select
      class={value === "" ? "rn-br-add" : "rn-br-pick"}
      aria-label={name}
      data-testid={value === "" ? "add" : "field"}
      value={value}
      onChange={(event) => {
        if (event.currentTarget.value !== "") onPick(event.currentTarget.value);
        if (value === "") event.currentTarget.value = "";
      }}
    >
      {value === "" ? <option value="">Add condition…</option> : null}
      {fields(info).map((group) => (
        <optgroup key={group.title} label={group.title}>
          {group.fields.map(([field, title]) => (
            <option key={field} value={field}>
              {title}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

function Negation({ not, onChange }: { not: boolean; onChange(not: boolean): void }): JSX.Element {
  return (
    <button
      type="button"
      class="rn-button rn-br-not"
      aria-pressed={not}
      title="Not: the records for which this does not hold"
      data-testid="not"
      onClick={() => onChange(!not)}
    >
      not
    </button>
  );
}

function Remove({ name, onClick }: { name: string; onClick(): void }): JSX.Element {
  return (
    <button
      type="button"
      class="rn-button rn-plain rn-br-remove"
      aria-label={name}
      onClick={onClick}
    >
      ✕
    </button>
  );
}

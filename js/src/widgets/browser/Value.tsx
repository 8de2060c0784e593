// The value of a line of the filter: chosen from what there is, or typed.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Info } from "./protocol";
import type { BrowserState } from "./state";
import { type Line, STATES, split, taskOf } from "./tree";

interface ValueProps {
  info: Info;
  state: BrowserState;
  line: Line;
  onChange(line: Line): void;
}

export function Value({ info, state, line, onChange }: ValueProps): JSX.Element {
  const [kind, name] = split(line.field);
  const task = taskOf(info, line.field);
  const pick = (value: string): void => onChange({ ...line, value });
  const labels = task?.labels.map((one) => one.name) ?? [];
  const type = info.attributes.find((one) => one.name === name)?.type;
  if (kind === "manual" || (kind === "state" && ["labelled", "none"].includes(line.value))) {
    return (
      <>
        <Choice
          name={kind === "state" ? "State" : "Label"}
          value={line.value}
          options={kind === "state" ? [...STATES] : labels}
          onPick={pick}
        />
        {(task?.people.length ?? 0) < 2 && line.who === "" ? null : (
          <Choice
            name="Who labelled"
            value={line.who}
            first="by anybody"
            options={task?.people ?? []}
            title={(one) => `by ${one}`}
            onPick={(who) => onChange({ ...line, who })}
          />
        )}
      </>
    );
  }
  if (kind === "state")
    return <Choice name="State" value={line.value} options={[...STATES]} onPick={pick} />;
  if (kind === "weak")
    return <Choice name="Label" value={line.value} options={labels} onPick={pick} />;
  if (kind === "vote") {
    return (
      <>
        <Choice
          name="Heuristic"
          value={line.who}
          first="any heuristic"
          options={task?.heuristics ?? []}
          onPick={(who) => onChange({ ...line, who })}
        />
        <Choice
          name="Label"
          value={line.value}
          first="votes"
          options={labels}
          title={(one) => `votes ${one}`}
          onPick={pick}
        />
      </>
    );
  }
  if (kind === "comments") {
    const people = [...new Set(info.tasks.flatMap((one) => one.people))];
    return (
      <Choice name="Who" value={line.value} first="by anybody" options={people} onPick={pick} />
    );
  }
  if (kind === "slice")
    return <Choice name="Slice" value={line.value} options={info.slices} onPick={pick} />;
  if (type === "boolean" && kind === "attribute") {
    return (
      <Choice name="Value" value={line.value} first="…" options={["true", "false"]} onPick={pick} />
    );
  }
  return <Typed state={state} line={line} list={type === "category" ? name : ""} onPick={pick} />;
}

interface ChoiceProps {
  name: string;
  value: string;
  options: string[];
  /** What the empty value is called; without it there is none. */
  first?: string;
  title?(value: string): string;
  onPick(value: string): void;
}

export function Choice({ name, value, options, first, title, onPick }: ChoiceProps): JSX.Element {
  const known = options.includes(value) || value === "" ? options : [value, ...options];
  return (
    <select
      aria-label={name}
      data-testid={`choice-${name.toLowerCase()}`}
      value={value}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {first === undefined ? null : <option value="">{first}</option>}
      {known.map((one) => (
        <option key={one} value={one}>
          {title?.(one) ?? one}
        </option>
      ))}
    </select>
  );
}

interface TypedProps {
  state: BrowserState;
  line: Line;
  /** The attribute whose values are offered. */
  list: string;
  onPick(value: string): void;
}

/** A value that is typed; taken at Enter and when the field is left. */
function Typed({ state, line, list, onPick }: TypedProps): JSX.Element {
  const own = useRef<HTMLInputElement>(null);
  const [values, setValues] = useState<string[]>([]);
  // The field stays, and the keyboard in it, when what was typed has become part of the query.
  useLayoutEffect(() => {
    if (own.current !== null) own.current.value = line.value;
  }, [line.value, line.field]);
  useEffect(() => {
    let gone = false;
    if (list !== "") void state.values(list).then((found) => gone || setValues(found));
    return () => {
      gone = true;
    };
  }, [list]);
  const id = `rn-br-values-${state.id}-${list.replace(/\W/g, "")}`;
  return (
    <>
      <input
        ref={own}
        type="text"
        aria-label="Value"
        data-testid="value"
        list={values.length > 0 ? id : undefined}
        placeholder={line.op === "in" ? "one, two" : line.op === "between" ? "3..5" : ""}
        onChange={(event) => onPick(event.currentTarget.value)}
      />
      {values.length === 0 ? null : (
        <datalist id={id}>
          {values.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  );
}

// How a query is written: examples with the names of this project, each put into the field. It comes
// as a part, when somebody asks.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Info } from "./protocol";
import { quoted, SIMPLE } from "./quoted";

const named = (text: string): string => (SIMPLE.test(text) ? text : `\`${text}\``);

/** What can be asked, in the words of a project. */
export function examples(info: Info): [query: string, what: string][] {
  const found: [string, string][] = [
    ['late "in time" refund*', "words, a phrase, a beginning; all of them"],
    ["late -refund", "without a word"],
  ];
  const task = info.tasks.find((one) => one.name === info.focus) ?? info.tasks[0];
  if (task !== undefined) {
    const name = named(task.name);
    const label = task.labels[0];
    found.push([`${name} is unlabelled`, "or labelled, none, flagged, skipped, conflicting"]);
    if (label !== undefined) {
      found.push([`${name} = ${quoted(label.name)}`, "what a person says"]);
      if (task.people[0] !== undefined) {
        found.push([`${name} = ${quoted(label.name)} by ${quoted(task.people[0])}`, "who says so"]);
      }
      if (task.runs.length > 0) {
        found.push([`weak(${quoted(task.name)}) = ${quoted(label.name)}`, "what weak labels say"]);
        found.push([`confidence(${quoted(task.name)}) < .7`, "how sure they are"]);
      }
      const rule = task.heuristics[0];
      if (rule !== undefined) {
        const asked = `${quoted(task.name)}, ${quoted(rule)}`;
        found.push([`vote(${asked}) = ${quoted(label.name)}`, "what a heuristic says"]);
        found.push([`wrong(${asked})`, "where it is wrong; or right, missed, against"]);
      }
    }
  }
  const number = info.attributes.find((one) => one.type === "integer" || one.type === "float");
  if (number !== undefined) {
    found.push([`${named(number.name)} >= 3`, "a comparison"]);
    found.push([`${named(number.name)} in 3..5`, "a range, both ends included"]);
  }
  const others = info.attributes.filter((one) => !one.key);
  const text = others.find((one) => one.name === info.text) ?? others[0];
  if (text !== undefined && (text.type === "text" || text.type === "category")) {
    found.push([`${named(text.name)} contains late`, "or starts, ends; cased after it"]);
    found.push([`${named(text.name)} matches "\\d+-\\d+"`, "a regular expression"]);
    found.push([`length(${quoted(text.name)}) > 100`, "characters"]);
    found.push([`${named(text.name)} missing`, "or exists"]);
  }
  if (info.embeddings.length > 0) found.push(['meaning:"late parcel"', "the 100 nearest"]);
  if (info.slices[0] !== undefined) found.push([`slice:${quoted(info.slices[0])}`, "in a slice"]);
  found.push(["commented()", "somebody commented on it"]);
  found.push(["not (late or refund)", "not, and, or, parentheses; side by side means and"]);
  return found;
}

interface Props {
  info: Info;
  onPick(query: string): void;
}

export function Language({ info, onPick }: Props): JSX.Element {
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <ul class="rn-br-examples">
      {examples(info).map(([query, what], at) => (
        <li key={query}>
          <button
            ref={at === 0 ? first : null}
            type="button"
            class="rn-link rn-mono"
            onClick={() => onPick(query)}
          >
            {query}
          </button>
          <span class="rn-quiet">{what}</span>
        </li>
      ))}
    </ul>
  );
}

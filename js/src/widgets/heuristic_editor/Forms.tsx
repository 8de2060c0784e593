// The kinds that are no code: a pattern, or a list of terms, with their options.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { Problem } from "../../ui/code/places";
import type { Hello, LookupSpec, RegexSpec, Spec } from "./protocol";

interface FormProps<Kind> {
  spec: Kind;
  hello: Hello;
  problems: Problem[];
  revision: number;
  onChange(spec: Spec): void;
}

export function RegexForm({ spec, hello, problems, onChange }: FormProps<RegexSpec>): JSX.Element {
  const problem = problems[0];
  return (
    <div class="rne-form">
      <Label spec={spec} hello={hello} onChange={onChange} />
      <label class="rne-field">
        <span>Pattern</span>
        <input
          type="text"
          class="rn-mono"
          spellcheck={false}
          data-testid="pattern"
          data-first
          aria-invalid={problem !== undefined}
          value={spec.pattern}
          onInput={(event) => onChange({ ...spec, pattern: event.currentTarget.value })}
        />
      </label>
      {problem?.start != null ? (
        <div class="rne-caret rn-mono" aria-hidden="true">
          {" ".repeat(problem.start)}^
        </div>
      ) : null}
      <div class="rne-options">
        <Check
          name="Match case"
          on={spec.case}
          onChange={(on) => onChange({ ...spec, case: on })}
        />
        <label class="rne-inline">
          Group
          <input
            type="text"
            class="rne-short"
            title="Which group of a match counts: a number or a name; 0 is all of it"
            value={String(spec.group)}
            onInput={(event) => {
              const text = event.currentTarget.value.trim();
              onChange({ ...spec, group: /^\d*$/.test(text) ? Number(text || 0) : text });
            }}
          />
        </label>
        <On spec={spec} hello={hello} onChange={onChange} />
      </div>
    </div>
  );
}

export function LookupForm(props: FormProps<LookupSpec>): JSX.Element {
  const { spec, hello, onChange } = props;
  // What is typed keeps its blank lines; the terms are what stands on the others.
  const typed = useRef({ revision: -1, text: "" });
  if (typed.current.revision !== props.revision) {
    typed.current = { revision: props.revision, text: spec.terms.join("\n") };
  }
  return (
    <div class="rne-form">
      <Label spec={spec} hello={hello} onChange={onChange} />
      <label class="rne-field">
        <span>
          Terms, one a line <span class="rn-quiet">· {spec.terms.length}</span>
        </span>
        <textarea
          rows={7}
          class="rn-mono"
          spellcheck={false}
          data-testid="terms"
          data-first
          value={typed.current.text}
          onInput={(event) => {
            const text = event.currentTarget.value;
            typed.current = { revision: props.revision, text };
            const lines = text.split("\n").map((line) => line.trim());
            onChange({ ...spec, terms: [...new Set(lines.filter((line) => line !== ""))] });
          }}
        />
      </label>
      <div class="rne-options">
        <Check
          name="Whole words"
          on={spec.whole_words}
          onChange={(on) => onChange({ ...spec, whole_words: on })}
        />
        <Check
          name="Match case"
          on={spec.case}
          onChange={(on) => onChange({ ...spec, case: on })}
        />
        <Check
          name="Plurals too"
          on={spec.plural}
          onChange={(on) => onChange({ ...spec, plural: on })}
        />
        <On spec={spec} hello={hello} onChange={onChange} />
      </div>
    </div>
  );
}

interface PartProps {
  spec: RegexSpec | LookupSpec;
  hello: Hello;
  onChange(spec: Spec): void;
}

function Label({ spec, hello, onChange }: PartProps): JSX.Element {
  const known = hello.task.labels.some((label) => label.name === spec.label);
  return (
    <label class="rne-field">
      <span>Votes for</span>
      <select
        data-testid="label"
        value={spec.label}
        onChange={(event) => onChange({ ...spec, label: event.currentTarget.value })}
      >
        {known ? null : <option value={spec.label}>{spec.label} (no label of the task)</option>}
        {hello.task.labels.map((label) => (
          <option key={label.id} value={label.name}>
            {label.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function On({ spec, hello, onChange }: PartProps): JSX.Element | null {
  if (hello.task.kind === "spans") return null;
  return (
    <label class="rne-inline">
      Look at
      <select
        value={spec.on ?? ""}
        onChange={(event) => onChange({ ...spec, on: event.currentTarget.value || null })}
      >
        <option value="">{hello.task.on ?? "all texts"}</option>
        {hello.attributes
          .filter(({ name, type }) => ["text", "category"].includes(type) && name !== hello.task.on)
          .map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </select>
    </label>
  );
}

function Check(props: { name: string; on: boolean; onChange(on: boolean): void }): JSX.Element {
  return (
    <label class="rne-inline">
      <input
        type="checkbox"
        checked={props.on}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.name}
    </label>
  );
}

// What may come next: attributes of a record, labels, lookup lists, methods of a record.

import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
  insertCompletionText,
  pickedCompletion,
} from "@codemirror/autocomplete";

/** What can be completed, as the kernel told it. */
export interface Known {
  attributes: { name: string; type: string }[];
  labels: string[];
  lookups: { name: string; terms: number }[];
  spans: boolean;
  /** What a record is called outside of functions. */
  record?: string;
}

export interface Proposal {
  /** Where what is typed of the name begins. */
  from: number;
  /** How many characters after the cursor it stands in place of. */
  over?: number;
  options: Completion[];
}

const METHODS: Completion[] = [
  { label: "doc", type: "method", detail: 'doc("attribute"): tokens, as a spaCy Doc' },
  { label: "get", type: "method", detail: 'get("attribute", otherwise)' },
  { label: "items", type: "method", detail: "attributes and values" },
  { label: "keys", type: "method", detail: "the attributes" },
  { label: "values", type: "method", detail: "the values" },
];

const LOOKUP = /\blookups\[\s*(["'])([^"']*)$/;
const ATTRIBUTE = /\b(\w+)(?:\[|\.(?:doc|get)\()\s*(["'])([^"']*)$/;
const METHOD = /\b(\w+)\.(\w*)$/;
const LABEL = /\b(?:return|yield)\s*\(?\s*(["'])([^"']*)$|\belse\s+(["'])([^"']*)$/;
const BARE = /\b(?:return|yield)\s+\(?([A-Za-z_]*)$/;
const PARAMETER = /\bdef\s+\w+\s*\(\s*(\w+)/g;

/** The names under which the text knows its record. */
export function parameters(text: string, { record }: Pick<Known, "record"> = {}): Set<string> {
  const names = [...text.matchAll(PARAMETER)].map((match) => match[1]!);
  return new Set(record === undefined ? names : [...names, record]);
}

/** What may stand at the end of `before`, a line up to the cursor; `after` is what follows. */
export function proposal(
  before: string,
  after: string,
  text: string,
  known: Known,
): Proposal | null {
  const inString = (names: Completion[], typed: string, quote: string, end: string): Proposal => {
    const closing = quote + end;
    // What was closed before: the cursor goes past it.
    const there = [closing, quote].find((one) => after.startsWith(one)) ?? "";
    return {
      from: before.length - typed.length,
      over: there.length,
      options: names.map((one) => ({ ...one, apply: one.label + closing })),
    };
  };
  const lookup = LOOKUP.exec(before);
  if (lookup !== null) {
    const names = known.lookups.map(({ name, terms }) => ({
      label: name,
      type: "constant",
      detail: `${terms} terms`,
    }));
    return inString(names, lookup[2]!, lookup[1]!, "]");
  }
  const attribute = ATTRIBUTE.exec(before);
  if (attribute !== null && parameters(text, known).has(attribute[1]!)) {
    const names = known.attributes.map(({ name, type }) => ({
      label: name,
      type: "property",
      detail: type,
    }));
    return inString(
      names,
      attribute[3]!,
      attribute[2]!,
      before.includes("(") && /\.(doc|get)\(\s*["'][^"']*$/.test(before) ? ")" : "]",
    );
  }
  const label = LABEL.exec(before);
  if (label !== null) {
    const names = known.labels.map((name) => ({ label: name, type: "enum", detail: "label" }));
    return inString(names, label[2] ?? label[4]!, label[1] ?? label[3]!, "");
  }
  const method = METHOD.exec(before);
  if (method !== null && parameters(text, known).has(method[1]!)) {
    return { from: before.length - method[2]!.length, options: METHODS };
  }
  const bare = BARE.exec(before);
  if (bare !== null) {
    const quoted = known.labels.map((name) => ({
      label: `"${name}"`,
      type: "enum",
      detail: "label",
      boost: 1,
    }));
    const none = { label: "None", type: "keyword", detail: "abstain" };
    return {
      from: before.length - bare[1]!.length,
      options: known.spans ? quoted : [...quoted, none],
    };
  }
  return null;
}

export function completions(known: () => Known): CompletionSource {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const after = line.text.slice(context.pos - line.from);
    const found = proposal(before, after, context.state.doc.toString(), known());
    if (found === null) return null;
    const typed = before.slice(found.from);
    // After a bare `return` only what was asked for, or begun, opens the list.
    if (typed === "" && !context.explicit && /\s$/.test(before)) return null;
    const over = found.over ?? 0;
    return {
      from: line.from + found.from,
      options:
        over === 0
          ? found.options
          : found.options.map((one) => ({
              ...one,
              apply: (view, completion, from, to) =>
                view.dispatch({
                  ...insertCompletionText(
                    view.state,
                    String(one.apply ?? one.label),
                    from,
                    to + over,
                  ),
                  annotations: pickedCompletion.of(completion),
                }),
            })),
      validFor: /^[^"'\n]*$/,
    };
  };
}

// The filter put together by hand: rows of field, operator and value in groups, from a condition
// and back. Conditions that no row can show stay as they are.

import type { Info, Json, TaskInfo, Tree } from "./protocol";

export type Op =
  | "="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "in"
  | "between"
  | "contains"
  | "starts"
  | "ends"
  | "matches"
  | "missing";

/** `field` is a kind and a name, such as `attribute:stars` or `manual:topic`. */
export interface Line {
  field: string;
  op: Op;
  value: string;
  /** Upper and lower case differ. */
  cased: boolean;
  /** Who said so, or which heuristic votes so; empty: anybody. */
  who: string;
  not: boolean;
}

export type Part =
  | { kind: "group"; join: "all" | "any"; not: boolean; items: Part[] }
  | { kind: "line"; line: Line }
  | { kind: "fixed"; leaf: Json; words: string; not: boolean };
export type Group = Extract<Part, { kind: "group" }>;

export const STATES = ["labelled", "none", "flagged", "skipped", "conflicting"] as const;
export const TEXT_OPS: Op[] = ["contains", "=", "!=", "starts", "ends", "matches", "in", "missing"];
export const NUMBER_OPS: Op[] = ["=", "!=", "<", "<=", ">", ">=", "between", "in", "missing"];

export const EMPTY: Group = { kind: "group", join: "all", not: false, items: [] };

/** Read a condition; its root is always a group. */
export function fromTree(tree: Tree): Group {
  // Its parts are those of the query, as the chips are.
  if ("items" in tree && tree.join === "all" && !tree.not) {
    return { ...EMPTY, items: tree.items.map(partOf) };
  }
  return { ...EMPTY, items: [partOf(tree)] };
}

function partOf(tree: Tree): Part {
  if ("items" in tree) {
    const range = rangeOf(tree);
    if (range !== null) return { kind: "line", line: range };
    return { kind: "group", join: tree.join, not: tree.not, items: tree.items.map(partOf) };
  }
  const line = lineOf(tree.leaf, tree.not);
  return line === null ? { kind: "fixed", ...tree } : { kind: "line", line };
}

/** "At least and at most" of one number is one line. */
function rangeOf(tree: Extract<Tree, { items: Tree[] }>): Line | null {
  const [low, high, ...more] = tree.items.map((one) =>
    "leaf" in one && !one.not ? one.leaf : null,
  );
  if (tree.join !== "all" || !low || !high || more.length > 0) return null;
  if (low.op !== ">=" || high.op !== "<=" || !same(low.field, high.field)) return null;
  const line = lineOf(low, tree.not);
  if (line === null || typeof low.value !== "number" || typeof high.value !== "number") return null;
  return { ...line, op: "between", value: `${low.value}..${high.value}` };
}

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

const plain = (field: string, value: string, not: boolean, more: Partial<Line> = {}): Line => ({
  field,
  op: "=",
  value,
  cased: false,
  who: "",
  not,
  ...more,
});

function lineOf(leaf: Json, not: boolean): Line | null {
  const task = String(leaf.task ?? "");
  if (leaf.is === "labelled") {
    const who = String(leaf.actor ?? "");
    if (leaf.none === true) return plain(`state:${task}`, "none", not, { who });
    if (leaf.label == null) return plain(`state:${task}`, "labelled", not, { who });
    return plain(`manual:${task}`, String(leaf.label), not, { who });
  }
  if (leaf.is === "marked") {
    return plain(`state:${task}`, leaf.mark === "flag" ? "flagged" : "skipped", not);
  }
  if (leaf.is === "conflicting") return plain(`state:${task}`, "conflicting", not);
  if (leaf.is === "voted") {
    const who = String(leaf.heuristic ?? "");
    return plain(`vote:${task}`, String(leaf.label ?? ""), not, { who });
  }
  if (leaf.is === "commented") return plain("comments:", String(leaf.actor ?? ""), not);
  if (leaf.is === "search") return plain("words:", String(leaf.text), not);
  if (leaf.is === "compare") return comparedOf(leaf, not);
  if (leaf.is === "among") return nearestOf(leaf, not);
  return null;
}

function comparedOf(leaf: Json, not: boolean): Line | null {
  const field = leaf.field as Json;
  const op = leaf.op as Op;
  if (field.is === "slice" && op === "missing") return plain(`slice:`, String(field.name), !not);
  const name =
    field.is === "attribute"
      ? `attribute:${field.name}`
      : field.is === "length"
        ? `length:${field.name}`
        : field.is === "weak"
          ? `${field.what === "label" ? "weak" : "confidence"}:${field.task}`
          : null;
  if (name === null) return null;
  const { value } = leaf;
  const simple = (one: unknown): boolean => ["string", "number", "boolean"].includes(typeof one);
  const list = Array.isArray(value) ? value : [value];
  if (op !== "missing" && !list.every(simple)) return null;
  // A comma inside a value would be read as two.
  if (op === "in" && list.some((one) => String(one).includes(","))) return null;
  const shown = op === "missing" ? "" : list.map(String).join(", ");
  const cased = leaf.case === true && op !== "matches";
  return plain(name, shown, not, { op, cased, who: field.is === "weak" ? String(field.run) : "" });
}

function nearestOf(leaf: Json, not: boolean): Line | null {
  const { order, limit } = leaf.selection as { order: [Json, boolean][]; limit: number | null };
  const field = order[0]?.[0];
  if (order.length !== 1 || field?.is !== "similarity" || limit === null) return null;
  const like = field.like as { text?: string }[];
  if (like.length !== 1 || like[0]!.text === undefined) return null;
  return plain("meaning:", like[0]!.text, not, { who: `${limit} ${field.embedding}` });
}

/** The condition of a group; a line whose value is not typed yet is left out. */
export function toJson(part: Part, info: Info): Json | null {
  if (part.kind === "fixed") return negated(part.leaf, part.not);
  if (part.kind === "line") return jsonOf(part.line, info);
  const items = part.items.map((one) => toJson(one, info)).filter((one) => one !== null);
  if (items.length === 0) return null;
  const joined: Json = items.length === 1 ? items[0]! : { is: part.join, items };
  return negated(joined, part.not);
}

const negated = (item: Json, not: boolean): Json => (not ? { is: "not", item } : item);

export const split = (field: string): [kind: string, name: string] => {
  const at = field.indexOf(":");
  return [field.slice(0, at), field.slice(at + 1)];
};

export const taskOf = (info: Info, field: string): TaskInfo | undefined =>
  info.tasks.find((one) => one.name === split(field)[1]);

function jsonOf(line: Line, info: Info): Json | null {
  const [kind, name] = split(line.field);
  const { value, not } = line;
  if (kind === "state") return negated(stateOf(name, line), not);
  if (kind === "manual") {
    if (value === "") return null;
    const actor = line.who === "" ? null : line.who;
    return negated({ is: "labelled", task: name, label: value, actor, none: false }, not);
  }
  if (kind === "vote") {
    const heuristic = line.who === "" ? null : line.who;
    return negated({ is: "voted", task: name, heuristic, label: value === "" ? null : value }, not);
  }
  if (kind === "comments") {
    return negated({ is: "commented", actor: value === "" ? null : value }, not);
  }
  if (kind === "words")
    return value.trim() === "" ? null : negated({ is: "search", text: value }, not);
  if (kind === "slice") {
    if (value === "") return null;
    const missing = compare({ is: "slice", name: value }, "missing", null, false);
    return not ? missing : negated(missing, true);
  }
  if (kind === "meaning") return value.trim() === "" ? null : negated(nearest(line, info), not);
  const field = fieldOf(kind, name, line, info);
  if (field === null) return null;
  const numeric = kind === "length" || kind === "confidence";
  const type = info.attributes.find((one) => kind === "attribute" && one.name === name)?.type;
  const read = reader(numeric ? "float" : kind === "weak" ? "category" : (type ?? "text"));
  if (line.op === "between") {
    const [low, high] = value.split(/\.\.(?=[^.]|\.\d)/, 2).map((one) => reader("float")(one));
    if (low === undefined || high === undefined) return null;
    const items = [compare(field, ">=", low, false), compare(field, "<=", high, false)];
    return negated({ is: "all", items }, not);
  }
  const found = line.op === "in" ? listOf(value, read) : line.op === "missing" ? null : read(value);
  if (found === undefined) return null;
  return negated(compare(field, line.op, found, line.op === "matches" || line.cased), not);
}

const compare = (field: Json, op: Op, value: unknown, cased: boolean): Json => ({
  is: "compare",
  field,
  op,
  value,
  case: cased,
});

function stateOf(task: string, line: Line): Json {
  const actor = line.who === "" ? null : line.who;
  if (line.value === "flagged") return { is: "marked", task, mark: "flag" };
  if (line.value === "skipped") return { is: "marked", task, mark: "skip" };
  if (line.value === "conflicting") return { is: "conflicting", task };
  return { is: "labelled", task, label: null, actor, none: line.value === "none" };
}

function fieldOf(kind: string, name: string, line: Line, info: Info): Json | null {
  if (kind === "attribute" || kind === "length") return { is: kind, name };
  const run = line.who === "" ? taskOf(info, line.field)?.runs.at(-1) : Number(line.who);
  if (run === undefined) return null;
  return { is: "weak", task: name, run, what: kind === "weak" ? "label" : "confidence" };
}

function nearest(line: Line, info: Info): Json {
  const at = line.who.indexOf(" ");
  const limit = at < 0 ? 100 : Number(line.who.slice(0, at));
  const embedding = at < 0 ? (info.embeddings[0] ?? "") : line.who.slice(at + 1);
  const field: Json = { is: "similarity", embedding, like: [{ text: line.value }], unlike: [] };
  const condition = negated(compare(field, "missing", null, false), true);
  return { is: "among", selection: { condition, order: [[field, true]], limit } };
}

/** How a typed value is read; undefined: it is none yet. */
function reader(type: string): (typed: string) => unknown {
  if (type === "integer" || type === "float") {
    return (typed) => {
      const found = Number(typed.trim());
      return typed.trim() === "" || Number.isNaN(found) ? undefined : found;
    };
  }
  if (type === "boolean") return (typed) => typed === "true";
  return (typed) => (typed === "" ? undefined : typed);
}

function listOf(typed: string, read: (one: string) => unknown): unknown[] | undefined {
  const parts = typed.split(",").map((one) => one.trim());
  const found = parts.filter((one) => one !== "").map(read);
  return found.length === 0 || found.includes(undefined) ? undefined : found;
}

/** Everything that a line can ask, in groups for a menu. */
export function fields(info: Info): { title: string; fields: [field: string, title: string][] }[] {
  const found: ReturnType<typeof fields> = [];
  for (const { name, runs, heuristics } of info.tasks) {
    const own: [string, string][] = [
      [`manual:${name}`, `${name}: manual label`],
      [`state:${name}`, `${name}: state`],
    ];
    if (runs.length > 0) {
      own.push([`weak:${name}`, `${name}: weak label`]);
      own.push([`confidence:${name}`, `${name}: confidence`]);
    }
    if (heuristics.length > 0) own.push([`vote:${name}`, `${name}: heuristic`]);
    found.push({ title: name, fields: own });
  }
  const search: [string, string][] = [
    ["words:", "words"],
    ["comments:", "comment"],
  ];
  if (info.embeddings.length > 0) search.push(["meaning:", "meaning"]);
  if (info.slices.length > 0) search.push(["slice:", "slice"]);
  found.push({ title: "Search", fields: search });
  const own = info.attributes.map(({ name }): [string, string] => [`attribute:${name}`, name]);
  found.push({ title: "Attributes", fields: own });
  const texts = info.attributes.filter(({ type }) => type === "text" || type === "category");
  found.push({
    title: "Lengths",
    fields: texts.map(({ name }): [string, string] => [`length:${name}`, `length of ${name}`]),
  });
  return found.filter((one) => one.fields.length > 0);
}

/** The operators of a field; empty: it is only asked for its value. */
export function operators(info: Info, field: string): Op[] {
  const [kind, name] = split(field);
  if (kind === "length") return ["<", "<=", ">", ">=", "between", "=", "!="];
  if (kind === "confidence") return ["<", "<=", ">", ">=", "between", "missing"];
  if (kind === "weak") return ["=", "!=", "missing"];
  if (kind !== "attribute") return [];
  const type = info.attributes.find((one) => one.name === name)?.type ?? "text";
  if (type === "json") return ["contains", "missing"];
  if (type === "boolean") return ["=", "!=", "missing"];
  if (type === "integer" || type === "float") return NUMBER_OPS;
  return type === "category"
    ? ["=", "!=", "in", "contains", "starts", "ends", "matches", "missing"]
    : TEXT_OPS;
}

/** A new line that asks a field, with the value that most begin with. */
export function fresh(info: Info, field: string): Line {
  const [kind] = split(field);
  const task = taskOf(info, field);
  const op = operators(info, field)[0] ?? "=";
  const values: Record<string, string> = {
    manual: task?.labels[0]?.name ?? "",
    weak: task?.labels[0]?.name ?? "",
    state: "labelled",
    vote: "",
    confidence: "0.7",
    slice: info.slices[0] ?? "",
  };
  return plain(field, values[kind] ?? "", kind === "state", { op });
}

/** Whether a part of a filter has no value yet. */
export function incomplete(group: Group, info: Info): boolean {
  return group.items.some((one) =>
    one.kind === "group"
      ? one.items.length === 0 || incomplete(one, info)
      : toJson(one, info) === null,
  );
}

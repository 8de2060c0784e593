// What is being written and not yet saved, kept in the browser: nothing typed is lost.

import type { Store } from "../../state/storage";
import type { FunctionSpec, Spec, Stored } from "./protocol";

export interface Draft {
  /** `h12` for the heuristic with this id, `new-...` for one that is not stored yet. */
  key: string;
  heuristic: number | null;
  /** What that heuristic was called: ids are given again. */
  origin: string;
  name: string;
  /** Whether a person chose the name; until then it follows the function's. */
  named: boolean;
  spec: Spec;
  /** The version that is being edited. */
  base: number | null;
  at: number;
}

export const keyOf = (heuristic: number): string => `h${heuristic}`;

/** What the editor shows of a stored spec. */
export function specOf({ spec, editable, told }: Pick<Stored, "spec" | "editable" | "told">): Spec {
  if (!editable) return { kind: "other", shown: told };
  if (spec.kind === "function") {
    const own: FunctionSpec = {
      kind: "function",
      source: String(spec.source),
      entry: spec.entry as string,
    };
    const { dialect, texts, model } = spec as unknown as Required<FunctionSpec>;
    return dialect === undefined ? own : { ...own, dialect, texts, model };
  }
  const on = (spec.on ?? null) as string | null;
  const label = String(spec.label);
  if (spec.kind === "regex") {
    const group = (spec.group ?? 0) as number | string;
    return {
      kind: "regex",
      label,
      pattern: String(spec.pattern),
      case: spec.case !== false,
      group,
      on,
    };
  }
  return {
    kind: "lookup",
    label,
    terms: (spec.terms ?? []) as string[],
    case: spec.case === true,
    whole_words: spec.whole_words !== false,
    plural: spec.plural === true,
    on,
  };
}

export function draftOf(stored: Stored, at: number): Draft {
  return {
    key: keyOf(stored.id),
    heuristic: stored.id,
    origin: stored.name,
    name: stored.name,
    named: true,
    spec: specOf(stored),
    base: stored.version,
    at,
  };
}

/** A heuristic that is not stored yet; one written as `wanted` gets the name that is free. */
export function newDraft(key: string, name: string, wanted: string, spec: Spec, at: number): Draft {
  const named = spec.kind !== "function";
  // The function is called as the heuristic is.
  const own: Spec =
    spec.kind === "function" && name !== wanted
      ? { ...spec, source: renamed(spec.source, wanted, name) }
      : spec;
  return { key, heuristic: null, origin: "", name, named, spec: own, base: null, at };
}

/** The spec as the kernel takes it; of a kind that is only shown, what is stored. */
export function sent(draft: Draft, stored: Stored | null): Spec {
  const shown = draft.spec.kind === "other" && stored !== null;
  return shown ? (stored.spec as unknown as Spec) : draft.spec;
}

/** Whether two specs would be stored as the same version. */
export function sameSpec(one: Spec, other: Spec): boolean {
  if (one.kind === "function" && other.kind === "function") return one.source === other.source;
  return JSON.stringify(one) === JSON.stringify(other);
}

export function differs(draft: Draft, stored: Stored | null): boolean {
  if (stored === null) return true;
  return draft.name !== stored.name || !sameSpec(draft.spec, specOf(stored));
}

/** The source with its function called otherwise. */
export function renamed(source: string, name: string, other: string): string {
  return source.replace(new RegExp(`\\bdef ${name.replace(/\W/g, "\\$&")}\\b`), `def ${other}`);
}

/** The drafts of one task, in memory and in the browser's storage. */
export class Drafts {
  /** Grows with every draft that comes or goes. */
  revision = 0;
  private readonly prefix: string;
  private readonly drafts = new Map<string, Draft>();

  constructor(
    private readonly store: Store,
    project: string,
    task: number,
  ) {
    this.prefix = `refinery_nb:draft:${project}:${task}:`;
    for (const key of store.keys(this.prefix)) {
      const draft = parsed(store.get(key), key.slice(this.prefix.length));
      if (draft !== null) this.drafts.set(draft.key, draft);
    }
  }

  /** Whether the browser keeps it. */
  keep(draft: Draft): boolean {
    const known = this.drafts.get(draft.key);
    if (known?.name !== draft.name) this.revision += 1;
    this.drafts.set(draft.key, draft);
    return this.store.set(this.prefix + draft.key, JSON.stringify(draft));
  }

  forget(key: string): void {
    if (this.drafts.delete(key)) this.revision += 1;
    this.store.remove(this.prefix + key);
  }

  get(key: string): Draft | null {
    return this.drafts.get(key) ?? null;
  }

  /** Keep a draft whose heuristic is gone as one of a heuristic that is not stored yet. */
  orphan(draft: Draft, key: string): void {
    this.forget(draft.key);
    this.keep({ ...draft, key, heuristic: null, origin: "", base: null });
  }

  /** Let go of what is gone: drafts of heuristics that are not in the list any more. */
  release(rows: { id: number }[], open: Draft | null, makeKey: () => string): void {
    const known = new Set(rows.map((one) => one.id));
    for (const draft of [...this.drafts.values()]) {
      const gone = draft.heuristic !== null && !known.has(draft.heuristic);
      if (gone && draft.key !== open?.key) this.orphan(draft, makeKey());
    }
  }

  /** Drafts of heuristics that are not stored yet, with the one that is open. */
  unsaved(open: Draft | null): Draft[] {
    // What is open counts as it stands: its name may have changed with its function's.
    const kept = [...this.drafts.values()]
      .filter((one) => one.heuristic === null)
      .map((one) => (one.key === open?.key ? open : one));
    const missing = open?.heuristic === null && !kept.includes(open);
    return missing && open !== null ? [...kept, open] : kept;
  }
}

function parsed(text: string | null, key: string): Draft | null {
  try {
    const draft = JSON.parse(text ?? "null") as Draft | null;
    const whole =
      draft?.key === key && typeof draft.name === "string" && typeof draft.spec?.kind === "string";
    return whole ? draft : null;
  } catch {
    return null;
  }
}

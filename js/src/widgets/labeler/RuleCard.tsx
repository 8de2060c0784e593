// A rule from the selected text: its forms, what each would hit, and the label it gives.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  type FormsResult,
  type LabelInfo,
  RpcError,
  type RuleForm,
  type TaskInfo,
} from "../../rpc";
import type { Session } from "../../state/session";
import { safeColor } from "../../ui/color";
import type { KeyOn } from "../../ui/events";
import { count, plural } from "../../ui/numbers";

export interface RuleSource {
  attribute: string;
  text: string;
  /** What the record is labelled already; the rule gives that, unless another is chosen. */
  task: TaskInfo | null;
  label: LabelInfo | null;
}

interface RuleCardProps {
  session: Session;
  source: RuleSource;
  tasks: TaskInfo[];
  onClose(): void;
}

const NAMES: Record<string, string> = {
  exact: "exactly so",
  folded: "any case",
  plural: "with its plural",
  digits: "any digits",
  shape: "what looks like it",
};

const words = (error: unknown): string =>
  error instanceof RpcError ? [error.message, error.hint].join(" ").trim() : String(error);

export function RuleCard({ session, source, tasks, onClose }: RuleCardProps): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const [task, setTask] = useState<TaskInfo>(source.task ?? tasks[0]!);
  const [label, setLabel] = useState<LabelInfo | null>(source.label);
  const [found, setFound] = useState<FormsResult | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const [trouble, setTrouble] = useState("");
  const [making, setMaking] = useState(false);
  const [slow, setSlow] = useState(false);
  const { attribute, text } = source;

  // Before the next key comes.
  useLayoutEffect(() => {
    root.current?.focus({ preventScroll: true });
    root.current?.scrollIntoView?.({ block: "nearest" });
  }, []);

  useEffect(() => {
    let gone = false;
    setFound(null);
    setTrouble("");
    session.ask("forms", { task: task.id, attribute, text }).then(
      (answer) => {
        if (gone) return;
        setFound(answer);
        setChosen((old) => old ?? standard(answer.forms));
      },
      (error: unknown) => gone || setTrouble(words(error)),
    );
    return () => {
      gone = true;
    };
  }, [task.id, attribute, text]);

  const waiting = (found === null && trouble === "") || making;
  useEffect(() => {
    setSlow(false);
    if (!waiting) return;
    const timer = setTimeout(() => setSlow(true), 2_000);
    return () => clearTimeout(timer);
  }, [waiting]);

  const form = found?.forms.find((one) => one.id === chosen) ?? null;

  const create = (): void => {
    if (making) return;
    if (label === null) return setTrouble("Choose a label first, by its key.");
    if (form === null) return;
    setMaking(true);
    setTrouble("");
    session.ask("rule", { task: task.id, attribute, text, form: form.id, label: label.id }).then(
      (made) => {
        const votes = plural(made.votes, "vote");
        session.say(
          made.state === "failed"
            ? `${made.heuristic} failed: ${made.message}`
            : `${made.heuristic}: ${made.added ? votes : `nothing new, ${votes}`}`,
        );
        onClose();
      },
      (error: unknown) => {
        setMaking(false);
        setTrouble(words(error));
      },
    );
  };

  const step = (by: number): void => {
    const { forms } = found ?? { forms: [] };
    const at = forms.findIndex((one) => one.id === chosen);
    const next = forms[(at + by + forms.length) % forms.length];
    if (next !== undefined) setChosen(next.id);
  };

  const choose = (of: TaskInfo, one: LabelInfo): void => {
    setTask(of);
    setLabel(one);
    setTrouble("");
  };

  const onKeyDown = (event: KeyOn<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Tab") return;
    event.stopPropagation();
    // Enter and space on a focused button press it.
    const onButton = (event.target as Element).closest("button") !== null;
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" && !event.repeat) create();
    else if (event.key === "ArrowDown" || event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowUp" || event.key === "ArrowLeft") step(-1);
    else if (!byKey(event.key)) return;
    event.preventDefault();
  };

  const byKey = (key: string): boolean => {
    for (const wanted of [key, key.toLowerCase()]) {
      for (const of of tasks) {
        const one = of.labels.find((other) => other.hotkey !== "" && other.hotkey === wanted);
        if (one === undefined) continue;
        choose(of, one);
        return true;
      }
    }
    return false;
  };

  return (
    <div
      ref={root}
      class="rn-rule"
      role="dialog"
      aria-label="A rule from the selected text"
      aria-busy={waiting}
      tabIndex={-1}
      data-testid="rule-card"
      onKeyDown={onKeyDown}
    >
      <div class="rn-sheet-head">
        <h3>
          Rule from <q class="rn-rule-text">{text}</q>
        </h3>
        <button
          type="button"
          class="rn-button rn-plain rn-close"
          aria-label="Close without a rule"
          onClick={onClose}
        >
          ✕
        </button>
      </div>
      {tasks.map((of) => (
        <div key={of.id} class="rn-chips" role="radiogroup" aria-label={`Label of ${of.name}`}>
          {of.labels.map((one) => {
            const set = of.id === task.id && one.id === label?.id;
            return (
              <button
                key={one.id}
                type="button"
                role="radio"
                aria-checked={set}
                class={`rn-chip${set ? " rn-picked" : ""}`}
                style={{ "--rn-own": safeColor(one.color) }}
                data-testid={`rule-label-${one.name}`}
                onClick={() => (choose(of, one), root.current?.focus())}
              >
                {one.hotkey !== "" ? <kbd>{one.hotkey}</kbd> : null}
                <span class="rn-dot" />
                <span class="rn-chip-name">{one.name}</span>
              </button>
            );
          })}
        </div>
      ))}
      <Forms
        found={found}
        chosen={chosen}
        label={label}
        spans={task.kind === "spans"}
        onChoose={(id) => (setChosen(id), root.current?.focus())}
      />
      {form !== null ? <Snippets form={form} /> : null}
      <div class="rn-rule-foot">
        <button
          type="button"
          class="rn-button rn-primary"
          disabled={form === null || label === null || making}
          data-testid="rule-make"
          onClick={create}
        >
          <kbd>↵</kbd> {label === null ? "Make the rule" : `Make it vote ${label.name}`}
        </button>
        <span class="rn-quiet">
          <kbd>↑</kbd> <kbd>↓</kbd> form · label by its key · <kbd>Esc</kbd> close
        </span>
      </div>
      <div class="rn-rule-said" role="status" data-testid="rule-said">
        {trouble !== "" ? <span class="rn-bad">{trouble}</span> : null}
        {making ? "The rule is being made and run. " : null}
        {slow && waiting ? "The kernel is busy; this goes on as soon as it answers." : null}
      </div>
    </div>
  );
}

interface FormsProps {
  found: FormsResult | null;
  chosen: string | null;
  label: LabelInfo | null;
  spans: boolean;
  onChoose(id: string): void;
}

function Forms({ found, chosen, label, spans, onChoose }: FormsProps): JSX.Element {
  if (found === null) {
    return <div class="rn-rule-forms rn-quiet">Counting what it would hit …</div>;
  }
  const partly = found.looked_at < found.total;
  return (
    <div class="rn-rule-forms" role="radiogroup" aria-label="Form of the rule">
      {found.forms.map((form) => {
        const agree = label === null ? 0 : (form.agree[String(label.id)] ?? 0);
        const records = plural(form.records, "record");
        return (
          <button
            key={form.id}
            type="button"
            role="radio"
            aria-checked={form.id === chosen}
            class={`rn-rule-form${form.id === chosen ? " rn-picked" : ""}`}
            data-testid={`rule-form-${form.id}`}
            onClick={() => onChoose(form.id)}
          >
            <code>{form.rule}</code>
            <span class="rn-quiet">{NAMES[form.id] ?? form.id}</span>
            <span class="rn-rule-count">
              {partly ? "at least " : ""}
              {records}
            </span>
            <span class="rn-rule-count" title={`Of the labelled ${spans ? "spans" : "records"}`}>
              {label === null
                ? `${count(form.reviewed)} labelled`
                : `${agree} for · ${form.reviewed - agree} against`}
            </span>
          </button>
        );
      })}
      {partly ? (
        <div class="rn-quiet" data-testid="rule-partly">
          Looked at {count(found.looked_at)} of {plural(found.total, "record")}, the labelled ones
          first.
        </div>
      ) : null}
    </div>
  );
}

function Snippets({ form }: { form: RuleForm }): JSX.Element {
  return (
    <ul class="rn-rule-snippets" data-testid="rule-snippets">
      {form.snippets.map((one) => (
        <li key={one.key}>
          <span class="rn-quiet">{one.key}</span> {one.before}
          <mark>{one.hit}</mark>
          {one.after}
        </li>
      ))}
    </ul>
  );
}

/** The form that is meant most often: upper and lower case the same. */
function standard(forms: RuleForm[]): string | null {
  return (forms.find((one) => one.id === "folded") ?? forms[0])?.id ?? null;
}

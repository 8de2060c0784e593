// The code editor: CodeMirror with Python, what is wrong marked in place, and completion. It is
// large: widgets get it as a part (parts.ts), by the component Code.

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
} from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
} from "@codemirror/commands";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { Mounted } from "../parts";
import { completions, type Known } from "./complete";
import { faults, setFaults } from "./faults";
import type { Fault, Problem } from "./places";
import { theme } from "./theme";

export interface CodeProps {
  /** Another one shows `text` anew; the same one keeps what stands. */
  revision: number;
  text: string;
  /** What a screen reader calls it. */
  label: string;
  /** What an empty one says. */
  hint: string;
  known: Known;
  problems: Problem[];
  faults: Fault[];
  /** Grows when the editor should get the keyboard. */
  focus: number;
  onChange(text: string): void;
  /** Escape: the keyboard goes back. */
  onLeave(): void;
}

/** Columns are code points; the editor counts UTF-16 units. */
export function diagnostic(doc: Text, problem: Problem): Diagnostic {
  const line = doc.line(Math.min(Math.max(problem.line, 1), doc.lines));
  const units = (column: number): number => [...line.text].slice(0, column).join("").length;
  const indent = line.text.length - line.text.trimStart().length;
  const from = line.from + (problem.start === null ? indent : units(problem.start));
  const to = problem.end === null ? line.to : line.from + units(problem.end);
  return { from, to: Math.max(from, to), severity: problem.severity, message: problem.message };
}

/** Show an editor in an element. */
export function mount(host: HTMLElement, props: CodeProps): Mounted<CodeProps> {
  let now = props;
  const state = (text: string): EditorState =>
    EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        bracketMatching(),
        closeBrackets(),
        python(),
        pythonLanguage.data.of({ autocomplete: completions(() => now.known) }),
        autocompletion({ icons: false, activateOnTypingDelay: 50 }),
        placeholder(now.hint),
        faults,
        theme,
        EditorView.contentAttributes.of({
          "aria-label": now.label,
          spellcheck: "false",
          "data-testid": "source",
        }),
        keymap.of([
          {
            key: "Escape",
            run: (view) => {
              if (completionStatus(view.state) === "active") return false;
              closeCompletion(view);
              now.onLeave();
              return true;
            },
          },
          {
            key: "Tab",
            run: (view) =>
              acceptCompletion(view) ||
              (view.state.selection.main.empty && !atIndent(view)
                ? insertSpaces(view)
                : indentMore(view)),
            shift: indentLess,
          },
          { key: "F8", run: nextDiagnostic },
          // They belong to the widget: trying, running and saving.
          { key: "Mod-Enter", run: settle },
          { key: "Shift-Enter", run: settle },
          { key: "Mod-s", run: settle, preventDefault: true },
        ]),
        keymap.of([
          ...completionKeymap,
          ...closeBracketsKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) now.onChange(update.state.doc.toString());
        }),
      ],
    });
  const view = new EditorView({ state: state(props.text), parent: host });
  mark(view, props);
  view.dispatch({ effects: setFaults.of(props.faults) });
  if (props.focus > 0) view.focus();
  return {
    update(next) {
      const before = now;
      now = next;
      const anew = next.revision !== before.revision;
      if (anew) view.setState(state(next.text));
      if (anew || next.problems !== before.problems) mark(view, next);
      if (anew || next.faults !== before.faults) {
        view.dispatch({ effects: setFaults.of(next.faults) });
      }
      if (next.focus > 0 && (anew || next.focus !== before.focus)) view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** The list of completions goes; what the key does is the widget's. */
function settle(view: EditorView): boolean {
  closeCompletion(view);
  return true;
}

function mark(view: EditorView, { problems }: CodeProps): void {
  const found = problems.map((problem) => diagnostic(view.state.doc, problem));
  view.dispatch(setDiagnostics(view.state, found));
}

function atIndent(view: EditorView): boolean {
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  return line.text.slice(0, head - line.from).trim() === "";
}

/** To the next tab stop, as spaces. */
function insertSpaces(view: EditorView): boolean {
  const { head } = view.state.selection.main;
  const column = head - view.state.doc.lineAt(head).from;
  const spaces = " ".repeat(4 - (column % 4));
  view.dispatch(view.state.replaceSelection(spaces));
  return true;
}

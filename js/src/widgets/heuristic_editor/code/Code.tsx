// The code editor: CodeMirror with Python, what is wrong marked in place, and completion.

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
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Fault } from "../faults";
import type { Problem } from "../protocol";
import { completions, type Known } from "./complete";
import { faults, setFaults } from "./faults";
import { theme } from "./theme";

export interface CodeProps {
  /** Another one shows `text` anew; the same one keeps what stands. */
  revision: number;
  text: string;
  name: string;
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

export function Code(props: CodeProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const now = useRef(props);
  now.current = props;

  useEffect(() => {
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
          pythonLanguage.data.of({ autocomplete: completions(() => now.current.known) }),
          autocompletion({ icons: false, activateOnTypingDelay: 50 }),
          placeholder("def name(record): ..."),
          faults,
          theme,
          EditorView.contentAttributes.of({
            "aria-label": `Source of ${now.current.name}`,
            spellcheck: "false",
            "data-testid": "source",
          }),
          keymap.of([
            {
              key: "Escape",
              run: (view) => {
                if (completionStatus(view.state) === "active") return false;
                closeCompletion(view);
                now.current.onLeave();
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
            if (update.docChanged) now.current.onChange(update.state.doc.toString());
          }),
        ],
      });
    const made = new EditorView({ state: state(now.current.text), parent: host.current! });
    view.current = made;
    mark(made, now.current);
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [props.revision]);

  useEffect(() => {
    if (view.current !== null) mark(view.current, props);
  }, [props.problems]);

  useEffect(() => {
    view.current?.dispatch({ effects: setFaults.of(props.faults) });
  }, [props.faults]);

  useEffect(() => {
    if (props.focus > 0) view.current?.focus();
  }, [props.focus, props.revision]);

  return <div class="rne-code" ref={host} data-testid="code" />;
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

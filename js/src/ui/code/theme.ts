// The look of the code editor: JupyterLab's variables, with fallbacks for places without them.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const mirror = (name: string, fallback: string): string =>
  `var(--jp-mirror-editor-${name}-color, ${fallback})`;

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: mirror("keyword", "#008000"), fontWeight: "bold" },
  { tag: tags.operatorKeyword, color: mirror("keyword", "#008000"), fontWeight: "bold" },
  { tag: [tags.number, tags.integer, tags.float], color: mirror("number", "#080") },
  { tag: [tags.string, tags.special(tags.string)], color: mirror("string", "#ba2121") },
  {
    tag: [tags.lineComment, tags.comment],
    color: mirror("comment", "#408080"),
    fontStyle: "italic",
  },
  { tag: tags.function(tags.definition(tags.variableName)), color: mirror("def", "#00f") },
  { tag: tags.definition(tags.variableName), color: mirror("variable", "inherit") },
  { tag: [tags.bool, tags.null, tags.atom], color: mirror("atom", "#88f") },
  { tag: tags.operator, color: mirror("operator", "#055be0") },
  { tag: tags.propertyName, color: mirror("property", "inherit") },
  { tag: [tags.meta, tags.annotation], color: mirror("meta", "#a2f") },
  { tag: tags.self, color: mirror("builtin", "#008000") },
]);

const look = EditorView.theme({
  "&": {
    color: "var(--rn-ink)",
    backgroundColor: "var(--jp-cell-editor-background, var(--rn-shade))",
    fontSize: "13px",
  },
  "&.cm-focused": { outline: "1px solid var(--rn-accent)" },
  ".cm-scroller": {
    fontFamily: "var(--jp-code-font-family, ui-monospace, monospace)",
    lineHeight: "1.5",
    minHeight: "132px",
    maxHeight: "46vh",
    overflow: "auto",
  },
  ".cm-content": { padding: "8px 0", caretColor: "var(--rn-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--rn-ink)" },
  ".cm-gutters": {
    color: "var(--rn-quiet)",
    backgroundColor: "transparent",
    border: "none",
    fontVariantNumeric: "tabular-nums",
  },
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "3px 0 0 4px" },
  ".cm-lint-marker": { width: "9px", height: "9px" },
  ".cm-lint-marker-error": { content: "none", background: "var(--rn-bad)", borderRadius: "50%" },
  ".cm-lint-marker-warning": { content: "none", background: "var(--rn-warn)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--rn-ink) 5%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--rn-ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "color-mix(in srgb, var(--rn-accent) 30%, transparent)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--rn-accent) 22%, transparent)",
    outline: "none",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--rn-bad)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--rn-warn)",
    textUnderlineOffset: "3px",
  },
  ".cm-tooltip": {
    color: "var(--rn-ink)",
    backgroundColor: "var(--rn-paper)",
    border: "1px solid var(--rn-edge)",
    borderRadius: "6px",
    boxShadow: "0 4px 16px rgb(0 0 0 / 22%)",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--jp-code-font-family, ui-monospace, monospace)",
    fontSize: "13px",
    maxHeight: "14em",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "#fff",
    backgroundColor: "var(--jp-brand-color1, #1565c0)",
  },
  ".cm-completionDetail": { color: "var(--rn-quiet)", fontStyle: "normal", marginLeft: "12px" },
  "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-diagnostic": { padding: "4px 10px", borderLeftWidth: "4px", maxWidth: "60ch" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--rn-bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--rn-warn)" },
  ".rn-fault": {
    margin: "2px 8px 4px 24px",
    padding: "2px 8px",
    borderLeft: "3px solid var(--rn-bad)",
    borderRadius: "3px",
    backgroundColor: "color-mix(in srgb, var(--rn-bad) 12%, transparent)",
    fontFamily: "var(--jp-ui-font-family, system-ui, sans-serif)",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
});

export const theme: Extension = [look, syntaxHighlighting(highlight)];

// What went wrong at run time, under the line of the source where it did.

import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Fault } from "./places";

class FaultWidget extends WidgetType {
  constructor(private readonly message: string) {
    super();
  }
  override eq(other: FaultWidget): boolean {
    return other.message === this.message;
  }
  override toDOM(): HTMLElement {
    const shown = document.createElement("div");
    shown.className = "rn-fault";
    shown.dataset.testid = "fault";
    shown.textContent = this.message;
    return shown;
  }
  override ignoreEvent(): boolean {
    return true;
  }
}

export const setFaults = StateEffect.define<Fault[]>();

export const faults: Extension = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setFaults)) continue;
      const { doc } = transaction.state;
      const builder = new RangeSetBuilder<Decoration>();
      const sorted = effect.value
        .filter(({ line }) => line >= 1 && line <= doc.lines)
        .sort((one, other) => one.line - other.line);
      for (const { line, message } of sorted) {
        const widget = new FaultWidget(message);
        const at = doc.line(line).to;
        builder.add(at, at, Decoration.widget({ widget, block: true, side: 1 }));
      }
      next = builder.finish();
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

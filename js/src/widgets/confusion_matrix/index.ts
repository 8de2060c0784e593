// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { MatrixState } from "./state";
import "../../ui/base.css";
import "./confusion_matrix.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const state = new MatrixState(new AnywidgetTransport(model, el));
    render(h(ConfusionMatrix, { state }), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  },
};

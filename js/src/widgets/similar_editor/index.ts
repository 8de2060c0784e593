// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { SimilarEditor } from "./SimilarEditor";
import { SimilarState } from "./state";
import "../../ui/base.css";
import "./similar_editor.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const state = new SimilarState(new AnywidgetTransport(model, el));
    render(h(SimilarEditor, { state }), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  },
};

// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { EmbeddingMap } from "./EmbeddingMap";
import { MapState } from "./state";
import "../../ui/base.css";
import "./embedding_map.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const state = new MapState(new AnywidgetTransport(model, el));
    render(h(EmbeddingMap, { state }), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  },
};

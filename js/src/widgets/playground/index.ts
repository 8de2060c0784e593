// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { Playground } from "./Playground";
import { PlaygroundState } from "./state";
import "../../ui/base.css";
import "./playground.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const state = new PlaygroundState(new AnywidgetTransport(model, el));
    render(h(Playground, { state }), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  },
};

// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { Browser } from "./Browser";
import { BrowserState } from "./state";
import "../../ui/base.css";
import "./browser.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const state = new BrowserState(new AnywidgetTransport(model, el));
    render(h(Browser, { state }), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  },
};

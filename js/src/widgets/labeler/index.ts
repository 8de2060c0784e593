// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { Session } from "../../state/session";
import { openStore, Preferences } from "../../state/storage";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { Labeler } from "./Labeler";
import "../../ui/base.css";
import "../../ui/prose.css";
import "../../ui/text/text.css";
import "./labeler.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const store = openStore();
    const session = new Session(new AnywidgetTransport(model, el), store);
    render(h(Labeler, { session, preferences: new Preferences(store) }), el);
    void session.open();
    return () => {
      render(null, el);
      session.dispose();
    };
  },
};

// The entry of the bundle: what anywidget calls.

import { h, render } from "preact";
import { openStore } from "../../state/storage";
import { AnywidgetTransport, type WidgetModel } from "../../transport/anywidget";
import { Editor } from "./Editor";
import { EditorSession } from "./session";
import "../../ui/base.css";
import "./editor.css";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

export default {
  render({ model, el }: RenderContext): () => void {
    const session = new EditorSession(new AnywidgetTransport(model, el), openStore());
    render(h(Editor, { session }), el);
    void session.open();
    return () => {
      render(null, el);
      session.dispose();
    };
  },
};

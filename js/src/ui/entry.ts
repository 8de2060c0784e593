// The entry of a bundle, as anywidget calls it: a state for every view that is shown.

import { type ComponentChild, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../transport/anywidget";
import type { Transport } from "../transport/transport";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

interface Opened {
  open(): Promise<void>;
  dispose(): void;
}

export function entry<State extends Opened>(
  make: (transport: Transport) => State,
  show: (state: State) => ComponentChild,
): { render(context: RenderContext): () => void } {
  return {
    render({ model, el }) {
      const state = make(new AnywidgetTransport(model, el));
      render(show(state), el);
      void state.open();
      return () => {
        render(null, el);
        state.dispose();
      };
    },
  };
}

// The entry of a bundle: a state for every view that is shown, over whatever carries its messages.

import { type ComponentChild, render } from "preact";
import { AnywidgetTransport, type WidgetModel } from "../transport/anywidget";
import type { Transport } from "../transport/transport";
import type { Host } from "./host";

interface RenderContext {
  model: WidgetModel;
  el: HTMLElement;
}

interface Opened {
  open(): Promise<void>;
  dispose(): void;
}

export interface Entry {
  /** Show a view in an element; returns how to take it away. */
  mount(transport: Transport, el: HTMLElement, host?: Host): () => void;
  /** As anywidget calls it. */
  render(context: RenderContext): () => void;
}

export function entry<State extends Opened>(
  make: (transport: Transport) => State,
  show: (state: State, host?: Host) => ComponentChild,
): Entry {
  const mount: Entry["mount"] = (transport, el, host) => {
    const state = make(transport);
    render(show(state, host), el);
    void state.open();
    return () => {
      render(null, el);
      state.dispose();
    };
  };
  return { mount, render: ({ model, el }) => mount(new AnywidgetTransport(model, el), el) };
}

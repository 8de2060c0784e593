// A component as a part: it brings a Preact of its own.

import { type ComponentType, h, render } from "preact";
import type { Part } from "../ui/parts";

export function shown<Props extends object>(component: ComponentType<Props>): Part<Props>["mount"] {
  return (host, props) => {
    const update = (next: Props): void => render(h(component, next), host);
    update(props);
    return { update, destroy: () => render(null, host) };
  };
}

// What is to be done next: a line of code in a notebook, a button in the application.

import { type ComponentChild, createContext, h, type JSX } from "preact";
import { useContext } from "preact/hooks";
import type { Host } from "./host";

const Around = createContext<Host | undefined>(undefined);

/** A view, and what stands around it. */
export const within = (host: Host | undefined, view: ComponentChild): ComponentChild =>
  h(Around.Provider, { value: host, children: view });

interface TodoProps {
  /** A line of code, or a sentence with some in it. */
  text: string;
  /** All of it is code. */
  code?: boolean;
}

export function Todo({ text, code = false }: TodoProps): JSX.Element | string {
  const deeds = useContext(Around)?.deeds(text) ?? [];
  if (deeds.length === 0) return code ? <code class="rn-mono">{text}</code> : text;
  return (
    <>
      {deeds.map(({ title, act }) => (
        <button key={title} type="button" class="rn-button rn-todo" onClick={act}>
          {title}
        </button>
      ))}
    </>
  );
}

// A part of the front end that comes when it is needed; see parts.ts.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type AskPart, loadPart, type Mounted } from "./parts";

interface LaterProps<Props> {
  part: string;
  ask: AskPart;
  props: Props;
}

export function Later<Props>({ part, ask, props }: LaterProps<Props>): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const mounted = useRef<Mounted<Props> | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    let wanted = true;
    loadPart<Props>(part, ask).then(
      ({ mount }) => {
        if (wanted) mounted.current = mount(host.current!, latest.current);
      },
      (error) => wanted && setTrouble(String(error)),
    );
    return () => {
      wanted = false;
      mounted.current?.destroy();
    };
  }, [part]);
  useEffect(() => mounted.current?.update(props));
  return (
    <>
      {trouble === "" ? null : (
        <p class="rn-warn" role="alert">
          {trouble}
        </p>
      )}
      <div ref={host} />
    </>
  );
}

// The code editor in a widget; it comes from the kernel when the first one is shown.

import type { JSX } from "preact";
import { Later } from "../Later";
import type { AskPart } from "../parts";
import type { CodeProps } from "./editor";

export function Code({ ask, ...props }: CodeProps & { ask: AskPart }): JSX.Element {
  return (
    <div class="rn-code" data-testid="code">
      <Later part="code" ask={ask} props={props} />
    </div>
  );
}

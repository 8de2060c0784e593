// A label as a chip: filled where a person says it, outlined and dashed where a machine does.

import type { JSX } from "preact";
import { inkOn, safeColor } from "../../ui/color";
import type { LabelInfo } from "./protocol";

interface ChipProps {
  label: LabelInfo | undefined;
  voice: "person" | "machine";
  confidence?: number;
}

export function Chip({ label, voice, confidence = 1 }: ChipProps): JSX.Element {
  const color = safeColor(label?.color ?? "");
  const style =
    voice === "person"
      ? { backgroundColor: color, borderColor: color, color: inkOn(color) }
      : { "--rne-own": color };
  return (
    <span class={`rne-chip rne-chip-${voice}`} style={style} title={label?.name}>
      {voice === "machine" ? <span class="rne-dot" /> : null}
      <span class="rne-chip-name">{label?.name ?? "a label that was removed"}</span>
      {confidence < 1 ? (
        <span
          class="rne-bar rne-bar-small"
          role="img"
          aria-label={`confidence ${Math.round(100 * confidence)} percent`}
        >
          <i style={{ width: `${Math.round(100 * confidence)}%` }} />
        </span>
      ) : null}
    </span>
  );
}

// A label as a chip: filled where a person says it, outlined and dashed where a machine does.

import type { JSX } from "preact";
import { Bar } from "./Bars";
import { inkOn, safeColor } from "./color";

interface ChipProps {
  name: string;
  color: string;
  voice: "person" | "machine";
  /** Of a machine; shown as a bar where it is below 1. */
  confidence?: number;
}

/** What a chip is styled with: the label's own colour, as its ground where a person says it. */
export function chipStyle(color: string, voice: "person" | "machine"): Record<string, string> {
  const own = safeColor(color);
  return voice === "person"
    ? { backgroundColor: own, borderColor: own, color: inkOn(own) }
    : { "--rn-own": own };
}

export function Chip({ name, color, voice, confidence = 1 }: ChipProps): JSX.Element {
  return (
    <span class={`rn-chip rn-${voice}`} style={chipStyle(color, voice)} title={name}>
      {voice === "machine" ? <span class="rn-dot" /> : null}
      <span class="rn-chip-name">{name}</span>
      {confidence < 1 ? <Bar share={confidence} name="confidence" /> : null}
    </span>
  );
}

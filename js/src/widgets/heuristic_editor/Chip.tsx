// A label of the task as a chip, also one that is gone.

import type { JSX } from "preact";
import { Chip } from "../../ui/Chip";
import type { LabelInfo } from "./protocol";

interface LabelChipProps {
  label: LabelInfo | undefined;
  voice: "person" | "machine";
  confidence?: number;
}

export function LabelChip({ label, voice, confidence }: LabelChipProps): JSX.Element {
  const name = label?.name ?? "a label that was removed";
  return <Chip name={name} color={label?.color ?? ""} voice={voice} confidence={confidence ?? 1} />;
}

// A label to press; the first ones have a digit as their key.

import type { JSX } from "preact";
import { chipStyle } from "./Chip";

export const MOST_KEYS = 9;

interface LabelButtonProps {
  label: { name: string; color: string };
  /** Its place among the labels of the task, from 0. */
  at: number;
  disabled?: boolean;
  pressed?: boolean;
  onClick(): void;
}

export function LabelButton(props: LabelButtonProps): JSX.Element {
  const { label, at, disabled = false, pressed, onClick } = props;
  return (
    <button
      type="button"
      class="rn-chip rn-person"
      style={chipStyle(label.color, "person")}
      disabled={disabled}
      aria-pressed={pressed}
      onClick={onClick}
    >
      {at < MOST_KEYS ? <span class="rn-digit">{at + 1}</span> : null}
      <span class="rn-chip-name">{label.name}</span>
    </button>
  );
}

// A text that was cut, with the part that comes next.

import type { CardText } from "../rpc";

type Part = Pick<CardText, "text" | "tokens">;

export function joined(held: CardText, part: Part): CardText {
  const found: CardText = { ...held, text: held.text + part.text };
  if (held.tokens !== undefined) found.tokens = [...held.tokens, ...(part.tokens ?? [])];
  if ([...found.text].length >= (held.truncated_at ?? 0)) delete found.truncated_at;
  return found;
}

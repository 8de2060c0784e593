// Names in a query: as they are where they are words, else in quotes.

export const SIMPLE = /^[\p{L}_][\p{L}\p{N}_.\-/]*$/u;
export const quoted = (text: string): string =>
  SIMPLE.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

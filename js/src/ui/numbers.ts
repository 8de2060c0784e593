// Numbers in words, the same in every widget.

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString("en");

/** `1 record`, `12 records`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

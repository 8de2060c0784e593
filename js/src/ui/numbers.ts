// Numbers in words, the same in every widget.

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString("en");

/** `1 record`, `12 records`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A number from 0 to 1 without its zero: `.91`, `1.00`. */
export const fraction = (value: number, digits = 2): string =>
  value.toFixed(digits).replace(/^0/, "");

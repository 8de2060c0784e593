// Characters that nobody can see, and the symbol that stands for each.

const NAMED: Record<number, string> = {
  9: "→",
  127: "␡",
  173: "SHY",
  847: "CGJ",
  1564: "ALM",
  4447: "HF",
  4448: "HF",
  6158: "MVS",
  8203: "ZWSP",
  8204: "ZWNJ",
  8205: "ZWJ",
  8206: "LRM",
  8207: "RLM",
  8232: "LS",
  8233: "PS",
  8234: "LRE",
  8235: "RLE",
  8236: "PDF",
  8237: "LRO",
  8238: "RLO",
  8288: "WJ",
  8294: "LRI",
  8295: "RLI",
  8296: "FSI",
  8297: "PDI",
  12644: "HF",
  65279: "BOM",
};

const PICTURE = /\p{Extended_Pictographic}|[\u{1f3fb}-\u{1f3ff}\ufe0f\u20e3]/u;
const LETTER = /[\p{L}\p{M}]/u;

/** Whether a character may need a symbol: a fast test before the exact one. */
export const SUSPECT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for.
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: a combining mark is one of them.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ud800-\udfff]/;

/**
 * Return the symbol for the character at a unit of the text, or null where it shows itself.
 *
 * Joiners are left alone where they join: between the parts of an emoji, and inside words of the
 * scripts that are written with them.
 */
export function symbolAt(text: string, unit: number): string | null {
  const code = text.codePointAt(unit)!;
  if (code === 10 || code === 13) return null;
  if (code === 8205 || code === 8204) {
    const before = previous(text, unit);
    const after = text.slice(unit + 1, unit + 3);
    const next = after === "" ? "" : String.fromCodePoint(after.codePointAt(0)!);
    if (code === 8205 && PICTURE.test(before) && PICTURE.test(next)) return null;
    if (LETTER.test(before) && before >= "\u0590" && LETTER.test(next)) return null;
  }
  const named = NAMED[code];
  if (named !== undefined) return named;
  if (code < 32) return String.fromCharCode(0x2400 + code);
  if (code >= 0xe0020 && code <= 0xe007f) {
    // Tags spell the flags of regions after a black flag.
    const before = previous(text, unit).codePointAt(0) ?? 0;
    return before === 0x1f3f4 || (before >= 0xe0020 && before <= 0xe007f) ? null : hex(code);
  }
  const hidden =
    (code >= 128 && code < 160) ||
    (code >= 0x2061 && code <= 0x206f) ||
    (code >= 0xfff9 && code <= 0xfffb) ||
    (code >= 0xd800 && code <= 0xdfff);
  return hidden ? hex(code) : null;
}

function previous(text: string, unit: number): string {
  if (unit === 0) return "";
  const low = text.charCodeAt(unit - 1);
  const wide = unit > 1 && low >= 0xdc00 && low <= 0xdfff;
  return text.slice(wide ? unit - 2 : unit - 1, unit);
}

function hex(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

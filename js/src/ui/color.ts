// Colours of labels: only #rrggbb from the kernel is used, and text on it stays readable.

const FALLBACK = "#5b6b7b";

export function safeColor(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? color.toLowerCase() : FALLBACK;
}

/** Black or white, whichever reads better on the colour. */
export function inkOn(color: string): string {
  const value = Number.parseInt(safeColor(color).slice(1), 16);
  const linear = [value >> 16, (value >> 8) & 255, value & 255].map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  // Contrast with white is 1.05 / (L + .05), with black (L + .05) / .05: equal at L = .179.
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

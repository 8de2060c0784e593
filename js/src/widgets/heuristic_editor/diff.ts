// The difference of two texts, line by line.

export interface DiffLine {
  kind: "same" | "gone" | "new";
  text: string;
  /** Line numbers from 1 in the old and the new text. */
  old: number | null;
  new: number | null;
}

/** Beyond this many cells the middle is shown as replaced: a person reads no such diff. */
const MOST = 4_000_000;

/** The lines of both texts in order, by the longest common subsequence. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let first = 0;
  while (first < a.length && first < b.length && a[first] === b[first]) first++;
  let last = 0;
  while (
    last < a.length - first &&
    last < b.length - first &&
    a[a.length - 1 - last] === b[b.length - 1 - last]
  ) {
    last++;
  }
  const lines: DiffLine[] = [];
  const add = (kind: DiffLine["kind"], i: number, j: number): void => {
    const text = kind === "new" ? b[j]! : a[i]!;
    lines.push({
      kind,
      text,
      old: kind === "new" ? null : i + 1,
      new: kind === "gone" ? null : j + 1,
    });
  };
  for (let i = 0; i < first; i++) add("same", i, i);
  for (const [kind, i, j] of middle(a, b, first, last)) add(kind, i, j);
  for (let k = last; k > 0; k--) add("same", a.length - k, b.length - k);
  return lines;
}

function* middle(
  a: string[],
  b: string[],
  first: number,
  last: number,
): Generator<[DiffLine["kind"], number, number]> {
  const n = a.length - first - last;
  const m = b.length - first - last;
  let i = 0;
  let j = 0;
  if (n * m <= MOST && n > 0 && m > 0) {
    const width = m + 1;
    // length[i * width + j]: of the longest common subsequence of the rests from i and j.
    const length = new Uint32Array((n + 1) * width);
    for (let p = n - 1; p >= 0; p--) {
      for (let q = m - 1; q >= 0; q--) {
        length[p * width + q] =
          a[first + p] === b[first + q]
            ? length[(p + 1) * width + q + 1]! + 1
            : Math.max(length[(p + 1) * width + q]!, length[p * width + q + 1]!);
      }
    }
    while (i < n && j < m) {
      if (a[first + i] === b[first + j]) yield ["same", first + i++, first + j++];
      else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!)
        yield ["gone", first + i++, first + j];
      else yield ["new", first + i, first + j++];
    }
  }
  while (i < n) yield ["gone", first + i++, first + j];
  while (j < m) yield ["new", first + i, first + j++];
}

/** Runs of equal lines shortened to `around` lines at their ends; null stands for what is left out. */
export function folded(lines: DiffLine[], around = 3): (DiffLine | null)[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some((line) => line.kind !== "same"),
  );
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, at) => {
    if (near[at]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}

// Markdown as plain values: blocks and runs of text. Pure; what it does not know stays text, and
// so does all HTML. Each line is looked at once.

export type Run =
  | { is: "text" | "code"; text: string }
  | { is: "strong" | "em"; runs: Run[] }
  | { is: "link"; href: string; runs: Run[] };

export type Block =
  | { is: "heading"; level: number; runs: Run[] }
  | { is: "paragraph" | "quote"; runs: Run[] }
  | { is: "code"; text: string }
  | { is: "rule" }
  | { is: "list"; ordered: boolean; items: Run[][] };

/** Nested marks deeper than this stay text. */
const DEEPEST = 4;
const MARK = /`([^`\n]+)`|\[([^[\]\n]+)\]\(([^()\s]+)\)|\*\*([^*\n]+)\*\*|([*_])([^*_\n]+)\5/;
const SAFE = /^(https?:\/\/|mailto:)/i;
const WORD = /[\p{L}\p{N}]/u;

/** Return the runs of a line. */
export function runs(line: string, depth = 0): Run[] {
  const found: Run[] = [];
  let rest = line;
  let before = "";
  const say = (text: string): void => {
    const last = found.at(-1);
    if (text === "") return;
    if (last?.is === "text") last.text += text;
    else found.push({ is: "text", text });
  };
  while (rest !== "") {
    const hit = depth > DEEPEST ? null : MARK.exec(rest);
    if (hit === null) {
      say(rest);
      break;
    }
    const [whole, code, label, href, strong, mark, em] = hit;
    const left = rest.slice(0, hit.index);
    say(left);
    before = left === "" ? before : left;
    rest = rest.slice(hit.index + whole.length);
    // An underline inside a word is part of it: snake_case_name.
    const inside = mark === "_" && (WORD.test(before.at(-1) ?? "") || WORD.test(rest.charAt(0)));
    if (code !== undefined) found.push({ is: "code", text: code });
    else if (label !== undefined && href !== undefined && SAFE.test(href)) {
      found.push({ is: "link", href, runs: runs(label, depth + 1) });
    } else if (strong !== undefined) found.push({ is: "strong", runs: runs(strong, depth + 1) });
    else if (em !== undefined && !inside) found.push({ is: "em", runs: runs(em, depth + 1) });
    else say(whole);
    before = whole;
  }
  return found;
}

/** Return the blocks of a text. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  const lines = text.split(/\r\n?|\n/);
  let open: "paragraph" | "quote" | null = null;
  let words: string[] = [];
  const close = (): void => {
    if (open !== null) found.push({ is: open, runs: runs(words.join("\n")) });
    open = null;
    words = [];
  };
  const goOn = (kind: "paragraph" | "quote", line: string): void => {
    if (open !== kind) close();
    open = kind;
    words.push(line);
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!.trim();
    const fence = /^(```|~~~)/.exec(line)?.[1];
    const heading = /^(#{1,6}) +(.*)$/.exec(line);
    const item = /^(?:([-*+])|\d{1,9}[.)]) +(.*)$/.exec(line);
    if (fence !== undefined) {
      close();
      const code: string[] = [];
      while (++at < lines.length && !lines[at]!.trim().startsWith(fence)) code.push(lines[at]!);
      found.push({ is: "code", text: code.join("\n") });
    } else if (line === "") close();
    else if (heading !== null) {
      close();
      found.push({ is: "heading", level: heading[1]!.length, runs: runs(heading[2]!) });
    } else if (/^([-*_])( ?\1){2,}$/.test(line)) {
      close();
      found.push({ is: "rule" });
    } else if (item !== null) {
      close();
      const ordered = item[1] === undefined;
      const last = found.at(-1);
      const before = lines[at - 1]?.trim() ?? "";
      if (last?.is === "list" && last.ordered === ordered && before !== "") {
        last.items.push(runs(item[2]!));
      } else found.push({ is: "list", ordered, items: [runs(item[2]!)] });
    } else if (line.startsWith(">")) goOn("quote", line.slice(1).trim());
    else goOn("paragraph", line);
  }
  close();
  return found;
}

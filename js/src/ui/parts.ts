// Parts of the front end that are fetched from the kernel when they are needed, once a page:
// in the bundles each widget, and each notebook that keeps widgets, would carry them.

/** What stands in an element of a widget, until it is taken away. */
export interface Mounted<Props> {
  update(props: Props): void;
  destroy(): void;
}

/** What the module of a part exports. */
export interface Part<Props> {
  mount(host: HTMLElement, props: Props): Mounted<Props>;
}

/** Asks the kernel for the text of a part. */
export type AskPart = (name: string) => Promise<{ text: string }>;

interface Page {
  __refineryNbParts?: Map<string, Promise<Part<never>>>;
}

export function loadPart<Props>(name: string, ask: AskPart): Promise<Part<Props>> {
  const page = globalThis as unknown as Page;
  page.__refineryNbParts ??= new Map();
  const parts = page.__refineryNbParts;
  // Kernels of two versions may share a page.
  const key = `${name} ${process.env.VERSION}`;
  const known = parts.get(key);
  if (known !== undefined) return known as unknown as Promise<Part<Props>>;
  const asked = fetchPart<Props>(name, ask);
  parts.set(key, asked as unknown as Promise<Part<never>>);
  asked.catch(() => parts.delete(key));
  return asked;
}

async function fetchPart<Props>(name: string, ask: AskPart): Promise<Part<Props>> {
  const { text } = await ask(name);
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(/* webpackIgnore: true */ url)) as Part<Props>;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// What stands around a view in the application; in a notebook there is nothing.

/** What can be done at once instead of by a line of code. */
export interface Deed {
  title: string;
  act(): void;
}

export interface Host {
  /** Show a record in a view of its own. */
  record(key: string): void;
  /** What the code does that a text tells of, as far as it can be done here. */
  deeds(text: string): Deed[];
}

// What stands around a view in the application; in a notebook there is nothing.

export interface Host {
  /** Show a record in a view of its own. */
  record(key: string): void;
}

// The browser's storage, which may be missing, full or forbidden.

export interface Store {
  keys(prefix: string): string[];
  get(key: string): string | null;
  /** Whether it was kept. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
}

export class MemoryStore implements Store {
  private readonly items = new Map<string, string>();
  keys(prefix: string): string[] {
    return [...this.items.keys()].filter((key) => key.startsWith(prefix)).sort();
  }
  get(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  set(key: string, value: string): boolean {
    this.items.set(key, value);
    return true;
  }
  remove(key: string): void {
    this.items.delete(key);
  }
}

export class BrowserStore implements Store {
  constructor(private readonly storage: Storage) {}
  keys(prefix: string): string[] {
    const found: string[] = [];
    for (let index = 0; index < this.storage.length; index++) {
      const key = this.storage.key(index);
      if (key?.startsWith(prefix)) found.push(key);
    }
    return found.sort();
  }
  get(key: string): string | null {
    return this.storage.getItem(key);
  }
  set(key: string, value: string): boolean {
    try {
      this.storage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  }
  remove(key: string): void {
    this.storage.removeItem(key);
  }
}

/** The browser's storage where there is one, else the memory of this page. */
export function openStore(): Store {
  try {
    const probe = "refinery_nb:probe";
    window.localStorage.setItem(probe, "1");
    window.localStorage.removeItem(probe);
    return new BrowserStore(window.localStorage);
  } catch {
    return new MemoryStore();
  }
}

/** Choices of this user that outlive the page: which sections are folded, and the like. */
export class Preferences {
  private readonly values: Record<string, unknown>;
  constructor(
    private readonly store: Store,
    private readonly key = "refinery_nb:preferences",
  ) {
    let read: unknown = null;
    try {
      read = JSON.parse(store.get(key) ?? "{}");
    } catch {
      read = null;
    }
    this.values =
      typeof read === "object" && read !== null ? (read as Record<string, unknown>) : {};
  }
  flag(name: string, otherwise: boolean): boolean {
    const value = this.values[name];
    return typeof value === "boolean" ? value : otherwise;
  }
  setFlag(name: string, value: boolean): void {
    this.values[name] = value;
    this.store.set(this.key, JSON.stringify(this.values));
  }
}

// What undo and redo will do, foretold from what was done here; the kernel's answer is what counts.

import type { Effect } from "./outbox";

export interface Action {
  ops: string[];
  before: Effect[];
  after: Effect[];
}

export class UndoStack {
  private done: Action[] = [];
  private undone: Action[] = [];

  push(action: Action): void {
    this.done.push(action);
    if (this.done.length > 500) this.done.shift();
    this.undone = [];
  }

  /** What an undo will restore, or null where only the kernel knows. */
  undo(): Effect[] | null {
    const action = this.done.pop();
    if (action === undefined) return null;
    this.undone.push(action);
    return action.before;
  }

  redo(): Effect[] | null {
    const action = this.undone.pop();
    if (action === undefined) return null;
    this.done.push(action);
    return action.after;
  }

  /** The operation was never stored, so undo will not take it back. */
  forget(opId: string): void {
    const without = (actions: Action[]): Action[] => actions.filter((a) => !a.ops.includes(opId));
    this.done = without(this.done);
    this.undone = without(this.undone);
  }

  /** Other widgets did something: what undo would take back is no longer known here. */
  clear(): void {
    this.done = [];
    this.undone = [];
  }
}

// Events as handlers get them.

/** A key pressed on an element of this kind. */
export type KeyOn<Target extends EventTarget> = KeyboardEvent & { currentTarget: Target };

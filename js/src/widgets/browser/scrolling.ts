// A list that is longer than what browsers can scroll: the scrollbar stands for all of it, and a
// turn of the wheel moves by what it says. Pure: from the scrollbar to the rows.

/** The height in px from which on the scrollbar is shorter than the list; browsers end at 17 million. */
export const TALLEST = 8_000_000;

export interface Extent {
  /** How high all rows are, and how high the window is, in px. */
  whole: number;
  window: number;
}

/** How high the element inside the scrollbar is. */
export const drawn = ({ whole }: Extent): number => Math.min(whole, TALLEST);

/** The real place for a scrollbar that was moved: `shift` is what real places had more than it. */
export function real(extent: Extent, bar: number, before: number, shift: number): number {
  const most = Math.max(0, extent.whole - extent.window);
  const mostBar = Math.max(0, drawn(extent) - extent.window);
  if (most === mostBar) return Math.min(bar, most);
  if (bar <= 0) return 0;
  if (bar >= mostBar) return most;
  // A jump of the scrollbar is a share of the list, a small step are rows.
  const jump = Math.abs(bar - before) > 3 * extent.window;
  const place = jump ? (bar / mostBar) * most : bar + shift;
  return Math.min(Math.max(place, 0), most);
}

/** Where the scrollbar stands for a real place. */
export function barOf(extent: Extent, place: number): number {
  const most = Math.max(0, extent.whole - extent.window);
  const mostBar = Math.max(0, drawn(extent) - extent.window);
  return most === mostBar ? place : (place / Math.max(most, 1)) * mostBar;
}

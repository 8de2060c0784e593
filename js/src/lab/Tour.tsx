// The first tour: four steps that point at where things are. Nothing is held up by it.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { KeyOn } from "../ui/events";
import { takeKeys } from "./keys";
import type { PanelState } from "./state";

interface Step {
  /** What it points at, in the head of the panel. */
  at: string;
  title: string;
  text: JSX.Element;
}

const STEPS: Step[] = [
  {
    at: '[data-tab="label"]',
    title: "Label with the keys",
    text: (
      <>
        <kbd>1</kbd> to <kbd>9</kbd> give a label, and the next record comes at once. <kbd>U</kbd>{" "}
        takes it back, <kbd>?</kbd> shows all keys.
      </>
    ),
  },
  {
    at: '[data-tab="browse"]',
    title: "Find what to label",
    text: (
      <>
        Browse holds every record: <kbd>F</kbd> filters, <kbd>/</kbd> takes a query. Label there, or
        keep a slice.
      </>
    ),
  },
  {
    at: '[data-tab="heuristics"]',
    title: "Let rules label for you",
    text: <>Lists of words, patterns, functions and models vote. Together they make weak labels.</>,
  },
  {
    at: "[data-tour=code]",
    title: "The same in Python",
    text: <>Code shows what does the same in a notebook. Overview tells how far the project is.</>,
  },
];
const GAP = 10; // px between the popover and what it points at
const EDGE = 8; // px from the edge of the panel

export function Tour({ state }: { state: PanelState }): JSX.Element {
  const own = useRef<HTMLDivElement>(null);
  const next = useRef<HTMLButtonElement>(null);
  const at = state.tour!;
  const step = STEPS[at]!;
  const last = at === STEPS.length - 1;
  const go = (by: number): void => {
    const to = at + by;
    if (to >= 0) state.toTour(to < STEPS.length ? to : null);
  };

  useLayoutEffect(() => {
    const popover = own.current!;
    const app = popover.parentElement!;
    const place = (): void => pointAt(popover, app.querySelector(step.at) ?? app);
    place();
    const sizes = new ResizeObserver(place);
    sizes.observe(app);
    return () => sizes.disconnect();
  }, [step]);
  useLayoutEffect(() => next.current?.focus({ preventScroll: true }), [step]);
  useEffect(() => {
    const app = own.current!.parentElement!;
    // What had the keys last is gone with the popover.
    return () => takeKeys(app);
  }, []);

  const onKeyDown = (event: KeyOn<HTMLDivElement>): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    event.stopPropagation();
    if (event.key === "Escape") state.toTour(null);
    else if (by !== undefined) go(by);
    else if (event.key === "Tab") turn(event);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={own}
      class="rn-float rn-app-tour"
      role="dialog"
      aria-labelledby={`${state.id}-tour-title`}
      aria-describedby={`${state.id}-tour-text`}
      data-testid="tour"
      onKeyDown={onKeyDown}
    >
      <div aria-live="polite">
        <h2 id={`${state.id}-tour-title`}>{step.title}</h2>
        <p id={`${state.id}-tour-text`}>{step.text}</p>
      </div>
      <div class="rn-tools">
        <span class="rn-quiet rn-number">
          {at + 1} of {STEPS.length}
        </span>
        <span class="rn-grow" />
        {last ? null : (
          <button type="button" class="rn-button rn-plain" onClick={() => state.toTour(null)}>
            Skip
          </button>
        )}
        {at === 0 ? null : (
          <button type="button" class="rn-button" onClick={() => go(-1)}>
            Back
          </button>
        )}
        <button ref={next} type="button" class="rn-button rn-primary" onClick={() => go(1)}>
          {last ? "Done" : "Next"}
        </button>
      </div>
    </div>
  );
}

/** The focus goes round among the buttons. */
function turn(event: KeyOn<HTMLDivElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const here = buttons.indexOf(event.target as HTMLButtonElement);
  const by = event.shiftKey ? -1 : 1;
  buttons[(here + by + buttons.length) % buttons.length]?.focus();
}

/** Below what is pointed at, inside the panel; the tip stays at its middle. */
function pointAt(popover: HTMLElement, target: Element): void {
  const frame = (popover.offsetParent ?? document.body).getBoundingClientRect();
  const box = target.getBoundingClientRect();
  const middle = box.left + box.width / 2 - frame.left;
  const most = frame.width - popover.offsetWidth - EDGE;
  const left = Math.max(EDGE, Math.min(middle - popover.offsetWidth / 2, most));
  popover.style.left = `${left}px`;
  popover.style.top = `${box.bottom - frame.top + GAP}px`;
  popover.style.setProperty("--rn-tip", `${middle - left}px`);
}

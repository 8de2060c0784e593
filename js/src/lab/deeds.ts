// What the application does, or where it leads to, instead of a line of code that a view tells of.

import type { Deed } from "../ui/host";
import type { PanelState } from "./state";
import type { TabId } from "./tabs";

type Able = Pick<PanelState, "info" | "current" | "show" | "ask" | "say">;

const lead =
  (title: string, tab: TabId) =>
  (state: Able): Deed => ({ title, act: () => state.show(tab) });

const write = lead("Write a heuristic", "heuristics");

/** A job of the task; without a heuristic there is nothing that it could work with. */
const job =
  (title: string, op: "run" | "supervise") =>
  (state: Able): Deed | null => {
    const task = state.current;
    if (task === null) return null;
    if (task.heuristics.length === 0) return write(state);
    return { title, act: () => begin(state, title, state.ask(op, { task: task.name })) };
  };

function embed(state: Able): Deed | null {
  const text = state.info?.attributes.find(({ type, key }) => type === "text" && !key);
  if (text === undefined) return null;
  const title = `Make vectors of ${text.name}`;
  return { title, act: () => begin(state, title, state.ask("embed", { on: text.name })) };
}

function begin(state: Able, title: string, asked: Promise<{ job: number } | null>): void {
  void asked.then((begun) => begun !== null && state.say(`${title}: under way`));
}

const DEEDS: [code: RegExp, deed: (state: Able) => Deed | null][] = [
  // As somebody else it can be done in code alone.
  [/\brn\.Labeler\((?![^)]*\bby=)/, lead("Label some", "label")],
  [/\brn\.HeuristicEditor\(/, write],
  [/\brn\.ConfusionMatrix\(/, lead("Open Quality", "quality")],
  [/\brn\.EmbeddingMap\(/, lead("Open the map", "map")],
  // Not one that is an argument of something else.
  [/(?<![(\w])project\.task\(/, lead("Make a task", "settings")],
  [/\btask\.run\(/, job("Run heuristics", "run")],
  [/\btask\.supervise\(/, job("Make weak labels", "supervise")],
  [/\bproject\.embed\(/, embed],
];

/** What can be done of what a text tells, in the order in which it would be done. */
export function deedsIn(text: string, state: Able): Deed[] {
  const found = new Map<string, Deed>();
  for (const [code, deed] of DEEDS) {
    const here = code.test(text) ? deed(state) : null;
    if (here !== null) found.set(here.title, here);
  }
  return [...found.values()];
}

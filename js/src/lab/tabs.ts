// The tabs of a panel: each is a view that stands in notebooks too, mounted over a comm.

import type { Entry } from "../ui/entry";

export type TabId =
  | "label"
  | "browse"
  | "record"
  | "heuristics"
  | "map"
  | "quality"
  | "overview"
  | "settings";

export interface Tab {
  id: TabId;
  title: string;
  /** Its name in the kernel; none where the panel itself shows it. */
  view: string;
  load(): Promise<{ default: Entry }>;
  /** What has to be there; else what to do about it. */
  needs?: "task" | "vectors";
}

export const TABS: Tab[] = [
  {
    id: "label",
    title: "Label",
    view: "labeler",
    load: () => import("../widgets/labeler"),
    needs: "task",
  },
  { id: "browse", title: "Browse", view: "browser", load: () => import("../widgets/browser") },
  { id: "record", title: "Record", view: "workbench", load: () => import("../widgets/workbench") },
  {
    id: "heuristics",
    title: "Heuristics",
    view: "heuristic_editor",
    load: () => import("../widgets/heuristic_editor"),
    needs: "task",
  },
  {
    id: "map",
    title: "Map",
    view: "embedding_map",
    load: () => import("../widgets/embedding_map"),
    needs: "vectors",
  },
  {
    id: "quality",
    title: "Quality",
    view: "confusion_matrix",
    load: () => import("../widgets/confusion_matrix"),
    needs: "task",
  },
  {
    id: "overview",
    title: "Overview",
    view: "overview",
    load: () => import("../widgets/overview"),
  },
  {
    id: "settings",
    title: "Settings",
    view: "",
    load: () => Promise.reject(new Error("the panel shows it itself.")),
  },
];

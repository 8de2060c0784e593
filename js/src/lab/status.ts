// The status bar's item: how far the open project is, or the job that runs.

import type { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";
import { count } from "../ui/numbers";
import type { ProjectPanel } from "./panel";
import { progress } from "./words";

export class Status extends Widget {
  constructor() {
    super();
    this.addClass("rn-app-status");
  }

  follow(panel: ProjectPanel | null): void {
    const [job] = panel?.state.running ?? [];
    const task = panel?.state.current ?? null;
    this.node.textContent =
      job !== undefined
        ? `${job.title}: ${progress(job)}`
        : task !== null
          ? `${task.name}: ${count(task.labelled)} of ${count(task.records)} labelled`
          : "";
  }
}

export function addStatus(bar: IStatusBar, current: () => ProjectPanel | null): Status {
  const item = new Status();
  bar.registerStatusItem("refinery:status", {
    item,
    align: "left",
    rank: 10,
    isActive: () => current() !== null,
  });
  return item;
}

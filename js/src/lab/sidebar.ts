// The sidebar as JupyterLab's shell holds it.

import type { ServerConnection } from "@jupyterlab/services";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { h, render } from "preact";
import { refineryIcon } from "./icon";
import { Navigator } from "./Navigator";
import type { ProjectPanel } from "./panel";
import { type ListedProject, listProjects } from "./projects";

interface Verbs {
  open(path: string): void;
  make(): void;
  panels(): ProjectPanel[];
  current(): ProjectPanel | null;
}

export class ProjectsSidebar extends Widget {
  private projects: ListedProject[] | null = [];
  private drawn = false;

  constructor(
    private readonly settings: ServerConnection.ISettings,
    private readonly verbs: Verbs,
  ) {
    super();
    this.id = "refinery-sidebar";
    this.addClass("rn-sidebar");
    this.title.icon = refineryIcon;
    this.title.caption = "Projects to label";
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "Projects to label");
  }

  async refresh(): Promise<void> {
    if (!this.isVisible) return;
    this.projects = await listProjects(this.settings);
    if (!this.isDisposed) this.draw();
  }

  /** Show what the open panels have by now, once a frame. */
  draw(): void {
    if (this.drawn || !this.isVisible) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      if (this.isDisposed) return;
      const { verbs } = this;
      render(
        h(Navigator, {
          projects: this.projects,
          open: new Set(verbs.panels().map(({ state }) => state.args.path)),
          current: verbs.current()?.state ?? null,
          onOpen: (path: string) => verbs.open(path),
          onNew: () => verbs.make(),
          onRefresh: () => void this.refresh(),
        }),
        this.node,
      );
    });
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.refresh();
  }
}

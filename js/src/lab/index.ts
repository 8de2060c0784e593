// The JupyterLab extension: the application in the main area, and the ways into it.

import {
  ILabShell,
  ILayoutRestorer,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
  type ILabShell as LabShell,
} from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { PathExt, URLExt } from "@jupyterlab/coreutils";
import { IDocumentManager } from "@jupyterlab/docmanager";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { addCommands, CHOOSE, NEW, OPEN, SAMPLE } from "./commands";
import { addFileType } from "./file";
import { tourOnce } from "./first";
import type { ProjectPanel } from "./panel";
import { ProjectsSidebar } from "./sidebar";
import { addStatus } from "./status";

const ID = "refinery-nb:plugin";
const LINKED = "refinery:open-link";

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Label text data: the application of refinery_nb.",
  autoStart: true,
  optional: [
    ICommandPalette,
    ILauncher,
    ILayoutRestorer,
    IDocumentManager,
    IDefaultFileBrowser,
    ISettingRegistry,
    IStatusBar,
    IRouter,
    ILabShell,
  ],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    documents: IDocumentManager | null,
    browser: IDefaultFileBrowser | null,
    settings: ISettingRegistry | null,
    bar: IStatusBar | null,
    router: IRouter | null,
    lab: LabShell | null,
  ): void => {
    const { commands, shell } = app;
    const tracker = new WidgetTracker<ProjectPanel>({ namespace: "refinery" });
    addCommands({ app, tracker, documents, browser, palette });
    addFileType(app);
    if (restorer !== null)
      void restorer.restore(tracker, {
        command: OPEN,
        args: ({ state }) => state.saved,
        name: ({ state }) => `${state.args.path}${state.only ? ":label" : ""}`,
      });
    [NEW, CHOOSE, SAMPLE].forEach((command, rank) => {
      if (commands.hasCommand(command)) launcher?.add({ command, category: "Label text", rank });
    });
    // The keys are in the schema; loading it makes them known where nothing else does.
    settings?.load(ID).then(
      (own) => tourOnce(own, tracker),
      () => undefined,
    );

    const current = (): ProjectPanel | null =>
      tracker.currentWidget === shell.currentWidget ? tracker.currentWidget : null;
    const sidebar = new ProjectsSidebar(app.serviceManager.serverSettings, {
      open: (path) => void commands.execute(OPEN, { path }),
      make: () => void commands.execute(commands.hasCommand(NEW) ? NEW : SAMPLE),
      panels: () => tracker.filter(() => true),
      current: () => tracker.currentWidget,
    });
    shell.add(sidebar, "left", { rank: 600 });
    restorer?.add(sidebar, sidebar.id);
    const status = bar === null ? null : addStatus(bar, current);
    const follow = (): void => {
      sidebar.draw();
      status?.follow(current());
    };
    tracker.widgetAdded.connect((_, panel) => {
      panel.changed.connect(follow);
      panel.disposed.connect(() => void sidebar.refresh());
      void sidebar.refresh();
    });
    tracker.currentChanged.connect(follow);
    shell.currentChanged?.connect(follow);

    if (router !== null) addLink(app, router, lab);
  },
};

/** A link `lab?refinery=folder&task=topic&slice=hard` opens the Labeler and nothing else. */
function addLink(app: JupyterFrontEnd, router: IRouter, lab: LabShell | null): void {
  app.commands.addCommand(LINKED, {
    label: "Open a Linked Labeler",
    execute: async (location) => {
      const { refinery, task, slice } = URLExt.queryStringToObject(
        String((location as { search?: string }).search ?? ""),
      );
      if (refinery === undefined) return;
      await app.restored;
      lab?.collapseLeft();
      await app.commands.execute(OPEN, {
        path: PathExt.removeSlash(decodeURIComponent(refinery)),
        only: true,
        ...(task === undefined ? {} : { task }),
        ...(slice === undefined ? {} : { slice }),
      });
    },
  });
  router.register({ command: LINKED, pattern: /[?&]refinery=/ });
}

export default plugin;

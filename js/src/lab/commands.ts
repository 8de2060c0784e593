// The commands of the application: what the launcher, the palette, the menus and the keys start.

import type { JupyterFrontEnd } from "@jupyterlab/application";
import {
  Clipboard,
  Dialog,
  type ICommandPalette,
  Notification,
  showDialog,
  type WidgetTracker,
} from "@jupyterlab/apputils";
import { PageConfig, PathExt, URLExt } from "@jupyterlab/coreutils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import type { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { Widget } from "@lumino/widgets";
import { askForFile, askForFolder, askForProject, isData } from "./ask";
import { refineryIcon } from "./icon";
import { ProjectPanel } from "./panel";
import type { JobRow } from "./protocol";
import type { PanelArgs, PanelState } from "./state";
import { TABS } from "./tabs";

export const OPEN = "refinery:open";
export const NEW = "refinery:new";
export const CHOOSE = "refinery:choose";
export const SAMPLE = "refinery:sample";
export const ITEM = "refinery:open-item";
const CATEGORY = "Label text";
const SAMPLE_FOLDER = "sample-project";

interface Parts {
  app: JupyterFrontEnd;
  tracker: WidgetTracker<ProjectPanel>;
  documents: IDocumentManager | null;
  browser: IDefaultFileBrowser | null;
  palette: ICommandPalette | null;
}

export function addCommands({ app, tracker, documents, browser, palette }: Parts): void {
  const { commands, shell, serviceManager } = app;
  const here = (): string => browser?.model.path ?? "";
  // Without the drive that a collaborative server puts before it.
  const local = (path: string): string => serviceManager.contents.localPath(path);
  const open = (args: PanelArgs): Promise<unknown> => commands.execute(OPEN, { ...args });

  const panelOf = (args: PanelArgs): ProjectPanel => {
    const known = tracker.find(
      ({ state }) => state.args.path === args.path && state.only === (args.only === true),
    );
    if (known !== undefined) {
      if (args.tab !== undefined) known.state.show(args.tab);
      if (args.task !== undefined || args.slice !== undefined)
        known.state.choose({
          ...(args.task === undefined ? {} : { task: args.task }),
          ...(args.slice === undefined ? {} : { slice: args.slice }),
        });
      return known;
    }
    const panel = new ProjectPanel(serviceManager, args, () => void showCode(panel.state));
    panel.changed.connect(() => void tracker.save(panel));
    panel.ended.connect((_, job) => tell(app, panel, job));
    return panel;
  };

  commands.addCommand(OPEN, {
    label: "Open Project",
    icon: refineryIcon,
    execute: async (given) => {
      const args = given as unknown as PanelArgs;
      const panel = panelOf(args);
      if (!tracker.has(panel)) {
        void tracker.add(panel);
        shell.add(panel, "main");
      }
      shell.activateById(panel.id);
    },
  });

  commands.addCommand(SAMPLE, {
    label: "Sample Project",
    caption: "600 messages of customers, with two tasks and some rules",
    icon: refineryIcon,
    execute: (given) => {
      const folder = typeof given.cwd === "string" ? given.cwd : here();
      return open({ path: PathExt.join(folder, SAMPLE_FOLDER), make: true, sample: true });
    },
  });

  commands.addCommand(ITEM, {
    label: "Open in refinery",
    icon: refineryIcon,
    isVisible: () => chosen() !== null,
    execute: async () => {
      const item = chosen();
      if (item === null) return;
      if (item.type === "directory") return open({ path: item.path });
      if (PathExt.basename(item.path) === "project.db")
        return open({ path: PathExt.dirname(item.path) });
      const args = await askForProject(item.path);
      return args === null ? undefined : open(args);
    },
  });
  function chosen(): { path: string; type: string } | null {
    const items = [...(browser?.selectedItems() ?? [])];
    const [item] = items;
    if (items.length !== 1 || item === undefined) return null;
    const known = PathExt.basename(item.path) === "project.db";
    if (item.type !== "directory" && !known && !isData(item.path)) return null;
    return { path: local(item.path), type: item.type };
  }

  if (documents !== null) {
    commands.addCommand(NEW, {
      label: "New Project from a File",
      caption: "Make a project of the records in a file",
      icon: refineryIcon,
      execute: async () => {
        const file = await askForFile(documents);
        const args = file === null ? null : await askForProject(local(file));
        return args === null ? undefined : open(args);
      },
    });
    commands.addCommand(CHOOSE, {
      label: "Open a Project",
      caption: "Choose the folder of a project",
      icon: refineryIcon,
      execute: async () => {
        const path = await askForFolder(documents);
        return path === null ? undefined : open({ path: local(path) });
      },
    });
  }

  const current = (): ProjectPanel | null =>
    tracker.currentWidget === shell.currentWidget ? tracker.currentWidget : null;
  const onCurrent = (
    id: string,
    label: string,
    execute: (panel: ProjectPanel) => unknown,
    isEnabled: (state: PanelState) => boolean = () => true,
  ): void => {
    commands.addCommand(id, {
      label,
      isEnabled: () => {
        const panel = current();
        return panel !== null && isEnabled(panel.state);
      },
      execute: () => {
        const panel = current();
        return panel === null ? undefined : execute(panel);
      },
    });
    palette?.addItem({ command: id, category: CATEGORY });
  };
  for (const { id, title } of TABS)
    onCurrent(
      `refinery:tab-${id}`,
      `Show ${title}`,
      ({ state }) => state.show(id),
      (state) => !state.only,
    );
  onCurrent(
    "refinery:tour",
    "Show the Tour",
    ({ state }) => state.toTour(0),
    (state) => state.canTour,
  );
  onCurrent("refinery:show-code", "Show the Code", ({ state }) => showCode(state));
  onCurrent("refinery:copy-link", "Copy a Link to Label This", ({ state }) => copyLink(state));
  onCurrent("refinery:choose-kernel", "Change the Kernel of the Project…", (panel) =>
    panel.chooseKernel(),
  );
  onCurrent("refinery:restart-kernel", "Restart the Kernel of the Project", ({ state }) =>
    state.kernel.restart(),
  );
  const hasRules = (state: PanelState): boolean => (state.current?.heuristics.length ?? 0) > 0;
  onCurrent(
    "refinery:run-heuristics",
    "Run All Heuristics",
    ({ state }) => state.ask("run", { task: state.current!.name }),
    hasRules,
  );
  onCurrent(
    "refinery:supervise",
    "Make Weak Labels",
    ({ state }) => state.ask("supervise", { task: state.current!.name }),
    hasRules,
  );
  for (const command of [SAMPLE, NEW, CHOOSE])
    if (commands.hasCommand(command)) palette?.addItem({ command, category: CATEGORY });
}

/** The Python that shows in a notebook what the panel shows, to be copied. */
async function showCode(state: PanelState): Promise<void> {
  const tab = TABS.find(({ id }) => id === state.tab);
  const told = await state.ask("code", {
    view: tab?.view || null,
    task: state.current?.name ?? null,
    slice: state.slice,
  });
  if (told === null) return;
  const body = new Widget();
  body.addClass("rn-code");
  const text = document.createElement("pre");
  text.tabIndex = 0;
  text.textContent = told.code;
  body.node.append(text);
  const answer = await showDialog({
    title: "The same in a notebook",
    body,
    buttons: [Dialog.cancelButton({ label: "Close" }), Dialog.okButton({ label: "Copy" })],
  });
  if (answer.button.accept) Clipboard.copyToSystem(told.code);
}

/** A link that opens the Labeler alone, for somebody who does nothing but label. */
function copyLink(state: PanelState): void {
  const about = {
    refinery: state.args.path,
    ...(state.current === null ? {} : { task: state.current.name }),
    ...(state.slice === null ? {} : { slice: state.slice }),
  };
  const link = URLExt.join(PageConfig.getBaseUrl(), "lab") + URLExt.objectToQueryString(about);
  Clipboard.copyToSystem(link);
  state.say("The link is on the clipboard. Who opens it needs access to this server.");
}

function tell(app: JupyterFrontEnd, panel: ProjectPanel, job: JobRow): void {
  const options = {
    autoClose: job.state === "failed" ? (false as const) : 5000,
    actions: [{ label: "Show", callback: () => app.shell.activateById(panel.id) }],
  };
  const words = `${panel.state.name}: ${job.title}. ${job.told || job.state}`;
  if (job.state === "failed") Notification.error(words, options);
  else if (job.state === "cancelled") Notification.info(words, options);
  else Notification.success(words, options);
}

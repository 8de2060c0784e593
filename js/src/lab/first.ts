// The tour is shown once to each user: the settings remember it, whatever the browser forgets.

import type { WidgetTracker } from "@jupyterlab/apputils";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { ProjectPanel } from "./panel";

const SEEN = "tourSeen";

/** Show the tour in the first panel in which something can be labelled. */
export function tourOnce(
  settings: ISettingRegistry.ISettings,
  tracker: WidgetTracker<ProjectPanel>,
): void {
  let seen = settings.composite[SEEN] === true;
  const look = (panel: ProjectPanel): void => {
    if (seen || !panel.state.canTour) return;
    seen = true;
    panel.state.toTour(0);
    void settings.set(SEEN, true).catch(() => undefined);
  };
  const watch = (panel: ProjectPanel): void => {
    panel.changed.connect(look);
    look(panel);
  };
  tracker.forEach(watch);
  tracker.widgetAdded.connect((_, panel) => watch(panel));
}

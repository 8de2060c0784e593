// The projects below the server's root, as the server extension lists them.

import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

export interface ListedProject {
  /** From the server's root; empty for the root itself. */
  path: string;
  name: string;
  /** None if it cannot be read. */
  records: number | null;
  tasks: { name: string; labelled: number }[];
  opened: string;
  bytes: number;
  problem: string;
}

/** Return the projects, those opened last first; null where the server cannot say. */
export async function listProjects(
  settings: ServerConnection.ISettings,
): Promise<ListedProject[] | null> {
  const url = URLExt.join(settings.baseUrl, "refinery_nb", "projects");
  try {
    const response = await ServerConnection.makeRequest(url, {}, settings);
    if (!response.ok) return null;
    return ((await response.json()) as { projects: ListedProject[] }).projects;
  } catch {
    return null;
  }
}

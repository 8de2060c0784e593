// What a person is asked before a project is made or opened.

import { Dialog, showDialog } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import type { IDocumentManager } from "@jupyterlab/docmanager";
import { FileDialog } from "@jupyterlab/filebrowser";
import { Widget } from "@lumino/widgets";
import type { PanelArgs } from "./state";

/** Endings of files that hold records. */
export const DATA = [
  ...[
    ".csv",
    ".tsv",
    ".jsonl",
    ".ndjson",
    ".json",
    ".xlsx",
    ".parquet",
    ".conll",
    ".spacy",
    ".zip",
  ],
];

export const isData = (path: string): boolean => DATA.includes(PathExt.extname(path).toLowerCase());

class Form extends Widget implements Dialog.IBodyWidget<{ path: string; key: string }> {
  private readonly path: HTMLInputElement;
  private readonly key: HTMLInputElement;

  constructor(path: string) {
    super();
    this.addClass("rn-ask");
    this.path = this.field("Folder of the new project", path);
    this.key = this.field("Column that tells records apart (may be empty)", "");
  }

  getValue(): { path: string; key: string } {
    return { path: this.path.value.trim(), key: this.key.value.trim() };
  }

  private field(title: string, value: string): HTMLInputElement {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.className = "jp-mod-styled";
    input.value = value;
    label.append(title, input);
    this.node.append(label);
    return input;
  }
}

/** Ask how the project of a data file is called; null if nobody wants one. */
export async function askForProject(file: string): Promise<PanelArgs | null> {
  const stem = PathExt.basename(file, PathExt.extname(file));
  const body = new Form(PathExt.join(PathExt.dirname(file), stem));
  const answer = await showDialog({
    title: `New project from ${PathExt.basename(file)}`,
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: "Make the project" })],
    focusNodeSelector: "input",
  });
  const value = answer.value;
  if (!answer.button.accept || value === null || value.path === "") return null;
  return { path: value.path, make: true, add: file, ...(value.key ? { key: value.key } : {}) };
}

export async function askForFile(manager: IDocumentManager): Promise<string | null> {
  const answer = await FileDialog.getOpenFiles({
    manager,
    title: "Choose a file with records",
    filter: (model) => (isData(model.path) ? {} : null),
  });
  return answer.button.accept ? (answer.value?.[0]?.path ?? null) : null;
}

export async function askForFolder(manager: IDocumentManager): Promise<string | null> {
  const answer = await FileDialog.getExistingDirectory({
    manager,
    title: "Choose the folder of a project",
  });
  return answer.button.accept ? (answer.value?.[0]?.path ?? null) : null;
}

// The file type of projects: their database opens the application, and is never read as a file.

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import {
  ABCWidgetFactory,
  DocumentModel,
  type DocumentRegistry,
  DocumentWidget,
} from "@jupyterlab/docregistry";
import type { Contents } from "@jupyterlab/services";
import { Widget } from "@lumino/widgets";
import { OPEN } from "./commands";
import { refineryIcon } from "./icon";

const TYPE = "refinery-project";

/** Nothing of the file is loaded. */
class Nothing implements DocumentRegistry.CodeModelFactory {
  readonly name = TYPE;
  readonly contentType: Contents.ContentType = "file";
  readonly fileFormat: Contents.FileFormat = null;
  isDisposed = false;
  dispose(): void {
    this.isDisposed = true;
  }
  createNew(): DocumentModel {
    return new DocumentModel();
  }
  preferredLanguage(): string {
    return "";
  }
}

class Opener extends ABCWidgetFactory<DocumentWidget> {
  constructor(
    private readonly app: JupyterFrontEnd,
    options: DocumentRegistry.IWidgetFactoryOptions,
  ) {
    super(options);
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget {
    const widget = new DocumentWidget({ content: new Widget(), context });
    const path = PathExt.dirname(context.path);
    // The panel is the project's, not the file's: this widget only leads there.
    setTimeout(() => {
      widget.close();
      void this.app.commands.execute(OPEN, { path });
    }, 0);
    return widget;
  }
}

export function addFileType(app: JupyterFrontEnd): void {
  const registry = app.docRegistry;
  registry.addFileType({
    name: TYPE,
    displayName: "Project to label",
    pattern: "^project\\.db$",
    contentType: "file",
    fileFormat: "base64",
    icon: refineryIcon,
  });
  registry.addModelFactory(new Nothing());
  registry.addWidgetFactory(
    new Opener(app, {
      name: "Label text",
      label: "Label text",
      modelName: TYPE,
      fileTypes: [TYPE],
      defaultFor: [TYPE],
      readOnly: true,
    }) as DocumentRegistry.WidgetFactory,
  );
}

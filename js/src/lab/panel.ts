// A panel as JupyterLab's shell holds it.

import { SessionContextDialogs } from "@jupyterlab/apputils";
import type { ServiceManager } from "@jupyterlab/services";
import type { Message } from "@lumino/messaging";
import { type ISignal, Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";
import { h, render } from "preact";
import { Frame } from "./Frame";
import { refineryIcon } from "./icon";
import { takeKeys } from "./keys";
import type { JobRow } from "./protocol";
import { type PanelArgs, PanelState } from "./state";

export class ProjectPanel extends Widget {
  readonly state: PanelState;
  private readonly dialogs = new SessionContextDialogs();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _ended = new Signal<this, JobRow>(this);

  constructor(services: ServiceManager.IManager, args: PanelArgs, onCode: () => void) {
    super();
    this.state = new PanelState(services, args);
    this.id = `refinery-${this.state.id}`;
    this.addClass("rn-panel");
    this.node.tabIndex = -1;
    this.title.icon = refineryIcon;
    this.title.closable = true;
    this.title.label = this.state.name;
    this.title.caption = `Project ${args.path || "."}`;
    this.state.subscribe(() => {
      this.title.label = this.state.name;
      this._changed.emit();
    });
    this.state.ended = (job) => this._ended.emit(job);
    render(
      h(Frame, { state: this.state, onKernel: () => void this.chooseKernel(), onCode }),
      this.node,
    );
    void this.state.open();
  }

  /** Something that is shown, or restored, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A job has ended. */
  get ended(): ISignal<this, JobRow> {
    return this._ended;
  }

  chooseKernel(): Promise<void> {
    return this.dialogs.selectKernel(this.state.kernel.context);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    render(null, this.node);
    this.state.dispose();
    Signal.clearData(this);
    super.dispose();
  }

  protected override onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.node.contains(document.activeElement)) return;
    this.node.focus();
    takeKeys(this.node);
  }
}

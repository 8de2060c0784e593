// The kernel of one project: started or chosen, asked to serve the project, and lost and found.

import { SessionContext } from "@jupyterlab/apputils";
import { PageConfig, PathExt } from "@jupyterlab/coreutils";
import { type Kernel, KernelMessage, type ServiceManager } from "@jupyterlab/services";
import { UUID } from "@lumino/coreutils";
import type { Comm, Network } from "../transport/comm";

const TARGET = "refinery_nb";
const SERVE = '__import__("refinery_nb.widgets.application", fromlist=["serve"]).serve';

export type KernelState = "starting" | "ready" | "failed" | "gone";

/** Where a path of the file browser lies for the kernel. */
export function absolute(path: string): string {
  const root = PageConfig.getOption("serverRoot");
  return root === "" ? path : `${root.replace(/\/+$/, "")}/${path}`;
}

export class ProjectKernel implements Network {
  readonly context: SessionContext;
  state: KernelState = "starting";
  /** Why it does not serve the project. */
  trouble = "";
  private served: Kernel.IKernelConnection | null = null;
  private subshell: string | null = null;
  private serving = false;
  private attempt = 0;
  private readonly comms = new Map<string, (message: unknown) => void>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly services: ServiceManager.IManager,
    /** From the server's root. */
    readonly path: string,
    private readonly make: boolean,
  ) {
    this.context = new SessionContext({
      kernelManager: services.kernels,
      sessionManager: services.sessions,
      specsManager: services.kernelspecs,
      // So that its working directory is the project's.
      path: PathExt.join(path, "application"),
      name: PathExt.basename(path) || "project",
      type: "refinery",
      kernelPreference: {
        shouldStart: true,
        canStart: true,
        autoStartDefault: true,
      },
    });
    this.context.kernelChanged.connect(() => void this.serve());
    this.context.statusChanged.connect((_, status) => this.follow(status));
    this.context.connectionStatusChanged.connect((_, status) => {
      if (status === "disconnected" || status === "connecting") this.drop("starting");
      else if (this.served === null) void this.serve();
    });
    this.context.iopubMessage.connect((_, message) => this.receive(message));
  }

  get name(): string {
    return this.context.kernelDisplayName;
  }

  /** Start a kernel, or find the one that this project had before the page was loaded. */
  async start(): Promise<void> {
    try {
      await this.services.kernelspecs.ready;
      const name = this.services.kernelspecs.specs?.default ?? "python3";
      this.context.kernelPreference = { ...this.context.kernelPreference, name };
      await this.context.initialize();
    } catch (error) {
      this.fail(`No kernel could be started: ${String(error)}`);
    }
  }

  async restart(): Promise<void> {
    this.drop("starting");
    if (this.context.session?.kernel == null) await this.start();
    else await this.context.restartKernel();
  }

  connect(data: object, receive: (message: unknown) => void): Comm | null {
    const kernel = this.served;
    if (kernel === null) return null;
    const id = UUID.uuid4();
    this.comms.set(id, receive);
    const send = (msgType: "comm_open" | "comm_msg" | "comm_close", content: object): void => {
      if (kernel.isDisposed || kernel !== this.served) return;
      const message = KernelMessage.createMessage({
        msgType,
        channel: "shell",
        session: kernel.clientId,
        username: kernel.username,
        subshellId: this.subshell,
        content: { comm_id: id, ...content },
      } as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<"shell">>);
      kernel.sendShellMessage(message, false, true);
    };
    const project = absolute(this.path);
    send("comm_open", { target_name: TARGET, data: { ...data, project } });
    return {
      send: (message) => send("comm_msg", { data: message }),
      close: () => {
        this.comms.delete(id);
        send("comm_close", { data: {} });
      },
    };
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** End the kernel with the panel, but not one that others use, or that has work to do. */
  dispose(busy: boolean): void {
    this.attempt += 1;
    const { session } = this.context;
    const id = session?.kernel?.id;
    const others = [...this.services.sessions.running()].some(
      (one) => one.kernel?.id === id && one.id !== session?.id,
    );
    this.listeners.clear();
    if (session !== null && !busy && !others) {
      void session.shutdown().catch(() => undefined);
    } else if (this.served !== null && this.subshell !== null) {
      const subshell_id = this.subshell;
      this.served.requestDeleteSubshell({ subshell_id }, true).done.catch(() => undefined);
    }
    this.context.dispose();
  }

  /** Have the kernel open the project; comms can be opened then. */
  private async serve(): Promise<void> {
    const kernel = this.context.session?.kernel ?? null;
    this.drop("starting");
    if (kernel === null) return;
    const { attempt } = this;
    this.serving = true;
    try {
      const path = JSON.stringify(absolute(this.path));
      const code = `${SERVE}(${path}, make=${this.make ? "True" : "False"})`;
      const reply = await kernel.requestExecute({ code, store_history: false }).done;
      if (attempt !== this.attempt) return;
      if (reply.content.status === "error") return this.fail(said(reply.content));
      if (reply.content.status !== "ok") return;
      // Views are answered on a thread beside the one that runs cells.
      this.subshell = null;
      if (kernel.supportsSubshells) {
        const made = await kernel.requestCreateSubshell({}).done;
        this.subshell = made.content.subshell_id;
      }
      if (attempt !== this.attempt) return;
      this.served = kernel;
      this.state = "ready";
      this.emit();
    } catch (error) {
      if (attempt === this.attempt) this.fail(String(error));
    } finally {
      if (attempt === this.attempt) this.serving = false;
    }
  }

  private follow(status: Kernel.Status): void {
    if (status === "dead") this.drop("gone");
    else if (status === "restarting" || status === "autorestarting") this.drop("starting");
    // One that was restarted by itself is the same connection: `kernelChanged` says nothing.
    else if (status === "idle" && this.served === null && this.state === "starting")
      if (!this.serving) void this.serve();
  }

  private drop(state: KernelState): void {
    const changed = this.served !== null || this.state !== state;
    this.served = null;
    this.serving = false;
    this.attempt += 1;
    this.comms.clear();
    this.state = state;
    this.trouble = state === "gone" ? "The kernel has ended." : "";
    if (changed) this.emit();
  }

  private fail(trouble: string): void {
    this.served = null;
    this.state = "failed";
    this.trouble = trouble;
    this.emit();
  }

  private receive(message: KernelMessage.IMessage): void {
    if (message.header.msg_type !== "comm_msg") return;
    const { comm_id, data } = message.content as { comm_id: string; data: unknown };
    this.comms.get(comm_id)?.(data);
  }

  private emit(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function said(error: KernelMessage.IReplyErrorContent): string {
  if (error.ename === "ModuleNotFoundError")
    return "This kernel has no refinery_nb. Install it there (pip install refinery-nb), or choose another kernel.";
  return error.evalue;
}

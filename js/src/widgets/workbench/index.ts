// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { openStore } from "../../state/storage";
import { entry } from "../../ui/entry";
import { within } from "../../ui/Todo";
import { WorkbenchState } from "./state";
import { Workbench } from "./Workbench";
import "../../ui/base.css";
import "../../ui/prose.css";
import "../../ui/comments.css";
import "../../ui/text/text.css";
import "./workbench.css";

export default entry(
  (transport) => new WorkbenchState(transport, openStore()),
  (state, host) => within(host, h(Workbench, { state })),
);

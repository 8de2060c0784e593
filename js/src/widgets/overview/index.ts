// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { within } from "../../ui/Todo";
import { Overview } from "./Overview";
import { OverviewState } from "./state";
import "../../ui/base.css";
import "../confusion_matrix/confusion_matrix.css";
import "./overview.css";

export default entry(
  (transport) => new OverviewState(transport),
  (state, host) => within(host, h(Overview, { state })),
);

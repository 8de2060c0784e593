// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { within } from "../../ui/Todo";
import { ConfusionMatrix } from "./ConfusionMatrix";
import { MatrixState } from "./state";
import "../../ui/base.css";
import "./confusion_matrix.css";

export default entry(
  (transport) => new MatrixState(transport),
  (state, host) => within(host, h(ConfusionMatrix, { state })),
);

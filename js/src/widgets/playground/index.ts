// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { Playground } from "./Playground";
import { PlaygroundState } from "./state";
import "../../ui/base.css";
import "./playground.css";

export default entry(
  (transport) => new PlaygroundState(transport),
  (state) => h(Playground, { state }),
);

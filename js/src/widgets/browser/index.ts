// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { Browser } from "./Browser";
import { BrowserState } from "./state";
import "../../ui/base.css";
import "../../ui/comments.css";
import "../../ui/prose.css";
import "../../ui/text/text.css";
import "./browser.css";

export default entry(
  (transport) => new BrowserState(transport),
  (state, host) => h(Browser, { state, host }),
);

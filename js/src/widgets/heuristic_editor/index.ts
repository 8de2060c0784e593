// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { openStore } from "../../state/storage";
import { entry } from "../../ui/entry";
import { Editor } from "./Editor";
import { EditorSession } from "./session";
import "../../ui/base.css";
import "../../ui/comments.css";
import "../../ui/prose.css";
import "./editor.css";

export default entry(
  (transport) => new EditorSession(transport, openStore()),
  (session) => h(Editor, { session }),
);

// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { Session } from "../../state/session";
import { openStore, Preferences } from "../../state/storage";
import { entry } from "../../ui/entry";
import { Labeler } from "./Labeler";
import "../../ui/base.css";
import "../../ui/comments.css";
import "../../ui/prose.css";
import "../../ui/text/text.css";
import "./labeler.css";

const store = openStore();

export default entry(
  (transport) => new Session(transport, store),
  (session) => h(Labeler, { session, preferences: new Preferences(store) }),
);

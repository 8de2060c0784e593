// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { within } from "../../ui/Todo";
import { EmbeddingMap } from "./EmbeddingMap";
import { MapState } from "./state";
import "../../ui/base.css";
import "./embedding_map.css";

export default entry(
  (transport) => new MapState(transport),
  (state, host) => within(host, h(EmbeddingMap, { state })),
);

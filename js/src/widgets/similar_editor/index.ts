// The entry of the bundle: what anywidget calls.

import { h } from "preact";
import { entry } from "../../ui/entry";
import { SimilarEditor } from "./SimilarEditor";
import { SimilarState } from "./state";
import "../../ui/base.css";
import "./similar_editor.css";

export default entry(
  (transport) => new SimilarState(transport),
  (state) => h(SimilarEditor, { state }),
);

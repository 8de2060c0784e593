// The messages of the map; refinery_nb/widgets/embedding_map/widget.py is the other side.
// Columns travel as base64 of little-endian whole numbers: JSON only, and half the size of text.

export interface LabelName {
  id: number;
  name: string;
  color: string;
}

export interface Info {
  project: string;
  task: string | null;
  kind: "classification" | "spans" | null;
  labels: LabelName[];
  embeddings: string[];
  methods: { id: string; title: string; installed: boolean }[];
  colours: { id: string; title: string }[];
  embedding: string;
  method: string;
  by: string;
  laying_out: boolean;
}

export interface Categories {
  names: string[];
  /** An empty colour: nothing was said of these records. */
  colors: string[];
  counts: number[];
  /** uint16. */
  codes: string;
}

export interface Scale {
  title: string;
  low: number;
  high: number;
  missing: number;
  /** uint16: 0 is no value, 1 is `low`, 65535 is `high`. */
  steps: string;
}

export interface Coloured {
  by: string;
  categories: Categories | null;
  scale: Scale | null;
}

export type Placed =
  | { ready: false; laying_out: boolean }
  | ({
      ready: true;
      revision: number;
      count: number;
      /** Records that have no vector. */
      missing: number;
      /** Records that came after the layout and stand among their nearest. */
      joined: number;
      /** uint16, from 0 to 65535. */
      x: string;
      y: string;
    } & Coloured);

export interface About {
  labelled: number;
  labels: { name: string; color: string; count: number }[];
}

export interface CardInfo {
  key: string;
  text: string;
  cut: boolean;
}

type Nothing = Record<string, never>;

export interface MapOperations {
  hello: { args: { client: string }; ok: Info };
  bye: { args: { client: string }; ok: Nothing };
  places: { args: { embedding: string; method: string }; ok: Placed };
  colours: { args: { by: string }; ok: Coloured };
  card: { args: { at: number }; ok: CardInfo };
  /** An empty polygon: all that are shown. `at` is uint32. */
  select: {
    args: { polygon: [number, number][]; hidden: number[] };
    ok: { count: number; at: string } & About;
  };
  label: {
    args: { label: string; unlabelled: boolean };
    ok: { count: number } & About;
  };
  undo: { args: Nothing; ok: { done: boolean } & About };
  heuristic: {
    args: { label: string; name: string };
    ok: { name: string; votes: number };
  };
  /** Keeps the selection by name. */
  slice: { args: { name: string }; ok: { name: string; count: number } };
  open: { args: Nothing; ok: { count: number } };
  search: { args: { text: string }; ok: { count: number; at: string } };
  lay_out: { args: { embedding: string; method: string }; ok: { laying_out: boolean } };
  cancel: { args: Nothing; ok: Nothing };
  /** A part of the drawing library, base64. */
  drawing: { args: { part: number }; ok: { parts: number; text: string } };
}

export type MapPush =
  | { v: number; push: "changed"; vectors: boolean }
  | { v: number; push: "layout"; error: string | null };

// The values of a record: its texts with spans over them and their tokens, and the rest.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Offsets } from "../../offsets";
import { count, plural } from "../../ui/numbers";
import type { LabelLook } from "../../ui/text/Line";
import { TextView } from "../../ui/text/TextView";
import { LAYERS, type Layer, spansOf } from "./layers";
import type { AttributeValue, Sheet, TextValue } from "./protocol";

const NAMES: Record<Layer, string> = {
  people: "People",
  weak: "Weak label",
  heuristics: "Heuristics",
};
const FIRST_TOKENS = 400;
const SHORT = 80; // characters of a list that stands in one line

interface AttributesProps {
  record: Sheet;
  tokens: boolean;
  layers: ReadonlySet<Layer>;
  /** The span that is pointed at elsewhere. */
  chosen: string | null;
  onLayers(layers: ReadonlySet<Layer>): void;
  onTokens(shown: boolean): void;
}

export function Attributes(props: AttributesProps): JSX.Element {
  const { record, tokens, layers, onLayers } = props;
  const spanned = record.tasks.some(({ kind }) => kind === "spans");
  const isShown = (one: AttributeValue): one is TextValue =>
    "text" in one && (tokens || one.type === "text" || isSpanned(record, one));
  const texts = record.attributes.filter(isShown);
  const others = record.attributes.filter((one) => !isShown(one));
  return (
    <section class="rn-wb-attributes" aria-label="Attributes">
      <div class="rn-tools">
        <label class="rn-field">
          <input
            type="checkbox"
            checked={tokens}
            data-testid="tokens-toggle"
            onChange={(event) => props.onTokens(event.currentTarget.checked)}
          />
          Tokens <kbd>T</kbd>
        </label>
        {spanned && !tokens ? (
          <fieldset class="rn-wb-layers">
            <legend class="rn-hidden">Spans of</legend>
            {LAYERS.map((layer) => (
              <label key={layer} class="rn-field">
                <input
                  type="checkbox"
                  checked={layers.has(layer)}
                  data-testid={`layer-${layer}`}
                  onChange={() => {
                    const next = new Set(layers);
                    if (!next.delete(layer)) next.add(layer);
                    onLayers(next);
                  }}
                />
                {NAMES[layer]}
              </label>
            ))}
          </fieldset>
        ) : null}
      </div>
      {texts.map((one) => (
        <Text key={one.name} value={one} {...props} />
      ))}
      {others.length === 0 ? null : (
        <dl class="rn-wb-values">
          {others.map((one) => (
            <div key={one.name}>
              <dt>{one.name}</dt>
              <dd class={one.type === "json" ? "rn-mono" : ""}>
                <Value value={one} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

const isSpanned = (record: Sheet, { name }: AttributeValue): boolean =>
  record.tasks.some(({ kind, on }) => kind === "spans" && on === name);

function Value({ value: one }: { value: AttributeValue }): JSX.Element {
  const value = "text" in one ? one.text : one.value;
  if (value === null || value === "") {
    return <span class="rn-quiet">{value === null ? "none" : "empty"}</span>;
  }
  if (typeof value !== "object") return <>{`${value}`}</>;
  const short = JSON.stringify(value);
  return <>{short.length <= SHORT ? short : JSON.stringify(value, null, 2)}</>;
}

function Text(props: AttributesProps & { value: TextValue }): JSX.Element {
  const { record, value, layers, tokens, chosen } = props;
  const tasks = record.tasks.filter((task) => task.kind === "spans" && task.on === value.name);
  const labels = useMemo<LabelLook>(
    () => new Map(tasks.flatMap((task) => task.labels.map((label) => [label.id, label]))),
    [record],
  );
  const here = useMemo(() => new Offsets(value.text).length, [value.text]);
  const spans = useMemo(
    () => tasks.flatMap((task) => spansOf(task, layers)).filter(({ end }) => end <= here),
    [record, layers],
  );
  const [over, setOver] = useState<string | null>(null);
  const pointed = spans.find(({ id }) => id === over);
  return (
    <div class="rn-wb-text" data-testid={`attribute-${value.name}`}>
      <p class="rn-wb-name">
        <b>{value.name}</b>
        <span class="rn-quiet">
          {plural(value.count, "token")} by {named(value.tokenizer)} ·{" "}
          {plural(value.length, "character")}
        </span>
        <span class="rn-grow" />
        <span class="rn-quiet rn-wb-over" role="status">
          {pointed === undefined
            ? ""
            : `${labels.get(pointed.label)?.name ?? "?"} [${pointed.start}, ${pointed.end}) by ${pointed.sources.join(", ")}`}
        </span>
      </p>
      {value.text === "" ? (
        <p class="rn-quiet">This text is empty.</p>
      ) : tokens ? (
        <Tokens value={value} />
      ) : (
        <TextView
          attribute={value.name}
          text={value.text}
          tokens={value.tokens}
          spans={spans}
          labels={labels}
          selectable={false}
          selection={null}
          cursor={false}
          chosen={chosen ?? over}
          onSelect={() => undefined}
          onSpan={(id) => setOver(id)}
          onHover={(id) => setOver(id)}
          onPlaced={() => undefined}
        />
      )}
      {here < value.length ? (
        <p class="rn-quiet">
          The first {count(here)} of {plural(value.length, "character")}.
        </p>
      ) : null}
    </div>
  );
}

/** Each token with its number and its offsets; what lies between them is no token. */
function Tokens({ value }: { value: TextValue }): JSX.Element {
  const [most, setMost] = useState(FIRST_TOKENS);
  const offsets = useMemo(() => new Offsets(value.text), [value.text]);
  const rows: [start: number, end: number][] = [];
  for (let at = 0; at < value.tokens.length && rows.length < most; at += 2) {
    rows.push([value.tokens[at]!, value.tokens[at + 1]!]);
  }
  const more = value.count - rows.length;
  return (
    <>
      <ol class="rn-wb-tokens" start={0} aria-label={`Tokens of ${value.name}`}>
        {rows.map(([start, end], at) => (
          <li key={start} data-testid="token" title={`token ${at}: [${start}, ${end})`}>
            <span class="rn-wb-token">{offsets.slice(start, end)}</span>
            <small>
              {start}–{end}
            </small>
          </li>
        ))}
      </ol>
      {more > 0 ? (
        <p class="rn-tools">
          <span class="rn-quiet">{plural(more, "more token")}</span>
          {value.tokens.length > 2 * most ? (
            <button type="button" class="rn-button" onClick={() => setMost(most * 10)}>
              Show more
            </button>
          ) : null}
        </p>
      ) : null}
    </>
  );
}

/** A tokenizer in a word; one with rules of its own is JSON. */
function named(tokenizer: string): string {
  if (!tokenizer.startsWith("{")) return tokenizer;
  const { pipeline, language } = JSON.parse(tokenizer) as { pipeline?: string; language?: string };
  return `${pipeline ?? language ?? "spaCy"}, own rules`;
}

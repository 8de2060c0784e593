// What the colours mean; a category is switched off and on by a press, shown alone by a double one.

import type { JSX } from "preact";
import { safeColor } from "../../ui/color";
import { count } from "../../ui/numbers";
import { scaleOf } from "./figure";
import type { MapState } from "./state";

export function Legend({ state }: { state: MapState }): JSX.Element | null {
  const dark = document.body.dataset.jpThemeLight === "false";
  const { categories, scale } = state;
  if (categories !== null) {
    return (
      <ul class="rn-map-legend" aria-label="Categories" data-testid="legend">
        {categories.names.map((name, at) =>
          categories.counts[at] === 0 ? null : (
            <li key={name}>
              <button
                type="button"
                class="rn-map-entry"
                aria-pressed={!state.hidden.has(at)}
                title={`${name}: press to hide or show, twice to show it alone`}
                onClick={() => state.toggle(at)}
                onDblClick={() => state.only(at)}
              >
                <span
                  class="rn-dot"
                  style={
                    categories.colors[at] === ""
                      ? {}
                      : { "--rn-own": safeColor(categories.colors[at]!) }
                  }
                />
                <span class="rn-map-name">{name}</span>
                <span class="rn-quiet rn-number">{count(categories.counts[at]!)}</span>
              </button>
            </li>
          ),
        )}
      </ul>
    );
  }
  if (scale === null) return null;
  const said = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 2 });
  return (
    <div class="rn-map-legend" data-testid="legend">
      <p>{scale.title}</p>
      <div
        class="rn-map-scale"
        style={{ background: `linear-gradient(to right, ${scaleOf(dark).join(", ")})` }}
        aria-hidden="true"
      />
      <p class="rn-map-ends rn-number">
        <span>{said(scale.low)}</span>
        <span>{said(scale.high)}</span>
      </p>
      {scale.missing > 0 ? <p class="rn-quiet">{count(scale.missing)} without a value</p> : null}
    </div>
  );
}

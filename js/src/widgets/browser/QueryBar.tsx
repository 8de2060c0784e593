// The query in words: completion while it is typed, what it would find, and what is wrong with it.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Offsets } from "../../offsets";
import type { KeyOn } from "../../ui/events";
import { count, plural } from "../../ui/numbers";
import type { BrowserState } from "./state";

interface Props {
  state: BrowserState;
  field: { current: HTMLInputElement | null };
  onLeave(): void;
  onHelp(): void;
}

/** The cursor of a field in code points. */
function cursorOf(field: HTMLInputElement): number {
  return [...field.value.slice(0, field.selectionStart ?? field.value.length)].length;
}

export function QueryBar({ state, field, onLeave, onHelp }: Props): JSX.Element {
  const { typing, shown } = state;
  const { candidates, chosen, fault, text } = typing;
  const under = useRef<HTMLDivElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const place = useRef<number | null>(null);
  const changed = text !== (shown?.text ?? "");
  useLayoutEffect(() => {
    const own = field.current;
    if (own === null) return;
    if (own.value !== text) own.value = text;
    if (place.current !== null) {
      const unit = new Offsets(text).toUtf16(Math.min(place.current, [...text].length));
      own.setSelectionRange(unit, unit);
      place.current = null;
    }
    if (under.current !== null) under.current.scrollLeft = own.scrollLeft;
  });
  useEffect(() => {
    menu.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const accept = (at: number): void => {
    const found = typing.accept(at);
    if (found === null) return;
    place.current = found.cursor;
    typing.type(found.text, found.cursor);
  };
  const onKeyDown = (event: KeyOn<HTMLInputElement>): void => {
    event.stopPropagation();
    const { key } = event;
    if (event.isComposing || event.altKey) return;
    if (key === "ArrowDown" && candidates.length === 0) {
      void typing.offer(cursorOf(event.currentTarget));
    } else if (key === "ArrowDown" || key === "ArrowUp") typing.move(key === "ArrowDown" ? 1 : -1);
    else if ((key === "Tab" || key === "Enter") && chosen >= 0) accept(chosen);
    else if (key === "Tab" && candidates.length > 0 && changed && !event.shiftKey) accept(0);
    else if (key === "Enter") {
      typing.finish();
      if (changed || fault !== null) void state.query({ text });
      else onLeave();
    } else if (key === "Escape") {
      if (candidates.length > 0) typing.close();
      else {
        typing.settle(shown?.text ?? "");
        onLeave();
      }
    } else return;
    event.preventDefault();
  };
  const list = `rn-br-complete-${state.id}`;
  const offsets = new Offsets(text);
  const wrong =
    fault === null || fault.end <= fault.start || fault.start > offsets.length
      ? null
      : [fault.start, Math.min(fault.end, offsets.length)];
  return (
    <div class="rn-br-query" role="search">
      <div class="rn-br-field">
        <input
          ref={field}
          type="text"
          role="combobox"
          class="rn-mono"
          spellcheck={false}
          autocomplete="off"
          aria-label="Query"
          aria-expanded={candidates.length > 0}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined}
          aria-invalid={fault !== null}
          aria-describedby={fault === null || candidates.length > 0 ? undefined : `${list}-fault`}
          placeholder='Words, or a query: topic is unlabelled and confidence < .6 and "late parcel"'
          data-testid="query"
          onInput={(event) => typing.type(event.currentTarget.value, cursorOf(event.currentTarget))}
          onKeyDown={onKeyDown}
          onBlur={() => typing.close()}
          onScroll={(event) => {
            if (under.current !== null) under.current.scrollLeft = event.currentTarget.scrollLeft;
          }}
        />
        <div ref={under} class="rn-br-under rn-mono" aria-hidden="true">
          {wrong === null ? null : (
            <>
              {offsets.slice(0, wrong[0]!)}
              <u data-testid="wrong">{offsets.slice(wrong[0]!, wrong[1]!) || " "}</u>
            </>
          )}
        </div>
        <span class="rn-br-would rn-quiet rn-number" aria-live="polite" data-testid="would">
          {changed && typing.count !== null ? `${plural(typing.count, "record")} ↵` : ""}
        </span>
        <button
          type="button"
          class="rn-button rn-plain rn-br-help"
          data-opens="language"
          data-testid="help"
          onClick={onHelp}
        >
          How to ask
        </button>
        {text === "" ? null : (
          <button
            type="button"
            class="rn-button rn-plain rn-br-clear"
            aria-label="Clear the query"
            onClick={() => void state.query({ text: "" })}
          >
            ✕
          </button>
        )}
        {candidates.length === 0 ? null : (
          <div
            ref={menu}
            id={list}
            class="rn-float rn-br-menu"
            role="listbox"
            aria-label="Can follow"
          >
            {candidates.map((one, at) => (
              <div
                tabIndex={-1}
                key={one.text}
                id={`${list}-${at}`}
                role="option"
                aria-selected={at === chosen}
                onMouseDown={(event) => {
                  event.preventDefault();
                  accept(at);
                }}
              >
                <span class="rn-mono">{one.text}</span>
                <span class="rn-quiet">{one.kind}</span>
              </div>
            ))}
          </div>
        )}
      </div>
      {fault === null || candidates.length > 0 ? null : (
        <p
          id={`${list}-fault`}
          class="rn-float rn-br-fault rn-bad"
          role="alert"
          data-testid="fault"
        >
          {fault.message} {fault.hint}
        </p>
      )}
    </div>
  );
}

/** What is asked, part by part; each can be left out. */
export function Chips({ state }: { state: BrowserState }): JSX.Element | null {
  const { shown, info } = state;
  if (shown === null || info === null || (shown.chips.length === 0 && info.base === null))
    return null;
  return (
    <div class="rn-br-chips" data-testid="chips">
      {info.base === null ? null : (
        <span class="rn-br-chip rn-quiet" title={info.base}>
          within {info.base}
        </span>
      )}
      {shown.chips.map((words, at) => (
        <span key={`${at} ${words}`} class="rn-br-chip" title={words}>
          <span>{words}</span>
          <button
            type="button"
            class="rn-button rn-plain"
            aria-label={`Leave out: ${words}`}
            onClick={() => void state.dropChip(at)}
          >
            ✕
          </button>
        </span>
      ))}
      {shown.chips.length < 2 ? null : (
        <button type="button" class="rn-link" onClick={() => void state.query({ text: "" })}>
          Clear all
        </button>
      )}
    </div>
  );
}

/** How many records are shown, and how many match by now. */
export function Count({ state }: { state: BrowserState }): JSX.Element {
  const { drifted, info } = state;
  const all = state.count !== null && state.count === info?.total;
  return (
    <span class="rn-br-count" data-testid="count" data-count={state.count ?? ""}>
      {state.count === null ? (
        <span class="rn-quiet">{state.shown === null ? "" : "counting…"}</span>
      ) : (
        <>
          <b class="rn-number">{count(state.count)}</b>
          <span class="rn-quiet">
            {all || info === null ? " records" : ` of ${count(info.total)}`}
          </span>
        </>
      )}
      {drifted === null ? null : (
        <button
          type="button"
          class="rn-link"
          title="Labels have changed since; those that are shown stay until you look again"
          data-testid="again"
          onClick={() => void state.query()}
        >
          {count(drifted)} match now ↻
        </button>
      )}
    </span>
  );
}

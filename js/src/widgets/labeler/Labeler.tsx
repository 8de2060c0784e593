// The Labeler: one record at a time, its labels, and the keyboard.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Card, LabelInfo, TaskInfo } from "../../rpc";
import type { Session, Setting } from "../../state/session";
import type { Preferences } from "../../state/storage";
import type { KeyOn } from "../../ui/events";
import { useSource } from "../../ui/hooks";
import { KeySheet } from "../../ui/Sheet";
import { Toast } from "../../ui/states";
import type { DrawnSpan } from "../../ui/text/lanes";
import { SpanPicker } from "../../ui/text/SpanPicker";
import type { Range } from "../../ui/text/TextView";
import { Aside, type Beside } from "./Aside";
import { accepted, marked, none, toggled } from "./actions";
import { type Cursor, cursorRange, enterCursor, moveCursor } from "./cursor";
import { Empty } from "./Empty";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { type Action, actionOf, SHEET } from "./keys";
import { Labels } from "./Labels";
import { Notices } from "./Notices";
import { RecordText, tokensOf } from "./RecordText";
import { RuleCard, type RuleSource } from "./RuleCard";
import { ruleSource, rulesOn } from "./rules";
import { SpanCard } from "./SpanCard";
import { withoutSpan, withSpan } from "./suggestions";
import { Why } from "./Why";

interface Pointed {
  span: DrawnSpan;
  at: DOMRect;
}

/** What is chosen on the record; it goes when the record does. */
interface Choice {
  selection: (Range & { attribute: string }) | null;
  cursor: Cursor | null;
  chosen: Pointed | null;
}

/** What takes the focus itself. */
const KEEPS = new Set(["search", "rule", "comments"]);
const NOTHING: Choice = { selection: null, cursor: null, chosen: null };

export function Labeler(props: { session: Session; preferences: Preferences }): JSX.Element {
  const { session, preferences } = props;
  useSource(session);
  const root = useRef<HTMLElement>(null);
  const [choice, setChoice] = useState<Choice>(NOTHING);
  const [hovered, setHovered] = useState<Pointed | null>(null);
  const [placed, setPlaced] = useState<DOMRect | null>(null);
  const [open, setOpen] = useState<"keys" | Beside | null>(null);
  const [rule, setRule] = useState<RuleSource | null>(null);
  const [searching, setSearching] = useState(false);
  const [find, setFind] = useState(0);
  const [autoNext, setAutoNext] = useState(preferences.flag("autoNext", true));
  const [folded, setFolded] = useState(preferences.flag("foldedWhy", false));
  const card = session.card;
  const { tasks } = session;
  const single = tasks.length === 1 && tasks[0]?.kind === "classification";
  const spanTasks = tasks.filter((task) => task.kind === "spans");

  useEffect(() => {
    setChoice(NOTHING);
    setHovered(null);
    setRule(null);
  }, [card?.id]);

  const focus = (): void => root.current?.focus({ preventScroll: true });
  const set = (settings: Setting[]): void => {
    if (card !== undefined) session.apply(card, settings);
  };

  const label = (task: TaskInfo, one: LabelInfo): void => {
    if (card === undefined) return;
    const { value } = session.shown(card, task);
    if (task.kind !== "spans") {
      const setting = toggled(task, one, value);
      set([setting]);
      if (single && autoNext && setting.value !== null) session.step(1);
      return;
    }
    const { chosen, selection } = choice;
    if (selection !== null && selection.attribute === task.on) {
      addSpan(task, [selection.start, selection.end, one.id]);
    } else if (chosen?.span.voice === "person" && chosen.span.task === task.id) {
      const rest = withoutSpan(value, chosen.span);
      const next = withSpan(task, rest, [chosen.span.start, chosen.span.end, one.id]);
      if (next !== null) set([{ task, value: next }]);
      setChoice(NOTHING);
    } else {
      session.say("Select some text first: with the mouse, or with t and the arrow keys.");
    }
  };

  const addSpan = (task: TaskInfo, span: [number, number, number]): void => {
    if (card === undefined) return;
    const next = withSpan(task, session.shown(card, task).value, span);
    if (next === null) {
      session.say(
        `This span is there already, or overlaps another: ${task.name} is ${task.overlap}.`,
      );
      return;
    }
    set([{ task, value: next }]);
    // The cursor stays, so that the next span is a few keys away.
    setChoice((old) => (old.cursor === null ? NOTHING : { ...old, chosen: null }));
  };

  const removeSpan = (span: DrawnSpan | null): void => {
    const task = tasks.find((one) => one.id === span?.task);
    if (card === undefined || task === undefined || span === null) return;
    set([{ task, value: withoutSpan(session.shown(card, task).value, span) }]);
    setChoice((old) => ({ ...old, chosen: null }));
  };

  const cursorTo = (cursor: Cursor | null): void => {
    if (card === undefined) return;
    const range = cursor === null ? null : cursorRange(cursor, tokensOf(card, cursor.attribute));
    const selection =
      range === null || cursor === null ? null : { ...range, attribute: cursor.attribute };
    setChoice({ selection, cursor, chosen: null });
  };

  const startCursor = (shown: Card): void => {
    const attribute = spanTasks[0]?.on ?? Object.keys(shown.texts)[0] ?? null;
    if (choice.cursor !== null || attribute === null) return cursorTo(null);
    cursorTo(enterCursor(attribute, tokensOf(shown, attribute), choice.selection?.start ?? 0));
  };

  const underCursor = (shown: Card): DrawnSpan | null => {
    const { selection } = choice;
    if (choice.chosen !== null) return choice.chosen.span;
    for (const task of spanTasks) {
      const { value } = session.shown(shown, task);
      if (selection === null || value === null || !("spans" in value)) continue;
      const hit = value.spans.find(
        ([start, end]) => start < selection.end && end > selection.start,
      );
      if (hit === undefined) continue;
      const [start, end, id] = hit;
      return {
        id: "",
        start,
        end,
        label: id,
        task: task.id,
        voice: "person",
        confidence: 1,
        sources: [],
        status: "saved",
      };
    }
    return null;
  };

  const act = (action: Action): void => {
    const { do: done } = action;
    if (done === "keys" || done === "guideline" || done === "comments") {
      return setOpen((old) => (old === done ? null : done));
    }
    if (action.do === "search") return setSearching(true);
    if (action.do === "find") return setFind((old) => old + 1);
    if (action.do === "undo") return session.undo();
    if (action.do === "redo") return session.redo();
    if (action.do === "step") return session.step(action.by);
    if (action.do === "escape") return leave();
    if (card === undefined) return;
    if (action.do === "label") label(action.task, action.label);
    else if (action.do === "accept") {
      set(accepted(session, card));
      session.step(1);
    } else if (action.do === "skip") {
      set(marked(session, card, "skip"));
      session.step(1);
    } else if (action.do === "flag") set(marked(session, card, "flag"));
    else if (action.do === "none") {
      const settings = none(session, card);
      set(settings);
      if (single && autoNext && settings[0]?.value != null) session.step(1);
    } else if (action.do === "delete") removeSpan(underCursor(card));
    else if (action.do === "enterCursor") {
      startCursor(card);
    } else if (action.do === "rule") {
      const source = ruleSource(session, card, choice.selection, root.current);
      if (source !== null) return setRule(source);
      if (choice.cursor === null) startCursor(card);
      session.say(
        "Choose some text for the rule: with the arrow keys, or the mouse. Then + again.",
      );
    } else if (action.do === "cursor" && choice.cursor !== null) {
      const tokens = tokensOf(card, choice.cursor.attribute);
      cursorTo(moveCursor(choice.cursor, tokens, action.by, action.extend));
    }
  };

  const leave = (): void => {
    if (open !== null) setOpen(null);
    else if (rule !== null) setRule(null);
    else if (choice !== NOTHING && (choice.chosen ?? choice.cursor ?? choice.selection) !== null) {
      setChoice(NOTHING);
    } else {
      const notebook = root.current?.closest<HTMLElement>(".jp-Notebook");
      root.current?.blur();
      notebook?.focus();
    }
  };

  const onKeyDown = (event: KeyOn<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement;
    const inside = target.closest("input, select, textarea");
    if (inside !== null) {
      event.stopPropagation();
      if (event.key !== "Escape") return;
      focus();
      return;
    }
    if (event.key === "Tab") return;
    // Enter and space on a focused button press it.
    if (target.closest("button") !== null && (event.key === "Enter" || event.key === " ")) {
      event.stopPropagation();
      return;
    }
    event.stopPropagation();
    const action = actionOf(event, tasks, choice.cursor !== null);
    if (action === null) return;
    event.preventDefault();
    act(action);
  };

  const pointed = choice.chosen ?? (choice.selection === null ? hovered : null);
  const picking =
    choice.selection !== null && choice.cursor === null && placed !== null && rule === null;
  const marks = card === undefined ? [] : tasks.map((task) => session.shown(card, task).marks);
  return (
    <section
      ref={root}
      class="rn-ui rn-labeler"
      tabIndex={0}
      aria-label={`Labeler: ${tasks.map((task) => task.name).join(", ")}`}
      data-testid="labeler"
      data-connection={session.connection}
      data-record={card?.key}
      data-position={session.queue?.position}
      onKeyDown={onKeyDown}
    >
      <Header
        session={session}
        searching={searching}
        onSearch={(on) => (setSearching(on), focus())}
      />
      <Notices session={session} />
      <div class="rn-body">
        {card === undefined ? (
          <Empty session={session} />
        ) : (
          <div class="rn-record" data-testid="record" key="record">
            <div class="rn-facts" data-testid="facts">
              <span class="rn-fact">{card.key}</span>
              {card.attributes.map(({ name, value }) => (
                <span key={name} class="rn-fact" title={name}>
                  <span class="rn-quiet">{name}</span>{" "}
                  {typeof value === "string" ? value : JSON.stringify(value)}
                </span>
              ))}
              {marks.some((list) => list.includes("flag")) ? (
                <span class="rn-badge" data-testid="flagged">
                  ⚑ flagged
                </span>
              ) : null}
              {marks.some((list) => list.includes("skip")) ? (
                <span class="rn-badge" data-testid="skipped">
                  skipped
                </span>
              ) : null}
              {tasks.some((task) => card.tasks[String(task.id)]?.stale) ? (
                <span class="rn-badge rn-bad">text changed under spans</span>
              ) : null}
            </div>
            {Object.keys(card.texts).map((attribute) => (
              <RecordText
                key={`${card.id}-${attribute}`}
                session={session}
                card={card}
                attribute={attribute}
                tasks={tasks}
                selection={choice.selection?.attribute === attribute ? choice.selection : null}
                cursor={choice.cursor !== null}
                chosen={choice.chosen?.span.id ?? null}
                onSelect={(range) => {
                  setChoice({
                    ...NOTHING,
                    selection: range === null ? null : { ...range, attribute },
                  });
                  focus();
                }}
                onSpan={(span, at) =>
                  setChoice((old) => ({ ...old, chosen: span === null ? null : { span, at } }))
                }
                onHover={(span, at) => setHovered(span === null ? null : { span, at })}
                onPlaced={(at) => {
                  if (choice.selection === null || choice.selection.attribute === attribute)
                    setPlaced(at);
                }}
              />
            ))}
            {rule !== null ? (
              <RuleCard
                key={`${rule.attribute} ${rule.text}`}
                session={session}
                source={rule}
                tasks={rulesOn(tasks, rule.attribute)}
                onClose={() => (setRule(null), focus())}
              />
            ) : (
              tasks.map((task) => (
                <Labels
                  key={task.id}
                  task={task}
                  card={card}
                  value={session.shown(card, task).value}
                  status={session.sync?.status(card.id, task.id) ?? "saved"}
                  find={find}
                  onLabel={(one) => (label(task, one), focus())}
                  onNone={() => {
                    const now = session.shown(card, task).value;
                    set([{ task, value: now !== null && "none" in now ? null : { none: true } }]);
                    focus();
                  }}
                  onDone={focus}
                />
              ))
            )}
            {folded || rule !== null ? null : <Why card={card} tasks={tasks} />}
          </div>
        )}
        {open === null || open === "keys" ? null : (
          <Aside
            session={session}
            card={card}
            part={open}
            onClose={() => (setOpen(null), focus())}
            onLeave={focus}
          />
        )}
      </div>
      {open === "keys" ? <KeySheet rows={SHEET} onClose={() => (setOpen(null), focus())} /> : null}
      {picking && card !== undefined ? (
        <SpanPicker
          at={placed}
          root={root.current}
          tasks={spanTasks.filter((t) => t.on === choice.selection?.attribute)}
          onLabel={(task, one) => (label(task, one), focus())}
        />
      ) : null}
      {pointed !== null && card !== undefined ? (
        <SpanCard
          at={pointed.at}
          root={root.current}
          span={pointed.span}
          task={tasks.find((task) => task.id === pointed.span.task)!}
          actor={session.hello?.actor ?? ""}
          fixed={choice.chosen !== null}
          onDelete={() => (removeSpan(pointed.span), focus())}
          onAccept={() => {
            const task = tasks.find((one) => one.id === pointed.span.task);
            if (task !== undefined)
              addSpan(task, [pointed.span.start, pointed.span.end, pointed.span.label]);
            setChoice(NOTHING);
            focus();
          }}
        />
      ) : null}
      <Footer
        session={session}
        flagged={marks.some((list) => list.includes("flag"))}
        skipped={marks.some((list) => list.includes("skip"))}
        cursor={choice.cursor !== null}
        spans={spanTasks.length > 0}
        autoNext={autoNext}
        single={single}
        folded={folded}
        comments={card?.comments ?? 0}
        onAction={(action) => (act(action), KEEPS.has(action.do) ? undefined : focus())}
        onAutoNext={(on) => (setAutoNext(on), preferences.setFlag("autoNext", on), focus())}
        onFold={(on) => (setFolded(on), preferences.setFlag("foldedWhy", on), focus())}
      />
      <Toast {...session.notice} />
    </section>
  );
}

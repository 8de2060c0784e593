// What people say of one thing, and the field to say more.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Comment, CommentsProps } from "./commenting";
import type { KeyOn } from "./events";
import { Markdown } from "./Markdown";
import { when } from "./time";

/** What was written and not sent yet, by what it is on: going elsewhere loses none of it. */
const drafts = new Map<string, string>();

const worded = (error: unknown): string => {
  const { message, hint = "" } = error as { message: string; hint?: string };
  return [message, hint].join(" ").trim();
};

export function Comments(props: CommentsProps): JSX.Element {
  const { ask, on, of, revision } = props;
  const key = JSON.stringify([on.kind, on.name, on.task]);
  const [told, setTold] = useState<{ key: string; list: Comment[] } | null>(null);
  const [gone, setGone] = useState<Comment | null>(null);
  const [editing, setEditing] = useState<number | null>(null);
  const [trouble, setTrouble] = useState("");
  // Where another thing is shown, the keyboard stays where it is.
  const first = useRef(true);
  useEffect(() => {
    first.current = false;
  }, []);
  const now = useRef(key);
  now.current = key;
  const list = told?.key === key ? told.list : null;

  const load = async (): Promise<void> => {
    try {
      const { comments } = await ask("comments", { on });
      if (now.current !== key) return; // it shows another by now
      setTold({ key, list: comments });
      props.onCount?.(comments.length);
    } catch (error) {
      if (now.current === key) setTrouble(worded(error));
    }
  };
  useEffect(() => void load(), [key, revision]);
  useEffect(() => {
    setGone(null);
    setEditing(null);
    setTrouble("");
  }, [key]);

  /** Ask for a change, then for all of them: whether it was done. */
  const change = async (asked: Promise<unknown>): Promise<boolean> => {
    try {
      await asked;
      setTrouble("");
      await load();
      return true;
    } catch (error) {
      setTrouble(worded(error));
      return false;
    }
  };
  const remove = async (comment: Comment): Promise<void> => {
    if (await change(ask("comment_delete", { id: comment.id }))) setGone(comment);
  };
  const restore = async (comment: Comment): Promise<void> => {
    if (await change(ask("comment_restore", { id: comment.id }))) setGone(null);
  };

  return (
    <div
      class="rn-comments"
      data-testid="comments"
      data-count={list?.length ?? -1}
      // What is written here is no key of the widget around it.
      onKeyDown={(event) => {
        if (event.key !== "Escape" && event.key !== "Tab") event.stopPropagation();
      }}
    >
      {list === null && trouble === "" ? <div class="rn-skeleton" /> : null}
      {list?.length === 0 ? <p class="rn-quiet">Nobody has said anything of {of} yet.</p> : null}
      <ol aria-label={`Comments on ${of}`}>
        {list?.map((comment) => (
          <li key={comment.id} class="rn-comment" data-testid="comment">
            <p class="rn-comment-head">
              <b>{comment.by.replace(/^local:/, "")}</b>
              <time class="rn-quiet" dateTime={comment.at} title={comment.at}>
                {when(comment.at)}
              </time>
              {comment.edited === null ? null : (
                <span class="rn-quiet" title={comment.edited}>
                  edited
                </span>
              )}
              <span class="rn-grow" />
              {comment.own && editing !== comment.id ? (
                <>
                  <button
                    type="button"
                    class="rn-link"
                    data-testid="comment-edit"
                    onClick={() => setEditing(comment.id)}
                  >
                    Edit
                  </button>
                  <button
                    type="button"
                    class="rn-link"
                    data-testid="comment-delete"
                    onClick={() => void remove(comment)}
                  >
                    Delete
                  </button>
                </>
              ) : null}
            </p>
            {editing === comment.id ? (
              <Field
                label="Change the comment"
                button="Save"
                first={comment.text}
                focus
                onSend={async (text) => {
                  const done = await change(ask("comment_edit", { id: comment.id, text }));
                  if (done) setEditing(null);
                  return done;
                }}
                onLeave={() => setEditing(null)}
              />
            ) : (
              <Markdown text={comment.text} />
            )}
          </li>
        ))}
      </ol>
      {gone === null ? null : (
        <p class="rn-comment-gone" role="status">
          <span class="rn-quiet">The comment is deleted.</span>
          <button
            type="button"
            class="rn-link"
            data-testid="comment-undo"
            onClick={() => void restore(gone)}
          >
            Undo
          </button>
        </p>
      )}
      {trouble === "" ? null : (
        <p class="rn-bad" role="alert">
          {trouble}
        </p>
      )}
      <Field
        key={key}
        label={`Comment on ${of}`}
        button="Comment"
        first={drafts.get(key) ?? ""}
        focus={first.current && props.focus === true}
        onWrite={(text) => drafts.set(key, text)}
        onSend={(text) => change(ask("comment_add", { on, text }))}
        onLeave={props.onLeave}
      />
    </div>
  );
}

interface FieldProps {
  label: string;
  button: string;
  first: string;
  focus: boolean;
  onWrite?(text: string): void;
  /** Whether it was taken. */
  onSend(text: string): Promise<boolean>;
  onLeave?: (() => void) | undefined;
}

function Field(props: FieldProps): JSX.Element {
  const [text, setText] = useState(props.first);
  const [sending, setSending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (props.focus) field.current?.focus();
  }, [props.focus]);
  const write = (next: string): void => {
    setText(next);
    props.onWrite?.(next);
  };
  const send = async (): Promise<void> => {
    if (text.trim() === "" || sending) return;
    setSending(true);
    if (await props.onSend(text)) write("");
    setSending(false);
  };
  const onKeyDown = (event: KeyOn<HTMLTextAreaElement>): void => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void send();
    } else if (event.key === "Escape" && props.onLeave !== undefined) {
      event.stopPropagation();
      props.onLeave();
    }
  };
  return (
    <div class="rn-comment-field">
      <textarea
        ref={field}
        rows={2}
        aria-label={props.label}
        placeholder="Write a comment; Markdown is understood."
        data-testid="comment-text"
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        class="rn-button"
        data-testid="comment-send"
        title="Ctrl+Enter"
        disabled={text.trim() === "" || sending}
        onClick={() => void send()}
      >
        {props.button}
      </button>
    </div>
  );
}

// What the front end and the kernel say about comments: the same in every widget that shows them;
// refinery_nb/widgets/comments.py is the other side.

/** What a comment is on; a label and a heuristic are of a task. */
export interface Target {
  kind: "record" | "task" | "label" | "heuristic" | "slice" | "attribute" | "lookup" | "embedding";
  /** Its name; of a record the key. */
  name: string;
  task?: string;
}

export interface Comment {
  id: number;
  by: string;
  at: string;
  /** Markdown. */
  text: string;
  edited: string | null;
  /** Whether the one who reads it has written it. */
  own: boolean;
}

type Nothing = Record<string, never>;

/** To be among the operations of a widget that shows comments. */
export interface CommentOperations {
  comments: { args: { on: Target }; ok: { comments: Comment[] } };
  comment_add: { args: { on: Target; text: string }; ok: { comment: Comment } };
  comment_edit: { args: { id: number; text: string }; ok: { comment: Comment } };
  comment_delete: { args: { id: number }; ok: Nothing };
  comment_restore: { args: { id: number }; ok: { comment: Comment } };
  comment_counts: {
    args: { kind: Target["kind"]; task?: string };
    ok: { counts: Record<string, number> };
  };
}

/** How a widget asks its kernel. */
export type AskComments = <Op extends keyof CommentOperations>(
  op: Op,
  args: CommentOperations[Op]["args"],
) => Promise<CommentOperations[Op]["ok"]>;

export interface CommentsProps {
  ask: AskComments;
  on: Target;
  /** What a person calls it: "record r1". */
  of: string;
  /** Grows when somebody has said something. */
  revision: number;
  /** Whether the field for a new one gets the keyboard at once. */
  focus?: boolean;
  /** How many there are, as soon as that is known. */
  onCount?(count: number): void;
  /** Escape: the keyboard goes back. */
  onLeave?(): void;
}

export interface CommentedProps extends CommentsProps {
  /** The tasks that can be commented on beside it, with their labels. */
  tasks?: { name: string; labels: { name: string }[] }[];
}

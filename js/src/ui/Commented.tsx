// Comments with a choice of what they are on: the thing at hand, its tasks, their labels.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Comments } from "./Comments";
import type { CommentedProps, Target } from "./commenting";

export function Commented({ tasks = [], ...props }: CommentedProps): JSX.Element {
  // By its place: where another record is shown, the choice stays.
  const [at, setAt] = useState(0);
  const choices: [name: string, on: Target][] = [
    [props.of, props.on],
    ...tasks.flatMap(({ name: task, labels }): [string, Target][] => [
      [`task ${task}`, { kind: "task", name: task }],
      ...labels.map(({ name }): [string, Target] => [
        `label ${name} of ${task}`,
        { kind: "label", name, task },
      ]),
    ]),
  ];
  const [of, on] = choices[at] ?? choices[0]!;
  const { onCount, ...rest } = props;
  return (
    <>
      {tasks.length === 0 ? null : (
        <label class="rn-field rn-comments-on">
          <span class="rn-quiet">on</span>
          <select
            data-testid="comments-on"
            value={at}
            onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
            onChange={(event) => setAt(Number(event.currentTarget.value))}
          >
            {choices.map(([name], place) => (
              <option key={name} value={place}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Comments {...rest} {...(at === 0 && onCount ? { onCount } : {})} of={of} on={on} />
    </>
  );
}

// Comments, as a part: with it no bundle carries Markdown for them.

import { h, render } from "preact";
import { Comments } from "../../ui/Comments";
import type { CommentsProps } from "../../ui/commenting";
import type { Mounted } from "../../ui/parts";

export function mount(host: HTMLElement, props: CommentsProps): Mounted<CommentsProps> {
  const update = (next: CommentsProps): void => render(h(Comments, next), host);
  update(props);
  return { update, destroy: () => render(null, host) };
}

// Markdown as nodes: every character of it is text.

import type { JSX } from "preact";
import { type Block, blocks, type Run, runs } from "./prose";

export function Markdown({ text }: { text: string }): JSX.Element {
  return <div class="rn-prose">{blocks(text).map((block, at) => drawn(block, at))}</div>;
}

/** A line of it, as a description is. */
export function Line({ text }: { text: string }): JSX.Element {
  return <>{told(runs(text))}</>;
}

function drawn(block: Block, key: number): JSX.Element {
  switch (block.is) {
    case "heading":
      return block.level === 1 ? (
        <h4 key={key}>{told(block.runs)}</h4>
      ) : (
        <h5 key={key}>{told(block.runs)}</h5>
      );
    case "code":
      return <pre key={key}>{block.text}</pre>;
    case "rule":
      return <hr key={key} />;
    case "quote":
      return <blockquote key={key}>{told(block.runs)}</blockquote>;
    case "list": {
      const items = block.items.map((item, at) => <li key={`${key}-${at}`}>{told(item)}</li>);
      return block.ordered ? <ol key={key}>{items}</ol> : <ul key={key}>{items}</ul>;
    }
    default:
      return <p key={key}>{told(block.runs)}</p>;
  }
}

function told(list: Run[]): (JSX.Element | string)[] {
  return list.map((run, at) => {
    switch (run.is) {
      case "text":
        return run.text;
      case "code":
        return <code key={at}>{run.text}</code>;
      case "link":
        return (
          <a key={at} href={run.href} target="_blank" rel="noopener noreferrer">
            {told(run.runs)}
          </a>
        );
      case "strong":
        return <strong key={at}>{told(run.runs)}</strong>;
      default:
        return <em key={at}>{told(run.runs)}</em>;
    }
  });
}

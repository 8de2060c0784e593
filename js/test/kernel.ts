// What tests share: a kernel that is asked, and columns as it sends them.

import { PROTOCOL } from "../src/rpc";
import { MemoryTransport } from "../src/transport/memory";

export interface Asked {
  id: string;
  op: string;
  args: Record<string, unknown>;
}

/** The answer to a message, `{ ok }` or `{ error }`; null: none comes. */
export type Answer = (asked: Asked) => object | null;

export function kernel(answer: Answer, latency: number | null = 0) {
  const asked: Asked[] = [];
  const transport = new MemoryTransport((message, reply) => {
    const one = message as Asked;
    asked.push(one);
    const told = answer(one);
    if (told !== null) reply({ v: PROTOCOL, id: one.id, ...told });
  }, latency);
  return { asked, transport };
}

export const base64 = (values: Uint16Array | Uint32Array): string =>
  Buffer.from(values.buffer).toString("base64");

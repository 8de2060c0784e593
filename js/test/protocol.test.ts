// The golden messages that pytest reads too: what the front end sends, and what it reads of answers.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROTOCOL, Rpc } from "../src/rpc";
import { MemoryTransport } from "../src/transport/memory";

const golden = JSON.parse(
  readFileSync(new URL("../../tests/protocol/messages.json", import.meta.url), "utf8"),
) as { requests: { v: number; id: string; op: string; args: Record<string, unknown> }[] };

test.each(golden.requests)("$op is sent as the kernel expects it", async ({ v, id, op, args }) => {
  const sent: unknown[] = [];
  const transport = new MemoryTransport((message, reply) => {
    sent.push(message);
    reply({ v: PROTOCOL, id: (message as { id: string }).id, ok: {} });
  });
  const rpc = new Rpc(
    transport,
    "c",
    () => undefined,
    () => undefined,
  );
  await rpc.call(op as "hello", args as { client: string });
  expect(sent).toEqual([{ v, id: "c-1", op, args }]);
  expect(id.startsWith("c-")).toBe(true);
  rpc.dispose();
});

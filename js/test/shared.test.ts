// What all widgets share: how they begin and end, what they say of the kernel, the way out.
// @vitest-environment jsdom
import { h, render } from "preact";
import { expect, test, vi } from "vitest";
import type { Connection } from "../src/state/link";
import { Source } from "../src/state/source";
import { entry } from "../src/ui/entry";
import { useSource } from "../src/ui/hooks";
import { toNotebook } from "../src/ui/notebook";
import { Trouble } from "../src/ui/states";

class Counted extends Source {
  count = 0;
}

function Count({ source }: { source: Counted }) {
  useSource(source);
  return h("b", null, `${source.count}`);
}

function shown(connection: Connection, more: { quiet?: boolean; onClose?(): void } = {}) {
  const box = document.createElement("div");
  render(h(Trouble, { connection, trouble: "No label 'C'.", ...more }), box);
  return box;
}

test("a widget says why the kernel cannot be used, whatever else it would say", () => {
  for (const quiet of [false, true]) {
    expect(shown("gone", { quiet }).textContent).toContain("Restart it");
    expect(shown("reload", { quiet }).textContent).toContain("Reload the page");
    expect(shown("refused", { quiet }).textContent).toContain("cannot open this. No label 'C'.");
  }
});

test("what went wrong last is said here, unless another place says it", () => {
  expect(shown("ready").textContent).toBe("No label 'C'.");
  expect(shown("ready", { quiet: true }).childElementCount).toBe(0);
});

test("what went wrong can be closed, a lost kernel cannot", () => {
  const onClose = vi.fn();
  expect(shown("gone", { onClose }).querySelector("button")).toBeNull();
  shown("ready", { onClose }).querySelector("button")!.click();
  expect(onClose).toHaveBeenCalledTimes(1);
});

test("a view opens its own state, and lets go of it when it is taken away", async () => {
  const made: { open: () => Promise<void>; dispose: () => void }[] = [];
  const { render: start } = entry(
    () => {
      const state = { open: vi.fn(async () => undefined), dispose: vi.fn() };
      made.push(state);
      return state;
    },
    (state) => h("b", null, `${made.indexOf(state)}`),
  );
  const model = { send: vi.fn(), on: vi.fn(), off: vi.fn() };
  const [one, other] = [document.createElement("div"), document.createElement("div")];
  const end = start({ model, el: one });
  start({ model, el: other });
  expect([one.textContent, other.textContent]).toEqual(["0", "1"]);
  expect(made[0]!.open).toHaveBeenCalledTimes(1);
  end();
  expect([one.textContent, other.textContent]).toEqual(["", "1"]);
  expect(made[0]!.dispose).toHaveBeenCalledTimes(1);
  expect(made[1]!.dispose).not.toHaveBeenCalled();
});

test("what changes before the page is painted for the first time is shown", async () => {
  const source = new Counted();
  const box = document.createElement("div");
  render(h(Count, { source }), box);
  source.count = 1;
  source.emit();
  await vi.waitFor(() => expect(box.textContent).toBe("1"));
});

test("the keyboard goes from a field of a widget back to its notebook", () => {
  const notebook = document.createElement("div");
  notebook.className = "jp-Notebook";
  notebook.tabIndex = 0;
  const widget = document.createElement("section");
  const field = document.createElement("input");
  widget.append(field);
  notebook.append(widget);
  document.body.append(notebook);
  field.focus();
  toNotebook(widget);
  expect(document.activeElement).toBe(notebook);
});

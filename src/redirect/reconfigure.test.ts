// A changed chassis file while running: nothing moves and no rule acts again because of it.

import { expect, test } from "bun:test";
import type { RedirectConfig } from "./index.ts";
import { type Bench, benchOf, type Changes, chassisOf, factsFor, words } from "./sample.test.ts";

const text = (groups: string, rules = ""): RedirectConfig =>
  chassisOf(
    `groups:\n${groups}services:\n  web: { run: /bin/web, group: web }\n  probe: { run: /bin/p, on: [3] }\n${rules}`,
  );
const web = "  web: { on: [1, 2] }\n";
const go: Changes = { groups: { web: [[2]] }, alarms: ["go"] };

/** Tells a new configuration, then facts about it: the orders of both. */
function change(bench: Bench, config: RedirectConfig, changes: Changes): string[] {
  const effects = bench.send({ type: "config", config });
  return [...effects, ...bench.send({ type: "facts", facts: factsFor(config, changes) })].map(
    words,
  );
}

test("the same file again says nothing, whatever happened before", () => {
  const rules =
    "rules:\n  r: { when: { alarm: go }, do: { powerCycle: 3 } }\n  s: { when: { alarm: go }, do: { stop: web } }\n";
  const bench = benchOf(text(web, rules));
  bench.tell(go);
  expect(change(bench, text(web, rules), go)).toEqual([]);
  expect(bench.active("web")).toEqual([2]);
});

test("a rule that changed acts anew, and what a rule stopped starts when the rule is gone", () => {
  const stop = "rules:\n  s: { when: { alarm: go }, do: { stop: web } }\n";
  const bench = benchOf(text(web, stop));
  expect(bench.tell(go).map(words)).toContain("stop web@2");
  expect(change(bench, text(web), go)).toEqual(["start web@2"]);
  const run = "rules:\n  s: { when: { alarm: go }, do: { run: /bin/x } }\n";
  expect(change(bench, text(web, run), go)).toEqual(["run /bin/x"]);
});

test("a group that lost its slot is placed anew; one that is gone takes its alarms with it", () => {
  const bench = benchOf(text(`${web}  b: { on: [2, 1] }\n`));
  bench.tell({ boards: { 1: { state: "down" } }, groups: { web: [[2]], b: [[2]] } });
  const effects = change(bench, text("  web: { on: [1, 3] }\n"), { groups: { web: [[2]] } });
  expect(effects).toContain("clear no-standby:b");
  expect(bench.active("web")).toEqual([1]);
});

test("a new group and a new service begin", () => {
  const bench = benchOf(text(web));
  bench.tell({ groups: { web: [[1]] } });
  const more = text(`${web}  b: { on: [2, 1] }\n`);
  expect(change(bench, more, { groups: { web: [[1]] } })).toEqual([
    "take-over b 2",
    "stand-by b 1",
  ]);
});

test("a group that was everywhere and now has one active board is placed anew", () => {
  const bench = benchOf(text("  web: { on: [1, 2, 3], model: all-active }\n"));
  bench.tell();
  bench.tell({ groups: { web: [[1, 2, 3]] } });
  change(bench, text("  web: { on: [1, 2, 3] }\n"), { groups: { web: [[1, 2, 3]] } });
  expect(bench.active("web")).toHaveLength(1);
});

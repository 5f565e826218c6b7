// Every mistake of rules and lease timers, with the text its writer reads.

import { describe, expect, test } from "bun:test";
import { bent, duo, good, mistakes, told } from "./sample.test.ts";

const ruleRows: readonly (readonly [string, string, string])[] = [
  [
    "a rule without a condition",
    "{ do: { move: web } }",
    "rules.r: missing; write { board: 3, is: down }, or one with network, service, alarm or value",
  ],
  [
    "a condition about nothing",
    "{ when: {}, do: { move: web } }",
    "rules.r.when: nothing to look at; write { board: 3, is: down }, or one with network, service, alarm or value",
  ],
  [
    "an action that is none",
    "{ when: { network: A }, do: {} }",
    "rules.r.do: nothing to do; write { move: web }, or one with stop, start, restart, alarm, powerCycle or run",
  ],
  [
    "an unknown group to move",
    "{ when: { network: A }, do: { move: wbe } }",
    "rules.r.do.move: no group wbe; there are web",
  ],
  [
    "a move to a slot outside the group",
    "{ when: { network: A }, do: { move: web, to: 3 } }",
    "rules.r.do.to: group web may not be on slot 3; its on has 1, 2",
  ],
  [
    "an unknown service to stop",
    "{ when: { network: A }, do: { stop: db } }",
    "rules.r.do.stop: no service db; there are web",
  ],
  [
    "an unknown service to look at",
    "{ when: { service: db, is: failed }, do: { stop: web } }",
    "rules.r.when.service: no service db; there are web",
  ],
  [
    "a board that is not there",
    "{ when: { board: 9, is: down }, do: { powerCycle: 8 } }",
    "rules.r.when.board: slot 9 has no board; slots has 1, 2, 3, 4",
  ],
  [
    "above and below at once",
    "{ when: { value: t, above: 1, below: 2 }, do: { alarm: x } }",
    "rules.r.when: give above or below, one of the two",
  ],
  [
    "a limit of text",
    "{ when: { value: t, above: hot }, do: { alarm: x } }",
    'rules.r.when.above: "hot" is not a number; write 80 or 11.5',
  ],
  [
    "two actions in one rule",
    "{ when: { network: A }, do: { alarm: x, stop: web } }",
    "rules.r.do.stop: unknown key; known here: alarm",
  ],
];

const leaseRows: readonly (readonly [string, string])[] = [
  ["stopMs: 6", "stopMs: 6 is less than lateMs + netMs = 7; give at least 7"],
  ["leaseMs: 50", "leaseMs: 50 is less than silentMs + 2 * beatMs = 57; give at least 57"],
  ["flushMs: 25", "fenceMs: 20 is less than flushMs = 25; give at least 25"],
  ["rstMs: 12", "fenceMs: 20 is less than 2 * rstMs = 24; give at least 24"],
  ["replMs: 37", "replMs: 37 is less than silentMs + 1 = 38; give at least 38"],
  ["holdMs: 60", "holdMs: 60 is less than grantMs = 75; give at least 75"],
  ["holdMaxMs: 100", "holdMaxMs: 100 is less than holdMs = 250; give at least 250"],
  ["coldMs: 750", "coldMs: 750 is less than 10 * grantMs + 1 = 751; give at least 751"],
];

describe("mistakes in rules are told with what would be right", () => {
  for (const [what, rule, text] of ruleRows) {
    test(what, () => expect(told(`${good}rules:\n  r: ${rule}\n`)).toContain(text));
  }
});

describe("relations of leases.md section 5", () => {
  for (const [given, text] of leaseRows) {
    test(given, () => {
      const told = mistakes(`${duo}timing: { lease: { ${given} } }\n`).join("\n");
      expect(told).toContain(`timing.lease.${text}`);
    });
  }

  test("1: the grant outlives the lease by stop and drift", () => {
    expect(mistakes(`${duo}timing: { lease: { grantMs: 68 } }\n`).join("\n")).toContain(
      "timing.lease.grantMs: 68 is less than (leaseMs / (1 - r) + stopMs) * (1 + r) = 69",
    );
    expect(mistakes(`${duo}timing: { lease: { driftPpm: 50000 } }\n`)).toEqual([]);
  });

  test("4: a take-over fits the promise, where something can be taken over", () => {
    expect(mistakes(`${good}timing: { beatMs: 15 }\n`)).toEqual([]);
    const slower = "timing: { beatMs: 30 }\n";
    expect(mistakes(`${duo}${slower}`)).toEqual([]);
    expect(mistakes(`${good}${slower}`).join("\n")).toContain(
      "timing.lease.answerMs: 100 is less than silentMs + fenceMs + fsyncMs + 4 * netMs + addrMs + lateMs = 142; give at least 142",
    );
    const said = "timing: { beatMs: 30, lease: { answerMs: 142 } }\n";
    expect(mistakes(`${good}${said}`)).toEqual([]);
  });

  test("5: an unfenced take-over fits too", () => {
    const text = bent("on: [1, 2]", "unfenced: after-lease, on: [1, 2]");
    expect(mistakes(text)).toEqual([]);
    expect(mistakes(`${text}timing: { lease: { grantMs: 76 } }\n`).join("\n")).toContain(
      "100 is less than grantMs + fsyncMs + 4 * netMs + addrMs + lateMs (group web is unfenced) = 101",
    );
  });
});

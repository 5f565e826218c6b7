// What faults would do: the table of leases.md section 6 on paper, files that must be refused, and
// the size and speed a chassis of 20 boards may expect.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { ok, slotId } from "../../base/index.ts";
import { loadChassis, loadChassisFile } from "../../config/index.ts";
import {
  allFaults,
  calmFacts,
  endStates,
  endStatesText,
  faultsText,
  parseFaults,
  whatIf,
  whatIfText,
} from "../index.ts";
import { chassisOf, factsFor, numbers, words } from "../sample.test.ts";

const web = `groups:
  web: { on: [1, 2] }
services:
  web: { run: /bin/web, group: web }
`;

/** Where `web` ends after these faults: `2 (1)`, or `none: why`. */
function end(chassis: ReturnType<typeof chassisOf>, faults: string, group = "web"): string {
  const parsed = parseFaults(faults, chassis);
  if (!parsed.ok) throw new Error(parsed.error);
  const ended = whatIf(chassis, calmFacts(chassis), parsed.value).groups;
  const found = ended.find((each) => each.group === group);
  if (found === undefined) throw new Error("no group");
  if (found.active.length === 0) return "none";
  const standby = numbers(found.standby).join();
  return `${numbers(found.active).join()}${standby === "" ? "" : ` (${standby})`}`;
}

describe("two controllers and the CCN (leases.md section 6)", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["slot 1 dies", "2"],
    ["slot 2 dies", "1"],
    ["ccn dies", "1 (2)"],
    ["network A fails", "1 (2)"],
    ["switch sw-b fails", "1 (2)"],
    ["service web fails", "2 (1)"],
    ["service web fails, service web fails", "2 (1)"],
    // Standby dead, then the CCN: the holder is sole and goes on.
    ["slot 2 dies, then ccn dies", "1"],
    ["slot 1 dies, then ccn dies", "2"],
    // The CCN dead, then either controller: one vote of three, nobody until one returns.
    ["ccn dies, then slot 1 dies", "none"],
    ["ccn dies, then slot 2 dies", "none"],
    ["slot 1 dies, then slot 2 dies", "none"],
    ["network A fails, then network B fails", "none"],
    ["network A fails, then slot 1 dies", "2"],
    ["service web fails, then slot 2 dies", "1"],
  ];
  const chassis = chassisOf(web);
  for (const [faults, ended] of rows) {
    test(`${faults}: ${ended}`, () => expect(end(chassis, faults)).toBe(ended));
  }

  test("more states than the bound: pairs are left out, and counted", () => {
    const few = endStates(chassis, 20);
    expect([few.states.length, few.pairsLeftOut]).toEqual([20, 1 + 12 + 12 * 11 - 20]);
    expect(endStatesText(few)).toContain("125 more orders were not computed: too many");
  });

  test("every state is computed and no file refused", () => {
    const { states, problems, pairsLeftOut } = endStates(chassis);
    const faults = allFaults(chassis).length;
    // 7 boards, 2 networks, 2 switches, 1 service.
    expect(faults).toBe(12);
    expect(states.length).toBe(1 + faults + faults * (faults - 1));
    expect([problems, pairsLeftOut]).toEqual([[], 0]);
  });
});

describe("three controllers: the CCN only fences", () => {
  const three = (more: string): ReturnType<typeof chassisOf> =>
    chassisOf(web.replace("[1, 2]", `[1, 2, 3]${more}`), 4, 3);

  test("with the CCN down a dead holder cannot be proved dead: the file is refused", () => {
    expect(end(three(""), "ccn dies, then slot 1 dies")).toBe("none");
    expect(endStates(three("")).problems.map(({ text }) => text)).toEqual([
      "group web: nobody serves it after ccn dies, then slot 1 dies, although slot 2 could; nobody can prove that slot 1 is off while the ccn is down: give the group unfenced: after-lease (leases.md O2)",
    ]);
  });

  test("unfenced: after-lease mends it", () => {
    expect(end(three(", unfenced: after-lease"), "ccn dies, then slot 1 dies")).toBe("2 (3)");
    expect(endStates(three(", unfenced: after-lease")).problems).toEqual([]);
  });

  test("a third board becomes the standby after the first fault", () => {
    expect(end(three(""), "slot 1 dies")).toBe("2 (3)");
    expect(end(three(""), "slot 1 dies, then slot 2 dies")).toBe("none");
  });
});

describe("rules that would be the fault", () => {
  const problems = (rules: string, groups = web): string[] =>
    endStates(chassisOf(`${groups}rules:\n${rules}`)).problems.map(({ text }) => text);

  test("a power cycle of the only other board", () => {
    expect(problems("  r: { when: { board: 1, is: down }, do: { powerCycle: 2 } }\n")).toEqual([
      "group web: nobody serves it after slot 1 dies, although slot 2 could; rule r power-cycles it just then",
    ]);
  });

  test("a stop of all the services of a group", () => {
    expect(problems("  r: { when: { network: A }, do: { stop: web } }\n")).toEqual([
      "group web: nobody serves it after network A fails, although slot 1 could; rule r stops its services",
    ]);
  });

  test("both boards power-cycled one after the other, because of a third", () => {
    const rules =
      "  a: { when: { board: 3, is: down }, do: { powerCycle: 1 } }\n" +
      "  b: { when: { board: 3, is: down }, forMs: 100, do: { powerCycle: 2 } }\n";
    expect(problems(rules)[0]).toStartWith(
      "group web: nobody serves it after slot 3 dies, although slot 2 could; rule b power-cycles",
    );
  });

  test("harmless rules are let through", () => {
    const rules =
      "  a: { when: { board: 3, is: down }, forMs: 60000, do: { powerCycle: 3 } }\n" +
      "  b: { when: { network: A }, do: { move: web, to: 2 } }\n" +
      "  c: { when: { board: 1, is: down }, do: { move: web, to: 1 } }\n" +
      "  d: { when: { service: web, is: failed }, do: { alarm: look } }\n";
    expect(problems(rules)).toEqual([]);
  });
});

describe("what-if", () => {
  test("tells every order with its reason, fault by fault", () => {
    const chassis = chassisOf(web);
    const faults = parseFaults("slot 1 dies, then ccn dies", chassis);
    if (!faults.ok) throw new Error(faults.error);
    const { steps, isAtRest } = whatIf(chassis, calmFacts(chassis), faults.value);
    expect(steps.map(({ text, effects }) => [text, effects.map(words)])).toEqual([
      ["as it is now", ["take-over web 1", "stand-by web 2"]],
      ["slot 1 dies", ["take-over web 2", "alarm no-standby:web"]],
      ["ccn dies", []],
    ]);
    expect(isAtRest).toBe(true);
  });

  test("goes on from the facts as they are, and names where a service fails", () => {
    const chassis = chassisOf(web);
    const facts = factsFor(chassis, {
      groups: { web: [[2], [1, 2]] },
      boards: { 3: { state: "down" } },
    });
    const { steps, groups } = whatIf(chassis, facts, [{ kind: "service", service: "web" }]);
    expect(steps.at(-1)?.text).toBe("service web fails on slot 2");
    expect(groups[0]).toMatchObject({ active: [slotId(1)], standby: [slotId(2)] });
  });

  test("a rule whose condition holds already has acted; it acts no second time", () => {
    const chassis = chassisOf(
      `${web}rules:\n  r: { when: { board: 3, is: down }, do: { powerCycle: 1 } }\n`,
    );
    const facts = factsFor(chassis, {
      groups: { web: [[1]] },
      boards: { 3: { state: "down" } },
    });
    const { steps, groups } = whatIf(chassis, facts, []);
    expect(steps.flatMap(({ effects }) => effects.map(words))).not.toContain("power-cycle 1");
    expect(groups[0]?.active).toEqual([slotId(1)]);
  });

  test("a service whose failure is to be left alone moves nothing", () => {
    const chassis = chassisOf(
      web.replace("group: web }", "group: web, onFailure: { dead: nothing } }"),
    );
    expect(end(chassis, "service web fails")).toBe("1 (2)");
    expect(endStates(chassis).problems).toEqual([]);
  });

  test("a board taken out hands over first, so its removal costs nothing", () => {
    const chassis = chassisOf(web);
    const orders = parseFaults("slot 1 out, slot 1 dies", chassis);
    if (!orders.ok) throw new Error(orders.error);
    const { steps, groups } = whatIf(chassis, calmFacts(chassis), orders.value);
    expect(steps.slice(1).map(({ text, effects }) => [text, effects.map(words)])).toEqual([
      ["slot 1 out", ["hand-over web 1>2", "alarm no-standby:web", "unsafe 1", "safe 1"]],
      ["slot 1 dies", []],
    ]);
    expect(groups[0]?.active).toEqual([slotId(2)]);
  });

  test("every fault's words are read back; others are refused with the right ones", () => {
    const chassis = chassisOf(web);
    const all = allFaults(chassis);
    for (const fault of all) {
      expect(parseFaults(faultsText([fault]), chassis)).toEqual({ ok: true, value: [fault] });
    }
    const refused = parseFaults("slot 9 dies", chassis);
    expect(refused.ok ? "" : refused.error).toContain('"slot 9 dies" is no fault of this chassis');
    expect(parseFaults(Array(9).fill("ccn dies").join(), chassis).ok).toBe(false);
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        const parsed = parseFaults(text, chassis);
        return parsed.ok || parsed.error.length > 0;
      }),
    );
  });
});

describe("the example files", () => {
  const root = new URL("../../../boards/", import.meta.url).pathname;
  const load = (name: string): ReturnType<typeof chassisOf> => {
    const loaded = loadChassisFile(root + name);
    if (!loaded.ok) throw new Error(`${name} does not load`);
    return loaded.value;
  };

  for (const name of ["demo.yaml", "examples/two-controllers.yaml", "examples/spare-card.yaml"]) {
    test(`${name} holds`, () => expect(endStates(load(name)).problems).toEqual([]));
  }

  test("examples/full.yaml holds, whatever its secrets", () => {
    const text = readFileSync(`${root}examples/full.yaml`, "utf8");
    const loaded = loadChassis(text, "full.yaml", () => ok("a-secret-of-some-length"));
    if (!loaded.ok) throw new Error("full.yaml does not load");
    expect(endStates(loaded.value).problems).toEqual([]);
    const story = whatIfText(
      whatIf(loaded.value, calmFacts(loaded.value), [{ kind: "service", service: "web" }]),
    );
    expect(story).toContain(
      "  run /usr/bin/page operator: rule page: service web is restarted-too-often on slot 1, so /usr/bin/page is run",
    );
    expect(story).toContain("  web: active on 2; 1 stands by");
    expect(story).toContain("  files: active on 2; 1 stands by");
  });

  test("N+1: any card may die, and any two of them but the spare with another", () => {
    const chassis = load("examples/spare-card.yaml");
    for (const [slot, group] of [
      [3, "calls3"],
      [4, "calls4"],
      [5, "calls5"],
    ] as const) {
      expect(end(chassis, `slot ${slot} dies`, group)).toBe("6");
      expect(end(chassis, `ccn dies, then slot ${slot} dies`, group)).toBe("6");
      expect(end(chassis, `slot 6 dies, then slot ${slot} dies`, group)).toBe("none");
    }
    expect(end(chassis, "slot 3 dies, then slot 4 dies", "calls4")).toBe("6");
  });

  test("without unfenced the N+1 example would be refused", () => {
    const chassis = load("examples/spare-card.yaml");
    const groups = chassis.groups.map((group) => ({ ...group, unfenced: "never" as const }));
    expect(endStates({ ...chassis, groups }).problems.map(({ text }) => text)[0]).toStartWith(
      "group calls3: nobody serves it after ccn dies, then slot 3 dies, although slot 6 could",
    );
  });

  test("refused.yaml is refused, with the fault named", () => {
    const { problems } = endStates(load("examples/refused.yaml"));
    expect(problems.map(({ kind, text }) => [kind, text])).toEqual([
      [
        "needless-none",
        "group files: nobody serves it after slot 1 dies, although slot 2 could; rule clean-peer power-cycles it just then",
      ],
    ]);
  });

  test("the table has a line for each single fault and counts the pairs", () => {
    const lines = endStatesText(endStates(load("examples/two-controllers.yaml")));
    expect(lines.slice(0, 4)).toEqual([
      "AFTER                                  WEB",
      "no fault                               1 (2)",
      "ccn dies                               1 (2)",
      "slot 1 dies                            2",
    ]);
    expect(lines).toContain("two faults: 44 of 56 orders leave every group served");
    expect(endStatesText(endStates(load("demo.yaml")))).toEqual([]);
  });
});

test("20 boards with 20 groups: every pair is computed", () => {
  const groups = Array.from(
    { length: 20 },
    (_, i) =>
      `  g${i}: { on: [${1 + (i % 20)}, ${1 + ((i + 1) % 20)}, ${1 + ((i + 2) % 20)}], unfenced: after-lease }\n`,
  ).join("");
  const services = Array.from({ length: 20 }, (_, i) => `  g${i}: { run: /bin/x, group: g${i} }\n`);
  const chassis = chassisOf(`groups:\n${groups}services:\n${services.join("")}`, 20);
  const { states, pairsLeftOut, problems } = endStates(chassis);
  const faults = 21 + 2 + 2 + 20;
  expect([states.length, pairsLeftOut, problems.length]).toEqual([
    1 + faults + faults * (faults - 1),
    0,
    0,
  ]);
}, 30_000);

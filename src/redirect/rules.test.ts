// The rules engine: every condition, every action, once per onset, never a fault of its own.

import { describe, expect, test } from "bun:test";
import { slotId } from "../base/index.ts";
import { type Bench, benchOf, type Changes, chassisOf, words } from "./sample.test.ts";

const base = `groups:
  web: { on: [1, 2] }
services:
  web: { run: /bin/web, group: web }
  probe: { run: /bin/probe, on: [3] }
`;
const active: Changes = { groups: { web: [[1]] } };

/** Web active on slot 1, with these rules. */
function ruled(...rules: string[]): Bench {
  const lines = rules.map((rule, i) => `  r${i + 1}: ${rule}\n`).join("");
  const bench = benchOf(chassisOf(`${base}rules:\n${lines}`));
  bench.tell();
  bench.tell(active);
  return bench;
}

const conditions: readonly (readonly [string, Changes, string])[] = [
  ["{ board: 3, is: down }", { boards: { 3: { state: "down" } } }, "slot 3 is down"],
  ["{ board: 3, is: leaving }", { boards: { 3: { state: "leaving" } } }, "slot 3 is leaving"],
  [
    "{ board: 3, is: degraded }",
    { boards: { 3: { degraded: "disk slow" } } },
    "slot 3 is degraded (disk slow)",
  ],
  ["{ network: B }", { networks: { A: true, B: false } }, "network B is down"],
  [
    "{ network: B, slot: 3 }",
    { boards: { 3: { paths: { A: true, B: false } } } },
    "slot 3 is cut off from network B",
  ],
  [
    "{ service: probe, is: silent }",
    { services: [{ service: "probe", slot: 3, state: "silent" }] },
    "service probe is silent on slot 3",
  ],
  ["{ alarm: fan-failed }", { alarms: ["fan-failed"] }, "alarm fan-failed stands"],
  [
    "{ value: temperature, slot: 3, above: 80 }",
    { values: [["temperature", 3, 80.5]] },
    "temperature of slot 3 is 80.5, above 80",
  ],
  [
    "{ value: in12, below: 11.4 }",
    { values: [["in12", 2, 11.3]] },
    "in12 of slot 2 is 11.3, below 11.4",
  ],
];

describe("conditions", () => {
  for (const [when, changes, cause] of conditions) {
    test(when, () => {
      const bench = ruled(`{ when: ${when}, do: { run: /bin/page ops } }`);
      const effects = bench.tell({ ...active, ...changes });
      expect(effects.filter(({ type }) => type === "run")).toEqual([
        {
          type: "run",
          rule: "r1",
          run: ["/bin/page", "ops"],
          why: `rule r1: ${cause}, so /bin/page is run`,
        },
      ]);
    });
  }

  const never: readonly (readonly [string, Changes])[] = [
    ["{ board: 3, is: down }", { boards: { 3: { state: "unknown" } } }],
    ["{ board: 3, is: degraded }", { boards: { 3: { state: "down", degraded: "x" } } }],
    ["{ network: B }", { boards: { 3: { paths: { A: true, B: false } } } }],
    [
      "{ network: B, slot: 3 }",
      { boards: { 3: { state: "down", paths: { A: false, B: false } } } },
    ],
    [
      "{ service: probe, is: silent }",
      { services: [{ service: "probe", slot: 3, state: "trouble" }] },
    ],
    ["{ value: temperature, slot: 3, above: 80 }", { values: [["temperature", 2, 99]] }],
    ["{ value: temperature, slot: 3, above: 80 }", { values: [["temperature", 3, 80]] }],
    ["{ alarm: fan-failed }", { alarms: ["fan"] }],
  ];
  for (const [when, changes] of never) {
    test(`${when} does not hold for ${JSON.stringify(changes)}`, () => {
      const bench = ruled(`{ when: ${when}, do: { run: /bin/page ops } }`);
      expect(bench.tell({ ...active, ...changes }).filter(({ type }) => type === "run")).toEqual(
        [],
      );
    });
  }
});

describe("actions", () => {
  const fire: Changes = { ...active, alarms: ["go"] };
  const actions: readonly (readonly [string, readonly string[]])[] = [
    ["{ move: web }", ["hand-over web 1>2", "stand-by web 1"]],
    ["{ move: web, to: 2 }", ["hand-over web 1>2", "stand-by web 1"]],
    ["{ move: web, to: 1 }", []],
    ["{ stop: web }", ["stop web@1"]],
    ["{ stop: probe }", ["stop probe@3"]],
    ["{ restart: web }", ["restart web@1"]],
    ["{ restart: probe }", ["restart probe@3"]],
    ["{ start: web }", ["start web@1"]],
    ["{ alarm: look }", ["alarm rule:r1"]],
    ["{ powerCycle: 3 }", ["power-cycle 3"]],
    ["{ run: /bin/x y }", ["run /bin/x y"]],
  ];
  for (const [act, effects] of actions) {
    test(act, () => {
      const bench = ruled(`{ when: { alarm: go }, do: ${act} }`);
      expect(bench.tell(fire).map(words)).toEqual([...effects]);
    });
  }

  test("a move explains itself by rule, cause and effect", () => {
    const bench = ruled("{ when: { value: t, slot: 1, above: 80 }, do: { move: web, to: 2 } }");
    expect(bench.tell({ ...active, values: [["t", 1, 85]] })[0]).toMatchObject({
      why: "model 2N: rule r1: t of slot 1 is 85, above 80, so group web goes to slot 2",
    });
  });

  test("a move is wished although it was wished before, if the leases chose otherwise", () => {
    const bench = ruled("{ when: { alarm: go }, do: { move: web, to: 2 } }");
    bench.tell({ boards: { 1: { state: "down" } }, groups: { web: [[]] } });
    bench.wait(5000);
    expect(bench.active("web")).toEqual([2]);
    expect(bench.tell(fire).map(words)).toContain("hand-over web 1>2");
  });

  test("a move to a board that cannot have the group is refused with an alarm", () => {
    const bench = ruled("{ when: { alarm: go }, do: { move: web, to: 2 } }");
    const effects = bench.tell({ ...fire, boards: { 2: { state: "down" } } });
    expect(effects.map(words)).toEqual(["alarm move-refused:web", "alarm no-standby:web"]);
    expect(bench.active("web")).toEqual([1]);
  });

  test("a stopped service stays stopped where its group goes, until a rule starts it", () => {
    const bench = ruled(
      "{ when: { alarm: go }, do: { stop: web } }",
      "{ when: { alarm: again }, do: { start: web } }",
    );
    const stops = (changes: Changes): string[] =>
      bench
        .tell(changes)
        .map(words)
        .filter((each) => /^(stop|start) web/.test(each));
    expect(stops(fire)).toEqual(["stop web@1"]);
    const dead = { 1: { state: "down" } } as const;
    expect(stops({ boards: dead, groups: { web: [[]] } })).toEqual([]);
    expect(stops({ boards: dead, groups: { web: [[2]] } })).toEqual(["stop web@2"]);
    expect(stops({ groups: { web: [[2]] } })).toEqual([]);
    bench.send({ type: "move", group: "web", to: slotId(1) });
    expect(stops(active)).toEqual(["stop web@1"]);
    expect(stops({ ...active, alarms: ["again"] })).toEqual(["start web@1"]);
    expect(stops(active)).toEqual([]);
  });

  test("wishes come before orders, alarms, power cycles and programs", () => {
    const bench = ruled(
      "{ when: { alarm: go }, do: { run: /bin/x } }",
      "{ when: { alarm: go }, do: { powerCycle: 3 } }",
      "{ when: { alarm: go }, do: { alarm: look } }",
      "{ when: { alarm: go }, do: { stop: probe } }",
      "{ when: { alarm: go }, do: { move: web } }",
    );
    expect(bench.tell(fire).map(words)).toEqual([
      "hand-over web 1>2",
      "stand-by web 1",
      "stop probe@3",
      "alarm rule:r3",
      "run /bin/x",
      "power-cycle 3",
    ]);
  });
});

describe("time", () => {
  test("a rule fires once per onset, and again at the next", () => {
    const bench = ruled("{ when: { alarm: go }, do: { run: /bin/x } }");
    const fire: Changes = { ...active, alarms: ["go"] };
    expect(bench.tell(fire).map(words)).toEqual(["run /bin/x"]);
    expect(bench.tell(fire)).toEqual([]);
    expect(bench.wait(1_000_000)).toEqual([]);
    expect(bench.tell(active)).toEqual([]);
    expect(bench.tell(fire).map(words)).toEqual(["run /bin/x"]);
  });

  test("forMs: it must hold that long without a break", () => {
    const bench = ruled("{ when: { alarm: go }, forMs: 1000, do: { run: /bin/x } }");
    const fire: Changes = { ...active, alarms: ["go"] };
    expect(bench.tell(fire)).toEqual([]);
    expect(bench.wait(999)).toEqual([]);
    bench.tell(active);
    bench.tell(fire);
    expect(bench.wait(999)).toEqual([]);
    expect(bench.wait(1).map(words)).toEqual(["run /bin/x"]);
  });

  test("an alarm goes with its cause", () => {
    const bench = ruled("{ when: { alarm: go }, do: { alarm: look } }");
    expect(bench.tell({ ...active, alarms: ["go"] })).toEqual([
      { type: "raise-alarm", id: "rule:r1", text: "look (rule r1: alarm go stands)" },
    ]);
    expect(bench.tell(active).map(words)).toEqual(["clear rule:r1"]);
  });

  test("a flapping condition lets its rule rest after three times in ten minutes", () => {
    const bench = ruled("{ when: { alarm: go }, do: { powerCycle: 3 } }");
    const onset = (): string[] => {
      bench.tell(active);
      return bench.tell({ ...active, alarms: ["go"] }).map(words);
    };
    expect([onset(), onset(), onset()].flat()).toEqual(Array(3).fill("power-cycle 3"));
    expect(onset()).toEqual(["alarm rule-too-often:r1"]);
    expect(onset()).toEqual([]);
    bench.wait(600_000);
    expect(onset()).toEqual(["clear rule-too-often:r1", "power-cycle 3"]);
  });
});

// For this room's property tests: any configuration within its bounds, any facts about it, sensible
// or not. Everything is made of small numbers, so that collisions are common.

import fc from "fast-check";
import { type SlotId, slotId } from "../base/index.ts";
import type { Group, Rule, RuleAction, RuleCondition, Service } from "../config/index.ts";
import type { BoardFact, RedirectConfig, RedirectEvent, RedirectFacts } from "./index.ts";
import { chassisOf } from "./sample.test.ts";

const boardsMax = 6;
const { boards } = chassisOf("", boardsMax);
const pattern = chassisOf("services:\n  s: { run: /bin/s, on: [1] }\n").services[0];
const slots = Array.from({ length: boardsMax }, (_, i) => slotId(i + 1));
const anySlot = fc.constantFrom(...slots);
const someSlots = fc.subarray(slots);
const groupNames = ["g0", "g1", "g2", "g3", "g4"];
const serviceNames = ["s0", "s1", "s2", "s3"];

const shuffled = (min: number): fc.Arbitrary<SlotId[]> =>
  fc.shuffledSubarray(slots, { minLength: min, maxLength: 4 });

const groupShape = fc.record({
  model: fc.constantFrom("none", "2N", "N+1", "N+M", "all-active"),
  on: shuffled(3),
  apart: fc.subarray(groupNames, { maxLength: 2 }),
  follows: fc.boolean(),
  failback: fc.constantFrom("never", "when-calm"),
  unfenced: fc.constantFrom("never", "after-lease"),
});

const condition: fc.Arbitrary<RuleCondition> = fc.oneof(
  fc.record({
    about: fc.constant("board" as const),
    slot: anySlot,
    is: fc.constantFrom("down" as const, "degraded" as const, "leaving" as const),
  }),
  fc.record({
    about: fc.constant("network" as const),
    network: fc.constantFrom("A" as const, "B" as const),
    slot: fc.option(anySlot, { nil: undefined }),
  }),
  fc.record({
    about: fc.constant("service" as const),
    service: fc.constantFrom(...serviceNames),
    is: fc.constantFrom("failed" as const, "restarted-too-often" as const),
  }),
  fc.record({ about: fc.constant("alarm" as const), id: fc.constant("x") }),
);

const action: fc.Arbitrary<RuleAction> = fc.oneof(
  fc.record({
    do: fc.constant("move" as const),
    group: fc.constantFrom(...groupNames),
    to: fc.option(anySlot, { nil: undefined }),
  }),
  fc.record({
    do: fc.constantFrom("stop" as const, "start" as const, "restart" as const),
    service: fc.constantFrom(...serviceNames),
  }),
  fc.record({ do: fc.constant("alarm" as const), text: fc.constant("t") }),
  fc.record({ do: fc.constant("power-cycle" as const), slot: anySlot }),
  fc.record({ do: fc.constant("run" as const), run: fc.constant(["/bin/x"]) }),
);

const rule = fc.record({
  when: condition,
  forMs: fc.constantFrom(0, 0, 1000, 60_000),
  act: action,
});

/** Any configuration; `rules` false = without rules. */
export function anyConfig(rules = true): fc.Arbitrary<RedirectConfig> {
  return fc
    .record({
      shapes: fc.array(groupShape, { minLength: 1, maxLength: groupNames.length }),
      places: fc.array(fc.option(fc.nat(groupNames.length - 1), { nil: undefined }), {
        minLength: serviceNames.length,
        maxLength: serviceNames.length,
      }),
      rules: fc.array(rule, { maxLength: rules ? 4 : 0 }),
    })
    .map(({ shapes, places, rules: made }) => {
      const services = serviceNames.map((name, i) => serviceOf(name, places[i], shapes));
      const groups: Group[] = [];
      for (const [i, shape] of shapes.entries()) {
        const first = groups[i - 1];
        const follows = shape.follows && first !== undefined && first.model !== "all-active";
        const { model, on } = follows
          ? first
          : { model: shape.model as Group["model"], on: shape.on };
        groups.push({
          name: `g${i}`,
          services: services.filter((each) => each.group === `g${i}`).map((each) => each.name),
          addresses: [],
          model,
          on: model === "none" ? on.slice(0, 1) : on,
          apart: [],
          together: follows ? [first.name] : [],
          failback: shape.failback as Group["failback"],
          unfenced: shape.unfenced as Group["unfenced"],
        });
        if (follows) groups[i - 1] = { ...first, together: [...first.together, `g${i}`] };
      }
      for (const [i, shape] of shapes.entries()) {
        for (const name of shape.apart) addApart(groups, `g${i}`, name);
      }
      return { boards, groups, services, rules: made.map(named) };
    });
}

/** Makes two groups apart in both directions, unless they belong together. */
function addApart(groups: Group[], a: string, b: string): void {
  const [one, other] = [a, b].map((name) => groups.find((each) => each.name === name));
  if (one === undefined || other === undefined || a === b || isTogether(groups, a, b)) return;
  for (const [group, name] of [
    [one, b],
    [other, a],
  ] as const) {
    const apart = [...new Set([...group.apart, name])];
    groups[groups.indexOf(group)] = { ...group, apart };
  }
}

function isTogether(groups: readonly Group[], a: string, b: string): boolean {
  const names = new Set([a]);
  for (let size = 0; size < names.size;) {
    size = names.size;
    for (const group of groups) {
      if (names.has(group.name)) for (const name of group.together) names.add(name);
    }
  }
  return names.has(b);
}

function serviceOf(name: string, place: number | undefined, groups: readonly unknown[]): Service {
  if (pattern === undefined) throw new Error("no pattern");
  const group = place !== undefined && place < groups.length ? `g${place}` : undefined;
  return { ...pattern, name, group, on: slots.slice(0, 2) };
}

const named = (each: Omit<Rule, "name">, i: number): Rule => ({ ...each, name: `r${i}` });

const anyBoard = (slot: SlotId): fc.Arbitrary<BoardFact> =>
  fc.record({
    slot: fc.constant(slot),
    state: fc.constantFrom("up", "up", "up", "down", "leaving", "unknown"),
    degraded: fc.constantFrom(undefined, undefined, "hot"),
    maintenance: fc.constantFrom(false, false, true),
    paths: fc.constantFrom(
      { A: true, B: true },
      { A: true, B: true },
      { A: true, B: false },
      { A: false, B: false },
    ),
  }) as fc.Arbitrary<BoardFact>;

/** Any facts: groups active in several places, records that contradict them, missing boards. */
export const anyFacts: fc.Arbitrary<RedirectFacts> = fc
  .record({
    boards: fc.tuple(...slots.map(anyBoard)).map((all) => [...all]),
    missing: fc.constantFrom(0, 0, 0, 1, 3),
    networks: fc.record({ A: fc.boolean(), B: fc.boolean() }),
    services: fc.array(
      fc.record({
        service: fc.constantFrom(...serviceNames, "unheard-of"),
        slot: anySlot,
        state: fc.constantFrom(
          "stopped" as const,
          "running" as const,
          "trouble" as const,
          "failed" as const,
          "restarted-too-often" as const,
        ),
        asksMove: fc.boolean(),
      }),
      { maxLength: 5 },
    ),
    groups: fc.array(
      fc.record({
        group: fc.constantFrom(...groupNames, "unheard-of"),
        active: fc.oneof(
          anySlot.map((slot) => [slot]),
          someSlots,
        ),
        inSync: fc.option(someSlots, { nil: undefined }),
      }),
      { maxLength: 6 },
    ),
    alarms: fc.constantFrom<string[]>([], ["x"]),
  })
  .map(({ missing, boards: all, ...rest }) => ({
    ...rest,
    boards: all.slice(missing),
    values: [],
  }));

/** Any event, and how long after the one before it comes. */
export const anyEvent: fc.Arbitrary<{ event: RedirectEvent; afterMs: number }> = fc.record({
  event: fc.oneof(
    { weight: 4, arbitrary: anyFacts.map((facts): RedirectEvent => ({ type: "facts", facts })) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("move" as const),
        group: fc.constantFrom(...groupNames, "unheard-of"),
        to: fc.option(anySlot, { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.constant<RedirectEvent>({ type: "timer" }) },
    {
      weight: 1,
      arbitrary: anyConfig().map((config): RedirectEvent => ({ type: "config", config })),
    },
  ),
  afterMs: fc.constantFrom(0, 1, 999, 5000, 60_000, 600_000),
});

/** Slots a board fault or an order may name. */
export const anyBoardSlot: fc.Arbitrary<SlotId> = anySlot;

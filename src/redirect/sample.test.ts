// For this room's tests: small chassis, facts about them, and a REDIRECT that is told facts.

import { type MonoUs, monoUs, type SlotId, slotId } from "../base/index.ts";
import { type Chassis, configErrorText, loadChassis } from "../config/index.ts";
import {
  type BoardFact,
  createRedirect,
  type GroupFact,
  type Placement,
  placementsOf,
  type RedirectConfig,
  type RedirectEffect,
  type RedirectEvent,
  type RedirectFacts,
  type ServiceFact,
  step,
} from "./index.ts";

/** A chassis of controllers 1 and 2 (or more) and cards up to slot `boards`, with these sections. */
export function chassisOf(sections: string, boards = 6, controllers = 2): Chassis {
  const slots = Array.from({ length: boards }, (_, i) => i + 1);
  const text = `chassis: test
version: 1
networks:
  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }
  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }
switches:
  sw-a: { address: 10.1.0.2, snmp: { version: 2c, community: hush } }
  sw-b: { address: 20.1.0.2, snmp: { version: 2c, community: hush } }
slots:
${slots.map((slot) => `  ${slot}: { role: ${slot <= controllers ? "controller" : "io-card"}, portA: ${slot}, portB: ${slot} }`).join("\n")}
${sections}`;
  const loaded = loadChassis(text, "test.yaml");
  if (!loaded.ok) throw new Error(loaded.error.map(configErrorText).join("\n"));
  return loaded.value;
}

/** What a test changes in the facts; everything else is well. */
export type Changes = {
  readonly boards?: Readonly<Record<number, Partial<BoardFact>>>;
  readonly networks?: RedirectFacts["networks"];
  readonly services?: readonly (Omit<ServiceFact, "slot" | "asksMove"> & {
    readonly slot: number;
    readonly asksMove?: boolean;
  })[];
  /** Group -> active slots, in-sync slots. */
  readonly groups?: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly alarms?: readonly string[];
  readonly values?: readonly (readonly [string, number, number])[];
};

/** Facts about a chassis where all is well but the changes. */
export function factsFor(config: RedirectConfig, changes: Changes = {}): RedirectFacts {
  const groups = config.groups.map(({ name, on }): GroupFact => {
    const [active, inSync] = changes.groups?.[name] ?? [[]];
    return {
      group: name,
      active: (active ?? []).map(slotId),
      inSync: (inSync ?? on.map(Number)).map(slotId),
    };
  });
  return {
    boards: config.boards.map(({ slot }) => ({
      slot,
      state: "up",
      degraded: undefined,
      maintenance: false,
      paths: { A: true, B: true },
      ...changes.boards?.[slot],
    })),
    networks: changes.networks ?? { A: true, B: true },
    services: (changes.services ?? []).map((each) => ({
      asksMove: false,
      ...each,
      slot: slotId(each.slot),
    })),
    groups,
    alarms: changes.alarms ?? [],
    values: (changes.values ?? []).map(([name, slot, value]) => ({
      name,
      slot: slotId(slot),
      value,
    })),
  };
}

/** A REDIRECT under test: tells facts, keeps its own clock. */
export type Bench = {
  readonly config: RedirectConfig;
  /** Facts at the present time; effects but `set-timer`. */
  readonly tell: (changes?: Changes) => RedirectEffect[];
  readonly send: (event: RedirectEvent) => RedirectEffect[];
  /** Lets time pass, then a timer event. */
  readonly wait: (ms: number) => RedirectEffect[];
  readonly active: (group: string) => number[];
  readonly placement: (group: string) => Placement | undefined;
};

/** A REDIRECT that knows its configuration only. */
export function benchOf(config: RedirectConfig): Bench {
  const state = createRedirect(config);
  let nowUs: MonoUs = monoUs(1_000_000);
  const send = (event: RedirectEvent): RedirectEffect[] =>
    step(state, event, nowUs).filter(({ type }) => type !== "set-timer");
  const placement = (group: string): Placement | undefined =>
    placementsOf(state).find((each) => each.group === group);
  return {
    config,
    send,
    tell: (changes = {}) => send({ type: "facts", facts: factsFor(config, changes) }),
    wait: (ms) => {
      nowUs = monoUs(nowUs + ms * 1000);
      return send({ type: "timer" });
    },
    placement,
    active: (group) => (placement(group)?.active ?? []).map(Number),
  };
}

/** An effect in a few words: `hand-over web 1>2`, `stop web@1`, `alarm no-active:web`. */
export function words(effect: RedirectEffect): string {
  switch (effect.type) {
    case "wish":
      return effect.how === "hand-over"
        ? `hand-over ${effect.group} ${effect.from}>${effect.to}`
        : `${effect.how} ${effect.group} ${effect.to}`;
    case "start":
    case "stop":
    case "restart":
      return `${effect.type} ${effect.service}@${effect.slot}`;
    case "raise-alarm":
      return `alarm ${effect.id}`;
    case "clear-alarm":
      return `clear ${effect.id}`;
    case "power-cycle":
      return `power-cycle ${effect.slot}`;
    case "run":
      return `run ${effect.run.join(" ")}`;
    case "safe-to-pull":
      return `${effect.isSafe ? "safe" : "unsafe"} ${effect.slot}`;
    case "set-timer":
      return "timer";
  }
}

/** Slots as numbers. */
export function numbers(slots: readonly SlotId[]): number[] {
  return slots.map(Number);
}

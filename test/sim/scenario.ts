// Which of the two scenarios a seed is, and its chassis.

import type { Prng } from "../../src/base/index.ts";
import { randomChassis, type SimChassis } from "./chassis.ts";
import { failoverChassis } from "./failover/chassis.ts";

/** `maps`: addresses and maps of many boards. `failover`: leases, fence and data of few. */
export type Scenario = "maps" | "failover";

/** The scenario of a seed that nobody named one for: odd seeds are maps, even ones failover. */
export function scenarioOf(seed: number): Scenario {
  return seed % 2 === 1 ? "maps" : "failover";
}

/** The chassis that a scenario draws. */
export function chassisOf(scenario: Scenario): (rng: Prng) => SimChassis {
  return scenario === "maps" ? randomChassis : failoverChassis;
}

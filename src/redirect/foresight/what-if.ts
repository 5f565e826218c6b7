// "What if slot 1 dies, and then slot 2?": the shipped core is given a chassis on paper, the faults
// come one after the other, each when the one before has settled, and every order is told.

import type { SlotId } from "../../base/index.ts";
import { placementsOf } from "../core.ts";
import { whatIfFaultsMax } from "../limits.ts";
import type { Placement, RedirectConfig, RedirectEffect, RedirectFacts } from "../types.ts";
import { faultText, type RedirectFault } from "./faults.ts";
import { createWorld, leaseOf, settleWorld, strike, type World } from "./world.ts";

/** What one fault would bring. */
export type WhatIfStep = {
  /** Undefined for what happens before the first fault. */
  readonly fault: RedirectFault | undefined;
  /** `slot 1 dies`, `service web fails on slot 1`. */
  readonly text: string;
  /** Every order, in order. */
  readonly effects: readonly RedirectEffect[];
};

/** Where a group ends. */
export type GroupEnd = {
  readonly group: string;
  readonly active: readonly SlotId[];
  /** Standbys that live and are in sync. */
  readonly standby: readonly SlotId[];
  /** Why nobody is active; undefined if somebody is. */
  readonly waits: string | undefined;
};

/** What would happen, in order, and how it ends. */
export type WhatIf = {
  readonly steps: readonly WhatIfStep[];
  readonly groups: readonly GroupEnd[];
  /** What the core wishes in the end; differs from `groups` where the leases refuse. */
  readonly placements: readonly Placement[];
  /** False if it never comes to rest: rules that undo each other. */
  readonly isAtRest: boolean;
};

/**
 * What would happen if these faults came in this order, from these facts on. Pure; the running
 * chassis is not touched. At most `whatIfFaultsMax` faults are looked at.
 */
export function whatIf(
  config: RedirectConfig,
  facts: RedirectFacts,
  faults: readonly RedirectFault[],
): WhatIf {
  const world = createWorld(config, facts);
  const before = settleWorld(world);
  const steps: WhatIfStep[] =
    before.length === 0 ? [] : [{ fault: undefined, text: "as it is now", effects: before }];
  for (const fault of faults.slice(0, whatIfFaultsMax)) {
    const where = strike(world, fault);
    const text = [faultText(fault), where].filter((part) => part !== "").join(" ");
    steps.push({ fault, text, effects: settleWorld(world) });
  }
  return {
    steps,
    groups: groupEndsOf(world),
    placements: placementsOf(world.state),
    isAtRest: world.isAtRest,
  };
}

/** Where every group is in a world at rest. */
export function groupEndsOf(world: World): GroupEnd[] {
  return world.config.groups.map(({ name }) => {
    const { active, inSync } = leaseOf(world, name);
    const wished = world.state.placements.get(name);
    const standby = (wished?.standby ?? []).filter(
      (slot) => !active.includes(slot) && (inSync ?? []).includes(slot),
    );
    const refused = wished?.active.length === 0 ? wished.why : world.refused.get(name);
    const waits = active.length > 0 ? undefined : (refused ?? "its lease lapsed");
    return { group: name, active, standby, waits };
  });
}

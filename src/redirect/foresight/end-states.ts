// The end of every single fault and of every two faults in either order, from a calm chassis on, and
// what is wrong with a configuration in any of them. Checked against the facts of the chassis on
// paper, not against the core's own opinion.

import { assert, ccnSlot, type SlotId } from "../../base/index.ts";
import type { Chassis, Group } from "../../config/index.ts";
import { isBroken, viewOf } from "../core/view.ts";
import { endStateGroupsMax } from "../limits.ts";
import { allFaults, faultsText, type RedirectFault } from "./faults.ts";
import { type GroupEnd, groupEndsOf } from "./what-if.ts";
import {
  calmFacts,
  cloneWorld,
  createWorld,
  factsOf,
  hasMajority,
  isAlive,
  leaseOf,
  settleWorld,
  strike,
  type World,
} from "./world.ts";

/** The end of one sequence of faults. */
export type EndState = {
  readonly faults: readonly RedirectFault[];
  readonly groups: readonly GroupEnd[];
};

/** Something that must not be, the faults that lead to it, and what to do. */
export type EndStateProblem = {
  readonly faults: readonly RedirectFault[];
  readonly group: string | undefined;
  readonly kind: "two-actives" | "needless-none" | "never-rests";
  readonly text: string;
};

/** All end states of a chassis. */
export type EndStates = {
  /** No fault, then single faults, then pairs in both orders. */
  readonly states: readonly EndState[];
  /** In the same order; each group and kind is told with its first faults only. */
  readonly problems: readonly EndStateProblem[];
  /** Pairs that were not computed to keep states times groups within `endStateGroupsMax`. */
  readonly pairsLeftOut: number;
};

/** Computes every end state with the shipped core; states times groups are at most `groupsMax`. */
export function endStates(chassis: Chassis, groupsMax = endStateGroupsMax): EndStates {
  const calm = createWorld(chassis, calmFacts(chassis));
  settleWorld(calm);
  const collected = new Collector();
  collected.add([], calm);
  const faults = allFaults(chassis);
  const ends = new Map<string, World>();
  const endOf = (from: World, path: readonly RedirectFault[], fault: RedirectFault): World => {
    const key = [...path, fault].map(effectOf).join();
    const world = ends.get(key) ?? after(from, fault);
    // Kept only if asked for again: every first fault, and what a switch shares with its network.
    if (path.length === 0 || key.includes("network")) ends.set(key, world);
    return world;
  };
  for (const fault of faults) collected.add([fault], endOf(calm, [], fault));
  const statesMax = groupsMax / Math.max(1, chassis.groups.length);
  let pairsLeftOut = 0;
  for (const first of faults) {
    const from = endOf(calm, [], first);
    for (const fault of faults) {
      if (fault === first) continue;
      if (collected.states.length < statesMax) {
        collected.add([first, fault], endOf(from, [first], fault));
      } else {
        pairsLeftOut++;
      }
    }
  }
  return { states: collected.states, problems: collected.problems, pairsLeftOut };
}

/** A switch that fails takes its network with it: the same end, computed once. */
function effectOf(fault: RedirectFault): string {
  return fault.kind === "switch" ? `network ${fault.network} fails` : faultsText([fault]);
}

function after(world: World, fault: RedirectFault): World {
  const next = cloneWorld(world);
  strike(next, fault);
  settleWorld(next);
  return next;
}

/** Gathers states and the first of each problem. */
class Collector {
  readonly states: EndState[] = [];
  readonly problems: EndStateProblem[] = [];
  readonly #seen = new Set<string>();

  add(faults: readonly RedirectFault[], world: World): void {
    this.states.push({ faults, groups: groupEndsOf(world) });
    for (const problem of problemsOf(world, faults)) {
      const key = `${problem.kind} ${problem.group ?? ""}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.problems.push(problem);
    }
  }
}

function problemsOf(world: World, faults: readonly RedirectFault[]): EndStateProblem[] {
  const after = faults.length === 0 ? "without any fault" : `after ${faultsText(faults)}`;
  const problems: EndStateProblem[] = [];
  if (!world.isAtRest) {
    const text = `${after} the chassis never comes to rest: rules undo each other`;
    problems.push({ faults, group: undefined, kind: "never-rests", text });
  }
  for (const group of world.config.groups) {
    const { active } = leaseOf(world, group.name);
    if (group.model !== "all-active" && active.length > 1) {
      const text = `group ${group.name} is active on slots ${active.join(" and ")} ${after}`;
      problems.push({ faults, group: group.name, kind: "two-actives", text });
    }
    const text = needlessNone(world, group, after);
    if (text !== undefined) {
      problems.push({ faults, group: group.name, kind: "needless-none", text });
    }
  }
  return problems;
}

/** Nobody serves the group although a board that could lives and a majority with it. */
function needlessNone(world: World, group: Group, after: string): string | undefined {
  const lease = leaseOf(world, group.name);
  const stoppedBy = stopperOf(world, group);
  if (lease.active.length > 0 && stoppedBy === undefined) return undefined;
  const could = ableSlots(world, group);
  const [first] = could;
  if (first === undefined || !hasVotes(world, group)) return undefined;
  const head = `group ${group.name}: nobody serves it ${after}, although slot ${first} could`;
  if (stoppedBy !== undefined) return `${head}; rule ${stoppedBy} stops its services`;
  const cyclers = could.filter((slot) => world.cycled.has(slot));
  if (cyclers.length === could.length) {
    const rules = world.config.rules
      .filter(({ act }) => act.do === "power-cycle" && cyclers.includes(act.slot))
      .map(({ name }) => name);
    return `${head}; rule ${rules.join(", ")} power-cycles it just then`;
  }
  if (!isAlive(world, ccnSlot) && world.refused.has(group.name)) {
    const why = world.refused.get(group.name) ?? "";
    return `${head}; ${why}: give the group unfenced: after-lease (leases.md O2)`;
  }
  return `${head}; ${world.refused.get(group.name) ?? "see its rules"}`;
}

/** The rule that stopped all services of a group; a group without services is not stopped. */
function stopperOf(world: World, group: Group): string | undefined {
  const rules = group.services.map((name) => world.state.stopped.get(name));
  return rules.length > 0 && rules.every((rule) => rule !== undefined) ? rules[0] : undefined;
}

/** Boards that live (or are only being power-cycled), hold the newest data and can run it. */
function ableSlots(world: World, group: Group): SlotId[] {
  const { inSync } = leaseOf(world, group.name);
  const view = viewOf(factsOf(world));
  assert(group.on.length > 0, "a group has slots");
  return group.on.filter((slot) => {
    const isThere = isAlive(world, slot) || world.cycled.has(slot);
    const hasData = group.model === "all-active" || (inSync?.includes(slot) ?? true);
    return isThere && hasData && !group.services.some((name) => isBroken(view, name, slot));
  });
}

/** A majority lives, counting boards that are only being power-cycled. */
function hasVotes(world: World, group: Group): boolean {
  return hasMajority({ ...world, cycled: new Set() }, group);
}

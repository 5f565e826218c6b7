// A chassis on paper, for what-if: boards that live or not, and the leases reduced to what decides
// the end of a fault (leases.md §6), not its milliseconds: majorities (H2), sole holders (H3), proof
// before a turn (V4, F1), in-sync records (E3, D2, D4). The decisions themselves come from the
// shipped core. Pessimistic where it must choose: a power-cycled board counts as away, a dead board
// as not known to be dead until somebody fences it.

import {
  addUs,
  assert,
  ccnSlot,
  type MonoUs,
  monoUs,
  type NetworkId,
  type SlotId,
  unreachable,
} from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import { step } from "../core.ts";
import { causeOf } from "../core/rules.ts";
import { cloneState, createState, type State } from "../core/state.ts";
import { at, viewOf } from "../core/view.ts";
import { horizonMs, settleStepsMax } from "../limits.ts";
import type {
  RedirectConfig,
  RedirectEffect,
  RedirectEvent,
  RedirectFacts,
  ServiceFact,
} from "../types.ts";
import type { RedirectFault } from "./faults.ts";

/** One group's lease on paper. */
export type PaperLease = {
  active: readonly SlotId[];
  /** Members of the newest record; undefined before the first. */
  inSync: readonly SlotId[] | undefined;
  /** Who the newest record names, alive or not. */
  holder: SlotId | undefined;
};

/** A chassis on paper. */
export type World = {
  readonly config: RedirectConfig;
  readonly state: State;
  readonly base: RedirectFacts;
  nowUs: MonoUs;
  readonly dead: Set<SlotId>;
  /** Power-cycled by a rule: away, and it will be back. */
  readonly cycled: Set<SlotId>;
  /** Taken out by the operator. */
  readonly maintained: Set<SlotId>;
  readonly networks: Record<NetworkId, boolean>;
  readonly services: Map<string, ServiceFact>;
  readonly leases: Map<string, PaperLease>;
  /** Group -> why the leases refused the last wish. */
  readonly refused: Map<string, string>;
  timerUs: number | undefined;
  /** False if it did not come to rest within `settleStepsMax` steps. */
  isAtRest: boolean;
};

/** A world as the facts say, not yet at rest. */
export function createWorld(config: RedirectConfig, facts: RedirectFacts): World {
  const leases = new Map(
    config.groups.map(({ name }): [string, PaperLease] => {
      const fact = facts.groups.find((each) => each.group === name);
      const active = fact?.active ?? [];
      return [name, { active, inSync: fact?.inSync, holder: active[0] }];
    }),
  );
  const state = createState(config);
  const view = viewOf(facts);
  for (const { name, when } of config.rules) {
    // A rule whose condition holds already has acted; only what comes now is asked for.
    if (causeOf(view, when) === undefined) continue;
    state.rules.set(name, { sinceUs: 0, isFired: true, firesUs: [] });
  }
  return {
    config,
    state,
    base: facts,
    nowUs: monoUs(0),
    dead: new Set(facts.boards.filter(({ state }) => state === "down").map(({ slot }) => slot)),
    cycled: new Set(),
    maintained: new Set(
      facts.boards.filter(({ maintenance }) => maintenance).map(({ slot }) => slot),
    ),
    networks: { ...facts.networks },
    services: new Map(facts.services.map((each) => [at(each.service, each.slot), each])),
    leases,
    refused: new Map(),
    timerUs: undefined,
    isAtRest: true,
  };
}

/** A copy that may go its own way. */
export function cloneWorld(world: World): World {
  return {
    ...world,
    state: cloneState(world.state),
    dead: new Set(world.dead),
    cycled: new Set(world.cycled),
    maintained: new Set(world.maintained),
    networks: { ...world.networks },
    services: new Map(world.services),
    leases: new Map([...world.leases].map(([name, lease]) => [name, { ...lease }])),
    refused: new Map(world.refused),
  };
}

/** A chassis in which everything is well and nobody is active yet. */
export function calmFacts(config: RedirectConfig): RedirectFacts {
  return {
    boards: config.boards.map(({ slot }) => ({
      slot,
      state: "up",
      degraded: undefined,
      maintenance: false,
      paths: { A: true, B: true },
    })),
    networks: { A: true, B: true },
    services: [],
    groups: config.groups.map(({ name }) => ({ group: name, active: [], inSync: undefined })),
    alarms: [],
    values: [],
  };
}

/** Makes a fault happen; returns where it struck, for the story. */
export function strike(world: World, fault: RedirectFault): string {
  switch (fault.kind) {
    case "board":
      world.dead.add(fault.slot);
      return "";
    case "out":
      world.maintained.add(fault.slot);
      return "";
    case "network":
    case "switch":
      world.networks[fault.network] = false;
      return "";
    case "service":
      return failService(world, fault.service);
  }
}

function failService(world: World, name: string): string {
  const service = world.state.plan.serviceOf.get(name);
  if (service === undefined) return "";
  const active = service.group === undefined ? service.on : world.leases.get(service.group)?.active;
  const slot = active?.find((each) => isAlive(world, each));
  if (slot === undefined) return `service ${name} runs nowhere`;
  // With `nothing` it is never restarted, so it is never restarted too often: it stays dead.
  const isLeft = service.onFailure.dead === "nothing";
  world.services.set(at(name, slot), {
    service: name,
    slot,
    state: isLeft ? "failed" : "restarted-too-often",
    asksMove: !isLeft,
  });
  return `on slot ${slot}`;
}

/** Lets the core and the leases act until nothing changes any more; returns all orders in order. */
export function settleWorld(world: World): RedirectEffect[] {
  const all: RedirectEffect[] = [];
  const endUs = addUs(world.nowUs, horizonMs * 1000);
  keepLeases(world);
  let event: RedirectEvent = { type: "facts", facts: factsOf(world) };
  for (let i = 0; i < settleStepsMax; i++) {
    const effects = step(world.state, event, world.nowUs);
    let hasChanged = false;
    for (const effect of effects) {
      if (carryOut(world, effect)) hasChanged = true;
      if (effect.type !== "set-timer") all.push(effect);
    }
    if (joinStandbys(world)) hasChanged = true;
    if (keepLeases(world)) hasChanged = true;
    if (hasChanged) {
      event = { type: "facts", facts: factsOf(world) };
      continue;
    }
    const atUs = world.timerUs;
    if (atUs === undefined || atUs > endUs) return all;
    assert(atUs >= world.nowUs, "a timer lies ahead");
    world.nowUs = monoUs(atUs);
    world.timerUs = undefined;
    event = { type: "timer" };
  }
  world.isAtRest = false;
  return all;
}

/** True if the board runs and at least one network reaches it. */
export function isAlive(world: World, slot: SlotId): boolean {
  const isOnline = world.networks.A || world.networks.B;
  return isOnline && !world.dead.has(slot) && !world.cycled.has(slot);
}

/** True if more than half of the group's voters can hear each other (leases.md §1). */
export function hasMajority(world: World, group: Group): boolean {
  const voters = world.state.plan.votersOf.get(group.name) ?? [];
  const living = voters.filter((slot) => isAlive(world, slot)).length;
  return living * 2 > voters.length;
}

/** Leases after a fault: who goes on, who lapses, whom the record loses. True if any changed. */
function keepLeases(world: World): boolean {
  let hasChanged = false;
  for (const group of world.config.groups) {
    const lease = leaseOf(world, group.name);
    const { active, inSync } = lease;
    keepLease(world, group, lease);
    if (!isSame(active, lease.active) || !isSame(inSync, lease.inSync)) hasChanged = true;
  }
  return hasChanged;
}

function keepLease(world: World, group: Group, lease: PaperLease): void {
  if (group.model === "all-active") {
    lease.active = lease.active.filter((slot) => isRunning(world, slot));
    return;
  }
  const [holder] = lease.active;
  if (holder === undefined) return;
  if (!isRunning(world, holder)) {
    lease.active = [];
  } else if (hasMajority(world, group)) {
    // D2: members that are gone leave the record, which a majority commits.
    lease.inSync = lease.inSync?.filter((slot) => isAlive(world, slot));
  } else if (lease.inSync?.length !== 1 || lease.inSync[0] !== holder) {
    // H2: no majority and not sole (H3): the lease lapses.
    lease.active = [];
  }
}

const isSame = (a: readonly SlotId[] | undefined, b: readonly SlotId[] | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.length === b.length &&
    a.every((slot, i) => slot === b[i]));

const isRunning = (world: World, slot: SlotId): boolean =>
  !world.dead.has(slot) && !world.cycled.has(slot);

/** Does what an order says, as far as this world knows it; true if facts may have changed. */
function carryOut(world: World, effect: RedirectEffect): boolean {
  switch (effect.type) {
    case "set-timer":
      world.timerUs = effect.atUs;
      return false;
    case "power-cycle":
      if (!isAlive(world, ccnSlot)) return false;
      world.cycled.add(effect.slot);
      return true;
    case "start":
    case "restart":
      return world.services.delete(at(effect.service, effect.slot));
    case "wish":
      return effect.how !== "stand-by" && followWish(world, effect);
    case "stop":
    case "run":
    case "raise-alarm":
    case "clear-alarm":
    case "safe-to-pull":
      return false;
    default:
      return unreachable(effect);
  }
}

/** The leases' answer to a wish; true if they followed it. */
function followWish(world: World, wish: RedirectEffect & { readonly type: "wish" }): boolean {
  const group = world.state.plan.groupOf.get(wish.group);
  assert(group !== undefined, "a wish is about a configured group");
  const lease = leaseOf(world, wish.group);
  if (wish.how === "release") {
    lease.active = lease.active.filter((slot) => slot !== wish.to);
    lease.inSync = lease.inSync?.filter((slot) => slot !== wish.to || slot === lease.holder);
    return true;
  }
  if (group.model === "all-active") {
    lease.active = [...lease.active, wish.to];
    return true;
  }
  const refusal = refusalOf(world, group, wish.to);
  if (refusal !== undefined) {
    world.refused.set(group.name, refusal);
    return false;
  }
  world.refused.delete(group.name);
  // E4: a winner begins alone; D5: a planned move keeps both.
  lease.inSync = wish.how === "hand-over" ? (lease.inSync ?? [wish.to]) : [wish.to];
  lease.active = [wish.to];
  lease.holder = wish.to;
  return true;
}

/** Why the leases would not let `to` become active; undefined = they would. */
function refusalOf(world: World, group: Group, to: SlotId): string | undefined {
  const lease = leaseOf(world, group.name);
  if (!isAlive(world, to)) return `slot ${to} is not alive`;
  if (!hasMajority(world, group)) return "no majority of its voters lives";
  if (lease.inSync !== undefined && !lease.inSync.includes(to)) return `slot ${to} is not in sync`;
  const { holder } = lease;
  if (holder === undefined || holder === to || isRunning(world, holder)) return undefined;
  // V4, F1: the CCN's fence is the proof; without it only an expired grant, if the group allows it.
  if (isAlive(world, ccnSlot) || world.cycled.has(holder)) return undefined;
  const isSole = lease.inSync?.length === 1 && lease.inSync[0] === holder;
  if (group.unfenced === "after-lease" && !isSole) return undefined;
  return `nobody can prove that slot ${holder} is off while the ccn is down`;
}

/** D4: standbys that the core wishes for and that live are in sync in the end. True if any joined. */
function joinStandbys(world: World): boolean {
  let hasChanged = false;
  for (const group of world.config.groups) {
    const lease = leaseOf(world, group.name);
    const [holder] = lease.active;
    if (group.model === "all-active" || holder === undefined) continue;
    const inSync = lease.inSync ?? [holder];
    const wished = world.state.placements.get(group.name)?.standby ?? [];
    const joining = wished.filter((slot) => !inSync.includes(slot) && isAlive(world, slot));
    if (joining.length > 0 && !hasMajority(world, group)) continue;
    if (joining.length === 0 && lease.inSync !== undefined) continue;
    lease.inSync = [...inSync, ...joining];
    hasChanged = true;
  }
  return hasChanged;
}

/** The lease of a configured group. */
export function leaseOf(world: World, group: string): PaperLease {
  const lease = world.leases.get(group);
  assert(lease !== undefined, "every group has a lease");
  return lease;
}

/** What NETRACK, PSRM and the leases would tell in this world. */
export function factsOf(world: World): RedirectFacts {
  const { A, B } = world.networks;
  return {
    ...world.base,
    boards: world.base.boards.map((board) => ({
      ...board,
      state: isRunning(world, board.slot) ? (board.state === "down" ? "up" : board.state) : "down",
      maintenance: world.maintained.has(board.slot),
      paths: { A: board.paths.A && A, B: board.paths.B && B },
    })),
    networks: { A, B },
    services: [...world.services.values()],
    groups: world.config.groups.map(({ name }) => {
      const { active, inSync } = leaseOf(world, name);
      return { group: name, active, inSync };
    }),
  };
}

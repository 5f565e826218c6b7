// The configuration as decisions need it: groups that move as one unit, groups that share spares,
// how many standbys each wants. Worked out once per configuration; never changes.

import type { SlotId } from "../../base/index.ts";
import {
  type Group,
  poolOf,
  type RedundancyModel,
  type Service,
  votersOf,
} from "../../config/index.ts";
import type { RedirectConfig } from "../types.ts";

/** Groups that are placed as one (`together`); usually one group alone. */
export type Unit = { readonly groups: readonly Group[]; readonly on: readonly SlotId[] };

/** What follows from the configuration alone. */
export type Plan = {
  readonly config: RedirectConfig;
  readonly slots: readonly SlotId[];
  /** Groups with one active board at a time, in the file's order of their first groups. */
  readonly units: readonly Unit[];
  readonly groupOf: ReadonlyMap<string, Group>;
  readonly serviceOf: ReadonlyMap<string, Service>;
  /** Group name -> groups of other units that it would rather not meet on a board. */
  readonly apartOf: ReadonlyMap<string, readonly string[]>;
  /** Groups of one pool share spares (N+1, N+M): group name -> those of other units. */
  readonly matesOf: ReadonlyMap<string, readonly string[]>;
  /** Group name -> how many standbys it wants. */
  readonly standbysOf: ReadonlyMap<string, number>;
  /** Group name -> who votes about it (leases.md §1). */
  readonly votersOf: ReadonlyMap<string, readonly SlotId[]>;
};

/** The plan of a configuration. */
export function planOf(config: RedirectConfig): Plan {
  const { groups, services, boards } = config;
  const single = groups.filter((group) => group.model !== "all-active");
  const units = unitsOf(single);
  // A unit is not its own neighbour, else every other slot would look emptier than its own.
  const others = (group: Group, names: readonly string[]): string[] => {
    const unit = units.find((each) => each.groups.includes(group));
    return names.filter((name) => !unit?.groups.some((each) => each.name === name));
  };
  const mates = (group: Group): string[] => poolOf(group, groups).map((each) => each.name);
  return {
    config,
    slots: boards.filter((each) => each.role !== "ccn").map((each) => each.slot),
    units,
    groupOf: new Map(groups.map((group) => [group.name, group])),
    serviceOf: new Map(services.map((service) => [service.name, service])),
    apartOf: new Map(groups.map((group) => [group.name, others(group, group.apart)])),
    matesOf: new Map(groups.map((group) => [group.name, others(group, mates(group))])),
    standbysOf: new Map(groups.map((group) => [group.name, standbysOf(group)])),
    votersOf: new Map(groups.map((group) => [group.name, votersOf(boards, group.on)])),
  };
}

/** Standbys of each model: N+M keeps two, so that two boards of the pool may fail at once. */
const standbys: Readonly<Record<RedundancyModel, number>> = {
  none: 0,
  "2N": 1,
  "N+1": 1,
  "N+M": 2,
  "all-active": 0,
};

function standbysOf(group: Group): number {
  return Math.min(standbys[group.model], group.on.length - 1);
}

/** Connected sets of `together`, each in the file's order. */
function unitsOf(groups: readonly Group[]): Unit[] {
  const taken = new Set<string>();
  const units: Unit[] = [];
  for (const first of groups) {
    if (taken.has(first.name)) continue;
    const names = new Set([first.name]);
    for (let size = 0; size < names.size;) {
      size = names.size;
      for (const group of groups) {
        if (!names.has(group.name)) continue;
        for (const name of group.together) names.add(name);
      }
    }
    const members = groups.filter((group) => names.has(group.name));
    for (const group of members) taken.add(group.name);
    units.push({ groups: members, on: first.on });
  }
  return units;
}

// Who should stand by. Existing standbys are kept while they are able: changing one costs a resync.
// New ones are taken where no other group of the pool is active (the spare), then in the order of `on`.

import type { SlotId } from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import type { Choice } from "./place.ts";
import type { State } from "./state.ts";
import { boardFitness, isBroken, type View } from "./view.ts";

/** The slots that should stand by for `group`, best first. */
export function chooseStandbys(
  state: State,
  view: View,
  group: Group,
  choices: ReadonlyMap<string, Choice>,
): SlotId[] {
  const wanted = state.plan.standbysOf.get(group.name) ?? 0;
  if (wanted === 0) return [];
  const active = choices.get(group.name)?.slot;
  const before = state.placements.get(group.name)?.standby ?? [];
  const isKept = (slot: SlotId): boolean =>
    slot !== active &&
    boardFitness(view, slot).kind === "able" &&
    !group.services.some((name) => isBroken(view, name, slot));
  if (before.length === wanted && before.every(isKept)) return [...before];
  const inSync = view.groupOf.get(group.name)?.inSync ?? [];
  const mates = state.plan.matesOf.get(group.name) ?? [];
  const cost = (slot: SlotId): number => {
    const isBusy = mates.some((name) => choices.get(name)?.slot === slot);
    const isSick = group.services.some((name) => isBroken(view, name, slot));
    const isDegraded = view.boardOf.get(slot)?.degraded !== undefined;
    const isNew = !before.includes(slot);
    const parts = [isSick, isNew, !inSync.includes(slot), isDegraded, isBusy];
    return parts.reduce((sum, part) => sum * 2 + Number(part), 0) * 64 + group.on.indexOf(slot);
  };
  return group.on
    .filter((slot) => slot !== active && boardFitness(view, slot).kind === "able")
    .map((slot) => ({ slot, cost: cost(slot) }))
    .toSorted((a, b) => a.cost - b.cost)
    .slice(0, wanted)
    .map(({ slot }) => slot);
}

// "Safe to pull" (design 62): a board in maintenance may be pulled once nothing is active on it,
// nothing runs on it, and it is not the only living copy of a group's newest data.

import type { SlotId } from "../../base/index.ts";
import type { Out, State } from "./state.ts";
import { at, isReachable, type View } from "./view.ts";

/** Tells of every board in maintenance whether it may be pulled, when that changed. */
export function tellSafety(state: State, view: View, out: Out): void {
  for (const slot of state.plan.slots) {
    if (!(view.boardOf.get(slot)?.maintenance ?? false)) {
      state.told.delete(slot);
      continue;
    }
    const reason = obstacle(state, view, slot);
    const isSafe = reason === undefined;
    const why = reason ?? `slot ${slot} is active for nothing, so it is safe to pull`;
    const before = state.told.get(slot);
    if (before?.isSafe === isSafe && before.why === why) continue;
    state.told.set(slot, { isSafe, why });
    out.last.push({ type: "safe-to-pull", slot, isSafe, why });
  }
}

function obstacle(state: State, view: View, slot: SlotId): string | undefined {
  for (const group of state.plan.config.groups) {
    const fact = view.groupOf.get(group.name);
    const isHere = fact?.active.includes(slot) ?? false;
    const placement = state.placements.get(group.name);
    if (isHere || (placement?.active.includes(slot) ?? false)) {
      const isGoing = !(placement?.active.includes(slot) ?? false);
      const then = isGoing ? "it is being handed over" : "no other slot can have it";
      return `group ${group.name} is active on slot ${slot}; ${then}`;
    }
    const copies = fact?.inSync ?? [];
    const isOnly = !copies.some((other) => other !== slot && isReachable(view, other));
    if (copies.includes(slot) && isOnly) {
      return `slot ${slot} has the only living copy of group ${group.name}'s newest data`;
    }
  }
  for (const { name } of state.plan.config.services) {
    const running = view.serviceOf.get(at(name, slot))?.state;
    if (running === undefined || running === "stopped") continue;
    if (running === "failed" || running === "restarted-too-often") continue;
    return `service ${name} still runs on slot ${slot}`;
  }
  return undefined;
}

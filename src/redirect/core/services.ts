// Orders to PSRM beyond groups: services without a group run on all their slots, except where a
// board is taken out; a service that a rule stopped stays stopped wherever its group goes. (The
// services of a group start and stop with its lease; that order is not REDIRECT's.)

import type { SlotId } from "../../base/index.ts";
import type { Out, State } from "./state.ts";
import { at, boardFitness, isReachable, type View } from "./view.ts";

/** Orders every difference between what should run and what was ordered before. */
export function orderServices(state: State, view: View, out: Out): void {
  for (const service of state.plan.config.services) {
    const rule = state.stopped.get(service.name);
    if (service.group === undefined) {
      for (const slot of service.on)
        orderFree(state, view, { name: service.name, slot, rule }, out);
    } else {
      // Where it is, not where it should be: becoming active starts all services of a group.
      const active = view.groupOf.get(service.group)?.active ?? [];
      if (rule === undefined) startAgain(state, { name: service.name, active }, out);
      else stopWithGroup(state, { name: service.name, rule, active }, out);
    }
  }
}

type Place = { readonly name: string; readonly slot: SlotId; readonly rule: string | undefined };

function orderFree(state: State, view: View, { name, slot, rule }: Place, out: Out): void {
  const key = at(name, slot);
  const fitness = boardFitness(view, slot);
  const should = fitness.kind === "able" && rule === undefined;
  if (should === state.running.has(key)) return;
  if (should) {
    state.running.add(key);
    const why = `slot ${slot} is able, so service ${name} runs there`;
    out.orders.push({ type: "start", service: name, slot, why });
    return;
  }
  state.running.delete(key);
  if (!isReachable(view, slot)) return;
  const cause = rule === undefined ? fitness.why : `rule ${rule}`;
  const why = `${cause}, so service ${name} is stopped on slot ${slot}`;
  out.orders.push({ type: "stop", service: name, slot, why });
}

function stopWithGroup(
  state: State,
  { name, rule, active }: { name: string; rule: string; active: readonly SlotId[] },
  out: Out,
): void {
  const here = active.map((slot) => at(name, slot));
  for (const key of state.stopOrders) {
    // Where the group left, or its board died, the order is void: coming back starts everything.
    if (key.startsWith(`${name}@`) && !here.includes(key)) state.stopOrders.delete(key);
  }
  for (const slot of active) {
    const key = at(name, slot);
    if (state.stopOrders.has(key)) continue;
    state.stopOrders.add(key);
    const why = `rule ${rule}, so service ${name} is stopped on slot ${slot}`;
    out.orders.push({ type: "stop", service: name, slot, why });
  }
}

/** No rule stops it any more: it runs where its group is. */
function startAgain(
  state: State,
  { name, active }: { name: string; active: readonly SlotId[] },
  out: Out,
): void {
  if (state.stopOrders.size === 0) return;
  for (const key of state.stopOrders) {
    if (key.startsWith(`${name}@`)) state.stopOrders.delete(key);
    else continue;
    const slot = active.find((each) => at(name, each) === key);
    if (slot === undefined) continue;
    const why = `no rule stops it any more, so service ${name} is started on slot ${slot}`;
    out.orders.push({ type: "start", service: name, slot, why });
  }
}

// From choices to wishes: what changed since the last placement becomes an order to the leases, once.
// Also watches whether the leases followed: a wish unheard for `wishMs` is doubted, so that another
// slot gets its chance, and an alarm names it.

import { assert, type SlotId } from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import { wishMs } from "../limits.ts";
import type { Placement } from "../types.ts";
import type { Choice } from "./place.ts";
import { chooseStandbys } from "./standby.ts";
import { type Out, setAlarm, type State } from "./state.ts";
import { at, boardFitness, isReachable, type View } from "./view.ts";

/** Compares wishes under way with what the leases did. */
export function judgeWishes(state: State, view: View, now: number): void {
  for (const [group, { to, sinceUs }] of state.pending) {
    const active = view.groupOf.get(group)?.active ?? [];
    if (active.includes(to) || !isReachable(view, to)) {
      state.pending.delete(group);
    } else if (now >= sinceUs + wishMs * 1000) {
      state.pending.delete(group);
      state.doubted.set(at(group, to), { group, slot: to, wasServed: active.length > 0 });
    }
  }
  // A doubted slot gets its chance again when it became active after all, or went away (it comes
  // back as another one). If nobody was active and now somebody is, it was not the slot's fault.
  for (const [key, { group, slot, wasServed }] of state.doubted) {
    const active = view.groupOf.get(group)?.active ?? [];
    const isOver = active.includes(slot) || (active.length > 0 && !wasServed);
    if (isOver || !isReachable(view, slot)) state.doubted.delete(key);
  }
}

/** An alarm for every group with doubted slots, and when to look at wishes under way again. */
export function tellDoubts(state: State, out: Out): void {
  for (const { name } of state.plan.config.groups) {
    const slots: SlotId[] = [];
    for (const { group, slot } of state.doubted.values()) if (group === name) slots.push(slot);
    const text = `group ${name}: ${slotsText(slots)} did not become active within ${wishMs} ms`;
    setAlarm(state, `wish-unheard:${name}`, slots.length > 0 ? text : undefined, out);
  }
  for (const { sinceUs } of state.pending.values()) {
    out.nextUs = Math.min(out.nextUs, sinceUs + wishMs * 1000);
  }
}

/** Turns the choices into placements; every change is a wish. */
export function placeGroups(
  state: State,
  view: View,
  choices: ReadonlyMap<string, Choice>,
  { now, out }: { now: number; out: Out },
): void {
  for (const group of state.plan.config.groups) {
    if (group.model === "all-active") {
      placeEverywhere(state, view, group, out);
      continue;
    }
    const choice = choices.get(group.name);
    assert(choice !== undefined, "every group was decided");
    if (choice.isOpen && !state.placements.has(group.name)) continue;
    const next = placementOf(state, view, group, { choice, choices });
    const isOrdered = choice.isOrdered ?? false;
    wishActive(state, view, group, { next, now, isOrdered, out });
    wishStandbys(state, view, group, { next, out });
    state.placements.set(group.name, next);
    alarmsOf(state, view, group, { next, out });
  }
}

function placementOf(
  state: State,
  view: View,
  group: Group,
  { choice, choices }: { choice: Choice; choices: ReadonlyMap<string, Choice> },
): Placement {
  const { slot, cause } = choice;
  const name = group.name;
  const before = state.placements.get(name);
  const standby = chooseStandbys(state, view, group, choices);
  if (slot !== undefined && slot === before?.active[0]) {
    // The reason why it is there stays the reason, whatever happened since.
    return { ...before, standby };
  }
  const effect =
    slot === undefined
      ? `so nobody is active for group ${name}`
      : `so group ${name} goes to slot ${slot}`;
  return {
    group: name,
    active: slot === undefined ? [] : [slot],
    standby,
    why: `model ${group.model}: ${cause}, ${effect}`,
  };
}

type Change = { readonly next: Placement; readonly out: Out };

function wishActive(
  state: State,
  view: View,
  group: Group,
  { next, now, isOrdered, out }: Change & { readonly now: number; readonly isOrdered: boolean },
): void {
  const [to] = next.active;
  const before = state.placements.get(group.name)?.active[0];
  const active = view.groupOf.get(group.name)?.active ?? [];
  const { why } = next;
  const name = group.name;
  // Wished before: only a new order says it again, and not while it is under way or done.
  const isFollowed = state.pending.has(name) || (to !== undefined && active.includes(to));
  if (to !== undefined && to === before && (isFollowed || !isOrdered)) return;
  if (to === undefined) {
    state.pending.delete(name);
    if (before !== undefined && isReachable(view, before)) {
      out.wishes.push({ type: "wish", how: "release", group: name, to: before, why });
    }
    return;
  }
  if (active.includes(to) && (before === undefined || !active.includes(before))) {
    // The leases were faster: nothing to wish.
    state.pending.delete(name);
    return;
  }
  const from = active.find((slot) => slot !== to && isReachable(view, slot));
  if (from === undefined) {
    out.wishes.push({ type: "wish", how: "take-over", group: name, to, why });
  } else {
    out.wishes.push({ type: "wish", how: "hand-over", group: name, from, to, why });
  }
  state.pending.set(name, { to, sinceUs: now });
}

function wishStandbys(state: State, view: View, group: Group, { next, out }: Change): void {
  const before = state.placements.get(group.name)?.standby ?? [];
  const head = `model ${group.model}`;
  for (const to of next.standby) {
    if (before.includes(to)) continue;
    const why = `${head}: slot ${to} is able, so it stands by for group ${group.name}`;
    out.wishes.push({ type: "wish", how: "stand-by", group: group.name, to, why });
  }
  for (const to of before) {
    if (next.standby.includes(to) || next.active.includes(to) || !isReachable(view, to)) continue;
    const reason = boardFitness(view, to).why || "another slot does";
    const why = `${head}: ${reason}, so slot ${to} no longer stands by for group ${group.name}`;
    out.wishes.push({ type: "wish", how: "release", group: group.name, to, why });
  }
}

function alarmsOf(state: State, view: View, group: Group, { next, out }: Change): void {
  const { name } = group;
  const isNone = next.active.length === 0;
  setAlarm(state, `no-active:${name}`, isNone ? next.why : undefined, out);
  const wanted = state.plan.standbysOf.get(name) ?? 0;
  const missing = wanted - next.standby.length;
  const standbyText = `group ${name} has ${next.standby.length} of ${wanted} standbys`;
  setAlarm(state, `no-standby:${name}`, missing > 0 && !isNone ? standbyText : undefined, out);
  const actives = view.groupOf.get(name)?.active ?? [];
  const twoText = `group ${name} is active on slots ${actives.join(" and ")}; one may be`;
  setAlarm(state, `two-actives:${name}`, actives.length > 1 ? twoText : undefined, out);
}

/** An all-active group: every able slot, and the last one that still answers. */
function placeEverywhere(state: State, view: View, group: Group, out: Out): void {
  const before = state.placements.get(group.name)?.active ?? [];
  const able = group.on.filter((slot) => boardFitness(view, slot).kind === "able");
  const fact = view.groupOf.get(group.name)?.active ?? [];
  const kept = group.on.filter(
    (slot) => (before.includes(slot) || fact.includes(slot)) && isReachable(view, slot),
  );
  const active = able.length > 0 ? able : kept.slice(0, 1);
  const head = `model all-active`;
  for (const to of active) {
    if (before.includes(to)) continue;
    if (fact.includes(to)) continue;
    const why = `${head}: slot ${to} is able, so it is active for group ${group.name}`;
    out.wishes.push({ type: "wish", how: "take-over", group: group.name, to, why });
  }
  for (const to of before) {
    if (active.includes(to) || !isReachable(view, to)) continue;
    const why = `${head}: ${boardFitness(view, to).why}, so group ${group.name} ends on slot ${to}`;
    out.wishes.push({ type: "wish", how: "release", group: group.name, to, why });
  }
  const where = active.length === 0 ? "no slot" : slotsText(active);
  const why = `${head}: group ${group.name} is active on ${where}`;
  state.placements.set(group.name, { group: group.name, active, standby: [], why });
  const isNone = active.length === 0 && before.length > 0;
  const isStill = active.length === 0 && state.alarms.has(`no-active:${group.name}`);
  setAlarm(state, `no-active:${group.name}`, isNone || isStill ? why : undefined, out);
}

/** `slot 1`, `slots 1, 2`. */
export function slotsText(slots: readonly SlotId[]): string {
  return `${slots.length === 1 ? "slot" : "slots"} ${slots.join(", ")}`;
}

// Who should be active. Two passes: groups that can stay where they are stay (no failback by itself),
// then the others choose in the file's order. So the answer depends on facts, the last placement and
// nothing else, and asking twice changes nothing.

import { assert, type SlotId } from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import { calmMs } from "../limits.ts";
import type { Unit } from "./plan.ts";
import { type MoveOrder, type Out, setAlarm, type State } from "./state.ts";
import { at, fitnessOf, isReachable, isUnknown, type View } from "./view.ts";

/** Where a group should be active and the sentence that says why. */
export type Choice = {
  readonly slot: SlotId | undefined;
  readonly cause: string;
  /** Nobody can be active as far as is known; not all of its boards are known. */
  readonly isOpen: boolean;
  /** Somebody ordered it just now: it is wished even if it was wished before. */
  readonly isOrdered?: boolean;
};

/** One step's work: choices so far, by group. */
type Work = {
  readonly state: State;
  readonly view: View;
  readonly now: number;
  readonly out: Out;
  readonly choices: Map<string, Choice>;
};

/** Chooses the active slot of every group that has one at a time. */
export function chooseActives(
  state: State,
  view: View,
  now: number,
  out: Out,
): Map<string, Choice> {
  const work: Work = { state, view, now, out, choices: new Map() };
  const left: Unit[] = [];
  for (const unit of state.plan.units.flatMap((each) => splitIfNeeded(work, each))) {
    const choice = stayOf(work, unit);
    if (choice === undefined) left.push(unit);
    else settle(work, unit, choice);
  }
  for (const unit of left) settle(work, unit, leave(work, unit));
  for (const unit of state.plan.units) failBack(work, unit);
  for (const move of out.moves) carryOut(work, move);
  assert(work.choices.size >= state.plan.units.length, "every unit is placed");
  return work.choices;
}

function settle(work: Work, unit: Unit, choice: Choice): void {
  for (const group of unit.groups) work.choices.set(group.name, choice);
}

/** A unit that no slot can have as a whole is placed group by group: better apart than down. */
function splitIfNeeded(work: Work, unit: Unit): Unit[] {
  if (unit.groups.length === 1) return [unit];
  const isPossible = unit.on.some((slot) => kindFor(work, unit, slot) === "able");
  return isPossible ? [unit] : unit.groups.map((group) => ({ groups: [group], on: group.on }));
}

/** The worst fitness of the unit's groups on a slot. */
function kindFor(work: Work, unit: Unit, slot: SlotId): "able" | "last-resort" | "unable" {
  let worst: "able" | "last-resort" = "able";
  for (const group of unit.groups) {
    const { kind } = fitnessOf(work.state.plan, work.view, group, slot);
    if (kind === "unable") return "unable";
    if (kind === "last-resort") worst = kind;
  }
  return worst;
}

/** Where a group is now, as far as decisions go: a wish under way counts as carried out. */
export function incumbentOf(state: State, view: View, group: Group): SlotId | undefined {
  const pending = state.pending.get(group.name);
  if (pending !== undefined && isReachable(view, pending.to)) return pending.to;
  const last = state.placements.get(group.name)?.active[0];
  const active = (view.groupOf.get(group.name)?.active ?? []).filter((slot) =>
    group.on.includes(slot),
  );
  const living = active.filter((slot) => isReachable(view, slot));
  if (last !== undefined && (active.length === 0 || living.includes(last))) return last;
  return living[0] ?? active[0];
}

/** The slot where the whole unit can stay, if there is one. */
function stayOf(work: Work, unit: Unit): Choice | undefined {
  const { state, view } = work;
  const places = unit.groups.map((group) => incumbentOf(state, view, group));
  for (const [i, group] of unit.groups.entries()) {
    const slot = places[i];
    if (slot === undefined) continue;
    const isThere = view.groupOf.get(group.name)?.active.includes(slot) ?? false;
    const isDoubted = state.doubted.has(at(group.name, slot)) && !isThere;
    if (isDoubted && hasOther(work, unit, slot)) continue;
    // Nobody knows: whoever is there stays, and nobody is sent there.
    const isHome = places.every((each) => each === slot) && isUnknown(view, slot);
    if (!isHome && kindFor(work, unit, slot) !== "able") continue;
    const alone = `slot ${slot} is active and well`;
    const mates = `group ${group.name} is on slot ${slot} and they move together`;
    return { slot, cause: unit.groups.length === 1 ? alone : mates, isOpen: false };
  }
  return undefined;
}

/** Another able slot that was not doubted yet. */
function hasOther(work: Work, unit: Unit, slot: SlotId): boolean {
  return unit.on.some(
    (other) =>
      other !== slot && !isDoubtedFor(work, unit, other) && kindFor(work, unit, other) === "able",
  );
}

function isDoubtedFor(work: Work, unit: Unit, slot: SlotId): boolean {
  return unit.groups.some((group) => work.state.doubted.has(at(group.name, slot)));
}

/** The unit cannot stay where it is: the best able slot, else patience, else the last resort. */
function leave(work: Work, unit: Unit): Choice {
  const [first] = unit.groups;
  assert(first !== undefined, "a unit has a group");
  const from = incumbentOf(work.state, work.view, first);
  const cause = from === undefined ? "nobody is active" : whyNot(work, unit, from);
  const slot = bestOf(work, unit, "able");
  if (slot !== undefined) return { slot, cause, isOpen: false };
  // A board that still answers keeps the group, whatever is wrong with it: a sick, drained or
  // leaving board serves better than none.
  if (from !== undefined && isReachable(work.view, from)) {
    return { slot: from, cause: `${cause}, and no other slot can have it`, isOpen: false };
  }
  const last = bestOf(work, unit, "last-resort");
  if (last !== undefined) {
    return {
      slot: last,
      cause: `${cause}, and ${whyNot(work, unit, last)}, but nothing is left`,
      isOpen: false,
    };
  }
  const isOpen = unit.on.some((each) => isUnknown(work.view, each));
  const reasons = unit.on.map((each) => whyNot(work, unit, each)).join("; ");
  return { slot: undefined, cause: reasons, isOpen };
}

function whyNot(work: Work, unit: Unit, slot: SlotId): string {
  for (const group of unit.groups) {
    const { kind, why } = fitnessOf(work.state.plan, work.view, group, slot);
    if (kind !== "able") return why;
  }
  if (isDoubtedFor(work, unit, slot)) return `slot ${slot} did not become active in time`;
  return `slot ${slot} is well`;
}

function bestOf(
  work: Work,
  unit: Unit,
  kind: "able" | "last-resort",
  except?: SlotId,
): SlotId | undefined {
  let best: SlotId | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const slot of unit.on) {
    if (slot === except || kindFor(work, unit, slot) !== kind) continue;
    const score = scoreOf(work, unit, slot);
    if (score < bestScore) [best, bestScore] = [slot, score];
  }
  return best;
}

/**
 * Lower is better. What counts more comes first: it followed wishes, it is not degraded, no group of
 * `apart` is there, no group of the same pool is there (a spare carries one load), both networks
 * reach it, its place in `on`. All of it is preference: none of it keeps a group down.
 */
function scoreOf(work: Work, unit: Unit, slot: SlotId): number {
  const board = work.view.boardOf.get(slot);
  const missing = board === undefined ? 2 : Number(!board.paths.A) + Number(!board.paths.B);
  let apart = 0;
  let crowd = 0;
  for (const group of unit.groups) {
    apart = Math.min(
      63,
      apart + neighbours(work, work.state.plan.apartOf.get(group.name) ?? [], slot),
    );
    const mates = work.state.plan.matesOf.get(group.name) ?? [];
    crowd = Math.min(63, crowd + neighbours(work, mates, slot));
  }
  const doubts = isDoubtedFor(work, unit, slot) ? 1 : 0;
  const degraded = board?.degraded === undefined ? 0 : 1;
  const place = unit.on.indexOf(slot);
  // Each counts to 63 at most: fewer groups and slots there are not.
  return ((((doubts * 2 + degraded) * 64 + apart) * 64 + crowd) * 4 + missing) * 64 + place;
}

/** How many of the named groups were placed on this slot. */
function neighbours(work: Work, names: readonly string[], slot: SlotId): number {
  let count = 0;
  for (const name of names) if (work.choices.get(name)?.slot === slot) count++;
  return count;
}

/** `failback: when-calm`: back to the best slot once it was well for `calmMs`. */
function failBack(work: Work, unit: Unit): void {
  if (unit.groups.some((group) => group.failback === "never")) return;
  const slots = new Set(unit.groups.map((group) => work.choices.get(group.name)?.slot));
  const [slot] = slots;
  if (slots.size !== 1 || slot === undefined) return;
  // Only from where it really is: a group that waits for the leases is left alone.
  const isThere = ({ name }: Group): boolean =>
    !work.state.pending.has(name) && (work.view.groupOf.get(name)?.active.includes(slot) ?? false);
  if (!unit.groups.every(isThere)) return;
  const score = scoreOf(work, unit, slot);
  const best = score === 0 ? undefined : bestOf(work, unit, "able");
  if (best === undefined || scoreOf(work, unit, best) >= score) return;
  const sinceUs = work.state.wellSinceUs.get(best);
  if (sinceUs === undefined) return;
  const dueUs = sinceUs + calmMs * 1000;
  if (work.now < dueUs) {
    work.out.nextUs = Math.min(work.out.nextUs, dueUs);
    return;
  }
  const minutes = calmMs / 60_000;
  const cause = `failback when-calm: slot ${best} was well for ${minutes} minutes`;
  settle(work, unit, { slot: best, cause, isOpen: false, isOrdered: true });
}

/** A move that a rule or the operator ordered; refused with an alarm if it cannot be. */
function carryOut(work: Work, move: MoveOrder): void {
  const unit = work.state.plan.units.find((each) =>
    each.groups.some((group) => group.name === move.group),
  );
  const id = `move-refused:${move.group}`;
  if (unit === undefined) return;
  const from = work.choices.get(move.group)?.slot;
  const to = move.to ?? bestOf(work, unit, "able", from);
  if (to === undefined || kindFor(work, unit, to) !== "able" || !unit.on.includes(to)) {
    const why = to === undefined ? "no other slot can have it" : whyNot(work, unit, to);
    setAlarm(work.state, id, `${move.cause}: group ${move.group} cannot move: ${why}`, work.out);
    return;
  }
  setAlarm(work.state, id, undefined, work.out);
  // Somebody wants it there: an old doubt must not send it back.
  for (const group of unit.groups) work.state.doubted.delete(at(group.name, to));
  if (to !== from)
    settle(work, unit, { slot: to, cause: move.cause, isOpen: false, isOrdered: true });
}

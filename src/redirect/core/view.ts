// Facts made ready for questions: is this slot able to have that group, and if not, why not. One
// view a step; it is never kept.

import { assert, type SlotId } from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import type { BoardFact, GroupFact, RedirectFacts, ServiceFact } from "../types.ts";
import { factsMax } from "../limits.ts";
import type { Plan } from "./plan.ts";

/** The newest facts, by what they are asked for. */
export type View = {
  readonly facts: RedirectFacts;
  readonly boardOf: ReadonlyMap<SlotId, BoardFact>;
  readonly groupOf: ReadonlyMap<string, GroupFact>;
  /** `service@slot` -> its report. */
  readonly serviceOf: ReadonlyMap<string, ServiceFact>;
};

/** `able`; `last-resort` = only if nothing else is left; `unable` with the reason. */
export type Fitness = {
  readonly kind: "able" | "last-resort" | "unable";
  readonly why: string;
};

/** Indexes facts; of two entries about one thing the last counts. */
export function viewOf(facts: RedirectFacts): View {
  return {
    facts,
    boardOf: new Map(facts.boards.slice(0, factsMax).map((each) => [each.slot, each])),
    groupOf: new Map(facts.groups.slice(0, factsMax).map((each) => [each.group, each])),
    serviceOf: new Map(
      facts.services.slice(0, factsMax).map((each) => [at(each.service, each.slot), each]),
    ),
  };
}

/** The key of a service or group on a slot. */
export function at(name: string, slot: SlotId): string {
  return `${name}@${slot}`;
}

const able: Fitness = { kind: "able", why: "" };
const unable = (why: string): Fitness => ({ kind: "unable", why });

/** May `slot` become active for `group`? Being in sync is asked only of who is not active yet. */
export function fitnessOf(plan: Plan, view: View, group: Group, slot: SlotId): Fitness {
  const board = boardFitness(view, slot);
  if (board.kind === "unable") return board;
  if (!group.on.includes(slot)) return unable(`group ${group.name} may not be on slot ${slot}`);
  const fact = view.groupOf.get(group.name);
  const isIn = fact?.inSync === undefined || fact.inSync.includes(slot);
  if (!isIn && !(fact?.active.includes(slot) ?? false)) {
    return unable(`slot ${slot} is not in sync for group ${group.name}`);
  }
  const broken = group.services.find((name) => isBroken(view, name, slot));
  if (broken === undefined) return able;
  assert(plan.serviceOf.has(broken), "a group's service is configured");
  return { kind: "last-resort", why: `service ${broken} cannot be kept running on slot ${slot}` };
}

/** May anything be placed on this board? */
export function boardFitness(view: View, slot: SlotId): Fitness {
  const board = view.boardOf.get(slot);
  if (board === undefined || board.state === "unknown") {
    return unable(`nothing is known of slot ${slot}`);
  }
  if (board.state === "down") return unable(`slot ${slot} is down`);
  if (board.state === "leaving") return unable(`slot ${slot} is leaving`);
  if (board.maintenance) return unable(`slot ${slot} is in maintenance`);
  if (!board.paths.A && !board.paths.B) return unable(`slot ${slot} is cut off from A and B`);
  return able;
}

/** The service gave up there or asks to be moved (design 29 and 30). */
export function isBroken(view: View, service: string, slot: SlotId): boolean {
  const fact = view.serviceOf.get(at(service, slot));
  return fact !== undefined && (fact.asksMove || fact.state === "restarted-too-often");
}

/** The board may still carry out orders: it is not known to be dead. */
export function isReachable(view: View, slot: SlotId): boolean {
  const board = view.boardOf.get(slot);
  return board !== undefined && board.state !== "down" && (board.paths.A || board.paths.B);
}

/** Nothing at all is known yet, or what is known says the board may well be fine. */
export function isUnknown(view: View, slot: SlotId): boolean {
  const board = view.boardOf.get(slot);
  return board === undefined || board.state === "unknown";
}

// REDIRECT's state: the newest facts, what was wished for, what rules have seen. Plain data, so that
// a what-if can copy it and go on from there.

import type { SlotId } from "../../base/index.ts";
import type { Placement, RedirectConfig, RedirectEffect, RedirectFacts } from "../types.ts";
import { type Plan, planOf } from "./plan.ts";

/** A wish under way. */
export type Pending = { readonly to: SlotId; readonly sinceUs: number };

/** A wish that was not followed; `wasServed` = somebody else was active all the while. */
export type Doubt = {
  readonly group: string;
  readonly slot: SlotId;
  readonly wasServed: boolean;
};

/** What one rule has seen. */
export type RuleState = {
  /** Since when its condition holds. */
  readonly sinceUs: number | undefined;
  /** It acted on this onset. */
  readonly isFired: boolean;
  /** When it acted lately, at most `ruleFiresMax` entries. */
  readonly firesUs: readonly number[];
};

/** A move that somebody ordered. */
export type MoveOrder = {
  readonly group: string;
  readonly to: SlotId | undefined;
  /** `rule hot: ...` or `the operator asked for it`. */
  readonly cause: string;
};

/** Only `step` changes it. */
export type State = {
  plan: Plan;
  facts: RedirectFacts | undefined;
  readonly placements: Map<string, Placement>;
  readonly pending: Map<string, Pending>;
  /** `group@slot` that did not follow a wish within `wishMs`. */
  readonly doubted: Map<string, Doubt>;
  readonly rules: Map<string, RuleState>;
  /** Service -> the rule that stopped it. */
  readonly stopped: Map<string, string>;
  /** `service@slot` that was ordered to stop. */
  readonly stopOrders: Set<string>;
  /** `service@slot` of services without a group that should run. */
  readonly running: Set<string>;
  /** Our own alarms that stand: id -> text. */
  readonly alarms: Map<string, string>;
  /** Boards in maintenance: what was last told about pulling them. */
  readonly told: Map<SlotId, { readonly isSafe: boolean; readonly why: string }>;
  /** Since when a board is up on both networks and not degraded. */
  readonly wellSinceUs: Map<SlotId, number>;
  timerUs: number | undefined;
};

/** What one step collects, by the order in which it is carried out. */
export type Out = {
  readonly wishes: RedirectEffect[];
  readonly orders: RedirectEffect[];
  readonly alarms: RedirectEffect[];
  /** Power cycles and programs come last: wishes are on their way by then. */
  readonly last: RedirectEffect[];
  readonly moves: MoveOrder[];
  /** When to look again, the earliest; Infinity = never. */
  nextUs: number;
};

/** A REDIRECT that knows its configuration and no facts. */
export function createState(config: RedirectConfig): State {
  return {
    plan: planOf(config),
    facts: undefined,
    placements: new Map(),
    pending: new Map(),
    doubted: new Map(),
    rules: new Map(),
    stopped: new Map(),
    stopOrders: new Set(),
    running: new Set(),
    alarms: new Map(),
    told: new Map(),
    wellSinceUs: new Map(),
    timerUs: undefined,
  };
}

/** A copy that may go its own way; values are never changed in place, so they are shared. */
export function cloneState(state: State): State {
  return {
    ...state,
    placements: new Map(state.placements),
    pending: new Map(state.pending),
    doubted: new Map(state.doubted),
    rules: new Map(state.rules),
    stopped: new Map(state.stopped),
    stopOrders: new Set(state.stopOrders),
    running: new Set(state.running),
    alarms: new Map(state.alarms),
    told: new Map(state.told),
    wellSinceUs: new Map(state.wellSinceUs),
  };
}

/** Raises, rewords or (text undefined) clears one of our alarms; says nothing twice. */
export function setAlarm(state: State, id: string, text: string | undefined, out: Out): void {
  if (state.alarms.get(id) === text) return;
  if (text === undefined) {
    state.alarms.delete(id);
    out.alarms.push({ type: "clear-alarm", id });
  } else {
    state.alarms.set(id, text);
    out.alarms.push({ type: "raise-alarm", id, text });
  }
}

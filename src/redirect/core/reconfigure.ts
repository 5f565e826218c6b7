// A new chassis file while running: what stayed the same goes on (placements, wishes under way, rules
// that have acted: they must not act again), what is gone is forgotten with its alarms.

import type { Rule } from "../../config/index.ts";
import type { RedirectConfig } from "../types.ts";
import { planOf } from "./plan.ts";
import { type Out, setAlarm, type State } from "./state.ts";

/** Takes over a configuration; the step that carries it then decides anew. */
export function reconfigure(state: State, config: RedirectConfig, out: Out): void {
  const before = state.plan.config.rules;
  const isEverywhere = (name: string): boolean =>
    state.plan.groupOf.get(name)?.model === "all-active";
  const were = new Map([...state.placements.keys()].map((name) => [name, isEverywhere(name)]));
  state.plan = planOf(config);
  const isPlace = (name: string, slot: number | undefined): boolean =>
    slot === undefined || (state.plan.groupOf.get(name)?.on.some((each) => each === slot) ?? false);
  for (const [name, { active, standby }] of state.placements) {
    const areKept = [...active, ...standby].every((slot) => isPlace(name, slot));
    if (!areKept || were.get(name) !== isEverywhere(name) || !state.plan.groupOf.has(name)) {
      state.placements.delete(name);
    }
  }
  for (const [name, { to }] of state.pending) {
    if (!isPlace(name, to)) state.pending.delete(name);
  }
  for (const [key, { group, slot }] of state.doubted) {
    if (!isPlace(group, slot)) state.doubted.delete(key);
  }
  const same = new Set(
    config.rules.filter((rule) => before.some((each) => isSameRule(each, rule))).map(nameOf),
  );
  for (const name of state.rules.keys()) if (!same.has(name)) state.rules.delete(name);
  for (const [service, rule] of state.stopped) {
    if (!same.has(rule) || !state.plan.serviceOf.has(service)) state.stopped.delete(service);
  }
  forgetServices(state);
  forgetAlarms(state, same, out);
}

const nameOf = ({ name }: Rule): string => name;

function isSameRule(a: Rule, b: Rule): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** PSRM ends by itself what is no longer configured. */
function forgetServices(state: State): void {
  for (const keys of [state.running, state.stopOrders]) {
    for (const key of keys) {
      const [service = ""] = key.split("@");
      if (!state.plan.serviceOf.has(service)) keys.delete(key);
    }
  }
}

function forgetAlarms(state: State, rules: ReadonlySet<string>, out: Out): void {
  for (const id of state.alarms.keys()) {
    const [kind = "", subject = ""] = id.split(":");
    const isAboutRule = kind === "rule" || kind === "rule-too-often";
    const isKnown = isAboutRule ? rules.has(subject) : state.plan.groupOf.has(subject);
    if (!isKnown) setAlarm(state, id, undefined, out);
  }
}

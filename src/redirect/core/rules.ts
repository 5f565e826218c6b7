// The rules of the chassis file: conditions looked at on every step, actions once per onset. A rule
// whose condition flaps rests after `ruleFiresMax` actions in `ruleWindowMs`, with an alarm: a rule
// must never become the fault it was written against.

import { unreachable } from "../../base/index.ts";
import type { Rule, RuleCondition } from "../../config/index.ts";
import { factsMax, ruleFiresMax, ruleWindowMs } from "../limits.ts";
import { type Out, type RuleState, setAlarm, type State } from "./state.ts";
import { at, type View } from "./view.ts";

/** Looks at every rule; fires those that are due. */
export function applyRules(state: State, view: View, now: number, out: Out): void {
  for (const rule of state.plan.config.rules) {
    const cause = causeOf(view, rule.when);
    const before = state.rules.get(rule.name);
    if (cause === undefined) {
      withdraw(state, rule, before, out);
      continue;
    }
    const sinceUs = before?.sinceUs ?? now;
    const dueUs = sinceUs + rule.forMs * 1000;
    const isDue = now >= dueUs;
    if (!isDue) out.nextUs = Math.min(out.nextUs, dueUs);
    const windowUs = ruleWindowMs * 1000;
    const firesUs = (before?.firesUs ?? []).filter((firedUs) => now - firedUs < windowUs);
    const fires = isDue && !(before?.isFired ?? false);
    // An alarm harms nobody; it comes and goes with its cause.
    const isResting = rule.act.do !== "alarm" && firesUs.length >= ruleFiresMax;
    if (fires) {
      const id = `rule-too-often:${rule.name}`;
      const text = `rule ${rule.name} acted ${firesUs.length} times in 10 minutes; it rests`;
      setAlarm(state, id, isResting ? text : undefined, out);
      if (!isResting) act(state, view, { rule, cause: textOf(rule, cause) }, out);
    }
    const acted = fires && !isResting && rule.act.do !== "alarm";
    state.rules.set(rule.name, {
      sinceUs,
      isFired: isDue,
      firesUs: acted ? [...firesUs, now] : firesUs,
    });
  }
}

function withdraw(state: State, rule: Rule, before: RuleState | undefined, out: Out): void {
  if (before === undefined || before.sinceUs === undefined) return;
  state.rules.set(rule.name, { ...before, sinceUs: undefined, isFired: false });
  if (rule.act.do === "alarm") setAlarm(state, `rule:${rule.name}`, undefined, out);
}

function textOf(rule: Rule, cause: string): string {
  const lasting = rule.forMs > 0 ? ` for ${rule.forMs} ms` : "";
  return `rule ${rule.name}: ${cause}${lasting}`;
}

type Fired = { readonly rule: Rule; readonly cause: string };

function act(state: State, view: View, { rule, cause }: Fired, out: Out): void {
  const { act: action } = rule;
  switch (action.do) {
    case "move":
      out.moves.push({ group: action.group, to: action.to, cause });
      break;
    case "stop":
      state.stopped.set(action.service, rule.name);
      break;
    case "start":
      // If a rule stopped it, ending that is the order (core/services.ts).
      if (state.stopped.delete(action.service)) break;
      order(state, view, { verb: "start", service: action.service, cause }, out);
      break;
    case "restart":
      order(state, view, { verb: "restart", service: action.service, cause }, out);
      break;
    case "alarm":
      setAlarm(state, `rule:${rule.name}`, `${action.text} (${cause})`, out);
      break;
    case "power-cycle":
      out.last.push({
        type: "power-cycle",
        slot: action.slot,
        why: `${cause}, so slot ${action.slot} is power-cycled`,
      });
      break;
    case "run":
      out.last.push({
        type: "run",
        rule: rule.name,
        run: action.run,
        why: `${cause}, so ${action.run[0]} is run`,
      });
      break;
    default:
      unreachable(action);
  }
}

type Order = {
  readonly verb: "start" | "restart";
  readonly service: string;
  readonly cause: string;
};

/** Orders a service where it belongs: on its group's active slots, or on all its own. */
function order(state: State, view: View, { verb, service, cause }: Order, out: Out): void {
  const own = state.plan.serviceOf.get(service);
  if (own === undefined || (verb === "restart" && state.stopped.has(service))) return;
  const slots =
    own.group === undefined
      ? own.on.filter((slot) => view.boardOf.get(slot)?.state === "up")
      : (view.groupOf.get(own.group)?.active ?? []);
  const verbs = { start: "started", restart: "restarted" } as const;
  for (const slot of slots) {
    if (own.group === undefined) state.running.add(at(service, slot));
    const why = `${cause}, so service ${service} is ${verbs[verb]} on slot ${slot}`;
    out.orders.push({ type: verb, service, slot, why });
  }
}

/** Why the condition holds, as a piece of a sentence; undefined if it does not hold. */
export function causeOf(view: View, when: RuleCondition): string | undefined {
  switch (when.about) {
    case "board":
      return boardCause(view, when);
    case "network":
      return networkCause(view, when);
    case "service": {
      const fact = [...view.serviceOf.values()].find(
        (each) => each.service === when.service && each.state === when.is,
      );
      return fact && `service ${when.service} is ${when.is} on slot ${fact.slot}`;
    }
    case "alarm":
      return view.facts.alarms.slice(0, factsMax).includes(when.id)
        ? `alarm ${when.id} stands`
        : undefined;
    case "value": {
      const fact = view.facts.values
        .slice(0, factsMax)
        .find(
          (each) =>
            each.name === when.name &&
            (when.slot === undefined || each.slot === when.slot) &&
            (when.op === "above" ? each.value > when.limit : each.value < when.limit),
        );
      const is = fact && `${when.name} of slot ${fact.slot} is ${fact.value}`;
      return is && `${is}, ${when.op} ${when.limit}`;
    }
    default:
      return unreachable(when);
  }
}

function boardCause(
  view: View,
  when: Extract<RuleCondition, { about: "board" }>,
): string | undefined {
  const board = view.boardOf.get(when.slot);
  if (board === undefined) return undefined;
  if (when.is === "degraded") {
    if (board.state !== "up" || board.degraded === undefined) return undefined;
    return `slot ${when.slot} is degraded (${board.degraded.slice(0, 80)})`;
  }
  return board.state === when.is ? `slot ${when.slot} is ${when.is}` : undefined;
}

function networkCause(
  view: View,
  when: Extract<RuleCondition, { about: "network" }>,
): string | undefined {
  if (!view.facts.networks[when.network] && when.slot === undefined) {
    return `network ${when.network} is down`;
  }
  const board = when.slot === undefined ? undefined : view.boardOf.get(when.slot);
  if (board === undefined || board.state !== "up" || board.paths[when.network]) return undefined;
  return `slot ${board.slot} is cut off from network ${when.network}`;
}

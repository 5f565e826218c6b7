// One group on one board: what is done when the board may hold it, when it must not any more, and
// when it hands over. Pure. The order of a takeover (ARCHITECTURE): services that run only where the
// group is active are started; the address moves when they answer, so that no client meets an
// address nobody listens on; a start that takes longer than `graceUs` is not waited for.
//
// | event    | standby           | taking                 | active           | draining              |
// | -------- | ----------------- | ---------------------- | ---------------- | --------------------- |
// | active   | taking: start all | -                      | -                | -                     |
// | service  | -                 | last is up: active     | told             | last is gone: drained |
// | timer    | -                 | grace is over: active  | -                | -                     |
// | drain    | drained           | draining: stop cold    | draining: stop   | -                     |
// | inactive | -                 | standby: kill cold     | standby: kill    | standby: kill cold    |
//
// Entering `active` acquires the addresses; leaving `active` or ending a drain releases them. A drain
// that is cut short by `inactive` releases them too, and is never told as drained.

import { addUs, type MonoUs, unreachable } from "../../base/index.ts";
import type { StepName } from "../../history/index.ts";

/** What a group is made of on this board. */
export type TenureSetting = {
  readonly group: string;
  readonly hasAddresses: boolean;
  /** Services that run only where the group is active (`standby: stopped`). */
  readonly cold: readonly string[];
  /** Services that run on every slot of the group. */
  readonly hot: readonly string[];
  /** The addresses wait so long for services that start, us. */
  readonly graceUs: number;
};

/** Where a group stands on this board. */
export type TenurePhase = "standby" | "taking" | "active" | "draining";

/** One group's state; changed by `stepTenure` only. */
export type TenureState = {
  readonly setting: TenureSetting;
  phase: TenurePhase;
  epoch: number;
  readonly up: Set<string>;
  /** Services of which a process lives. */
  readonly living: Set<string>;
  graceUntilUs: MonoUs | undefined;
  /** Services that came up late are told once. */
  isServing: boolean;
  /** The drain has ended and was told; `inactive` follows. */
  isDrained: boolean;
};

/** What happens to it. */
export type TenureEvent =
  | { readonly type: "active"; readonly epoch: number }
  | { readonly type: "inactive"; readonly why: string }
  | { readonly type: "drain"; readonly to: number }
  | {
      readonly type: "service";
      readonly service: string;
      readonly isUp: boolean;
      readonly isGone: boolean;
    }
  | { readonly type: "timer" };

/** What is to be done, in this order. */
export type TenureEffect =
  | {
      readonly type: "start" | "stop" | "kill";
      readonly service: string;
      readonly why: string;
    }
  | { readonly type: "role"; readonly role: "active" | "standby" }
  | { readonly type: "acquire" | "release" | "drained" }
  | { readonly type: "step"; readonly step: StepName; readonly text: string }
  | { readonly type: "set-timer"; readonly atUs: MonoUs };

/** A group this board stands by for. */
export function createTenure(setting: TenureSetting): TenureState {
  return {
    setting,
    phase: "standby",
    epoch: 0,
    up: new Set(),
    living: new Set(),
    graceUntilUs: undefined,
    isServing: false,
    isDrained: false,
  };
}

/** Takes one event at `now`. */
export function stepTenure(state: TenureState, event: TenureEvent, now: MonoUs): TenureEffect[] {
  const out: TenureEffect[] = [];
  switch (event.type) {
    case "active":
      take(state, event.epoch, now, out);
      break;
    case "inactive":
      leave(state, event.why, out);
      break;
    case "drain":
      drain(state, event.to, out);
      break;
    case "service":
      onService(state, event, out);
      break;
    case "timer":
      if (state.graceUntilUs !== undefined && now >= state.graceUntilUs) openUp(state, out);
      break;
    default:
      return unreachable(event);
  }
  return out;
}

function take(state: TenureState, epoch: number, now: MonoUs, out: TenureEffect[]): void {
  const { setting, up } = state;
  if (state.phase !== "standby") return;
  state.phase = "taking";
  state.epoch = epoch;
  state.isServing = false;
  out.push({ type: "role", role: "active" });
  const why = `group ${setting.group} is active here`;
  for (const service of [...setting.hot, ...setting.cold]) {
    out.push({ type: "start", service, why });
  }
  if (isAllUp(state)) return openUp(state, out);
  const waiting = [...setting.hot, ...setting.cold].filter((service) => !up.has(service));
  out.push({ type: "step", step: "services-started", text: waiting.join(", ") });
  state.graceUntilUs = addUs(now, setting.graceUs);
  out.push({ type: "set-timer", atUs: state.graceUntilUs });
}

function openUp(state: TenureState, out: TenureEffect[]): void {
  state.graceUntilUs = undefined;
  state.phase = "active";
  if (state.setting.hasAddresses) out.push({ type: "acquire" });
  tellServing(state, out);
}

function leave(state: TenureState, why: string, out: TenureEffect[]): void {
  const { phase, setting } = state;
  if (phase === "standby") return;
  state.phase = "standby";
  state.graceUntilUs = undefined;
  // First what others can hear of us, then what still works here (leases.md H1, T_STOP).
  const isHolding = phase === "active" || (phase === "draining" && !state.isDrained);
  if (setting.hasAddresses && isHolding) out.push({ type: "release" });
  for (const service of setting.cold) {
    out.push({ type: "kill", service, why: `group ${setting.group} is no longer held: ${why}` });
  }
  out.push({ type: "role", role: "standby" });
}

function drain(state: TenureState, to: number, out: TenureEffect[]): void {
  const { phase, setting } = state;
  if (phase === "draining") return;
  if (phase === "standby") {
    out.push({ type: "drained" });
    return;
  }
  state.phase = "draining";
  state.isDrained = false;
  state.graceUntilUs = undefined;
  const text = `to slot ${to}`;
  out.push({ type: "step", step: "decided", text: `handed over ${text}: the intake ends` });
  // Programs end with their address still there, so that their last answers leave.
  const why = `group ${setting.group} is handed over ${text}`;
  for (const service of setting.cold) out.push({ type: "stop", service, why });
  if (!isColdLiving(state)) endDrain(state, out);
}

function endDrain(state: TenureState, out: TenureEffect[]): void {
  if (state.isDrained) return; // a service that ends later changes nothing any more
  state.isDrained = true;
  if (state.setting.hasAddresses) out.push({ type: "release" });
  out.push({ type: "role", role: "standby" });
  out.push({ type: "drained" });
}

function onService(
  state: TenureState,
  { service, isUp, isGone }: Extract<TenureEvent, { type: "service" }>,
  out: TenureEffect[],
): void {
  if (isUp) state.up.add(service);
  else state.up.delete(service);
  if (isGone) state.living.delete(service);
  else state.living.add(service);
  if (state.phase === "taking" && isAllUp(state)) openUp(state, out);
  else if (state.phase === "active") tellServing(state, out);
  else if (state.phase === "draining" && isGone && !isColdLiving(state)) endDrain(state, out);
}

function tellServing(state: TenureState, out: TenureEffect[]): void {
  if (!isAllUp(state)) {
    state.isServing = false;
    return;
  }
  if (state.isServing) return;
  state.isServing = true;
  const { hot, cold } = state.setting;
  const names = [...hot, ...cold].join(", ");
  const text = names === "" ? "no service belongs to it" : `${names} up`;
  out.push({ type: "step", step: "service-active", text });
}

function isAllUp({ setting, up }: TenureState): boolean {
  return setting.hot.every((name) => up.has(name)) && setting.cold.every((name) => up.has(name));
}

function isColdLiving({ setting, living }: TenureState): boolean {
  return setting.cold.some((name) => living.has(name));
}

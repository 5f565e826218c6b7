// What follows from a change: facts for REDIRECT, its effects on this board, how far the leases may
// stand, and how the other boards' public addresses are reached.

import { ccnSlot, type MonoUs, type SlotId } from "../base/index.ts";
import type { Group } from "../config/index.ts";
import { type PublicPlace, publicRoutesOf, type Reach } from "../redirect/address/index.ts";
import type { RedirectEffect, RedirectFacts } from "../redirect/index.ts";
import type { BoardReport, LeaseRecord } from "../wire/index.ts";
import { redirectFacts } from "./core/facts.ts";
import { forgetSilent } from "./core/observed.ts";
import { ownReport } from "./report.ts";
import { setAlarm, type State } from "./state.ts";
import { note } from "./story.ts";
import { verifyMoves } from "./verify.ts";

/** The facts of this moment. */
export function factsNow(state: State): RedirectFacts {
  const { options, observed, self } = state;
  const now = options.nowUs();
  forgetSilent(observed, now);
  noteOwnLeases(state, now);
  const reports = new Map<SlotId, BoardReport>([[self, ownReport(state)]]);
  for (const [slot, { life, report }] of state.reports) {
    if (options.netrack.lifeOf(slot) === life) reports.set(slot, report);
  }
  return redirectFacts({
    map: options.netrack.map(),
    groups: options.document.groups,
    observed,
    reports,
    maintenance: state.out,
    everywhere: (group) => activeEverywhere(state, group, reports),
    alarms: [...state.alarms.keys()],
  });
}

/** A board does not hear its own beats. */
function noteOwnLeases(state: State, now: MonoUs): void {
  for (const { group, holder, entitledUntilUs, record } of state.leases?.report() ?? []) {
    const heard = state.observed.groups.get(group);
    if (heard === undefined) continue;
    if (holder && entitledUntilUs > now) heard.claims.set(state.self, entitledUntilUs);
    else heard.claims.delete(state.self);
    if (isNewer(record, heard.record)) heard.record = record;
  }
}

function isNewer(record: LeaseRecord, than: LeaseRecord | undefined): boolean {
  if (record.epoch === 0) return false;
  if (than === undefined || record.epoch > than.epoch) return true;
  return record.epoch === than.epoch && record.version > than.version;
}

/** A group without a lease is active where its services run, or where this board was told so. */
function activeEverywhere(
  state: State,
  group: Group,
  reports: ReadonlyMap<SlotId, BoardReport>,
): readonly SlotId[] {
  return group.on.filter((slot) => {
    if (slot === state.self) return state.tenures?.phaseOf(group.name) !== "standby";
    const services = reports.get(slot)?.services ?? [];
    return group.services.some((name) =>
      services.some((each) => each.service === name && each.isUp),
    );
  });
}

/** Something changed: looked at once in this turn of the loop. */
export function look(state: State): void {
  state.redirect?.look();
}

/** After every step of REDIRECT: who may stand, and the routes to the public addresses. */
export function onPlaced(state: State): void {
  const { self, redirect } = state;
  const placements = redirect?.placements() ?? [];
  for (const group of state.leaseConfigs.keys()) {
    const placement = placements.find((each) => each.group === group);
    const is =
      placement?.active.includes(self) === true || placement?.standby.includes(self) === true;
    if (state.able.get(group) === is) continue;
    state.able.set(group, is);
    state.leases?.give({ type: "able", is }, group);
  }
  followRoutes(state);
  verifyMoves(state);
}

function followRoutes(state: State): void {
  const { routes, observed, options } = state;
  if (routes === undefined) return;
  const places: PublicPlace[] = [];
  for (const group of options.document.groups) {
    const [slot, ...more] = observed.groups.get(group.name)?.claims.keys() ?? [];
    if (slot === undefined || more.length > 0) continue;
    for (const { address } of group.addresses) places.push({ address, slot });
  }
  const reach = options.netrack.map().boards.map((board): Reach => ({
    slot: board.slot,
    address: board.address,
    works: { A: board.network.A === "ok", B: board.network.B === "ok" },
  }));
  routes.follow(publicRoutesOf(state.self, places, reach));
}

/** Does what REDIRECT orders, as far as it concerns this board. */
export function carryOut(
  state: State,
  effect: Exclude<RedirectEffect, { type: "set-timer" }>,
): void {
  const { self, options, psrm } = state;
  const now = options.nowUs();
  switch (effect.type) {
    case "wish":
      return wish(state, effect);
    case "start":
    case "stop":
    case "restart":
      if (effect.slot === self) psrm?.[effect.type](effect.service, effect.why);
      return;
    case "raise-alarm":
    case "clear-alarm": {
      const { id } = effect;
      const text = effect.type === "raise-alarm" ? effect.text : "";
      const severity = id.startsWith("no-active") || id.startsWith("two-") ? "critical" : "major";
      const object = id.slice(id.indexOf(":") + 1);
      return setAlarm(state, { id, object, severity, text }, effect.type === "raise-alarm", now);
    }
    case "power-cycle":
      // Only the CCN has the lines.
      void state.slots?.operate({ slot: effect.slot, action: "cycle", by: effect.why });
      return;
    case "run":
      if (self === ccnSlot) run(state, effect.run, effect.rule);
      return;
    case "safe-to-pull": {
      const { slot, isSafe, why } = effect;
      const text = isSafe ? `slot ${slot} is safe to pull: ${why}` : `slot ${slot} stays: ${why}`;
      if (self === ccnSlot) note(state, { step: "decided", about: slot, text });
      return;
    }
    default:
      effect satisfies never;
  }
}

function wish(state: State, effect: Extract<RedirectEffect, { type: "wish" }>): void {
  const { self, tenures, leases } = state;
  const { group, how, why } = effect;
  const isLeased = state.leaseConfigs.has(group);
  const epoch = tenures?.epochOf(group);
  if (how === "hand-over") {
    if (effect.from !== self) return;
    note(state, { step: "decided", about: effect.to, group, epoch, text: `hand-over: ${why}` });
    leases?.give({ type: "hand-over", to: effect.to }, group);
    return;
  }
  if (effect.to !== self) return;
  if (how !== "stand-by") note(state, { step: "decided", group, epoch, text: `${how}: ${why}` });
  if (isLeased) return; // `able` tells the leases
  if (how === "take-over") tenures?.setActive(group, true, why);
  if (how === "release") tenures?.setActive(group, false, why);
}

/** A rule's own program: started and left alone; what it says goes to the board's log. */
function run(state: State, command: readonly string[], rule: string): void {
  const { log } = state.options;
  try {
    const child = Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"] });
    log.info("rule-program-started", { rule, pid: child.pid });
    child.exited
      .then((code) => log.info("rule-program-ended", { rule, code }))
      .catch((error: unknown) => log.error("rule-program-failed", { rule, reason: String(error) }));
  } catch (thrown) {
    log.error("rule-program-failed", { rule, reason: String(thrown) });
  }
}

// Who holds an address, and may it be given? Evidence comes from ARP only: answers to our probes
// (RFC 5227 §2.1.1: sender address 0, so nobody's table changes) and what is overheard.
//
// One address: nothing known -> probing -> silent (good for `evidenceUs`) | in use.
// In use = somebody else was heard with it -> conflict: unusable, alarm, probed every `reprobeUs`;
// cleared when nobody but the claimant was heard for `conflictSilentUs`.
// A MAC that was itself heard with the address just now holds it already: giving it again harms
// nobody, even while a second holder causes a conflict (one wrong device must not take the address
// of the board in the right slot away). Rejected: believing every overheard packet for long; the
// board that was just pulled out would then keep its successor waiting.

import { addUs, assert, type Mac, type MonoUs } from "../../base/index.ts";
import { type ArpPacket, arpProbe, zeroMac } from "../../wire/index.ts";
import {
  conflictSilentUs,
  evidenceUs,
  holdersMax,
  leaseSeconds,
  probeAgainUs,
  probeGraceUs,
  probeLateUs,
  probeSilentUs,
  reprobeUs,
} from "../limits.ts";
import { note, type Run, wakeAt } from "./note.ts";
import type { AddressState, Alarm, Conflict, Holder, State } from "./types.ts";

/** May the address be given to the asking MAC? `unknown` = probe first. */
export type Verdict = "holds-it" | "silent" | "in-use" | "unknown";

/** What is known now about the address, seen from `mac`. */
export function judge(page: AddressState, mac: Mac, now: MonoUs): Verdict {
  if (heardWithin(page, mac, now)) return "holds-it";
  const { conflict, probe: current, silentUs, given } = page;
  if (conflict !== undefined && conflict.holder !== mac) return "in-use";
  const foreignUs = lastForeign(page, mac)?.heardUs;
  if (current !== undefined && foreignUs !== undefined && foreignUs >= current.startedUs) {
    return "in-use";
  }
  if (silentUs === undefined || now > addUs(silentUs, evidenceUs)) return "unknown";
  const isTaken = given !== undefined && given.mac !== mac && given.atUs > silentUs;
  return isTaken || (foreignUs !== undefined && foreignUs > silentUs) ? "unknown" : "silent";
}

/** Probes the address unless that is under way; the answer or the silence comes later. */
export function probe(run: Run, page: AddressState): void {
  if (page.probe !== undefined) return;
  page.probe = {
    startedUs: run.now,
    untilUs: addUs(run.now, probeSilentUs),
    isRepeated: false,
    isExtended: false,
  };
  sendProbe(run, page);
  wakeAt(run, addUs(run.now, probeAgainUs));
}

/** Takes an overheard ARP packet into account; gives the address's page if it is one of ours. */
export function hear(run: Run, packet: ArpPacket): AddressState | undefined {
  const page = run.state.addresses.get(packet.spa);
  if (page === undefined || packet.sha === run.state.config.mac || !isOneHost(packet.sha)) {
    return undefined;
  }
  remember(page, packet.sha, run.now);
  const { conflict, given } = page;
  if (conflict !== undefined) {
    if (packet.sha !== conflict.claimant) stillHeld(run, page, conflict, packet.sha);
  } else if (given !== undefined && given.mac !== packet.sha && run.now <= given.untilUs) {
    if (page.waiting.size === 0) markUnusable(run, page, packet.sha, given.mac);
  }
  return page;
}

/** The address is in use: unusable until silent, with an alarm that names the holder. */
export function markUnusable(
  run: Run,
  page: AddressState,
  holder: Mac | undefined,
  claimant: Mac,
): void {
  assert(holder !== claimant, "holder and claimant differ");
  const { now } = run;
  page.silentUs = undefined;
  const old = page.conflict;
  if (old !== undefined) {
    old.claimant = claimant;
    if (holder !== undefined) stillHeld(run, page, old, holder);
    return;
  }
  page.conflict = { sinceUs: now, holder, claimant, heardUs: now, reprobedUs: now };
  sendProbe(run, page);
  wakeAt(run, addUs(now, reprobeUs));
  tell(run, page, page.conflict, "raise-alarm");
}

/** The address was given to `mac`, which is the claimant of a conflict from now on. */
export function markGiven(run: Run, page: AddressState, mac: Mac): void {
  page.given = { mac, atUs: run.now, untilUs: addUs(run.now, leaseSeconds * 1_000_000) };
  if (page.conflict === undefined) return;
  if (page.conflict.holder === mac) clearConflict(run, page);
  else page.conflict.claimant = mac;
}

/** The last MAC but `mac` that was heard with the address. */
export function foreignHolder(page: AddressState, mac: Mac): Mac | undefined {
  const holder = page.conflict?.holder;
  return holder === undefined || holder === mac ? lastForeign(page, mac)?.mac : holder;
}

/** What is due for one address: a second probe, the end of one, the next look at a conflict. */
export function onTime(run: Run, page: AddressState): { isProbeOver: boolean } {
  const { now } = run;
  if (page.conflict !== undefined) watchConflict(run, page, page.conflict);
  const current = page.probe;
  if (current === undefined) return { isProbeOver: false };
  if (now >= current.untilUs) {
    // A late loop has not read its sockets yet: the answer may lie there.
    if (!current.isExtended && now > addUs(current.untilUs, probeLateUs)) {
      current.isExtended = true;
      current.untilUs = addUs(now, probeGraceUs);
    } else {
      page.probe = undefined;
      const last = page.holders.at(-1);
      if (last === undefined || last.heardUs < current.startedUs) page.silentUs = now;
      return { isProbeOver: true };
    }
  } else if (!current.isRepeated && now >= addUs(current.startedUs, probeAgainUs)) {
    current.isRepeated = true;
    sendProbe(run, page);
  }
  return { isProbeOver: false };
}

/** When `onTime` is due next for this address. */
export function dueUs(page: AddressState): MonoUs | undefined {
  const { probe: current, conflict } = page;
  let due: MonoUs | undefined;
  if (current !== undefined) {
    due =
      current.isRepeated || current.isExtended
        ? current.untilUs
        : addUs(current.startedUs, probeAgainUs);
  }
  if (conflict === undefined) return due;
  const look = addUs(conflict.reprobedUs, reprobeUs);
  const clear = addUs(conflict.heardUs, conflictSilentUs);
  const next = look < clear ? look : clear;
  return due === undefined || next < due ? next : due;
}

/** The alarms that stand now. */
export function alarms(state: State): Alarm[] {
  const list: Alarm[] = [];
  for (const page of state.addresses.values()) {
    if (page.conflict !== undefined) list.push(alarmOf(state, page, page.conflict));
  }
  return list;
}

/** The conflict ends: silent for long enough, or its address is no longer ours. */
export function clearConflict(run: Run, page: AddressState): void {
  const { conflict } = page;
  if (conflict === undefined) return;
  page.conflict = undefined;
  page.silentUs = undefined;
  tell(run, page, conflict, "clear-alarm");
}

function watchConflict(run: Run, page: AddressState, conflict: Conflict): void {
  if (run.now >= addUs(conflict.heardUs, conflictSilentUs)) return clearConflict(run, page);
  if (run.now < addUs(conflict.reprobedUs, reprobeUs)) return;
  conflict.reprobedUs = run.now;
  sendProbe(run, page);
}

/** The first known holder is told at once; two that alternate do not repeat the alarm. */
function stillHeld(run: Run, page: AddressState, conflict: Conflict, holder: Mac): void {
  conflict.heardUs = run.now;
  const isNews = conflict.holder === undefined || conflict.holder === conflict.claimant;
  conflict.holder = holder;
  if (isNews) tell(run, page, conflict, "raise-alarm");
}

function tell(
  run: Run,
  page: AddressState,
  conflict: Conflict,
  type: "raise-alarm" | "clear-alarm",
): void {
  const alarm = alarmOf(run.state, page, conflict);
  const { address, slot, holder, claimant } = alarm;
  const event = type === "raise-alarm" ? "address-conflict" : "address-conflict-cleared";
  note(run, event, { fields: { address, slot, holder, claimant } });
  run.effects.push({ type, alarm });
}

function alarmOf(state: State, page: AddressState, conflict: Conflict): Alarm {
  const name = state.tables.boardOfSlot.get(page.slot)?.name ?? "?";
  const { holder, claimant, sinceUs } = conflict;
  const what = `${page.address} of slot ${page.slot} (${name})`;
  return {
    event: "address-conflict",
    network: state.config.network,
    address: page.address,
    slot: page.slot,
    holder,
    claimant,
    sinceUs,
    text:
      holder === undefined
        ? `${what} was declined by ${claimant}: somebody else holds it`
        : `${what} is held by ${holder}, not by ${claimant}`,
  };
}

function remember(page: AddressState, mac: Mac, now: MonoUs): void {
  const known = page.holders.findIndex((holder) => holder.mac === mac);
  if (known >= 0) page.holders.splice(known, 1);
  else if (page.holders.length >= holdersMax) page.holders.shift();
  page.holders.push({ mac, heardUs: now });
}

function heardWithin(page: AddressState, mac: Mac, now: MonoUs): boolean {
  for (const holder of page.holders) {
    if (holder.mac === mac) return now <= addUs(holder.heardUs, evidenceUs);
  }
  return false;
}

function lastForeign(page: AddressState, mac: Mac): Holder | undefined {
  return page.holders.findLast((holder) => holder.mac !== mac);
}

function sendProbe(run: Run, page: AddressState): void {
  run.effects.push({ type: "send-arp", packet: arpProbe(run.state.config.mac, page.address) });
}

/** Not a group address and not zero: something that can hold an address. */
function isOneHost(mac: Mac): boolean {
  const first = Number.parseInt(mac.slice(0, 2), 16);
  return (first & 1) === 0 && mac !== zeroMac;
}

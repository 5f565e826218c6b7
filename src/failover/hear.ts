// What arrives: messages of other boards, changes of NETRACK's map, evidence that a board is gone.

import { addUs, ccnSlot, type Incarnation, type SlotId } from "../base/index.ts";
import type { LinkMessage } from "../link/index.ts";
import type { MapChange, ReceivedExtensions } from "../netrack/index.ts";
import { beatExtensionLease, type GroupTell } from "../wire/index.ts";
import { observe } from "./core/observed.ts";
import { decodeEvidence, drainSockets, encodeEvidence, type Evidence } from "./evidence.ts";
import { channels } from "./limits.ts";
import { look } from "./look.ts";
import { broadcast, hearReport, reportSoon } from "./report.ts";
import type { State } from "./state.ts";
import { hearHistory, note, tellNewcomer } from "./story.ts";

/** A message of the link, from the present life of a board. */
export function hearMessage(state: State, { from, life, channel, bytes }: LinkMessage): void {
  if (state.isClosed) return;
  switch (channel) {
    case channels.lease:
      state.leases?.heardPacket(from, life, bytes);
      return;
    case channels.report:
      return hearReport(state, from, life, bytes);
    case channels.clients:
      return state.clients?.heard(from, bytes);
    case channels.clientsAsked:
      return state.clients?.tellWhole();
    case channels.evidence: {
      const evidence = decodeEvidence(bytes);
      if (evidence !== undefined && from === ccnSlot) hearEvidence(state, evidence, false);
      return;
    }
    case channels.verified:
      return hearVerified(state, from, bytes);
    case channels.history:
      return hearHistory(state, bytes, state.options.nowUs());
    case channels.tells:
      return hearMate(state, from, life, bytes);
    case channels.order:
      return state.courier?.heardOrder(from, life, bytes);
    case channels.answer:
      return state.courier?.heardAnswer(from, bytes);
    default:
      return; // a newer release's
  }
}

/** The tells of another I/O card that may hold a group of ours: as if its beat had been heard. */
function hearMate(state: State, from: SlotId, incarnation: Incarnation, bytes: Uint8Array): void {
  if (!state.mates.includes(from)) return;
  const extensions = [{ type: beatExtensionLease, bytes }];
  state.leases?.heardBeat({ from, incarnation, echoedSeq: undefined, extensions });
}

/** The CCN asked the switches: byte 0 = 1, our frames come from our ports; 0, announce again. */
function hearVerified(state: State, from: SlotId, bytes: Uint8Array): void {
  if (from !== ccnSlot || bytes.length !== 1) return;
  const { addresses, ownGroups } = state;
  if (bytes[0] === 0) return addresses?.announceAgain();
  for (const { address } of ownGroups.flatMap((group) => group.addresses)) {
    if (addresses?.isHeld(address) === true) addresses.verified(address);
  }
}

/** Tells of a beat, of groups with and without a vote of ours. */
export function hearTells(state: State, from: SlotId, tells: readonly GroupTell[]): void {
  const { observed, options, slots } = state;
  const before = new Map(
    slots === undefined ? [] : tells.map(({ group }) => [group, actingEpoch(state, group)]),
  );
  if (!observe(observed, from, tells, options.nowUs())) return;
  for (const { group, entitled, epoch } of tells) {
    // Whoever may act in an epoch has its record on a majority's disks.
    if (entitled && before.get(group) !== epoch) slots?.committed(group, epoch);
  }
  look(state);
}

function actingEpoch(state: State, group: string): number | undefined {
  const heard = state.observed.groups.get(group);
  return heard !== undefined && heard.claims.size > 0 ? heard.epoch : undefined;
}

/** An accepted beat of another board that carries extensions. */
export function hearBeat(state: State, received: ReceivedExtensions): void {
  if (state.isClosed) return;
  state.heardUntilUs.set(received.from, addUs(received.atUs, state.observed.silentUs));
  state.slots?.heardBeat(received.from, received.incarnation, received.atUs);
  state.leases?.heardBeat(received);
}

/** Something says that a board is gone; it counts if no beat of that life is waiting to be read. */
export function hearEvidence(state: State, evidence: Evidence, isToTell: boolean): void {
  const { netrack } = state.options;
  const { slot, life, what } = evidence;
  if (netrack.lifeOf(slot) !== life) return;
  note(state, { step: "evidence", about: slot, text: what });
  if (isToTell) broadcast(state, channels.evidence, encodeEvidence(evidence));
  void drainSockets(() => netrack.counters()["packets"] ?? 0).then(() => {
    if (state.isClosed || netrack.lifeOf(slot) !== life) return;
    state.leases?.give({ type: "evidence", slot, what });
  });
}

/** NETRACK's map changed. */
export function onMapChange(state: State, change: MapChange): void {
  if (state.isClosed) return;
  const { options, addresses, self } = state;
  if (change.type === "board") {
    const { slot, state: is, atUs } = change;
    if (is === "down") {
      const text = `slot ${slot}: no heartbeat on A and B for ${options.document.timing.silentMs} ms`;
      note(state, { step: "detected", about: slot, text, atUs });
    }
    if (is === "up" && slot !== self) {
      tellNewcomer(state, slot);
      state.clients?.forget(slot);
      state.clients?.tellWhole();
      reportSoon(state);
    }
  }
  if (change.type === "fault") {
    const { text, atUs, fault } = change;
    const isOther = fault.kind !== "board" && fault.kind !== "leaving";
    if (isOther && !change.cleared) note(state, { step: "detected", text, atUs });
    // Switches that were off, and clients behind them, may have learnt something else meanwhile.
    if (change.cleared) addresses?.announceAgain();
  }
  if (change.type === "path" && addresses !== undefined) {
    const own = options.netrack.map().boards.find(({ slot }) => slot === self);
    for (const network of ["A", "B"] as const) {
      addresses.networkChanged(network, own?.network[network] === "ok");
    }
  }
  look(state);
}

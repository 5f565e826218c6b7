// The way of a request: admitted, joined to its predecessor in flight or entered, looked up and
// probed side by side, decided by the figures, answered once with the newest xid.

import { addUs, assert, type Mac, type MonoUs } from "../../base/index.ts";
import {
  type ArpPacket,
  decodeRelayAgent,
  dhcpFields,
  type DhcpMessage,
  dhcpValue,
  type RarpPacket,
  rarpOps,
  zeroIpv4,
} from "../../wire/index.ts";
import type { LookupOutcome } from "../lookup/types.ts";
import { offerLookupUs, pendingUsMax } from "../limits.ts";
import { admit, enter, hasRoom, isYoung, leave } from "./admit.ts";
import { decideDhcp, figure15 } from "./figures.ts";
import { dueUs, hear, judge, onTime, probe } from "./holders.ts";
import { count, note, type Run, wakeAt } from "./note.ts";
import { placeOf } from "./place.ts";
import { readRequest } from "./request.ts";
import type { AddressState, Client, DhcpRequest, Event, Pending, Place } from "./types.ts";

/** A DHCP message. */
export function onDhcp(run: Run, event: Extract<Event, { type: "dhcp-received" }>): void {
  const { message, from, sender } = event;
  const mac = message.chaddr;
  const reading = readRequest(message, run.state.tables.own);
  switch (reading.type) {
    case "not-for-servers":
      return count(run, "message-not-for-servers");
    case "bootp":
      return note(run, "bootp-ignored", { mac });
    case "without-address":
      return note(run, "request-without-address", { mac });
    case "release":
      return note(run, "dhcp-released", { mac, fields: { address: reading.address } });
    case "other-server":
      dropDhcp(run, mac);
      return note(run, "request-for-other-server", { mac, fields: { server: reading.server } });
    case "request":
      break;
  }
  const isDirect = message.giaddr === zeroIpv4 && sender !== mac;
  const dhcp: DhcpRequest = { kind: reading.kind, message, from, wanted: reading.wanted };
  take(run, { mac, sender: isDirect ? sender : undefined, dhcp, rarp: undefined });
}

/** A RARP packet; the board it asks about is the target (RFC 903). */
export function onRarp(run: Run, packet: RarpPacket, sender: Mac): void {
  if (packet.op !== rarpOps.request) return count(run, "message-not-for-servers");
  const mac = packet.tha;
  take(run, { mac, sender: sender === mac ? undefined : sender, dhcp: undefined, rarp: packet });
}

/** The lookup of a MAC has ended; too late or unasked ones are only remembered. */
export function onLookup(run: Run, mac: Mac, outcome: LookupOutcome): void {
  const { state, now } = run;
  const entry = state.pending.get(mac);
  const place = placeFor(run, entry, mac, outcome);
  const client = state.clients.get(mac);
  if (client !== undefined) {
    client.place = place;
    client.placedUs = now;
    client.isOffered = false;
  }
  if (entry === undefined) return;
  entry.place = place;
  entry.isLookingUp = false;
  settle(run, entry);
}

/** Overheard: evidence, and perhaps the end of waiting. */
export function onArp(run: Run, packet: ArpPacket): void {
  const page = hear(run, packet);
  if (page !== undefined) settleWaiting(run, page);
}

/** Everything that is due; sets the next timer. */
export function onTimer(run: Run): void {
  const { state, now } = run;
  state.timerUs = undefined;
  for (const page of state.addresses.values()) {
    if (onTime(run, page).isProbeOver) settleWaiting(run, page);
  }
  let next: MonoUs | undefined;
  // Oldest first, as Map keeps the order of entering.
  for (const entry of state.pending.values()) {
    if (isYoung(entry.sinceUs, pendingUsMax, now)) {
      next = expiryUs(entry);
      break;
    }
    note(run, "request-expired", { mac: entry.mac, place: entry.place });
    drop(run, entry);
  }
  for (const page of state.addresses.values()) {
    const due = dueUs(page);
    if (due !== undefined && (next === undefined || due < next)) next = due;
  }
  if (next !== undefined) wakeAt(run, next);
}

/** After a new configuration every place is asked for again. */
export function lookUpAgain(run: Run): void {
  for (const client of run.state.clients.values()) client.place = undefined;
  for (const entry of run.state.pending.values()) {
    entry.place = undefined;
    if (!entry.isLookingUp) lookUp(run, entry);
  }
}

/** Joins the request in flight, or starts one. */
function take(run: Run, asked: Pick<Pending, "mac" | "sender" | "dhcp" | "rarp">): void {
  const { state, now } = run;
  const { mac, dhcp, rarp } = asked;
  const client = admit(run, mac);
  if (client === undefined) return;
  const old = state.pending.get(mac);
  if (old !== undefined) {
    count(run, "request-joined");
    old.dhcp = dhcp ?? old.dhcp;
    old.rarp = rarp ?? old.rarp;
    return settle(run, old);
  }
  if (!hasRoom(run, mac, asked.sender)) return;
  const place = offeredPlace(run, client, dhcp);
  const entry: Pending = { ...asked, sinceUs: now, isLookingUp: false, place };
  if (place === undefined) {
    enter(run, entry);
    lookUp(run, entry);
    probeHint(run, client, entry);
    wakeAt(run, expiryUs(entry));
    return;
  }
  count(run, "lookup-reused");
  settle(run, entry);
  if (isDone(entry)) return;
  enter(run, entry);
  wakeAt(run, expiryUs(entry));
}

/** Answers what can be answered now; the entry leaves when nothing is open. */
function settle(run: Run, entry: Pending): void {
  const { mac, place, dhcp, rarp } = entry;
  if (place === undefined || entry.isLookingUp) return;
  if (rarp !== undefined) {
    entry.rarp = undefined;
    figure15(run, rarp, place);
  }
  if (dhcp !== undefined && decideDhcp(run, { mac, place, request: dhcp })) entry.dhcp = undefined;
  if (isDone(entry)) drop(run, entry);
}

/** Decides all that waited for a probe of this address. */
function settleWaiting(run: Run, page: AddressState): void {
  if (page.waiting.size === 0) return;
  const macs = [...page.waiting];
  page.waiting.clear();
  for (const mac of macs) {
    const entry = run.state.pending.get(mac);
    if (entry !== undefined) settle(run, entry);
  }
}

function isDone(entry: Pending): boolean {
  return entry.dhcp === undefined && entry.rarp === undefined;
}

/** The client chose another server: its message in flight is not answered any more. */
function dropDhcp(run: Run, mac: Mac): void {
  const entry = run.state.pending.get(mac);
  if (entry === undefined) return;
  entry.dhcp = undefined;
  if (isDone(entry)) drop(run, entry);
}

function drop(run: Run, entry: Pending): void {
  leave(run, entry);
  if (entry.place?.kind !== "found") return;
  run.state.addresses.get(entry.place.address)?.waiting.delete(entry.mac);
}

function lookUp(run: Run, entry: Pending): void {
  assert(!entry.isLookingUp, "one lookup a MAC");
  entry.isLookingUp = true;
  run.effects.push({ type: "look-up", mac: entry.mac });
}

/** Probes beside the lookup what the board names, or where it was before. */
function probeHint(run: Run, client: Client, entry: Pending): void {
  const { dhcp, mac } = entry;
  if (dhcp === undefined || dhcp.kind === "inform" || dhcp.kind === "decline") return;
  const before = client.place?.kind === "found" ? client.place.address : undefined;
  const page = run.state.addresses.get(dhcp.wanted ?? before ?? zeroIpv4);
  if (page !== undefined && judge(page, mac, run.now) === "unknown") probe(run, page);
}

/** A REQUEST that follows our OFFER is answered from the lookup of that offer, nothing else is. */
function offeredPlace(run: Run, client: Client, dhcp: DhcpRequest | undefined): Place | undefined {
  if (dhcp?.kind !== "selecting" || !client.isOffered) return undefined;
  return isYoung(client.placedUs, offerLookupUs, run.now) ? client.place : undefined;
}

/** The switch first; where it has no port, the option 82 of a trusted relay. */
function placeFor(run: Run, entry: Pending | undefined, mac: Mac, outcome: LookupOutcome): Place {
  const { config, tables } = run.state;
  const place = placeOf(tables, config.network, outcome);
  if (place.kind === "found" || entry?.dhcp === undefined) return place;
  const told = option82(run, entry.dhcp);
  if (told === undefined) return place;
  const second = placeOf(tables, config.network, told);
  if (second.kind !== "found") return place;
  note(run, "option82-used", { mac, place: second, fields: { relay: entry.dhcp.message.giaddr } });
  return second;
}

function option82(run: Run, request: DhcpRequest): LookupOutcome | undefined {
  const { message, from } = request;
  const read = run.state.config.option82;
  const { trustOption82From } = run.state.tables.theSwitch;
  // Both must be trusted: any client could write a relay's address into giaddr alone.
  if (read === undefined || !trustOption82From.includes(from)) return undefined;
  const bytes = relayAgent(message);
  const decoded = bytes === undefined ? undefined : decodeRelayAgent(bytes);
  if (decoded === undefined || !decoded.ok) return undefined;
  const { circuitId, remoteId } = decoded.value;
  return read({ relay: message.giaddr, circuitId, remoteId });
}

function relayAgent(message: DhcpMessage): Uint8Array | undefined {
  return dhcpValue(message, dhcpFields.relayAgentInformation);
}

function expiryUs(entry: Pending): MonoUs {
  return addUs(entry.sinceUs, pendingUsMax + 1);
}

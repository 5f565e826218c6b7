// One network's address client: RFC 2131 client, RARP (RFC 903) beside it when DHCP is silent, ARP
// check before use (RFC 5227). Promise: no event throws, no packet is answered with more than a
// handful, and without an answer packets leave ever more slowly, at most one round each 4 s.
//
// phase      link-up  link-down  OFFER       ACK             NAK           conflict   timer
// down       1)       -          -           -               -             -          9)
// selecting  -        down       requesting  -               -             -          resend, RARP
// requesting -        down       -           2)              3)            -          resend; 4 tries: selecting
// rebooting  -        down       -           2)              3)            defend     resend; 3 tries: rebinding
// checking   -        down       -           -               -             waiting 4) probe, then bound
// bound      -        down       -           -               -             defend     5)
// renewing   -        down       -           2)              3)            defend     resend; T2: rebinding
// rebinding  -        down       -           2)              3)            defend     resend; end: 9)
// waiting    -        down       -           -               -             defend     selecting
// 1) a lease we hold: rebooting (INIT-REBOOT), else selecting; a new MAC, and a link told again
//    while bound (a quick flap; once a second at most), are link-down, link-up
// 2) the held address: bound; another one: the old is removed, checking
// 3) the held address is removed; selecting at once, from the second NAK on after a pause
// 4) DECLINE is sent, 10 s pause
// 5) T1: renewing; T2: rebinding; end: 9); an address from RARP: selecting with it kept
// 9) end of lease: the address is kept or removed as `keepExpired` says; with a link: selecting
// A RARP answer counts in selecting once RARP was asked: bound if held, else checking.

import { addUs, assert, type Ipv4, type Mac, type MonoUs, msToUs } from "../../base/index.ts";
import { monoUs, type Prng, unreachable } from "../../base/index.ts";
import {
  arpAnnouncement,
  arpAnnouncementReply,
  arpOps,
  type ArpPacket,
  arpProbe,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  dhcpMessageTypes,
  dhcpOps,
  dhcpValue,
  type RarpPacket,
  rarpOps,
  zeroIpv4,
} from "../../wire/index.ts";
import * as limits from "../limits.ts";
import { commonPrefix, isUsable, leaseOfAck } from "./messages.ts";
import { asksRarp, backoffMs, discover, enterPhase, resend, toEverybody } from "./send.ts";
import type { ClientEffect, ClientEvent, ClientOptions, ClientState, Lease } from "./types.ts";

/** A client without link; give it `link-up`. */
export function addressClient(options: ClientOptions, rng: Prng): ClientState {
  return {
    options,
    rng,
    phase: "down",
    mac: undefined,
    linkUpUs: monoUs(0),
    xid: 0,
    tries: 0,
    beganUs: monoUs(0),
    sentUs: monoUs(0),
    offer: undefined,
    candidate: undefined,
    held: undefined,
    naks: 0,
    dueUs: undefined,
    defendedUs: undefined,
  };
}

/** Takes one event and gives the orders that follow. Never throws on packets. */
export function step(state: ClientState, event: ClientEvent, now: MonoUs): ClientEffect[] {
  const due = state.dueUs;
  const effects = react(state, event, now);
  assert((state.phase === "checking") === (state.candidate !== undefined), "candidate = checking");
  assert(state.phase === "down" || state.dueUs !== undefined, "a client with a link has a timer");
  const fired = event.type === "timer-fired";
  if (fired || state.dueUs !== due) effects.push({ type: "set-timer", atUs: state.dueUs });
  return effects;
}

function react(state: ClientState, event: ClientEvent, now: MonoUs): ClientEffect[] {
  switch (event.type) {
    case "link-up":
      return onLinkUp(state, event.mac, now);
    case "link-down":
      return onLinkDown(state);
    case "dhcp-received":
      return onDhcp(state, event.message, event.srcMac, now);
    case "arp-received":
      return onArp(state, event.packet, now);
    case "rarp-received":
      return onRarp(state, event.packet, now);
    case "prefix-known":
      return onPrefix(state, event.prefix);
    case "timer-fired":
      return state.dueUs === undefined || now < state.dueUs ? [] : onTimer(state, now);
    default:
      return unreachable(event);
  }
}

function onLinkUp(state: ClientState, mac: Mac, now: MonoUs): ClientEffect[] {
  const sinceUs = state.linkUpUs;
  state.linkUpUs = now;
  if (state.phase !== "down") {
    // Told again: perhaps a flap too quick to be seen, so a held lease is asked about again.
    const again = state.phase === "bound" && now >= addUs(sinceUs, msToUs(limits.relinkMs));
    if (state.mac === mac && !again) return [];
    onLinkDown(state);
  }
  state.mac = mac;
  state.naks = 0;
  state.beganUs = now;
  return state.held === undefined || state.held.source === "rarp"
    ? discover(state, now)
    : enterPhase(state, "rebooting", now);
}

function onLinkDown(state: ClientState): ClientEffect[] {
  state.phase = "down";
  state.candidate = undefined;
  state.offer = undefined;
  const ends = state.held !== undefined && !state.options.keepExpired;
  state.dueUs = ends ? state.held?.expireUs : undefined;
  return [];
}

function onTimer(state: ClientState, now: MonoUs): ClientEffect[] {
  const { held } = state;
  switch (state.phase) {
    case "down":
      state.dueUs = undefined;
      return drop(state);
    case "selecting":
      return resend(state, now);
    case "requesting":
      if (state.tries < limits.requestTriesMax) return resend(state, now);
      return discover(state, now);
    case "rebooting":
      if (state.tries < limits.rebootTriesMax) return resend(state, now);
      return held !== undefined && now < held.expireUs
        ? enterPhase(state, "rebinding", now)
        : onExpired(state, now);
    case "checking":
      return onProbeTimer(state, now);
    case "bound":
    case "renewing":
    case "rebinding":
      return onLeaseTimer(state, now);
    case "waiting":
      return discover(state, now);
    default:
      return unreachable(state.phase);
  }
}

function onLeaseTimer(state: ClientState, now: MonoUs): ClientEffect[] {
  const { held } = state;
  if (held === undefined || now >= held.expireUs) return onExpired(state, now);
  if (held.source === "rarp") return discover(state, now);
  if (now >= held.rebindUs && state.phase !== "rebinding")
    return enterPhase(state, "rebinding", now);
  if (state.phase === "bound") return enterPhase(state, "renewing", now);
  return resend(state, now);
}

function onExpired(state: ClientState, now: MonoUs): ClientEffect[] {
  const keep = state.options.keepExpired;
  const fields = { address: state.held?.address, kept: keep };
  const gone = keep ? [] : drop(state);
  return [note("warn", "address-lease-ended", fields), ...gone, ...discover(state, now)];
}

function onDhcp(
  state: ClientState,
  message: DhcpMessage,
  srcMac: Mac,
  now: MonoUs,
): ClientEffect[] {
  if (message.op !== dhcpOps.reply || message.xid !== state.xid) return [];
  if (message.chaddr !== state.mac || state.phase === "down") return [];
  const server = dhcpValue(message, dhcpFields.serverIdentifier);
  const type = dhcpMessageType(message);
  if (type === dhcpMessageTypes.offer && state.phase === "selecting") {
    if (server === undefined || !isUsable(message.yiaddr) || !isUsable(server)) return [];
    state.offer = { address: message.yiaddr, server };
    return enterPhase(state, "requesting", now);
  }
  if (!awaitsAnswer(state, server)) return [];
  if (type === dhcpMessageTypes.nak) return onNak(state, server, now);
  if (type !== dhcpMessageTypes.ack) return [];
  const lease = leaseOfAck(message, { srcMac, sentUs: state.sentUs });
  if (lease === undefined) return [note("warn", "address-answer-unusable", {})];
  return take(state, lease, now);
}

function awaitsAnswer(state: ClientState, server: Ipv4 | undefined): boolean {
  if (state.phase === "requesting") {
    return server === undefined || server === state.offer?.server;
  }
  return ["rebooting", "renewing", "rebinding"].includes(state.phase);
}

function onNak(state: ClientState, server: Ipv4 | undefined, now: MonoUs): ClientEffect[] {
  const told = note("warn", "address-refused", { server, address: state.held?.address });
  const gone = drop(state);
  state.naks++;
  if (state.naks === 1) return [told, ...gone, ...discover(state, now)];
  return [told, ...gone, ...wait(state, backoffMs(state.naks - 2), now)];
}

function wait(state: ClientState, ms: number, now: MonoUs): ClientEffect[] {
  state.phase = "waiting";
  state.candidate = undefined;
  state.offer = undefined;
  state.dueUs = addUs(now, msToUs(ms));
  return [];
}

/** A lease was given: at once if we hold its address already, else after the ARP check. */
function take(state: ClientState, lease: Lease, now: MonoUs): ClientEffect[] {
  if (state.held?.address === lease.address) return bind(state, lease, now);
  const gone = drop(state);
  state.phase = "checking";
  state.candidate = lease;
  state.offer = undefined;
  state.tries = 0;
  return [...gone, ...onProbeTimer(state, now)];
}

function onProbeTimer(state: ClientState, now: MonoUs): ClientEffect[] {
  const { candidate, mac } = state;
  if (candidate === undefined || mac === undefined) return discover(state, now);
  if (state.tries >= limits.arpProbesMax) return bind(state, candidate, now);
  state.tries++;
  state.dueUs = addUs(now, msToUs(limits.arpProbeMs));
  return [{ type: "send-arp", packet: arpProbe(mac, candidate.address) }];
}

function bind(state: ClientState, lease: Lease, now: MonoUs): ClientEffect[] {
  const { held, mac } = state;
  const { address, prefix } = lease;
  state.phase = "bound";
  state.held = lease;
  state.candidate = undefined;
  state.offer = undefined;
  state.naks = 0;
  state.dueUs = lease.renewUs > now ? lease.renewUs : addUs(now, msToUs(limits.renewMsMin));
  const effects: ClientEffect[] = [];
  if (held?.address !== address || held.prefix !== prefix) {
    effects.push({ type: "set-address", address, prefix });
    effects.push(note("info", "address-set", { address, prefix, by: lease.source }));
  }
  if (mac !== undefined) {
    effects.push({ type: "send-arp", packet: arpAnnouncement(mac, address) });
    effects.push({ type: "send-arp", packet: arpAnnouncementReply(mac, address) });
  }
  effects.push({ type: "configuration", source: lease.configuration });
  return effects;
}

/** Takes what is held off the interface. */
function drop(state: ClientState): ClientEffect[] {
  const { held } = state;
  if (held === undefined) return [];
  state.held = undefined;
  const { address, prefix } = held;
  return [
    { type: "remove-address", address, prefix },
    note("info", "address-removed", { address }),
  ];
}

function onPrefix(state: ClientState, prefix: number): ClientEffect[] {
  const { held } = state;
  if (held === undefined || held.source !== "rarp" || held.prefix === prefix) return [];
  if (!(Number.isInteger(prefix) && prefix >= 1 && prefix <= 30)) return [];
  state.held = { ...held, prefix };
  return [{ type: "set-address", address: held.address, prefix }];
}

function onArp(state: ClientState, packet: ArpPacket, now: MonoUs): ClientEffect[] {
  const { candidate, held, mac } = state;
  if (mac === undefined || packet.sha === mac || state.phase === "down") return [];
  const fields = { address: packet.spa, holder: packet.sha };
  if (candidate !== undefined) {
    // Somebody else probing for it wants it too; the server's own probe is a question only.
    const probes = packet.op === arpOps.request && packet.spa === zeroIpv4;
    const wants = probes && packet.tpa === candidate.address && packet.sha !== candidate.serverMac;
    if (packet.spa !== candidate.address && !wants) return [];
    const told = note("warn", "address-in-use", { ...fields, address: candidate.address });
    return [told, ...decline(state, candidate, mac, now)];
  }
  if (held === undefined || packet.spa !== held.address) return [];
  const { defendedUs } = state;
  if (defendedUs !== undefined && now < addUs(defendedUs, msToUs(limits.defendMs))) return [];
  state.defendedUs = now;
  const defence: ClientEffect = { type: "send-arp", packet: arpAnnouncement(mac, held.address) };
  return [note("warn", "address-conflict", fields), defence];
}

function decline(state: ClientState, lease: Lease, mac: Mac, now: MonoUs): ClientEffect[] {
  const effects: ClientEffect[] = [];
  if (lease.source === "dhcp") {
    const { address: requested, server } = lease;
    const message = "in use by another board";
    const request = { type: dhcpMessageTypes.decline, requested, server, message };
    effects.push(toEverybody(state, mac, request, now));
  }
  return [...effects, ...wait(state, limits.declineWaitMs, now)];
}

function onRarp(state: ClientState, packet: RarpPacket, now: MonoUs): ClientEffect[] {
  const asked = state.phase === "selecting" && asksRarp(state);
  if (!asked || packet.op !== rarpOps.reply || packet.tha !== state.mac) return [];
  const { tpa: address, spa: server, sha: serverMac } = packet;
  if (!isUsable(address) || !isUsable(server)) return [];
  const refreshUs = addUs(now, msToUs(limits.rarpRefreshMs));
  const known = state.held?.address === address ? state.held.prefix : undefined;
  const prefix = known ?? commonPrefix(address, server);
  const ends = { renewUs: refreshUs, rebindUs: refreshUs, expireUs: endless };
  const configuration = { kind: "server", server } as const;
  return take(
    state,
    { address, prefix, source: "rarp", server, serverMac, ...ends, configuration },
    now,
  );
}

/** RARP gives no lease: the address stays until an answer says otherwise. */
const endless = monoUs(Number.MAX_SAFE_INTEGER - 1);

function note(
  level: "info" | "warn",
  event: string,
  fields: Extract<ClientEffect, { type: "log" }>["fields"],
): ClientEffect {
  return { type: "log", level, event, fields };
}

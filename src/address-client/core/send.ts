// What a client sends in each phase, and when it sends again: 250 ms, 500 ms, 1 s .. 4 s while it has
// no answer, the lease's rest while it has an address (RFC 2131 §4.4.5), both randomised.

import {
  addUs,
  type Mac,
  type MonoUs,
  msToUs,
  nextU32,
  nextUnit,
  unreachable,
} from "../../base/index.ts";
import { broadcastMac, dhcpMessageTypes, rarpRequest, zeroIpv4 } from "../../wire/index.ts";
import * as limits from "../limits.ts";
import { clientMessage, everybody, type Request } from "./messages.ts";
import type { ClientEffect, ClientState } from "./types.ts";

/** Starts over with DISCOVER; what is held stays on the interface until an answer says otherwise. */
export function discover(state: ClientState, now: MonoUs): ClientEffect[] {
  state.beganUs = now;
  return enterPhase(state, "selecting", now);
}

type Sending = "selecting" | "requesting" | "rebooting" | "renewing" | "rebinding";

/** Enters a phase that sends, with a new transaction but for `requesting`, which keeps the offer's. */
export function enterPhase(state: ClientState, phase: Sending, now: MonoUs): ClientEffect[] {
  state.phase = phase;
  state.tries = 0;
  state.candidate = undefined;
  if (phase !== "requesting") {
    state.offer = undefined;
    state.xid = nextU32(state.rng);
  }
  return resend(state, now);
}

/** Sends the phase's message and sets the time of the next. */
export function resend(state: ClientState, now: MonoUs): ClientEffect[] {
  const { held, offer, mac } = state;
  if (mac === undefined) return [];
  state.tries++;
  state.sentUs = now;
  state.dueUs = addUs(now, retryUs(state, now));
  const request = dhcpMessageTypes.request;
  switch (state.phase) {
    case "selecting": {
      // Asking for what we hold lets the server compare (design fig. 14).
      const type = dhcpMessageTypes.discover;
      const effects: ClientEffect[] = [
        toEverybody(state, mac, { type, requested: held?.address }, now),
      ];
      if (asksRarp(state)) effects.push({ type: "send-rarp", packet: rarpRequest(mac) });
      return effects;
    }
    case "requesting":
      if (offer === undefined) return [];
      return [
        toEverybody(
          state,
          mac,
          { type: request, requested: offer.address, server: offer.server },
          now,
        ),
      ];
    case "rebooting":
      return [toEverybody(state, mac, { type: request, requested: held?.address }, now)];
    case "renewing":
    case "rebinding": {
      if (held === undefined) return [];
      const sent = toEverybody(state, mac, { type: request, ciaddr: held.address }, now);
      if (state.phase === "rebinding") return [{ ...sent, src: held.address }];
      return [{ ...sent, src: held.address, dst: held.server, dstMac: held.serverMac }];
    }
    case "down":
    case "checking":
    case "bound":
    case "waiting":
      return [];
    default:
      return unreachable(state.phase);
  }
}

/** True once RARP is asked beside DHCP. */
export function asksRarp(state: ClientState): boolean {
  return state.tries > limits.rarpAfterTries || state.held?.source === "rarp";
}

/** Pause until the next message: doubling while we have nothing, by the lease's rest otherwise. */
function retryUs(state: ClientState, now: MonoUs): number {
  const spread = 1 + limits.retrySpread * (2 * nextUnit(state.rng) - 1);
  if (state.held !== undefined && (state.phase === "renewing" || state.phase === "rebinding")) {
    const renewing = state.phase === "renewing";
    const until = renewing ? state.held.rebindUs : state.held.expireUs;
    const left = (until - now) / 2;
    const most = msToUs(renewing ? limits.renewMsMax : limits.rebindMsMax);
    // Not past the end itself, so that it is noticed on time.
    const pause = Math.min(Math.max(left, msToUs(limits.renewMsMin)), most) * spread;
    return Math.max(Math.min(pause, until - now), 1000);
  }
  return Math.round(msToUs(backoffMs(state.tries - 1)) * spread);
}

/** 250 ms, 500 ms, 1 s .. 4 s for n = 0, 1, 2 .. */
export function backoffMs(n: number): number {
  return Math.min(limits.retryMsFirst * 2 ** Math.min(n, 10), limits.retryMsMax);
}

type SendDhcp = Extract<ClientEffect, { type: "send-dhcp" }>;

/** A message of this client to every server. */
export function toEverybody(state: ClientState, mac: Mac, request: Request, now: MonoUs): SendDhcp {
  const secs = Math.min(Math.floor((now - state.beganUs) / 1_000_000), 0xffff);
  const broadcast = state.phase === "selecting" && state.tries > limits.broadcastAfterTries;
  const sender = { mac, hostName: state.options.hostName, xid: state.xid, secs, broadcast };
  const message = clientMessage(sender, request);
  return { type: "send-dhcp", message, src: zeroIpv4, dst: everybody, dstMac: broadcastMac };
}

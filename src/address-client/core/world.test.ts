// A client in a test: time that only the test moves, answers of a CCN at 10.1.0.1 that gives
// 10.1.1.7/16, and the usual way into each phase.

import {
  type Ipv4,
  type Mac,
  type MonoUs,
  monoUs,
  parseIpv4,
  parseMac,
  prng,
} from "../../base/index.ts";
import {
  dhcpFields,
  type DhcpMessage,
  dhcpMessageType,
  type DhcpMessageType,
  type DhcpOption,
  dhcpOption,
  encodeSubOptions,
} from "../../wire/index.ts";
import { addressClient, step } from "./client.ts";
import type { ClientEffect, ClientEvent, ClientState, Phase } from "./types.ts";

export const ip = (text: string): Ipv4 => {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
export const hw = (text: string): Mac => {
  const parsed = parseMac(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
export const own = hw("52:54:00:00:00:07");
export const ccnMac = hw("52:54:00:00:00:01");
export const other = hw("52:54:00:00:00:99");
export const address = ip("10.1.1.7");
export const ccn = ip("10.1.0.1");
export const zero = ip("0.0.0.0");
export const second = 1_000_000;

export type World = { state: ClientState; now: MonoUs; effects: ClientEffect[] };

export function world(keepExpired = true): World {
  const state = addressClient({ hostName: undefined, keepExpired }, prng(7));
  return { state, now: monoUs(1_000_000), effects: [] };
}

export function tell(w: World, event: ClientEvent): ClientEffect[] {
  w.effects = step(w.state, event, w.now);
  return w.effects;
}

/** Goes to the time of the timer and fires it. */
export function fire(w: World): ClientEffect[] {
  w.now = w.state.dueUs ?? w.now;
  return tell(w, { type: "timer-fired" });
}

export function reply(
  w: World,
  type: DhcpMessageType,
  more: Partial<DhcpMessage> = {},
): ClientEvent {
  const config = encodeSubOptions([
    { code: 1, bytes: new TextEncoder().encode("http://10.1.0.1:8067/config/v1/slot/7") },
    { code: 2, bytes: new Uint8Array(32).fill(5) },
  ]);
  const options: DhcpOption[] = [
    dhcpOption(dhcpFields.messageType, type),
    dhcpOption(dhcpFields.serverIdentifier, ccn),
    dhcpOption(dhcpFields.subnetMask, ip("255.255.0.0")),
    dhcpOption(dhcpFields.leaseTime, 1000),
    dhcpOption(dhcpFields.vendorInformation, config.ok ? config.value : new Uint8Array(0)),
  ];
  const zeros = { hops: 0, secs: 0, flags: 0, ciaddr: zero, siaddr: zero, giaddr: zero } as const;
  const message = {
    op: 2,
    xid: w.state.xid,
    ...zeros,
    yiaddr: address,
    chaddr: own,
    sname: "",
    file: "",
    options,
    ...more,
  } as const;
  return { type: "dhcp-received", message, srcMac: ccnMac };
}

export const up: ClientEvent = { type: "link-up", mac: own };
export const down: ClientEvent = { type: "link-down" };
export const offer = (w: World): ClientEvent => reply(w, 2);
export const ack = (w: World): ClientEvent => reply(w, 5);
export const nak = (w: World): ClientEvent => reply(w, 6, { yiaddr: zero });
export const otherAck = (w: World): ClientEvent => reply(w, 5, { yiaddr: ip("10.1.1.9") });
export const conflict: ClientEvent = {
  type: "arp-received",
  packet: { op: 2, sha: other, spa: address, tha: own, tpa: zero },
};
export const rarp: ClientEvent = {
  type: "rarp-received",
  packet: { op: 4, sha: ccnMac, spa: ccn, tha: own, tpa: address },
};

/** A client that has come to a phase the usual way. */
export function at(phase: Phase, keepExpired = true): World {
  const w = world(keepExpired);
  if (phase === "down") return w;
  tell(w, up);
  if (phase === "selecting") return w;
  tell(w, offer(w));
  if (phase === "requesting") return w;
  tell(w, ack(w));
  if (phase === "checking") return w;
  if (phase === "waiting") {
    tell(w, conflict);
    return w;
  }
  fire(w);
  fire(w);
  if (phase === "bound") return w;
  if (phase === "rebooting") {
    tell(w, down);
    tell(w, up);
    return w;
  }
  fire(w);
  while (phase === "rebinding" && w.state.phase !== "rebinding") fire(w);
  return w;
}

export const phases: readonly Phase[] = [
  "down",
  "selecting",
  "requesting",
  "rebooting",
  "checking",
  "bound",
  "renewing",
  "rebinding",
  "waiting",
];

/** What is on the interface after the effects so far. */
export function messages(effects: readonly ClientEffect[]): (DhcpMessageType | undefined)[] {
  return effects.flatMap((e) => (e.type === "send-dhcp" ? [dhcpMessageType(e.message)] : []));
}

export const kinds = (effects: readonly ClientEffect[]): string[] => effects.map((e) => e.type);

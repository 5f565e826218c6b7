// Every branch of the DHCP and RARP servers by name: its log line, its counter, and what `explain`
// says about it. Names of figures are those of the design.

import type { Explanation } from "../../base/index.ts";

/** How loud a branch is: `warn` lines want a look; `count` branches have a counter and no line. */
type Loudness = "info" | "warn" | "count";

/** Names of all branches. */
export type EventName = keyof typeof explanations;

const nothing = "Nothing: this is how it should be.";
const cabling =
  "Run `ccn where MAC`. If the board sits in its slot, compare the switch's port names with " +
  "portA and portB in the chassis file.";

/** All branches, for `explain` and for the metrics' help texts. */
export const explanations = {
  "dhcp-offered": {
    level: "info",
    meaning: "DISCOVER answered: the address of the board's switch port is free (fig. 13, 470).",
    action: nothing,
  },
  "dhcp-discover-port-not-found": {
    level: "info",
    meaning: "DISCOVER ignored: the switch knows no slot's port for this MAC (fig. 13, 430).",
    action: cabling,
  },
  "dhcp-discover-in-use": {
    level: "warn",
    meaning: "DISCOVER ignored: another MAC holds the address of this port (fig. 13, 460).",
    action: "Find the holder named in the line and take the address from it.",
  },
  "dhcp-acked": {
    level: "info",
    meaning: "REQUEST granted: the address is the one of the board's switch port (fig. 14, 590).",
    action: nothing,
  },
  "dhcp-request-port-not-found": {
    level: "warn",
    meaning: "REQUEST refused by NAK: the switch knows no slot's port for this MAC (fig. 14, 530).",
    action: cabling,
  },
  "dhcp-request-differs": {
    level: "info",
    meaning:
      "REQUEST refused by NAK: the board wants another address than its port has (fig. 14, 560). " +
      "Usual once after a board was moved; it asks again and gets the new slot's address.",
    action: "Nothing, unless it repeats: then the board keeps an old address and never asks anew.",
  },
  "dhcp-request-in-use": {
    level: "warn",
    meaning: "REQUEST refused by NAK: another MAC holds the address of this port (fig. 14, 580).",
    action: "Find the holder named in the line and take the address from it.",
  },
  "rarp-answered": {
    level: "info",
    meaning: "RARP answered with the address of the board's switch port (fig. 15, 640).",
    action: nothing,
  },
  "rarp-port-not-found": {
    level: "info",
    meaning: "RARP ignored: the switch knows no slot's port for this MAC (fig. 15, 630).",
    action: cabling,
  },
  "lookup-failed": {
    level: "warn",
    meaning:
      "A request was left unanswered because the switch did not say where the MAC is. No NAK: " +
      "silence of a switch must not take addresses away.",
    action: "Check the switch's management address and SNMP credentials in the chassis file.",
  },
  "mac-not-listed": {
    level: "warn",
    meaning: "A MAC that is not in the chassis file's list `macs` asked and was ignored.",
    action: "If the board belongs here, add its MAC to `macs`, or write `macs: any`.",
  },
  "mac-too-often": {
    level: "warn",
    meaning: "A MAC sends more messages a second than any boot needs; some were dropped.",
    action: "Look at that board: its DHCP client runs in circles.",
  },
  "sender-for-too-many": {
    level: "warn",
    meaning: "One Ethernet sender asks for many other MACs at a time; some were dropped.",
    action: "If it is a relay, let it set giaddr; if not, look at that board.",
  },
  "requests-full": {
    level: "warn",
    meaning:
      "Too many requests waited for the switch; this one was dropped, its client repeats it.",
    action: "Check how long the switch takes to answer SNMP; it limits the requests/s.",
  },
  "request-expired": {
    level: "warn",
    meaning: "The switch lookup of a request did not end in time; the request was forgotten.",
    action: "Check how long the switch takes to answer SNMP.",
  },
  "request-joined": {
    level: "count",
    meaning: "A repeated message joined the request in flight; one answer serves both.",
    action: nothing,
  },
  "lookup-reused": {
    level: "count",
    meaning: "A REQUEST was answered from the lookup of its OFFER, made just before.",
    action: nothing,
  },
  "option82-used": {
    level: "info",
    meaning: "The switch table had no port, the relay's option 82 (trusted by the file) had one.",
    action: nothing,
  },
  "request-for-other-server": {
    level: "info",
    meaning: "A board took the offer of another DHCP server.",
    action: "Find that server (server=...) and stop it: its addresses do not follow the slots.",
  },
  "request-without-address": {
    level: "info",
    meaning:
      "REQUEST, DECLINE or INFORM without the address it must name (RFC 2131 §4.3); ignored.",
    action: "Update the board's DHCP client.",
  },
  "bootp-ignored": {
    level: "info",
    meaning: "A BOOTP message without DHCP message type; only DHCP and RARP are served.",
    action: "Configure the board for DHCP or RARP.",
  },
  "message-not-for-servers": {
    level: "count",
    meaning: "A reply or a message type that only servers send was heard and ignored.",
    action: "Unless there is a relay: find the other DHCP server.",
  },
  "bytes-refused": {
    level: "warn",
    meaning: "Bytes that are no valid DHCP, RARP or ARP message were dropped.",
    action: "If it repeats, capture the frames and look at their sender.",
  },
  "dhcp-declined": {
    level: "warn",
    meaning: "A board found its address used by somebody else; it is unusable for a while.",
    action: "Find the other holder; see address-conflict.",
  },
  "dhcp-decline-elsewhere": {
    level: "warn",
    meaning: "A board declined an address that is not its port's; ignored.",
    action: "Look at that board: it may only decline what was offered to it.",
  },
  "dhcp-released": {
    level: "info",
    meaning: "A board gave its address back. Nothing changes: the address stays with the port.",
    action: nothing,
  },
  "dhcp-informed": {
    level: "info",
    meaning: "INFORM answered: options without an address.",
    action: nothing,
  },
  "dhcp-inform-port-not-found": {
    level: "info",
    meaning: "INFORM ignored: the switch knows no slot's port for this MAC.",
    action: cabling,
  },
  "address-conflict": {
    level: "warn",
    meaning:
      "A slot's address is held by a MAC that did not get it, or was declined. It is unusable " +
      "until only its rightful board was heard for a while.",
    action: "Run `ccn where MAC` for the holder, and change its address or pull it out.",
  },
  "address-conflict-cleared": {
    level: "info",
    meaning: "The foreign holder of an address fell silent: the address can be given again.",
    action: nothing,
  },
  "reply-not-sent": {
    level: "warn",
    meaning: "A reply or probe could not be written or sent; the client repeats its request.",
    action: "Read `why` in the line: interface down, or a boot file name that fits no message.",
  },
  "interface-lost": {
    level: "warn",
    meaning: "The interface of this network went down; nobody is served on it until it is back.",
    action: "Check cable and switch port of the CCN on that network.",
  },
  "interface-back": {
    level: "info",
    meaning: "The interface is up again; boards are served.",
    action: nothing,
  },
  "log-lines-suppressed": {
    level: "warn",
    meaning:
      "So many requests came in a second that not each got its line; the counters are whole.",
    action: "Read the counters; look for a board that asks in circles.",
  },
} as const satisfies Record<string, Explanation & { readonly level: Loudness }>;

const isEventName = (name: string): name is EventName => name in explanations;
const names = Object.keys(explanations).filter(isEventName);

/** Loudness by name. */
export const levelOf: ReadonlyMap<EventName, Loudness> = new Map(
  names.map((name) => [name, explanations[name].level]),
);

/** A counter for every branch, all zero. */
export function zeroCounters(): Map<EventName, number> {
  return new Map(names.map((name) => [name, 0]));
}

// What the lookup says: where a MAC was learnt, as an outcome with its words, the whole table of
// a switch, and how the switch behaves. Plain data, shared by DHCP, RARP, `ccn where` and tests.

import type { Ipv4, Mac, MonoUs, Result, SlotId } from "../../base/index.ts";

/** Where the switch says a MAC is, and what that means. Based on data read after the question. */
export type LookupOutcome =
  /** Learnt on a port that the chassis file gives to a slot. */
  | { readonly type: "found"; readonly port: string; readonly slot: SlotId }
  /** Only on a port that leads to another switch: not on a slot. */
  | { readonly type: "on-uplink"; readonly port: string }
  /** On a port of this switch that has no slot in the chassis file. */
  | { readonly type: "no-slot"; readonly port: string }
  /** The switch's own address, or port 0 (the switch knows it, but on no port). */
  | { readonly type: "self" }
  /** The switch answered and does not know the MAC. */
  | { readonly type: "not-found" }
  /** On several equally good ports: no address may follow from that. */
  | { readonly type: "ambiguous"; readonly ports: readonly string[] }
  /** No usable answer in time; `reason` says what was tried and what was found. */
  | { readonly type: "no-answer"; readonly reason: string };

/** What a port is for, after the chassis file. */
export type PortUse = "slot" | "uplink" | "self" | "none";

/** One row of a switch's forwarding table, with its port named. */
export type TableRow = {
  readonly mac: Mac;
  /** Port name: ifName, else ifDescr, else ifIndex, else the bridge port's number. */
  readonly port: string;
  readonly use: PortUse;
  readonly slot: SlotId | undefined;
  /** The number the switch gave, before it was translated. 0 = on no port. */
  readonly bridgePort: number;
  readonly ifIndex: number | undefined;
  /** FDB id of the entry (Q-BRIDGE): often, but not always, its VLAN. */
  readonly fdb: number | undefined;
  /** VLAN, if the switch says which VLAN each FDB id is for. */
  readonly vlan: number | undefined;
};

/** `open`: the switch does not answer; it is asked with one packet at a time until it does. */
export type Circuit = "closed" | "open";

/** How one switch behaves, for `status`, metrics and alarms. Counters since start. */
export type LookupStatus = {
  readonly switchName: string;
  readonly circuit: Circuit;
  readonly circuitSinceUs: MonoUs;
  /** Lookups asked and how they ended; `requests` - the sum of the others = still waiting. */
  readonly requests: number;
  readonly outcomes: Readonly<Record<LookupOutcome["type"], number>>;
  /** Lookups answered by one row and by a walk. */
  readonly byRow: number;
  readonly byWalk: number;
  /** SNMP packets sent, answered, without answer in time, answered with an error. */
  readonly packetsSent: number;
  readonly packetsAnswered: number;
  readonly packetsLost: number;
  readonly packetsFailed: number;
  /** Walks of the forwarding table: complete, and given up (circle, bound, silence). */
  readonly walks: number;
  readonly walksBroken: number;
  /** Requests refused because too many waited. */
  readonly refused: number;
  /** From question to answer, over the last lookups; undefined before the first. */
  readonly latencyUs: { readonly p50: number; readonly p99: number } | undefined;
  /** Newest trouble in words. */
  readonly lastError: string | undefined;
  /** True once port names and base ports have been read. */
  readonly ready: boolean;
};

/** What a relay says about the port (RFC 3046); believed from trusted relays only. */
export type RelayInformation = {
  /** The relay's address (giaddr), compared with `Switch.trustOption82From`. */
  readonly relay: Ipv4;
  readonly circuitId: Uint8Array | undefined;
  readonly remoteId: Uint8Array | undefined;
};

/** The questions a CCN asks one switch. */
export type SwitchLookup = {
  /** Where is this MAC now? Never rejects; answered within `lookupDeadlineUs`. */
  readonly lookup: (mac: Mac) => Promise<LookupOutcome>;
  /** The whole forwarding table, read now. Never rejects; the error says what was tried. */
  readonly table: () => Promise<Result<readonly TableRow[], string>>;
  /** Option 82 of a relay as second source; undefined = not trusted, absent or not understood. */
  readonly option82: (information: RelayInformation) => LookupOutcome | undefined;
  readonly status: () => LookupStatus;
  /** Ends everything; waiting lookups get `no-answer`. */
  readonly close: () => void;
};

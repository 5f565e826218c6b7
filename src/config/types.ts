// The chassis as the rest of the product sees it: the chassis file after checking, with every
// default filled in and every address worked out. Plain data; made only by `loadChassis`.

import type { Ipv4, Mac, NetworkId, SlotId } from "../base/index.ts";
import type { Group, Rule, Service } from "./service-types.ts";

/** What a board is for (ARCHITECTURE "Words"). */
export type Role = "controller" | "io-card" | "ccn";

/** The whole chassis file, checked. */
export type Chassis = {
  readonly name: string;
  /** Counts up with every change; boards report which one they run. */
  readonly version: number;
  readonly networks: Readonly<Record<NetworkId, Network>>;
  readonly switches: readonly Switch[];
  /** The CCN first (slot 0), then the slots by number. */
  readonly boards: readonly Board[];
  /** MACs that may ask for an address; "any" = any MAC on a configured port. */
  readonly macs: "any" | readonly Mac[];
  readonly timing: Timing;
  readonly provision: Provision;
  /** In the file's order, which is also the order in which REDIRECT decides. */
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  readonly rules: readonly Rule[];
};

/** One of the two Ethernets: its subnet, the CCN's fixed address on it, its switch. */
export type Network = {
  readonly id: NetworkId;
  /** Network address, 10.1.0.0. */
  readonly subnet: Ipv4;
  /** Prefix length, 8 to 28. */
  readonly prefix: number;
  readonly ccn: Ipv4;
  /** Name of the switch that carries this network. */
  readonly switchName: string;
};

/** A switch: how to ask it, and which port is which slot. */
export type Switch = {
  readonly name: string;
  readonly network: NetworkId;
  /** Management address, reached over its own network. */
  readonly address: Ipv4;
  /** UDP port of its SNMP agent. */
  readonly port: number;
  readonly snmp: SnmpAccess;
  /** All port names, when the file lists them; used to check slot ports. */
  readonly ports: readonly string[];
  /** Ports that lead to another switch: a MAC learnt there is not on a slot. */
  readonly uplinks: readonly string[];
  /** Port the CCN sits on, if given: named in diagnoses. */
  readonly ccnPort: string | undefined;
  /** Believe option 82 from these relay addresses; empty = never. */
  readonly trustOption82From: readonly Ipv4[];
  /** Port name -> slot. Names match ifName, else ifDescr, else ifIndex. */
  readonly slotOfPort: ReadonlyMap<string, SlotId>;
};

/** SNMP version and credentials of a switch. */
export type SnmpAccess =
  | { readonly version: 1 | 2; readonly community: string }
  | {
      readonly version: 3;
      readonly user: string;
      readonly authProtocol: "none" | "md5" | "sha" | "sha256" | "sha512";
      readonly authKey: string;
      readonly privProtocol: "none" | "des" | "aes" | "aes256b" | "aes256r";
      readonly privKey: string;
    };

/** A board's place: slot, role, port and address on each network. */
export type Board = {
  readonly slot: SlotId;
  /** Unique, for people: `ccn`, `c1`, `card7`. */
  readonly name: string;
  readonly role: Role;
  /** Switch port per network; undefined for the CCN if the file does not say. */
  readonly port: Readonly<Record<NetworkId, string | undefined>>;
  /** Private address per network. */
  readonly address: Readonly<Record<NetworkId, Ipv4>>;
};

/** Every interval of the heartbeat, ms; relations are checked by the loader (leases.md §5). */
export type Timing = {
  /** Between two beats (T_BEAT). */
  readonly beatMs: number;
  /** A path is dead after this silence (T_SILENT). */
  readonly silentMs: number;
  /** A board later than this drains its sockets before it judges (T_LATE). */
  readonly lateMs: number;
  /** Longest time a packet may take through a healthy switch (T_NET). */
  readonly netMs: number;
  /** A path that came back is believed after this long without a miss. */
  readonly upAfterMs: number;
  /** Flap damping: a path is held down once it fell this often in `flapWindowMs`. */
  readonly flapMax: number;
  readonly flapWindowMs: number;
  readonly flapHoldMs: number;
  readonly lease: LeaseTiming;
};

/** Timers of leases and fences, ms; names and relations of leases.md §5. */
export type LeaseTiming = {
  /** A voter's lease ends this long after the send time of the BEAT it echoed (T_LEASE). */
  readonly leaseMs: number;
  /** A voter's grant runs this long from receipt of the BEAT (T_GRANT). */
  readonly grantMs: number;
  /** A holder stops at most this long after its lease ended (T_STOP). */
  readonly stopMs: number;
  /** Two clocks differ in speed by at most this, parts per million (r). */
  readonly driftPpm: number;
  /** RST# shows in the read-back within this, else power is cut (T_RST). */
  readonly rstMs: number;
  /** A whole fence, with power if need be (T_FENCE). */
  readonly fenceMs: number;
  /** A voter's record is on disk (T_FSYNC). */
  readonly fsyncMs: number;
  /** Memory acknowledgements are on disk (T_FLUSH). */
  readonly flushMs: number;
  /** Address added and announced (T_ADDR). */
  readonly addrMs: number;
  /** Unpowered or in reset and unhealthy this long = off (T_OFF). */
  readonly offMs: number;
  /** A standby silent or stalled this long leaves the in-sync set (T_REPL). */
  readonly replMs: number;
  /** A fenced board stays in reset at least and at most this long (T_HOLD, T_HOLD_MAX). */
  readonly holdMs: number;
  readonly holdMaxMs: number;
  /** After a cold start missing members are awaited this long (T_COLD). */
  readonly coldMs: number;
  /** The promised bound: a public address answers again within this. */
  readonly answerMs: number;
};

/** Where boards fetch their configuration. */
export type Provision = {
  /** TCP port of the CCN's configuration server. */
  readonly httpPort: number;
  /** UDP port of heartbeats. */
  readonly beatPort: number;
  /** UDP port of messages between boards. */
  readonly linkPort: number;
  /** TCP port of the connections that tell at once when a board's program ends. */
  readonly watchPort: number;
  /** Multicast groups: `hubs` is heard by hubs only, `boards` by everybody. */
  readonly hubsGroup: Ipv4;
  readonly boardsGroup: Ipv4;
  /** Boot file name and TFTP server name given in DHCP replies, if any. */
  readonly bootFile: string | undefined;
};

/** What one board is told: the chassis without switch credentials, its own slot, the key. */
export type BoardDocument = {
  readonly v: 1;
  readonly chassis: string;
  readonly version: number;
  readonly slot: SlotId;
  /** Chassis key as 64 hex digits; never logged. */
  readonly key: string;
  readonly networks: Readonly<Record<NetworkId, Network>>;
  readonly switches: readonly {
    readonly name: string;
    readonly network: NetworkId;
    readonly uplinks: readonly string[];
  }[];
  readonly boards: readonly Board[];
  readonly timing: Timing;
  readonly provision: Provision;
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  readonly rules: readonly Rule[];
};

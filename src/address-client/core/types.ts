// The words of the address client: one client a network, its state, what happens to it and what it
// orders.

import type { Ipv4, LogFields, Mac, MonoUs, Prng } from "../../base/index.ts";
import type { ArpPacket, DhcpMessage, RarpPacket } from "../../wire/index.ts";

/**
 * Where the client is (RFC 2131 fig. 5; INIT is left at once). `down` = no link; `checking` = ARP
 * probes before use; `waiting` = pause after a DECLINE or a second NAK.
 */
export type Phase =
  | "down"
  | "selecting"
  | "requesting"
  | "rebooting"
  | "checking"
  | "bound"
  | "renewing"
  | "rebinding"
  | "waiting";

/** Where the configuration is: from option 43, or only the server's address (RARP). */
export type ConfigurationSource =
  | { readonly kind: "url"; readonly url: string; readonly sha256: Uint8Array }
  | { readonly kind: "server"; readonly server: Ipv4 };

/** An address we may use, and until when. */
export type Lease = {
  readonly address: Ipv4;
  readonly prefix: number;
  readonly source: "dhcp" | "rarp";
  readonly server: Ipv4;
  readonly serverMac: Mac;
  /** T1, T2 and the end (RFC 2131 §4.4.5). */
  readonly renewUs: MonoUs;
  readonly rebindUs: MonoUs;
  readonly expireUs: MonoUs;
  readonly configuration: ConfigurationSource;
};

/** What stays the same for the life of a client. */
export type ClientOptions = {
  /** Option 12 (host name); undefined = `softset-` and the MAC. */
  readonly hostName: string | undefined;
  /**
   * Keep the address when its lease ends unanswered: it belongs to the switch port, so nobody else
   * can get it while we are on that port, and a dead CCN must not take the boards down with it.
   * False = RFC 2131 §4.4.5 to the letter.
   */
  readonly keepExpired: boolean;
};

/** State of one network's client; plain data, only `step` changes it. */
export type ClientState = {
  readonly options: ClientOptions;
  readonly rng: Prng;
  phase: Phase;
  mac: Mac | undefined;
  /** When the link was last told to be up. */
  linkUpUs: MonoUs;
  xid: number;
  /** Messages sent in this phase. */
  tries: number;
  /** When this attempt to get an address began (field `secs`), and the last message left. */
  beganUs: MonoUs;
  sentUs: MonoUs;
  /** Offer being asked for, in `requesting`. */
  offer: { readonly address: Ipv4; readonly server: Ipv4 } | undefined;
  /** Lease being probed, in `checking`. */
  candidate: Lease | undefined;
  /** What is on the interface, in any phase. */
  held: Lease | undefined;
  /** NAKs since the last lease. */
  naks: number;
  /** When the timer is due. */
  dueUs: MonoUs | undefined;
  defendedUs: MonoUs | undefined;
};

/** What happens to a client. Late, doubled and foreign packets are normal. */
export type ClientEvent =
  | { readonly type: "link-up"; readonly mac: Mac }
  | { readonly type: "link-down" }
  | { readonly type: "dhcp-received"; readonly message: DhcpMessage; readonly srcMac: Mac }
  | { readonly type: "arp-received"; readonly packet: ArpPacket }
  | { readonly type: "rarp-received"; readonly packet: RarpPacket }
  /** The document told the network's true prefix; RARP has no mask. */
  | { readonly type: "prefix-known"; readonly prefix: number }
  | { readonly type: "timer-fired" };

/** What a client orders; to be carried out in this order. */
export type ClientEffect =
  | {
      readonly type: "send-dhcp";
      readonly message: DhcpMessage;
      readonly src: Ipv4;
      readonly dst: Ipv4;
      readonly dstMac: Mac;
    }
  | { readonly type: "send-arp"; readonly packet: ArpPacket }
  | { readonly type: "send-rarp"; readonly packet: RarpPacket }
  /** Replaces the timer; undefined = none. */
  | { readonly type: "set-timer"; readonly atUs: MonoUs | undefined }
  | { readonly type: "set-address"; readonly address: Ipv4; readonly prefix: number }
  | { readonly type: "remove-address"; readonly address: Ipv4; readonly prefix: number }
  | { readonly type: "configuration"; readonly source: ConfigurationSource }
  | {
      readonly type: "log";
      readonly level: "info" | "warn";
      readonly event: string;
      readonly fields: LogFields;
    };

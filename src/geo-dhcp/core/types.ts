// The types of the address servers' core: what it is told (Event), what it orders (Effect), what it
// knows (State). One state serves one network. The transition table is in ../core.ts.

import type { Ipv4, LineBudget, Mac, MonoUs, NetworkId, SlotId } from "../../base/index.ts";
import type { Board, Chassis, Switch } from "../../config/index.ts";
import type { ArpPacket, DhcpMessage, DhcpOption, RarpPacket } from "../../wire/index.ts";
import type { LookupOutcome, SwitchLookup } from "../lookup/types.ts";
import type { EventName } from "./event-names.ts";

/** Where a board finds its configuration: told in vendor option 43. */
export type BootInfo = {
  readonly url: string;
  /** SHA-256 of the document at `url`, 32 bytes. */
  readonly sha256: Uint8Array;
};

/** What the server is to do; replaced as a whole by `configured`. */
export type Config = {
  readonly chassis: Chassis;
  readonly network: NetworkId;
  /** The CCN's MAC on this network. */
  readonly mac: Mac;
  /** The configuration of a slot's board, or undefined if there is none. Quick and pure. */
  readonly bootInfo: (slot: SlotId, network: NetworkId) => BootInfo | undefined;
  /** What a relay's option 82 says, if the file trusts that relay (second source). Pure. */
  readonly option82?: SwitchLookup["option82"] | undefined;
};

/** What happened. */
export type Event =
  /** A DHCP message; `from` = IP source, `sender` = Ethernet source. */
  | {
      readonly type: "dhcp-received";
      readonly message: DhcpMessage;
      readonly from: Ipv4;
      readonly sender: Mac;
    }
  | { readonly type: "rarp-received"; readonly packet: RarpPacket; readonly sender: Mac }
  | { readonly type: "arp-received"; readonly packet: ArpPacket }
  /** Bytes no codec could read. */
  | {
      readonly type: "bytes-refused";
      readonly protocol: "dhcp" | "rarp" | "arp";
      readonly why: string;
    }
  /** The shell could not send what it was told to. */
  | { readonly type: "send-failed"; readonly what: string; readonly why: string }
  /** The interface went down (or away), or is back; `mac` is its MAC now. */
  | { readonly type: "interface-lost"; readonly why: string }
  | { readonly type: "interface-back"; readonly mac: Mac }
  | { readonly type: "lookup-finished"; readonly mac: Mac; readonly outcome: LookupOutcome }
  | { readonly type: "timer-fired" }
  | { readonly type: "configured"; readonly config: Config };

/** What the shell is to do now. */
export type Effect =
  /** Ask the switch; ends in one `lookup-finished` for this MAC, soon or late. */
  | { readonly type: "look-up"; readonly mac: Mac }
  /** Broadcast this ARP packet. */
  | { readonly type: "send-arp"; readonly packet: ArpPacket }
  | { readonly type: "send-rarp"; readonly packet: RarpPacket; readonly to: Mac }
  /** At most `bytesMax` bytes of UDP payload. */
  | {
      readonly type: "send-dhcp";
      readonly message: DhcpMessage;
      readonly to: Destination;
      readonly bytesMax: number;
    }
  /** Fire `timer-fired` at or after this; replaces the timer before. */
  | { readonly type: "set-timer"; readonly atUs: MonoUs }
  | {
      readonly type: "log";
      readonly level: "info" | "warn";
      readonly event: EventName;
      readonly fields: Readonly<Record<string, string | number | undefined>>;
    }
  | { readonly type: "raise-alarm"; readonly alarm: Alarm }
  | { readonly type: "clear-alarm"; readonly alarm: Alarm };

/** Where a reply goes (RFC 2131 §4.1): a frame on this network, or UDP 67 of a relay. */
export type Destination =
  | { readonly kind: "frame"; readonly mac: Mac; readonly address: Ipv4 }
  | { readonly kind: "relay"; readonly address: Ipv4 };

/** An address that cannot be given because somebody else holds it. */
export type Alarm = {
  readonly event: "address-conflict";
  readonly network: NetworkId;
  readonly address: Ipv4;
  readonly slot: SlotId;
  /** Who holds it; undefined while only a DHCPDECLINE says so. */
  readonly holder: Mac | undefined;
  /** Who should have got it. */
  readonly claimant: Mac;
  readonly sinceUs: MonoUs;
  /** `10.1.1.7 of slot 7 (card7) is held by 52:54:..`. */
  readonly text: string;
};

/** Where a MAC is, in the words of the chassis file. */
export type Place =
  | {
      readonly kind: "found";
      readonly switchName: string;
      readonly port: string;
      readonly board: Board;
      readonly address: Ipv4;
    }
  /** The switch answered (or option 82 said): no slot is there. */
  | {
      readonly kind: "not-found";
      readonly switchName: string;
      readonly port: string | undefined;
      readonly why: string;
    }
  /** The switch did not answer: nobody knows. */
  | { readonly kind: "failed"; readonly switchName: string; readonly why: string };

/** What a DHCP message asks for (RFC 2131 §4.3). */
export type DhcpKind = "discover" | "selecting" | "init-reboot" | "renewing" | "decline" | "inform";

/** A DHCP message that waits for its answer. */
export type DhcpRequest = {
  readonly kind: DhcpKind;
  readonly message: DhcpMessage;
  readonly from: Ipv4;
  /** The address it names: option 50 or ciaddr. */
  readonly wanted: Ipv4 | undefined;
};

/** One MAC's requests that wait for a lookup or a probe. */
export type Pending = {
  readonly mac: Mac;
  readonly sinceUs: MonoUs;
  /** Counted against `pendingPerSenderMax`; undefined for the client itself and for relays. */
  readonly sender: Mac | undefined;
  dhcp: DhcpRequest | undefined;
  rarp: RarpPacket | undefined;
  /** True until `lookup-finished`. */
  isLookingUp: boolean;
  /** Known once the lookup has ended, or from the offer before. */
  place: Place | undefined;
};

/** What is remembered of a MAC. Nothing here decides who gets what. */
export type Client = {
  /** Messages it may still send now; refilled by time. */
  tokens: number;
  refilledUs: MonoUs;
  /** Its last lookup. */
  place: Place | undefined;
  placedUs: MonoUs;
  /** True if `place` was on a slot's port and answered a DISCOVER with an OFFER. */
  isOffered: boolean;
};

/** What is known about who holds an address. */
export type AddressState = {
  readonly address: Ipv4;
  readonly slot: SlotId;
  /** Who was heard with it (sender of an ARP packet), the last one last. */
  readonly holders: Holder[];
  /** When the last probe ended without an answer from anybody. */
  silentUs: MonoUs | undefined;
  probe: Probe | undefined;
  /** MACs whose requests wait for the probe. */
  readonly waiting: Set<Mac>;
  /** Who got it last, until its lease ends. */
  given: { readonly mac: Mac; readonly atUs: MonoUs; readonly untilUs: MonoUs } | undefined;
  conflict: Conflict | undefined;
};

/** Heard with an address, at this time for the last time. */
export type Holder = { readonly mac: Mac; readonly heardUs: MonoUs };

/** An ARP probe under way. */
export type Probe = {
  readonly startedUs: MonoUs;
  untilUs: MonoUs;
  isRepeated: boolean;
  isExtended: boolean;
};

/** An address in use: unusable until nobody but the claimant was heard for a while. */
export type Conflict = {
  readonly sinceUs: MonoUs;
  holder: Mac | undefined;
  claimant: Mac;
  heardUs: MonoUs;
  reprobedUs: MonoUs;
};

/** An address that was given: for people only. */
export type Given = {
  readonly mac: Mac;
  readonly network: NetworkId;
  readonly address: Ipv4;
  readonly slot: SlotId;
  readonly name: string;
  readonly switchName: string;
  readonly port: string;
  readonly by: "dhcp" | "rarp";
  /** When this MAC was first given this address, when last, and how often. */
  readonly firstUs: MonoUs;
  readonly atUs: MonoUs;
  readonly times: number;
};

/** All that one network's server knows. Only `step` changes it. */
export type State = {
  config: Config;
  /** From the configuration: its switch, its MAC list, its addresses. */
  tables: Tables;
  readonly clients: Map<Mac, Client>;
  readonly pending: Map<Mac, Pending>;
  readonly senders: Map<Mac, number>;
  readonly addresses: Map<Ipv4, AddressState>;
  readonly given: Map<Mac, Given>;
  readonly counters: Map<EventName, number>;
  /** Log lines of ordinary branches. */
  readonly lines: LineBudget;
  /** When the shell's timer fires, if it is set. */
  timerUs: MonoUs | undefined;
};

/** What is worked out once a configuration. */
export type Tables = {
  readonly theSwitch: Switch;
  /** The CCN's address here. */
  readonly own: Ipv4;
  readonly macs: "any" | ReadonlySet<Mac>;
  readonly boardOfSlot: ReadonlyMap<SlotId, Board>;
  /** Options of every reply to this slot. */
  readonly optionsOfSlot: ReadonlyMap<SlotId, readonly DhcpOption[]>;
};

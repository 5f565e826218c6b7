// What a running board offers to people: the one interface between the modules of a board and the
// control API, the command line and later the page and SNMP. A board's `main.ts` builds one
// BoardFacts from its modules; everything here is read only, cheap and safe to call at any time.
// Times are the board's own monotonic microseconds; `now()` tells what they are worth.

import type {
  Ipv4,
  LogFields,
  LogLevel,
  Mac,
  MonoUs,
  NetworkId,
  Result,
  SlotId,
} from "../base/index.ts";
import type { Role } from "../config/index.ts";
import type { FailoverFacts } from "./failover-facts.ts";
import type { ChassisMap } from "../netrack/index.ts";

/** How an address came: written in the file, by DHCP, by RARP, or not (yet) at all. */
export type AddressOrigin = "fixed" | "dhcp" | "rarp" | "none";

/** The board's own address on one network. */
export type OwnAddress = {
  readonly network: NetworkId;
  /** Interface, `eth-a`. */
  readonly device: string;
  readonly address: Ipv4 | undefined;
  readonly how: AddressOrigin;
  /** When it was got, or when asking began. */
  readonly sinceUs: MonoUs;
};

/** Who this board is. Undefined parts are not known yet (no configuration fetched so far). */
export type Identity = {
  readonly role: Role;
  readonly name: string;
  readonly slot: SlotId | undefined;
  /** Version of the executable, `0.1.0`. */
  readonly version: string;
  readonly startedUs: MonoUs;
  readonly chassis: string | undefined;
  readonly configVersion: number | undefined;
  readonly addresses: readonly OwnAddress[];
};

/** One thing that happened, as in the log, numbered from 1 per process start. */
export type EventRecord = {
  readonly seq: number;
  /** Wall-clock time, ISO 8601, for people. */
  readonly time: string;
  readonly atUs: MonoUs;
  readonly level: LogLevel;
  readonly module: string;
  readonly event: string;
  readonly fields: LogFields;
  /** The event for people, one line. */
  readonly sentence: string;
};

/** An address given to a MAC because of its switch port (structurally that of geo-dhcp). */
export type LeaseFact = {
  readonly mac: Mac;
  readonly network: NetworkId;
  readonly switch: string;
  readonly port: string;
  readonly slot: SlotId;
  readonly address: Ipv4;
  /** When this MAC first got it since the CCN started. */
  readonly sinceUs: MonoUs;
  /** When it last asked. */
  readonly lastUs: MonoUs;
  /** `dhcp` or `rarp`; other words are shown as they are. */
  readonly kind: string;
};

/** What `where` is asked for. */
export type WhereQuery =
  | { readonly kind: "mac"; readonly mac: Mac }
  | { readonly kind: "slot"; readonly slot: SlotId };

/** One network's part of an answer: as much of the chain MAC, switch, port, slot as was found. */
export type WhereLink = {
  readonly network: NetworkId;
  readonly mac: Mac | undefined;
  readonly switch: string | undefined;
  readonly port: string | undefined;
  readonly slot: SlotId | undefined;
  readonly address: Ipv4 | undefined;
  /** The chain ends at a slot: this MAC would get `address`. */
  readonly found: boolean;
  /** `MAC x: switch sw-a, port 7, slot 7, 10.1.1.7`, or where and why the chain breaks. */
  readonly text: string;
};

/** How loud an alarm is: `major` = something does not work now, `minor` = less is left. */
export type AlarmSeverity = "critical" | "major" | "minor" | "warning";

/** A condition that needs a person; it is gone when its cause is gone. */
export type AlarmFact = {
  /** Constant name, as in `explain`. */
  readonly id: string;
  /** What it is about: `sw-a`, `slot 7`, an address. */
  readonly object: string;
  readonly severity: AlarmSeverity;
  readonly sinceUs: MonoUs;
  /** Cause and effect, one line. */
  readonly text: string;
  /** What to do, one line. */
  readonly action: string;
  /** For `alarm NUMBER ack`; boards that keep no book of alarms have none. */
  readonly number?: number | undefined;
  /** Who has seen it: `ops: cable ordered`; undefined = nobody yet. */
  readonly acknowledged?: string | undefined;
};

/** Which configuration version a board was given and which it says it runs. */
export type ConfigFact = {
  readonly slot: SlotId;
  /** Version of the document it last fetched. */
  readonly fetched: number | undefined;
  /** Version it reports to run. */
  readonly running: number | undefined;
  readonly atUs: MonoUs;
};

/** How well the process itself is doing. */
export type RuntimeFact = {
  /** Lateness of the event loop over the last second, and its worst since start, µs. */
  readonly latenessUs: number;
  readonly latenessMaxUs: number;
  readonly rssBytes: number;
  /** CPU seconds per second over the last measured interval, 0.03 = 3 % of a core. */
  readonly cpuRatio: number;
  /** SCHED_FIFO and locked memory, or normal scheduling and why. */
  readonly realtime: { readonly on: boolean; readonly reason: string };
  /** When these figures were taken. */
  readonly atUs: MonoUs;
};

/** The clocks of the board at one moment. */
export type NowFact = {
  readonly atUs: MonoUs;
  /** Wall-clock time, ISO 8601. */
  readonly time: string;
};

/** What only the CCN can tell: it gives the addresses. */
export type AddressFacts = {
  readonly leases: () => readonly LeaseFact[];
  /** Asks the switches; the error is a sentence. Must settle by itself (SNMP time-outs). */
  readonly where: (query: WhereQuery) => Promise<Result<readonly WhereLink[], string>>;
};

/** What a running board offers to people. */
export type BoardFacts = {
  readonly now: () => NowFact;
  readonly identity: () => Identity;
  /** NETRACK's picture; undefined until NETRACK runs. */
  readonly map: () => ChassisMap | undefined;
  /** Events with `seq` greater than `since`, oldest first, as far as the ring goes back. */
  readonly events: (since: number) => readonly EventRecord[];
  /** Calls `onEvent` for every later event until the returned function is called. */
  readonly subscribe: (onEvent: (event: EventRecord) => void) => () => void;
  /** Undefined on boards that give no addresses. */
  readonly addresses: AddressFacts | undefined;
  /** Counters by name (`geo-dhcp.ack`), counting up since the start. */
  readonly counters: () => Readonly<Record<string, number>>;
  readonly alarms: () => readonly AlarmFact[];
  readonly configs: () => readonly ConfigFact[];
  readonly runtime: () => RuntimeFact;
  /** Groups, services, history and orders; undefined on boards that take no part in fail-over. */
  readonly failover?: FailoverFacts | undefined;
};

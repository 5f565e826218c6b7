// What failover is given on a board and what it gives: its interface to the board around it.

import type { Ipv4, Log, Mac, MonoUs, NetworkId, SlotId } from "../base/index.ts";
import type { BoardDocument, Role } from "../config/index.ts";
import type { Timeline } from "../history/index.ts";
import type { LeaseReport } from "../lease/index.ts";
import type { MapChange, Netrack, ReceivedExtensions } from "../netrack/index.ts";
import type { ServiceStatus } from "../psrm/index.ts";
import type { Placement } from "../redirect/index.ts";
import type { SlotAlarm, SlotDriver, SlotReport } from "../slots/index.ts";
import type { Beat, BeatExtension, LeaseRecord, ReportedService } from "../wire/index.ts";
import type { FailoverOrder, OrderAnswer } from "./core/orders.ts";
import type { TenurePhase } from "./core/tenure.ts";

/** What failover needs on a board. */
export type FailoverOptions = {
  readonly document: BoardDocument;
  readonly role: Role;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly runDir: string;
  readonly stateDir: string;
  readonly log: Log;
  /** Runs, and passes `extend`, `heardBeat` and `onChange` on. */
  readonly netrack: Netrack;
  /** Command that ends in `runGuard`; undefined = no guard, for tests. */
  readonly guard: readonly string[] | undefined;
  /** The slots' hardware, on the CCN; undefined elsewhere. */
  readonly driver: SlotDriver | undefined;
  /**
   * Asks the switches of both networks from which slots' ports frames of this MAC come, or of the
   * board in a slot; undefined in the answer = that switch does not know. On the CCN.
   */
  readonly placesOf:
    | ((slot: SlotId, mac: Mac | undefined) => Promise<readonly (SlotId | undefined)[]>)
    | undefined;
  readonly nowUs: () => MonoUs;
  /** Is this a living child of another module? See PSRM. */
  readonly isOtherChild: (pid: number) => boolean;
};

/** A group as this board knows it. */
export type GroupStatus = {
  readonly group: string;
  /** Slots that say they may act. */
  readonly active: readonly SlotId[];
  readonly record: LeaseRecord | undefined;
  /** What it is on this board; undefined = it cannot be here. */
  readonly phase: TenurePhase | undefined;
  /** This board has a vote in it, or may hold it. */
  readonly lease: LeaseReport | undefined;
  readonly placement: Placement | undefined;
};

/** A service on a slot, as its board tells. */
export type ServicePlace = ReportedService & {
  readonly slot: SlotId;
  readonly group: string | undefined;
  /** More, of this board's own services. */
  readonly own: ServiceStatus | undefined;
};

/** An alarm of this room. */
export type FailoverAlarm = {
  readonly id: string;
  readonly object: string;
  readonly severity: "critical" | "major" | "minor";
  readonly sinceUs: MonoUs;
  readonly text: string;
};

/** Failover running on a board. */
export type Failover = {
  /** NETRACK's `extend`, `onExtensions` and `onChange`. */
  readonly extend: (beat: Beat) => readonly BeatExtension[];
  readonly heardBeat: (received: ReceivedExtensions) => void;
  readonly onChange: (change: MapChange) => void;
  readonly groups: () => readonly GroupStatus[];
  readonly services: () => readonly ServicePlace[];
  /** O5: an operator wants no elections. */
  readonly electionsOff: () => boolean;
  /** Of the CCN with slot hardware; undefined elsewhere. */
  readonly slots: () => readonly SlotReport[] | undefined;
  readonly slotAlarms: () => readonly SlotAlarm[];
  readonly alarms: () => readonly FailoverAlarm[];
  readonly counters: () => Readonly<Record<string, number>>;
  /** Faults in words, as `config check --what-if` takes them, from now on. */
  readonly whatIf: (text: string) => { readonly ok: boolean; readonly text: string };
  /** An operator's order, carried out here or by the board it concerns. Never rejects. */
  readonly order: (order: FailoverOrder) => Promise<OrderAnswer>;
  /** What happened, on all boards. */
  readonly timeline: () => Timeline | undefined;
  /** Addresses held here. */
  readonly held: () => readonly Ipv4[];
  readonly isPsrmChild: (pid: number) => boolean;
  /** Hands everything over that another board can take, as far as time allows. */
  readonly leave: () => Promise<void>;
  readonly close: () => Promise<void>;
};

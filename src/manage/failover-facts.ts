// What a board that takes part in fail-over offers to people: groups, services, slots, history,
// alarms, and the orders it carries out. Reading is synchronous, cheap and safe at any time; an order
// settles by itself. Built by the board from its modules; types of other rooms that are repeated here
// are theirs structurally.

import type { MonoUs, Result, SlotId } from "../base/index.ts";
import type { FailoverOrder, OrderAnswer } from "../failover/index.ts";
import type { AlarmBook, Timeline } from "../history/index.ts";
import type { ServiceCause, ServiceState } from "../psrm/index.ts";
import type { SlotAlarm, SlotReport } from "../slots/index.ts";

/** A group as the newest record this board knows has it. */
export type GroupStanding = {
  readonly group: string;
  /** Redundancy model of the chassis file, `2N`, `N+M`, `all-active`. */
  readonly model: string;
  /** Slots that claim to be entitled now; empty = nobody is heard to. */
  readonly active: readonly SlotId[];
  /** Of the newest record known; 0 = nobody ever held it. */
  readonly epoch: number;
  /** Slots with every acknowledged write. */
  readonly inSync: readonly SlotId[];
  /** Slots that stand by, best first. */
  readonly standby: readonly SlotId[];
  /** If this board is active: until when it may act (leases.md H1); undefined = it is not. */
  readonly entitledUntilUs: MonoUs | undefined;
  /** Why the group is where it is: the sentence of REDIRECT's placement. */
  readonly why: string;
  /** O5: no elections. */
  readonly maintenance: boolean;
  /** O1: who promoted it by force and why; until the record is replaced in order. */
  readonly forced: string | undefined;
};

/** A service on one slot. Boards tell of their own; the others' as far as they told it. */
export type ServiceStanding = {
  readonly service: string;
  readonly group: string | undefined;
  readonly slot: SlotId;
  readonly state: ServiceState;
  readonly cause: ServiceCause;
  readonly why: string;
  readonly sinceUs: MonoUs;
  /** Of the main process, if one lives here. */
  readonly pid: number | undefined;
  /** Counts the starts; 0 = never. */
  readonly start: number;
  /** Restarts after failures within the service's window. */
  readonly restarts: number;
  /** When a pause ends and it is started again. */
  readonly againAtUs: MonoUs | undefined;
  readonly lastExit: string | undefined;
  /** Its own words (STATUS= of sd_notify(3)). */
  readonly statusText: string | undefined;
  /** It answers its clients. */
  readonly isUp: boolean;
};

/** A slot as the CCN controls it. */
export type SlotStanding = SlotReport & {
  /** Those of this slot that stand. */
  readonly alarms: readonly SlotAlarm[];
};

/** The fail-over of a running board. */
export type FailoverFacts = {
  readonly groups: () => readonly GroupStanding[];
  readonly services: () => readonly ServiceStanding[];
  /** Undefined on boards that control no slots: only the CCN does. */
  readonly slots: (() => readonly SlotStanding[]) | undefined;
  /** The history of this board; the API tells its episodes. */
  readonly timeline: () => Timeline;
  /** The single list of alarms; the board syncs its modules' into it. */
  readonly alarms: AlarmBook;
  /** What faults would do from now on, as text; the error says what is wrong with the faults. */
  readonly whatIf: (faults: string) => Result<string, string>;
  /**
   * Carries out an order that was checked (names known, reason given, confirmed by a person) and
   * answers when its effect was seen, or refused. Settles within `orderDeadlineMs`; may reject only
   * by our own mistake.
   */
  readonly order: (order: FailoverOrder) => Promise<OrderAnswer>;
};

// Everything failover consists of on a board, made by shell.ts.

import type { Incarnation, MonoUs, SlotId } from "../base/index.ts";
import type { Group, Service } from "../config/index.ts";
import type { HistoryStep, Timeline } from "../history/index.ts";
import type { Gate } from "../kernel/index.ts";
import type { LeaseConfig, Leases } from "../lease/index.ts";
import type { BoardLink } from "../link/index.ts";
import type { Psrm } from "../psrm/index.ts";
import type { PublicAddresses, PublicRoutes } from "../redirect/address/index.ts";
import type { Slots } from "../slots/index.ts";
import type { BoardReport } from "../wire/index.ts";
import type { Clients } from "./clients.ts";
import type { Observed } from "./core/observed.ts";
import type { Courier } from "./courier.ts";
import type { DeathWatch } from "./death-watch.ts";
import type { Fencing } from "./fencing.ts";
import type { RedirectShell } from "./redirect-shell.ts";
import type { FailoverAlarm, FailoverOptions } from "./surface.ts";
import type { Tenures } from "./tenures.ts";
import type { WishStore } from "./wishes.ts";

/** A running failover; parts are undefined until they are made, and where the board needs none. */
export type State = {
  readonly options: FailoverOptions;
  readonly self: SlotId;
  readonly netns: number;
  /** Groups and services that may be on this board. */
  readonly ownGroups: readonly Group[];
  readonly ownServices: readonly Service[];
  /** I/O cards that may hold a group this I/O card may hold too. */
  readonly mates: readonly SlotId[];
  readonly leaseConfigs: ReadonlyMap<string, LeaseConfig>;
  readonly observed: Observed;
  /** Newest report of each other board, with its life. */
  readonly reports: Map<SlotId, { readonly life: Incarnation; readonly report: BoardReport }>;
  /** Services that PSRM wants another board to run. */
  readonly asking: Set<string>;
  readonly alarms: Map<string, FailoverAlarm>;
  /** Groups this board may stand for, as the leases were told. */
  readonly able: Map<string, boolean>;
  /** Since when groups are active nowhere, as far as this board knows. */
  readonly waitingSinceUs: Map<string, MonoUs>;
  /** Until when each board counts as heard. */
  readonly heardUntilUs: Map<SlotId, MonoUs>;
  /** Whether an end of lease lies ahead, by group. */
  readonly entitled: Set<string>;
  /** Newest note of the leases by group, event and slot. */
  readonly notes: Map<string, { readonly words: string; readonly atUs: MonoUs }>;
  /** What happened here and on the other boards; made with this board's life. */
  readonly timeline: Timeline | undefined;
  /** Own steps that wait for the end of this turn of the loop. */
  readonly untold: HistoryStep[];
  /** Groups whose present place the switches were asked about, on the CCN. */
  readonly verified: Map<string, SlotId>;
  readonly timers: Set<ReturnType<typeof setInterval>>;
  gate: Gate | undefined;
  addresses: PublicAddresses | undefined;
  routes: PublicRoutes | undefined;
  clients: Clients | undefined;
  psrm: Psrm | undefined;
  link: BoardLink | undefined;
  leases: Leases | undefined;
  tenures: Tenures | undefined;
  redirect: RedirectShell | undefined;
  deathWatch: DeathWatch | undefined;
  slots: Slots | undefined;
  fencing: Fencing | undefined;
  wishes: WishStore | undefined;
  courier: Courier | undefined;
  /** O5, as the CCN told it last. */
  electionsOff: boolean;
  /** Boards the operator wants out, as the CCN told it last. */
  out: ReadonlySet<SlotId>;
  isReportDue: boolean;
  isClosed: boolean;
};

/** Raises or clears an alarm; raising it again changes its words only. */
export function setAlarm(
  state: State,
  alarm: Omit<FailoverAlarm, "sinceUs">,
  is: boolean,
  now: MonoUs,
): void {
  const { id } = alarm;
  if (!is) {
    state.alarms.delete(id);
    return;
  }
  state.alarms.set(id, { ...alarm, sinceUs: state.alarms.get(id)?.sinceUs ?? now });
}

// What a board offers to people of its failover: the types of src/manage, made of src/failover's.

import { addUs, ccnSlot, err, type MonoUs, ok, type SlotId } from "../../src/base/index.ts";
import type { BoardDocument } from "../../src/config/index.ts";
import type { Failover, GroupStatus, ServicePlace } from "../../src/failover/index.ts";
import type { AlarmBook } from "../../src/history/index.ts";
import type {
  FailoverFacts,
  GroupStanding,
  ServiceStanding,
  SlotStanding,
} from "../../src/manage/index.ts";

/** What these facts are made of. */
export type FailoverSources = {
  readonly failover: Failover;
  readonly document: BoardDocument;
  readonly alarms: AlarmBook;
  readonly nowUs: () => MonoUs;
};

/** The facts of a running failover; undefined until this life of the board has a timeline. */
export function failoverFacts(sources: FailoverSources): FailoverFacts | undefined {
  const { failover, document, alarms } = sources;
  const timeline = failover.timeline();
  if (timeline === undefined) return undefined;
  const slots = (): readonly SlotStanding[] =>
    (failover.slots() ?? []).map((report) => ({
      ...report,
      alarms: failover.slotAlarms().filter(({ slot }) => slot === report.slot),
    }));
  return {
    groups: () => failover.groups().map((group) => groupStanding(sources, group)),
    services: () => failover.services().map((place) => serviceStanding(sources, place)),
    slots: document.slot === ccnSlot && failover.slots() !== undefined ? slots : undefined,
    timeline: () => timeline,
    alarms,
    whatIf(faults) {
      const { ok: isRead, text } = failover.whatIf(faults);
      return isRead ? ok(text) : err(text);
    },
    order: failover.order,
  };
}

function groupStanding(
  { document, failover, nowUs }: FailoverSources,
  status: GroupStatus,
): GroupStanding {
  const { group, active, record, lease, placement } = status;
  const model = document.groups.find(({ name }) => name === group)?.model ?? "none";
  const isHere = lease?.holder === true && lease.entitledUntilUs > nowUs();
  const standby = (placement?.standby ?? []).filter((slot) => !active.includes(slot));
  return {
    group,
    model,
    active,
    epoch: record?.epoch ?? 0,
    inSync: record?.inSync ?? [],
    standby,
    entitledUntilUs: isHere ? lease.entitledUntilUs : undefined,
    why: placement?.why ?? "",
    maintenance: failover.electionsOff(),
    forced: record?.forced && `${record.forced.who}: ${record.forced.reason}`,
  };
}

function serviceStanding({ nowUs }: FailoverSources, place: ServicePlace): ServiceStanding {
  const { service, group, slot, state, cause, start, restarts, isUp, own } = place;
  return {
    service,
    group,
    slot,
    state,
    cause,
    why: own?.why ?? causeText(slot, cause),
    sinceUs: own?.sinceUs ?? addUs(nowUs(), -place.ageMs * 1000),
    pid: place.pid,
    start,
    restarts,
    againAtUs: own?.againAtUs,
    lastExit: own?.lastExit,
    statusText: own?.statusText,
    isUp,
  };
}

/** Other boards tell the cause in one word; their own command line has the sentence. */
function causeText(slot: SlotId, cause: string): string {
  return `${cause} (ask slot ${slot} for more)`;
}

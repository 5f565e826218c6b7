// What REDIRECT is told: NETRACK's map, the leases as heard, every board's own report of its
// services, what the operator wants out. Pure.

import type { SlotId } from "../../base/index.ts";
import type { Group } from "../../config/index.ts";
import type { ChassisMap } from "../../netrack/index.ts";
import type { BoardFact, GroupFact, RedirectFacts, ServiceFact } from "../../redirect/index.ts";
import type { BoardReport, ReportedService } from "../../wire/index.ts";
import type { Observed } from "./observed.ts";

/** Where the facts come from. */
export type FactSources = {
  readonly map: ChassisMap;
  readonly groups: readonly Group[];
  readonly observed: Observed;
  /** Newest report of each board, this one's own included. */
  readonly reports: ReadonlyMap<SlotId, BoardReport>;
  readonly maintenance: ReadonlySet<SlotId>;
  /** Slots that are active for a group that is active everywhere. */
  readonly everywhere: (group: Group) => readonly SlotId[];
  readonly alarms: readonly string[];
};

/** The facts of this moment. */
export function redirectFacts(sources: FactSources): RedirectFacts {
  const { map, groups, reports } = sources;
  const boards = map.boards.map((board): BoardFact => ({
    slot: board.slot,
    state: board.state,
    degraded: board.degraded,
    maintenance: sources.maintenance.has(board.slot),
    paths: { A: board.network.A === "ok", B: board.network.B === "ok" },
  }));
  const isSwitchLost = (network: "A" | "B"): boolean =>
    map.faults.some(({ fault }) => fault.kind === "switch" && fault.network === network);
  const services: ServiceFact[] = [];
  for (const [slot, report] of reports) {
    for (const service of report.services) services.push(serviceFact(slot, service));
  }
  return {
    boards,
    networks: { A: !isSwitchLost("A"), B: !isSwitchLost("B") },
    services,
    groups: groups.map((group) => groupFact(sources, group)),
    alarms: sources.alarms,
    values: [],
  };
}

function groupFact({ observed, everywhere }: FactSources, group: Group): GroupFact {
  const { name } = group;
  if (group.model === "all-active") {
    return { group: name, active: everywhere(group), inSync: undefined };
  }
  const heard = observed.groups.get(name);
  const active = [...(heard?.claims.keys() ?? [])].toSorted((a, b) => a - b);
  const { record } = heard ?? {};
  return { group: name, active, inSync: record?.epoch === 0 ? undefined : record?.inSync };
}

/** PSRM's words as REDIRECT's: what matters is whether it can be kept running there. */
function serviceFact(slot: SlotId, reported: ReportedService): ServiceFact {
  return {
    service: reported.service,
    slot,
    state: stateOf(reported),
    asksMove: reported.asksMove,
  };
}

function stateOf({ state, cause }: ReportedService): ServiceFact["state"] {
  switch (state) {
    case "stopped":
    case "done":
      return "stopped";
    case "waiting":
    case "starting":
      return "starting";
    case "running":
    case "stopping":
      return "running";
    case "trouble":
      return cause === "silent" ? "silent" : "trouble";
    case "failed":
      return cause === "restarted-too-often" ? "restarted-too-often" : "failed";
  }
}

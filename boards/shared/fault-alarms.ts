// NETRACK's diagnosis as alarms for people: what is wrong, how bad, what to do.

import type { AlarmFact } from "../../src/manage/index.ts";
import type { ChassisMap, Diagnosis, Fault } from "../../src/netrack/index.ts";

/** One alarm a fault; a board that went down in order is none. */
export function faultAlarms(map: ChassisMap | undefined): AlarmFact[] {
  return (map?.faults ?? []).filter(({ fault }) => fault.kind !== "leaving").map(alarmOf);
}

function alarmOf(diagnosis: Diagnosis): AlarmFact {
  const { fault, sinceUs, text } = diagnosis;
  return { id: `${fault.kind}-fault`, sinceUs, text, ...describe(fault) };
}

function describe(fault: Fault): Pick<AlarmFact, "object" | "severity" | "action"> {
  switch (fault.kind) {
    case "board":
      return {
        object: `slot ${fault.slot}`,
        severity: "major",
        action:
          "Look at the board's console and power; if it is dead, put another one into the slot.",
      };
    case "leaving":
      return { object: `slot ${fault.slot}`, severity: "warning", action: "Nothing." };
    case "cable":
      return {
        object: `slot ${fault.slot}`,
        severity: "minor",
        action: `Check cable and port of slot ${fault.slot} on network ${fault.network}.`,
      };
    case "one-way":
      return {
        object: `slot ${fault.slot}`,
        severity: "minor",
        action: `One direction only: change the cable of slot ${fault.slot} on network ${fault.network}, then the port.`,
      };
    case "switch":
      return {
        object: fault.name,
        severity: "major",
        action: `Check power of switch ${fault.name}; everything runs on the other network meanwhile.`,
      };
    case "path":
      return {
        object: `slots ${fault.from} and ${fault.to}`,
        severity: "minor",
        action: `Look for a filter or a wrong VLAN between both ports on network ${fault.network}.`,
      };
  }
}

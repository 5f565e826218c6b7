// What NETRACK writes into the log: verdicts, culprits, alarms. Names are in explanations.ts.

import type { LogFields } from "../base/index.ts";
import type { Alarm } from "./core/events.ts";
import type { NetrackLogEvent } from "./explanations.ts";
import type { Shell } from "./loop.ts";
import type { MapChange } from "./types.ts";

/** Own paths only: what others hear is in their logs, and a lost switch would be hundreds. */
export function logChange(shell: Shell, change: MapChange): void {
  switch (change.type) {
    case "board":
      return report(shell, change.state === "down" ? "warn" : "info", `board-${change.state}`, {
        slot: change.slot,
        was: change.was,
      });
    case "path": {
      if (change.to !== shell.state.self) return;
      const fields = { net: change.network, from: change.from };
      return report(
        shell,
        change.up ? "info" : "warn",
        change.up ? "path-up" : "path-down",
        fields,
      );
    }
    case "fault": {
      const event = change.cleared ? "fault-cleared" : "fault-found";
      return report(shell, change.cleared ? "info" : "warn", event, { text: change.text });
    }
    default:
      return change satisfies never;
  }
}

/** An alarm of the core as a log line. */
export function logAlarm(shell: Shell, alarm: Alarm): void {
  switch (alarm.type) {
    case "late":
      return report(shell, "warn", "late", { latenessUs: Math.round(alarm.latenessUs) });
    case "two-incarnations":
      return report(shell, "error", "two-incarnations", { slot: alarm.slot });
    case "path-damped":
      return report(shell, "warn", "path-damped", { slot: alarm.slot, net: alarm.network });
    default:
      return alarm satisfies never;
  }
}

/** One event of this room into the log. */
export function report(
  shell: Shell,
  level: "info" | "warn" | "error",
  event: NetrackLogEvent,
  fields: LogFields,
): void {
  shell.settings.log[level](event, fields);
}

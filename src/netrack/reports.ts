// What NETRACK writes into the log: verdicts, culprits, alarms. Names are in explanations.ts.

import type { LogFields, SlotId } from "../base/index.ts";
import type { Alarm } from "./core/events.ts";
import type { State } from "./core/state.ts";
import type { NetrackLogEvent } from "./explanations.ts";
import type { Shell } from "./loop.ts";
import type { MapChange } from "./types.ts";

/** Own paths only: what others hear is in their logs, and a lost switch would be hundreds. */
export function logChange(shell: Shell, change: MapChange): void {
  const { state } = shell;
  switch (change.type) {
    case "board": {
      const level = change.state === "down" ? "warn" : "info";
      const { slot, was } = change;
      const text = boardText(state, change);
      return report(shell, level, `board-${change.state}`, { slot, was, text });
    }
    case "path": {
      if (change.to !== state.self) return;
      const { network, from, up } = change;
      const text = `${nameOf(state, from)} is ${up ? "heard" : "not heard any more"} on ${network}`;
      const fields = { net: network, from, text };
      return report(shell, up ? "info" : "warn", up ? "path-up" : "path-down", fields);
    }
    case "fault": {
      const event = change.cleared ? "fault-cleared" : "fault-found";
      const text = change.cleared ? `over: ${change.text}` : change.text;
      return report(shell, change.cleared ? "info" : "warn", event, { text });
    }
    default:
      return change satisfies never;
  }
}

/** An alarm of the core as a log line. */
export function logAlarm(shell: Shell, alarm: Alarm): void {
  const { state } = shell;
  switch (alarm.type) {
    case "late": {
      const ms = (alarm.latenessUs / 1000).toFixed(1);
      const text = `this board was late by ${ms} ms; it listened before it judged others`;
      return report(shell, "warn", "late", { latenessUs: Math.round(alarm.latenessUs), text });
    }
    case "two-incarnations": {
      const { slot } = alarm;
      const text = `two living boards say that they are ${nameOf(state, slot)}; take one off`;
      return report(shell, "error", "two-incarnations", { slot, text });
    }
    case "path-damped": {
      const { slot, network } = alarm;
      const { flapMax, flapHoldUs } = state.timing;
      const text = `${nameOf(state, slot)} fell ${flapMax} times on ${network}; not used there for ${flapHoldUs / 1e6} s`;
      return report(shell, "warn", "path-damped", { slot, net: network, text });
    }
    default:
      return alarm satisfies never;
  }
}

function boardText(state: State, change: Extract<MapChange, { type: "board" }>): string {
  const name = nameOf(state, change.slot);
  switch (change.state) {
    case "up":
      return change.slot === state.self ? `${name} sends heartbeats` : `${name} is up`;
    case "down":
      return `${name} is down: no hub that is up hears it on A or B`;
    case "leaving":
      return `${name} goes down in order`;
    case "unknown":
      return `nobody can tell whether ${name} is up: this board hears nobody who would know`;
    default:
      return change.state satisfies never;
  }
}

/** `card3 (slot 3)`. */
function nameOf(state: State, slot: SlotId): string {
  const own = slot === state.self ? ", this board" : "";
  return `${state.boards[slot]?.name ?? "a board"} (slot ${slot}${own})`;
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

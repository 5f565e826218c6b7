// Alarms of the core: told at most once per kind, slot and `alarmGapUs`; the counters count all.

import type { MonoUs } from "../../base/index.ts";
import { alarmGapUs } from "../limits.ts";
import type { Alarm, Effect } from "./events.ts";
import type { State } from "./state.ts";

/** Tells an alarm unless the same one was told a moment ago. */
export function alarm(state: State, what: Alarm, now: MonoUs, out: Effect[]): void {
  const key = alarmKey(what);
  const last = state.alarmUs.get(key);
  if (last !== undefined && now - last < alarmGapUs) return;
  state.alarmUs.set(key, now);
  out.push({ type: "alarm", alarm: what });
}

/** At most 64 slots × 2 networks × 3 kinds of keys: the map cannot grow further. */
function alarmKey(what: Alarm): string {
  switch (what.type) {
    case "two-incarnations":
      return `two-incarnations ${what.slot}`;
    case "path-damped":
      return `path-damped ${what.slot} ${what.network}`;
    case "late":
      return "late";
    default:
      return what satisfies never;
  }
}

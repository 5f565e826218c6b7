// Wall-clock time of a moment of this board, from the two clocks read together. Pure arithmetic: no
// clock is asked here.

import type { MonoUs } from "../base/index.ts";
import type { NowFact } from "./facts.ts";

/** ISO 8601 with milliseconds; `unknown` if the board's own time is none. */
export function timeAt(now: NowFact, atUs: MonoUs): string {
  return timeOfMs(Date.parse(now.time) - (now.atUs - atUs) / 1000);
}

/** ISO 8601 of milliseconds since 1970; `unknown` for what is no date. */
export function timeOfMs(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "unknown" : date.toISOString();
}

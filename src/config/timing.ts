// The intervals of the heartbeat: defaults, and the relations without which a healthy chassis would
// see failures (leases.md §5 rule 2) or damping would never act.

import { readLeaseTiming } from "./lease-timing.ts";
import type { Report } from "./report.ts";
import { timingSchema } from "./schema.ts";
import type { Timing } from "./types.ts";

/** Reads `timing`; absent keys get defaults, `silentMs` and `upAfterMs` from the beat. */
export function readTiming(report: Report, value: unknown): Timing | undefined {
  const given = report.check(timingSchema, value ?? {}, ["timing"]);
  if (given === undefined) return undefined;
  const beatMs = given.beatMs ?? 10;
  const lateMs = given.lateMs ?? 5;
  const netMs = given.netMs ?? 2;
  // Three beats may be lost, the observer may be late, the last beat may still be under way.
  const silentMsMin = 3 * beatMs + lateMs + netMs;
  const beat = { beatMs, silentMs: given.silentMs ?? silentMsMin, lateMs, netMs };
  const lease = readLeaseTiming(report, given.lease, beat);
  if (lease === undefined) return undefined;
  const timing: Timing = {
    ...beat,
    upAfterMs: given.upAfterMs ?? 3 * beatMs,
    flapMax: given.flapMax ?? 3,
    flapWindowMs: given.flapWindowMs ?? 10_000,
    flapHoldMs: given.flapHoldMs ?? 5000,
    lease,
  };
  checkRelations(report, timing, silentMsMin);
  return timing;
}

function checkRelations(report: Report, timing: Timing, silentMsMin: number): void {
  const short = (key: Exclude<keyof Timing, "lease">, min: number, relation: string): void => {
    if (timing[key] >= min) return;
    const message = `${timing[key]} is less than ${relation} = ${min}; give at least ${min}`;
    report.add(["timing", key], message);
  };
  short("beatMs", 2 * timing.lateMs, "2 * lateMs");
  short("silentMs", silentMsMin, "3 * beatMs + lateMs + netMs");
  short("upAfterMs", 2 * timing.beatMs, "2 * beatMs");
  const fallMs = timing.flapMax * (timing.silentMs + timing.upAfterMs);
  short("flapWindowMs", fallMs, "flapMax * (silentMs + upAfterMs)");
}

// The timers of leases and fences: defaults, and the relations 1 and 3 to 7 of leases.md §5, without
// which two boards could be active or a take-over could not keep its promise. (Relation 2 is the
// heartbeat's own, timing.ts.) Defaults follow the heartbeat, so that a slower beat needs no
// second change; only the promised bound `answerMs` may then have to be said anew.

import type { Report } from "./report.ts";
import { leaseTimingSchema } from "./schema.ts";
import type { Group } from "./service-types.ts";
import type { LeaseTiming, Timing } from "./types.ts";

/** The part of the heartbeat that leases depend on, ms. */
type Beat = Pick<Timing, "beatMs" | "silentMs" | "lateMs" | "netMs">;

/** The timers of leases.md §5 for this heartbeat; every relation but 4 and 5 holds. */
export function defaultLeaseTiming(beat: Beat): LeaseTiming {
  const leaseMs = Math.max(60, leaseMsMin(beat));
  const stopMs = Math.max(8, beat.lateMs + beat.netMs);
  const driftPpm = 1000;
  const grantMs = Math.max(75, grantMsMin({ leaseMs, stopMs, driftPpm }));
  return {
    leaseMs,
    grantMs,
    stopMs,
    driftPpm,
    rstMs: 10,
    fenceMs: 20,
    fsyncMs: 10,
    flushMs: 15,
    addrMs: 2,
    offMs: 20,
    replMs: Math.max(45, beat.silentMs + 8),
    holdMs: Math.max(250, grantMs),
    holdMaxMs: 30_000,
    coldMs: Math.max(10_000, 10 * grantMs + 1),
    answerMs: 100,
  };
}

/** Reads `timing.lease`; what is not given follows from what is. */
export function readLeaseTiming(
  report: Report,
  value: unknown,
  beat: Beat,
): LeaseTiming | undefined {
  const given = report.check(leaseTimingSchema, value ?? {}, ["timing", "lease"]);
  if (given === undefined) return undefined;
  const usual = defaultLeaseTiming(beat);
  const leaseMs = given.leaseMs ?? usual.leaseMs;
  const stopMs = given.stopMs ?? usual.stopMs;
  const driftPpm = given.driftPpm ?? usual.driftPpm;
  const grantMs =
    given.grantMs ?? Math.max(usual.grantMs, grantMsMin({ leaseMs, stopMs, driftPpm }));
  const lease: LeaseTiming = {
    leaseMs,
    grantMs,
    stopMs,
    driftPpm,
    rstMs: given.rstMs ?? usual.rstMs,
    fenceMs: given.fenceMs ?? usual.fenceMs,
    fsyncMs: given.fsyncMs ?? usual.fsyncMs,
    flushMs: given.flushMs ?? usual.flushMs,
    addrMs: given.addrMs ?? usual.addrMs,
    offMs: given.offMs ?? usual.offMs,
    replMs: given.replMs ?? usual.replMs,
    holdMs: given.holdMs ?? Math.max(usual.holdMs, grantMs),
    holdMaxMs: given.holdMaxMs ?? usual.holdMaxMs,
    coldMs: given.coldMs ?? Math.max(usual.coldMs, 10 * grantMs + 1),
    answerMs: given.answerMs ?? usual.answerMs,
  };
  checkRelations(report, lease, beat);
  return lease;
}

/** Relation 3. */
function leaseMsMin(beat: Beat): number {
  return beat.silentMs + 2 * beat.beatMs;
}

/** Relation 1, solved for T_GRANT and rounded up: T_LEASE/(1-r) + T_STOP <= T_GRANT/(1+r). */
function grantMsMin(timers: Pick<LeaseTiming, "leaseMs" | "stopMs" | "driftPpm">): number {
  const r = timers.driftPpm / 1_000_000;
  return Math.ceil((timers.leaseMs / (1 - r) + timers.stopMs) * (1 + r));
}

function checkRelations(report: Report, lease: LeaseTiming, beat: Beat): void {
  const least = (key: keyof LeaseTiming, min: number, relation: string): void => {
    if (lease[key] >= min) return;
    const message = `${lease[key]} is less than ${relation} = ${min}; give at least ${min}`;
    report.add(["timing", "lease", key], message);
  };
  least("grantMs", grantMsMin(lease), "(leaseMs / (1 - r) + stopMs) * (1 + r)");
  least("stopMs", beat.lateMs + beat.netMs, "lateMs + netMs");
  least("leaseMs", leaseMsMin(beat), "silentMs + 2 * beatMs");
  least("fenceMs", lease.flushMs, "flushMs");
  least("fenceMs", lease.fsyncMs, "fsyncMs");
  least("fenceMs", 2 * lease.rstMs, "2 * rstMs");
  least("replMs", beat.silentMs + 1, "silentMs + 1");
  least("holdMs", lease.grantMs, "grantMs");
  least("holdMaxMs", lease.holdMs, "holdMs");
  least("coldMs", 10 * lease.grantMs + 1, "10 * grantMs + 1");
}

/**
 * Relations 4 and 5: a take-over fits into `answerMs`. Asked only where something is taken over:
 * a chassis without groups may beat as slowly as it likes.
 */
export function checkTakeOverTime(
  report: Report,
  timing: Timing,
  groups: readonly Pick<Group, "name" | "unfenced">[],
): void {
  const { lease } = timing;
  const rest = lease.fsyncMs + 4 * timing.netMs + lease.addrMs + timing.lateMs;
  const late = (sum: number, relation: string): void => {
    if (sum <= lease.answerMs) return;
    const right = `give at least ${sum}, or shorten these times`;
    const message = `${lease.answerMs} is less than ${relation} = ${sum}; ${right}`;
    report.add(["timing", "lease", "answerMs"], message);
  };
  const tail = "fsyncMs + 4 * netMs + addrMs + lateMs";
  if (groups.length > 0) {
    late(timing.silentMs + lease.fenceMs + rest, `silentMs + fenceMs + ${tail}`);
  }
  const unfenced = groups.find((group) => group.unfenced === "after-lease");
  if (unfenced !== undefined) {
    late(lease.grantMs + rest, `grantMs + ${tail} (group ${unfenced.name} is unfenced)`);
  }
}

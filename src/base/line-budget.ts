// How many log lines a second a source that anybody can provoke may write. Counters stay whole; the
// log says how many lines it left out, so that a flood neither fills a disk nor hides other events.

import { addUs, type MonoUs } from "./units.ts";

/** The lines left in one second; changed by `takeLine` only. */
export type LineBudget = {
  readonly perSecond: number;
  secondUs: MonoUs;
  left: number;
  /** Lines left out in the second that began at `secondUs`. */
  suppressed: number;
};

/** A budget that is full at `now`. */
export function lineBudget(perSecond: number, now: MonoUs): LineBudget {
  return { perSecond, secondUs: now, left: perSecond, suppressed: 0 };
}

/**
 * Asks for one line. `suppressed` is above 0 once after a second in which lines were left out: then
 * say so first.
 */
export function takeLine(
  budget: LineBudget,
  now: MonoUs,
): { readonly allowed: boolean; readonly suppressed: number } {
  let suppressed = 0;
  if (now >= addUs(budget.secondUs, 1_000_000)) {
    ({ suppressed } = budget);
    budget.secondUs = now;
    budget.left = budget.perSecond;
    budget.suppressed = 0;
  }
  const allowed = budget.left > 0;
  if (allowed) budget.left--;
  else budget.suppressed++;
  return { allowed, suppressed };
}

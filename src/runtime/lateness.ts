// How late the event loop is. A timer at absolute times asks to be woken every `periodUs`; what
// it is late by is what everybody on the loop was late by. setTimeout may fire up to 0.5 ms early,
// which counts as on time.

import type { MonoUs } from "../base/index.ts";

/** Lateness over the last second and since the start. */
export type Lateness = {
  nextUs: number;
  /** Worst of the running second and when that second began. */
  worstUs: number;
  secondUs: number;
  /** Worst of the last full second. */
  lastSecondUs: number;
  /** Worst since the start. */
  maxUs: number;
};

/** Between two looks: a fifth of a busy board's wake-ups if it were 50 ms. NETRACK, which decides,
 * measures its own lateness at every beat. */
export const latenessPeriodUs = 250_000;

/** A meter whose first look is one period after `now`. */
export function createLateness(now: MonoUs): Lateness {
  return {
    nextUs: now + latenessPeriodUs,
    worstUs: 0,
    secondUs: now,
    lastSecondUs: 0,
    maxUs: 0,
  };
}

/** Notes that the timer fired at `now`; returns how long to wait for the next look, µs. */
export function noteWakeup(state: Lateness, now: MonoUs): number {
  const lateUs = Math.max(0, now - state.nextUs);
  state.worstUs = Math.max(state.worstUs, lateUs);
  state.maxUs = Math.max(state.maxUs, lateUs);
  if (now - state.secondUs >= 1_000_000) {
    state.lastSecondUs = state.worstUs;
    state.worstUs = 0;
    state.secondUs = now;
  }
  // A loop that stood still for many periods starts afresh: old looks are not made up for.
  state.nextUs = Math.max(state.nextUs + latenessPeriodUs, now + latenessPeriodUs / 2);
  return state.nextUs - now;
}

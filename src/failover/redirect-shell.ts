// REDIRECT on a board: facts in when something changed, once a turn of the loop however much changed;
// effects out. Every board runs it on the same facts and carries out what concerns itself.

import type { MonoUs, SlotId } from "../base/index.ts";
import {
  createRedirect,
  placementsOf,
  type Placement,
  type RedirectConfig,
  type RedirectEffect,
  type RedirectEvent,
  type RedirectFacts,
  step,
} from "../redirect/index.ts";

/** What it needs. */
export type RedirectOptions = {
  readonly config: RedirectConfig;
  readonly nowUs: () => MonoUs;
  readonly facts: () => RedirectFacts;
  readonly onEffect: (effect: Exclude<RedirectEffect, { type: "set-timer" }>) => void;
  /** After every step: placements may have changed. */
  readonly onPlaced: () => void;
};

/** REDIRECT at work. */
export type RedirectShell = {
  /** Something it decides by changed. */
  readonly look: () => void;
  readonly move: (group: string, to: SlotId | undefined) => void;
  readonly placements: () => readonly Placement[];
  readonly close: () => void;
};

/** Starts without facts; `look` gives it some. */
export function startRedirect(options: RedirectOptions): RedirectShell {
  const state = createRedirect(options.config);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  let isClosed = false;
  const take = (event: RedirectEvent): void => {
    if (isClosed) return;
    for (const effect of step(state, event, options.nowUs())) {
      if (effect.type === "set-timer") setTimer(effect.atUs);
      else options.onEffect(effect);
    }
    options.onPlaced();
  };
  const setTimer = (atUs: number): void => {
    clearTimeout(timer);
    const waitMs = Math.min(timerMsMax, Math.max(1, (atUs - options.nowUs()) / 1000));
    timer = setTimeout(() => {
      if (options.nowUs() < atUs) setTimer(atUs);
      else take({ type: "timer" });
    }, waitMs);
  };
  return {
    look() {
      if (isDue) return;
      isDue = true;
      setImmediate(() => {
        isDue = false;
        take({ type: "facts", facts: options.facts() });
      });
    },
    move: (group, to) => take({ type: "move", group, to }),
    placements: () => placementsOf(state),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

/** setTimeout takes 2^31 ms at most; a longer wait is set again. */
const timerMsMax = 86_400_000;

// The timeline of this board: every step of its own is placed at once and told to all other boards,
// twice, because a packet may be lost; what others tell is placed by its age. A board that comes back
// is told the newest steps, so that `why` answers everywhere.

import type { MonoUs, SlotId } from "../base/index.ts";
import { addStep, hearSteps, type OwnStep, packetsOf } from "../history/index.ts";
import { channels, stepsAgainMs, stepsForNewcomer, stepWayErrorUs } from "./limits.ts";
import { broadcast } from "./report.ts";
import type { State } from "./state.ts";

/** Adds a step; `atUs` if it happened before now. */
export function note(state: State, step: OwnStep): void {
  const { options, timeline, untold } = state;
  if (timeline === undefined || state.isClosed) return;
  const added = addStep(timeline, step, options.nowUs());
  const { group, epoch, about, text } = step;
  options.log.info("failover-step", { step: step.step, group, epoch, slot: about, text });
  untold.push(added);
  if (untold.length > 1) return;
  setImmediate(() => {
    const steps = untold.splice(0);
    tellAll(state, steps);
    setTimeout(() => tellAll(state, steps), stepsAgainMs).unref();
  });
}

function tellAll(state: State, steps: readonly (typeof state.untold)[number][]): void {
  if (state.isClosed) return;
  for (const bytes of packetsOf(steps, state.options.nowUs())) {
    broadcast(state, channels.history, bytes);
  }
}

/** Steps of another board. */
export function hearHistory(state: State, bytes: Uint8Array, receivedUs: MonoUs): void {
  const { timeline } = state;
  if (timeline === undefined) return;
  hearSteps(timeline, bytes, { receivedUs, errorUs: stepWayErrorUs });
}

/** The newest steps for a board that came (back). */
export function tellNewcomer(state: State, slot: SlotId): void {
  const steps = state.timeline?.steps.slice(-stepsForNewcomer) ?? [];
  for (const bytes of packetsOf(steps, state.options.nowUs())) {
    state.link?.send(slot, channels.history, bytes);
  }
}

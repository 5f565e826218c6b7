// What the leases order on this board, and their notes as steps of the timeline.

import type { MonoUs } from "../base/index.ts";
import type { StepName } from "../history/index.ts";
import type { HolderChange, LeaseNote } from "../lease/index.ts";
import { look } from "./look.ts";
import type { State } from "./state.ts";
import { note } from "./story.ts";

/** A tenure begins or ends here. */
export function onHolder(state: State, change: HolderChange): void {
  const { tenures } = state;
  if (change.active) {
    const text = "everything acknowledged is here";
    const { group, epoch } = change;
    note(state, { step: "state-complete", group, epoch, text });
  }
  tenures?.onHolder(change);
  look(state);
}

/** Until when this board may act for a group: the gate's deadline, told after every event. */
export function onEntitled(state: State, group: string, untilUs: MonoUs): void {
  state.tenures?.onEntitled(group, untilUs);
  const is = untilUs > state.options.nowUs();
  if (is === state.entitled.has(group)) return;
  if (is) state.entitled.add(group);
  else state.entitled.delete(group);
  look(state);
}

/** Names of the timeline for what the leases note; the others are in the log alone. */
const stepOf: Partial<Record<LeaseNote["event"], StepName>> = {
  "lease-asked": "asked",
  "lease-fence-ordered": "fence-ordered",
  "lease-promised": "promised",
  "lease-refused": "refused",
  "lease-committed": "recorded",
  "lease-released": "released",
  "lease-lost": "lost",
};

/** The same note is taken once in this time, us. */
const sameNoteUs = 1_000_000;

/** A step of the protocol: into the log and the timeline. */
export function onLeaseNote(
  state: State,
  noted: LeaseNote & { readonly group: string; readonly atUs: MonoUs },
): void {
  const { options, notes } = state;
  const { event, group, epoch, slot, why, atUs } = noted;
  // A candidate asks every 20 ms: the same answer again and again is one step.
  const key = `${group} ${event} ${slot}`;
  const words = `${epoch} ${why}`;
  const last = notes.get(key);
  if (last?.words === words && atUs - last.atUs < sameNoteUs) return;
  notes.set(key, { words, atUs });
  options.log.module("lease").info(event, { group, epoch, slot, why });
  const step = stepOf[event];
  if (step !== undefined) note(state, { step, about: slot, group, epoch, text: why, atUs });
  look(state);
}

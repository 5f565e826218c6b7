// A voter without memory (B1): it promises, grants and stands for nothing until all others have told
// what they remember. If nobody remembers anything the chassis is new: every life that could have
// acted is over, and what those lives were promised was promised to them (B2).

import { addUs, type SlotId } from "../../base/index.ts";
import { compareRecords } from "./record.ts";
import { type Blank, type Durable, note, type Run, send } from "./state.ts";
import type { LeaseMessage } from "./types.ts";
import { persist } from "./voter.ts";

/** Asks those that have not answered yet, again and again. */
export function askStates(run: Run, blank: Blank): void {
  const { state, now } = run;
  if (blank.askAgainUs > now) return;
  blank.askAgainUs = addUs(now, state.config.timing.askAgainUs);
  for (const to of state.config.voters) {
    if (to !== state.config.self) send(run, to, { type: "state-question" });
  }
}

/**
 * Tells what this voter remembers. Who began a new chassis and has promised nothing yet has nothing
 * to tell either: if it said otherwise, the others would wait for each other for ever.
 */
export function answerState(run: Run, to: SlotId): void {
  const { state } = run;
  const peer = state.peers[to];
  if (peer?.incarnation === undefined) return;
  send(run, to, {
    type: "state",
    to: peer.incarnation,
    isBlank: state.blank !== undefined || isNothing(state),
    promised: state.promised,
    record: state.flushed.record,
    asked: state.asked,
  });
}

/** A memory that says no more than none. */
export function isNothing({ promised, record }: Durable): boolean {
  return promised === 0 && record.epoch === 0;
}

/** Another voter's memory; with the last one this voter counts again. */
export function hearState(
  run: Run,
  from: SlotId,
  answer: Extract<LeaseMessage, { type: "state" }>,
): void {
  const { state } = run;
  const { blank, config } = state;
  if (blank === undefined || answer.to !== state.incarnation) return;
  if (!config.voters.includes(from)) return;
  const { isBlank, promised, record, asked } = answer;
  blank.states[from] = { isBlank, promised, record, asked };
  const others = config.voters.filter((slot) => slot !== config.self);
  const known = others.flatMap((slot) => blank.states[slot] ?? []);
  if (known.length < others.length) return;
  const isNew = known.every((memory) => memory.isBlank && memory.record.epoch === 0);
  if (!isNew && known.some((memory) => memory.isBlank)) return; // it may remember more than it says
  remember(run, blank, isNew ? "a new chassis: begins" : "remembers again, votes");
}

/** Votes from now on, with everything the others told it; nothing is lost that anybody remembers. */
export function remember(run: Run, { states }: Blank, why: string): void {
  const { state, now } = run;
  for (const memory of Object.values(states)) {
    state.promised = Math.max(state.promised, memory.promised, memory.asked);
    if (compareRecords(memory.record, state.record) > 0) state.record = memory.record;
  }
  state.blank = undefined;
  state.grantUntilUs = addUs(now, state.config.timing.grantUs); // S3
  note(run, "lease-waits", { why });
  persist(run);
}

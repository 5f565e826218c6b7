// A chassis that is new (rule B1): all disks are empty, boards find that out one after the other.

import { expect, test } from "bun:test";
import { defined, monoUs, parseIncarnation, type SlotId, slotId } from "../base/index.ts";
import { createLease, type LeaseState, stepLease } from "./index.ts";
import { testTimes } from "./testing.ts";

const slots = [0, 1, 2].map(slotId);

function life(slot: number): ReturnType<typeof defined<LeaseState["incarnation"]>> {
  const parsed = parseIncarnation(`${slot + 1}`.padStart(16, "0"));
  return defined(parsed.ok ? parsed.value : undefined, "an incarnation");
}

function blankBoard(self: SlotId): LeaseState {
  const config = {
    group: "files",
    self,
    holders: [slotId(1), slotId(2)],
    voters: slots,
    unfenced: "never",
    timing: testTimes,
  } as const;
  return createLease(config, { incarnation: life(self), disk: "blank" }, monoUs(1_000_000));
}

/** `asker` asks both others, who answer; everybody knows everybody's life. */
function askAll(boards: ReadonlyMap<SlotId, LeaseState>, asker: SlotId): void {
  for (const slot of slots) {
    if (slot === asker) continue;
    const other = defined(boards.get(slot), "a board");
    const question = { type: "state-question" } as const;
    const from = { from: asker, incarnation: life(asker) };
    const now = monoUs(1_000_000);
    const effects = stepLease(other, { type: "message", ...from, message: question }, now);
    for (const effect of effects) {
      if (effect.type !== "send" || effect.message.type !== "state") continue;
      const own = defined(boards.get(asker), "the asker");
      const back = { from: slot, incarnation: life(slot), message: effect.message };
      stepLease(own, { type: "message", ...back }, now);
    }
  }
}

test("who finds out first that the chassis is new does not keep the others waiting", () => {
  const boards = new Map(slots.map((slot) => [slot, blankBoard(slot)]));
  for (const slot of [2, 0, 1].map(slotId)) askAll(boards, slot);
  expect([...boards.values()].map(({ blank }) => blank)).toEqual([undefined, undefined, undefined]);
});

test("who lost its disk waits for another who lost its own, if anybody remembers a record", () => {
  const boards = new Map(slots.map((slot) => [slot, blankBoard(slot)]));
  const keeper = defined(boards.get(slotId(2)), "a board");
  keeper.blank = undefined;
  keeper.promised = 2;
  keeper.flushed = { promised: 2, record: { ...keeper.record, epoch: 2 } };
  askAll(boards, slotId(0));
  const waiting = defined(boards.get(slotId(0)), "a board");
  expect(waiting.blank).toBeDefined();
  // O4: an operator lets it vote; what it was told it does not forget.
  stepLease(waiting, { type: "admit" }, monoUs(1_000_000));
  expect(waiting).toMatchObject({ blank: undefined, promised: 2, record: { epoch: 2 } });
});

// The slots room on the simulated CCN, by the contract of src/slots/shell.ts and sampler.ts: the
// product's fence core over simulated wires. Readings and orders take time and are stamped on the
// CCN's clock; proofs and lines that go bad are handed to the leases.

import {
  addUs,
  type Incarnation,
  monoUs,
  msToUs,
  nextBelow,
  type SlotId,
} from "../../../src/base/index.ts";
import { ownerOf } from "../../../src/lease/index.ts";
import { step } from "../../../src/slots/core.ts";
import { slotsState, slotTiming } from "../../../src/slots/core/state.ts";
import type { SlotEffect, SlotEvent } from "../../../src/slots/core/types.ts";
import type { LineOrder, SlotLines } from "../../../src/slots/index.ts";
import { orderDeadlineMs, readDeadlineMs, sampleEveryMs } from "../../../src/slots/limits.ts";
import { newTimer, setTimer } from "../process.ts";
import { schedule } from "../timeline.ts";
import { fold, type Life, say, Violation, type World } from "../world.ts";
import { applyPower, boardIn, clockUs, failoverOf, trueUs, whenRunning } from "./board.ts";
import { give, hearEvidence } from "./leases.ts";
import type { Board, SlotsPart } from "./types.ts";

/** Our time of holding boards at most, µs: 30 s of the product would only make runs longer. */
export const holdUsMax = 3_000_000;
/** One reading or order takes up to this, µs; within T_RST several fit. */
const driverUs = 1_200;
/** Between a change of the hardware and its edge, µs. */
const edgeUs = 60;

/** Takes charge of all slots but the CCN's own; touches no line (F7). */
export function startFence(world: World, life: Life): void {
  const { part } = life;
  if (part === undefined) return;
  const slots = world.chassis.boards.map(({ slot }) => slot).filter((slot) => slot !== 0);
  const timing = { ...slotTiming(world.chassis.timing), holdUsMax };
  const state = slotsState(slots, timing, clockUs(part.board, world.timeline.nowUs));
  const wishes: SlotsPart["wishes"] = new Map();
  part.slots = {
    state,
    timer: newTimer(life, () => tell(world, life, { type: "timer" })),
    readAll: newTimer(life, () => readAll(world, life)),
    wishes,
    told: new Map(),
  };
  for (const slot of slots) {
    wishes.set(slot, { timer: newTimer(life, () => readOne(world, life, slot)), atUs: undefined });
  }
  tell(world, life, { type: "start" });
  readAll(world, life);
}

/** The lease core of the CCN wants a life to be over. */
export function orderFence(
  world: World,
  life: Life,
  group: string,
  fence: {
    readonly slot: SlotId;
    readonly incarnation: Incarnation;
    readonly epoch: number;
    readonly evidence: string | undefined;
  },
): void {
  const config = life.part?.states.get(group)?.config;
  const by = config === undefined ? undefined : ownerOf(config, fence.epoch);
  if (by === undefined) return;
  const { slot, incarnation, epoch, evidence } = fence;
  failoverOf(world).fences++;
  tell(world, life, { type: "fence", order: { slot, incarnation, group, epoch, by, evidence } });
}

/** A beat of that slot was accepted just now. */
export function heardByFence(
  world: World,
  life: Life,
  slot: SlotId,
  incarnation: Incarnation,
): void {
  const { part } = life;
  if (part?.slots === undefined) return;
  const sentUs = clockUs(part.board, world.timeline.nowUs);
  tell(world, life, { type: "beat", slot, incarnation, sentUs });
}

/** A holder claims to act: its record is committed, boards held for it may boot. */
export function tellCommitted(world: World, life: Life, group: string, epoch: number): void {
  const slots = life.part?.slots;
  if (slots === undefined || (slots.told.get(group) ?? 0) >= epoch) return;
  slots.told.set(group, epoch);
  tell(world, life, { type: "committed", group, epoch });
}

/** An operator switches a slot on (F8: who was kept off does not come back by itself). */
export function switchOn(world: World, life: Life, slot: SlotId): void {
  whenRunning(world, life, () => {
    const order = { id: ++failoverOf(world).nextMessage, slot, action: "on", by: "sim" } as const;
    tell(world, life, { type: "operator", order });
  });
}

function tell(world: World, life: Life, event: SlotEvent): void {
  const { part } = life;
  if (part?.slots === undefined || life.isEnded) return;
  let effects: readonly SlotEffect[];
  try {
    effects = step(part.slots.state, event, clockUs(part.board, world.timeline.nowUs));
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const where = `slots of the CCN, ${event.type}: ${words}`;
    throw new Violation("cores never throw", world.timeline.nowUs, where);
  }
  if (event.type !== "beat") world.steps++;
  fold(world, 4_000_000 + effects.length);
  for (const effect of effects) carryOut(world, life, part.slots, effect);
}

function carryOut(world: World, life: Life, slots: SlotsPart, effect: SlotEffect): void {
  switch (effect.type) {
    case "assert-reset":
    case "release-reset":
    case "power-off":
    case "power-on":
      return order(world, life, effect.slot, effect.type);
    case "sample-soon":
      return wish(world, life, effect.slot, effect.atUs);
    case "proof": {
      const { slot, incarnation, strength, rule } = effect.proof;
      say(world, `slots: slot ${slot} is off, ${strength} by ${rule}`);
      const proof = { kind: "off", slot, incarnation, strong: strength === "strong" } as const;
      // The leases hear of it in a turn of their own, as by a promise that is kept.
      schedule(world.timeline, world.timeline.nowUs + 1, () =>
        whenRunning(world, life, () => {
          for (const group of life.part?.states.keys() ?? []) {
            give(world, life, group, { type: "proof", proof });
          }
        }),
      );
      return;
    }
    case "refused": {
      const { slot, group, epoch } = effect.order;
      return say(world, `slots: no fence of slot ${slot} for ${group} ${epoch}: ${effect.reason}`);
    }
    case "line-changed": {
      const { slot, line, good } = effect.change;
      say(world, `slots: ${line} of slot ${slot} is ${good ? "good" : "bad"}`);
      if (!good) hearEvidence(world, life, slot, `its line ${line} went bad`);
      return;
    }
    case "alarm":
      return say(world, `slots: alarm ${effect.raised ? "" : "over "}${effect.alarm}`);
    case "set-timer": {
      const { board } = life.part ?? {};
      if (board === undefined) return;
      const at = effect.atUs === undefined ? undefined : trueUs(board, effect.atUs);
      return setTimer(world, life, slots.timer, at);
    }
    case "operator-answered":
    case "log":
      return;
    default:
      return effect satisfies never;
  }
}

/** Reads one slot at that moment of the CCN's clock, or earlier if that was wished before. */
function wish(world: World, life: Life, slot: SlotId, atUs: number): void {
  const { part } = life;
  const known = part?.slots?.wishes.get(slot);
  if (part === undefined || known === undefined) return;
  if (known.atUs !== undefined && known.atUs <= atUs) return;
  known.atUs = atUs;
  setTimer(world, life, known.timer, trueUs(part.board, atUs));
}

function readOne(world: World, life: Life, slot: SlotId): void {
  const known = life.part?.slots?.wishes.get(slot);
  if (known === undefined) return;
  known.atUs = undefined;
  call(world, life, slot, undefined);
}

function readAll(world: World, life: Life): void {
  const slots = life.part?.slots;
  if (slots === undefined) return;
  for (const slot of slots.wishes.keys()) call(world, life, slot, undefined);
  setTimer(world, life, slots.readAll, world.timeline.nowUs + msToUs(sampleEveryMs));
}

function order(world: World, life: Life, slot: SlotId, what: LineOrder): void {
  call(world, life, slot, what);
}

/** One call of the driver: an order or only a reading; its answer is what the lines show then. */
function call(world: World, life: Life, slot: SlotId, what: LineOrder | undefined): void {
  const { part } = life;
  if (part === undefined) return;
  const { timeline, rng } = world;
  const target = boardIn(world, slot);
  const askedUs = clockUs(part.board, timeline.nowUs);
  if (target.wires.isDriverDead) {
    const deadlineMs = what === undefined ? readDeadlineMs : orderDeadlineMs;
    const text = "the simulated driver is dead";
    const event: SlotEvent =
      what === undefined
        ? { type: "sample-failed", slot, text }
        : { type: "order-failed", slot, order: what, text };
    schedule(timeline, timeline.nowUs + msToUs(deadlineMs), () =>
      whenRunning(world, life, () => tell(world, life, event)),
    );
    return;
  }
  // Calls for one slot are carried out in their order.
  const doneUs = Math.max(target.wires.busyUs, timeline.nowUs + 50 + nextBelow(rng, driverUs));
  target.wires.busyUs = doneUs;
  schedule(timeline, doneUs, () => {
    if (what !== undefined) setWire(world, target, what);
    const lines = linesOf(world, slot);
    schedule(timeline, timeline.nowUs + 10 + nextBelow(rng, driverUs / 4), () =>
      whenRunning(world, life, () => {
        const atUs = clockUs(part.board, timeline.nowUs);
        const reading = { ...lines, askedUs: monoUs(askedUs), atUs, edgeUs: undefined };
        tell(world, life, { type: "sample", slot, reading });
      }),
    );
  });
}

function setWire(world: World, board: Board, what: LineOrder): void {
  const { wires } = board;
  say(world, `wires: ${what} of slot ${board.host.slot}`);
  if (what === "assert-reset" && !wires.stuckReset) wires.reset = true;
  if (what === "release-reset") wires.reset = false;
  if (what === "power-off" && !wires.stuckPower) wires.power = false;
  if (what === "power-on") wires.power = true;
  applyPower(world, board);
  edge(world, board);
}

/** The lines as the CCN's end reads them. */
function linesOf(world: World, slot: SlotId): SlotLines {
  const { wires, isUp } = boardIn(world, slot);
  const { power, reset, isWell, lies } = wires;
  return {
    present: true,
    powerGood: lies.get("powerGood") ?? power,
    healthy: lies.get("healthy") ?? (power && !reset && isUp && isWell),
    resetAsserted: reset,
  };
}

/** A line of that board may have changed: drivers that tell edges tell it. */
export function edge(world: World, board: Board): void {
  const { slot } = board.host;
  const life = world.bySlot[0];
  if (!failoverOf(world).hasEdges || slot === undefined || life === undefined) return;
  schedule(world.timeline, world.timeline.nowUs + edgeUs, () =>
    whenRunning(world, life, () => {
      const { part } = life;
      if (part === undefined) return;
      wish(world, life, slot, addUs(clockUs(part.board, world.timeline.nowUs), 0));
    }),
  );
}

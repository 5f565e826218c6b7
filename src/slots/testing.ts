// Fixtures of this room's tests: a fence core with a clock, and readings that differ from a healthy
// board's in what matters.

import { addUs, type Incarnation, monoUs, type MonoUs, slotId } from "../base/index.ts";
import { incarnationFromBytes } from "../base/index.ts";
import { step } from "./core.ts";
import { slotsState, slotTiming } from "./core/state.ts";
import type {
  FenceOrder,
  FenceProof,
  Slot,
  SlotEffect,
  SlotEvent,
  SlotsState,
} from "./core/types.ts";
import type { SlotLines } from "./driver.ts";

/** A core, its time, and everything it ordered so far. */
export type SlotWorld = { readonly state: SlotsState; now: MonoUs; readonly effects: SlotEffect[] };

/** A healthy board's lines. */
export const good: SlotLines = {
  present: true,
  powerGood: true,
  healthy: true,
  resetAsserted: false,
};
/** Lines of a board in reset. */
export const inReset: SlotLines = { ...good, healthy: false, resetAsserted: true };
/** Lines of a board without power. */
export const unpowered: SlotLines = { ...good, healthy: false, powerGood: false };
/** Lines of an empty slot. */
export const empty: SlotLines = { ...unpowered, present: false };

/** The slot of most tests. */
export const slot1 = slotId(1);

/** The incarnation number `n`. */
export function life(n: number): Incarnation {
  return incarnationFromBytes(new Uint8Array([1, 2, 3, 4, 5, 6, 7, n]));
}

/** A started core for slots 1 and 2, at 100 s. */
export function slotWorld(): SlotWorld {
  const now = monoUs(100_000_000);
  const state = slotsState([slotId(0), slot1, slotId(2)], slotTiming(), now);
  const world: SlotWorld = { state, now, effects: [] };
  tell(world, { type: "start" });
  return world;
}

/** Gives an event; the effects that follow. */
export function tell(world: SlotWorld, event: SlotEvent): readonly SlotEffect[] {
  const effects = step(world.state, event, world.now);
  world.effects.push(...effects);
  return effects;
}

/** Time passes. */
export function pass(world: SlotWorld, ms: number): void {
  world.now = addUs(world.now, ms * 1000);
}

/** Lines are read now; the driver takes 0.2 ms. */
export function read(world: SlotWorld, lines: SlotLines): readonly SlotEffect[] {
  const askedUs = world.now;
  pass(world, 0.2);
  const reading = { ...lines, askedUs, atUs: world.now, edgeUs: undefined };
  return tell(world, { type: "sample", slot: slot1, reading });
}

/** A heartbeat of slot 1 arrives now. */
export function beat(world: SlotWorld, n = 1): readonly SlotEffect[] {
  return tell(world, { type: "beat", slot: slot1, incarnation: life(n), sentUs: world.now });
}

/** The time of the timer that is set comes. */
export function fire(world: SlotWorld): readonly SlotEffect[] {
  const { timerUs } = world.state;
  if (timerUs !== undefined && timerUs > world.now) world.now = timerUs;
  return tell(world, { type: "timer" });
}

/** A board that beat while its lines were good, and has been silent for 40 ms. */
export function silentBoard(): SlotWorld {
  const world = slotWorld();
  beatAndRead(world, good);
  pass(world, 40);
  return world;
}

/** Heartbeats around a reading of these lines. */
export function beatAndRead(world: SlotWorld, lines: SlotLines, n = 1): void {
  beat(world, n);
  pass(world, 1);
  read(world, lines);
  pass(world, 9);
  beat(world, n);
  pass(world, 1);
}

/** An order to fence slot 1. */
export function order(given: Partial<FenceOrder> = {}): FenceOrder {
  return { slot: slot1, incarnation: life(1), group: "files", epoch: 2, by: slotId(2), ...given };
}

/** Orders a fence. */
export function fence(world: SlotWorld, given: Partial<FenceOrder> = {}): readonly SlotEffect[] {
  return tell(world, { type: "fence", order: order(given) });
}

/** The effects' types without logs, samples and timers. */
export function acts(effects: readonly SlotEffect[]): string[] {
  const quiet = ["log", "sample-soon", "set-timer"];
  return effects.filter(({ type }) => !quiet.includes(type)).map(actText);
}

function actText(effect: SlotEffect): string {
  if (effect.type === "proof") return `proof ${effect.proof.strength} ${effect.proof.rule}`;
  if (effect.type === "refused") return `refused ${effect.reason}`;
  if (effect.type === "alarm") return `${effect.raised ? "alarm" : "over"} ${effect.alarm}`;
  if (effect.type === "line-changed") {
    return `${effect.change.line} ${effect.change.good ? "good" : "bad"}`;
  }
  if (effect.type === "operator-answered") return effect.done ? "done" : `not done: ${effect.text}`;
  return effect.type;
}

/** Slot 1's state. */
export function theSlot(world: SlotWorld): Slot {
  const slot = world.state.slots.get(slot1);
  if (slot === undefined) throw new Error("slot 1 is there");
  return slot;
}

/** The proof among what was ordered; a test that has none fails here. */
export function proofIn(effects: readonly SlotEffect[]): FenceProof {
  const found = effects.find((effect) => effect.type === "proof");
  if (found?.type !== "proof") throw new Error(`no proof in ${acts(effects).join(", ")}`);
  return found.proof;
}

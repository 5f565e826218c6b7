// The slots of the lab as hardware: an order on a line stops its board at once or lets it boot.
// A board in reset is dark first and dead then: its links go down before its programs are killed,
// so that no last FIN leaves it, as none leaves a real one. When it boots, its kernel remembers
// nothing: addresses and the links it made are gone, its disk (state directory) and MACs are not.

import type { SlotId } from "../base/index.ts";
import { monoNowUs, sysErrorText } from "../kernel/index.ts";
import type { LineEdge, LineOrder, SlotLines } from "../slots/index.ts";
import { killBoardProcess } from "./board-process.ts";
import {
  type BoardTruth,
  breakLine,
  giveOrder,
  isHeldOff,
  type LabLine,
  type LabSlotLines,
  type LineFault,
  newSlotLines,
  readLines,
} from "./slot-lines.ts";
import { darkenBoard } from "./wiring.ts";
import type { BoardUnit, LabWorld } from "./world.ts";

/** The lines of all slots. */
export type SlotBank = {
  readonly lines: ReadonlyMap<SlotId, LabSlotLines>;
  /** Hear of lines that may have changed. */
  readonly watchers: Set<(edge: LineEdge) => void>;
  /** Boots the board of a slot; set by the lab, which does it in its turn. */
  boot: (slot: SlotId) => void;
  /** Hears what went wrong. */
  onTrouble: (text: string) => void;
};

/** Lines for these slots, all well. */
export function createSlotBank(slots: readonly SlotId[]): SlotBank {
  return {
    lines: new Map(slots.map((slot) => [slot, newSlotLines()])),
    watchers: new Set(),
    boot: () => {},
    onTrouble: () => {},
  };
}

/** True while the slot keeps its board from running. */
export function isSlotHeldOff(world: LabWorld, slot: SlotId): boolean {
  const lines = world.slots.lines.get(slot);
  return lines !== undefined && isHeldOff(lines);
}

/** The slot's lines now; undefined if there is no such slot. */
export function readSlot(world: LabWorld, slot: SlotId): SlotLines | undefined {
  const lines = world.slots.lines.get(slot);
  return lines && readLines(lines, truthOf(world, slot));
}

/** An order of the CCN; what it reads back, or undefined if there is no such slot. */
export function orderSlot(world: LabWorld, slot: SlotId, order: LineOrder): SlotLines | undefined {
  const lines = world.slots.lines.get(slot);
  if (lines === undefined) return undefined;
  giveOrder(lines, order);
  settleSlot(world, slot);
  return readLines(lines, truthOf(world, slot));
}

/** Breaks or repairs a line; false if there is no such slot. */
export function breakSlotLine(
  world: LabWorld,
  slot: SlotId,
  fault: { readonly line: LabLine; readonly fault: LineFault },
): boolean {
  const lines = world.slots.lines.get(slot);
  if (lines === undefined) return false;
  breakLine(lines, fault, truthOf(world, slot));
  settleSlot(world, slot);
  return true;
}

/** Makes the board of a slot as its lines want it: stopped at once, or booted in turn. */
export function settleSlot(world: LabWorld, slot: SlotId): void {
  tellEdge(world, slot);
  const unit = world.boards.get(slot);
  if (unit === undefined) return;
  const isHeld = isSlotHeldOff(world, slot);
  if (isHeld && unit.death !== "power-loss") {
    if (unit.death !== undefined || !unit.isDark) stopNow(world, unit);
  }
  if (!isHeld && unit.isDark && unit.death === undefined) world.slots.boot(slot);
}

/** True while HEALTHY# says that a board runs which was killed so that it does not show. */
export function looksAlive({ death }: BoardUnit): boolean {
  return death === "crash" || death === "hang";
}

/** Tells who watches that a line of this slot may have changed just now. */
export function tellEdge(world: LabWorld, slot: SlotId): void {
  const edge = { slot, edgeUs: monoNowUs() };
  for (const watcher of world.slots.watchers) watcher(edge);
}

/** Dark and killed when this returns; gone a moment later, which is told as an edge. */
function stopNow(world: LabWorld, unit: BoardUnit): void {
  const looked = looksAlive(unit);
  unit.isDark = true;
  unit.death = undefined;
  const dark = darkenBoard(unit.netns);
  if (!dark.ok) world.slots.onTrouble(`board ${unit.hostName}: ${sysErrorText(dark.error)}`);
  if (looked) tellEdge(world, unit.place.slot);
  const { process: running } = unit;
  if (running === undefined) return;
  void killBoardProcess(running).then((killed) => {
    if (!killed.ok) world.slots.onTrouble(killed.error.text);
  });
}

function truthOf(world: LabWorld, slot: SlotId): BoardTruth {
  const unit = world.boards.get(slot);
  const hasSupply = unit?.death !== "power-loss";
  const runs = unit !== undefined && (unit.process?.isAlive() === true || looksAlive(unit));
  return { present: unit !== undefined, runs: runs && hasSupply, hasSupply };
}

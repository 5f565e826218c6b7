// The lines of one virtual slot: what was ordered, what reaches the board, what reads back, and how
// a broken line differs. Pure; slot-bank.ts does to the board what follows.
//
//            order                          read-back
// ok         reaches the board              the truth
// stuck      does nothing                   does not move any more
// lying      does nothing                   as ordered; HEALTHY#, which nobody orders: the opposite
// A board that still dies has power: power-good goes off with its last program, not with the order.

import type { LineOrder, SlotLines } from "../slots/index.ts";

/** Lines that can be broken. */
export type LabLine = "reset" | "power" | "health";
/** How. */
export type LineFault = "ok" | "stuck" | "lying";

/** A line with an order: what was asked for last and what the board has. */
export type OrderedLine = { ordered: boolean; actual: boolean; fault: LineFault };

/** The lines of one slot. */
export type LabSlotLines = {
  /** true = RST# asserted. */
  readonly reset: OrderedLine;
  /** true = power on. */
  readonly power: OrderedLine;
  /** HEALTHY#; `frozen` is what a stuck one says. */
  readonly health: { fault: LineFault; frozen: boolean };
};

/** What is true of the board itself. */
export type BoardTruth = {
  readonly present: boolean;
  /** Its program is alive, or its HEALTHY# still says so. */
  readonly runs: boolean;
  /** Its power comes in, whatever was ordered; undefined = it does. */
  readonly hasSupply?: boolean;
};

/** A slot as built: power on, RST# released, nothing broken. */
export function newSlotLines(): LabSlotLines {
  return {
    reset: { ordered: false, actual: false, fault: "ok" },
    power: { ordered: true, actual: true, fault: "ok" },
    health: { fault: "ok", frozen: false },
  };
}

/** True while the board cannot run: in reset or without power. */
export function isHeldOff(lines: LabSlotLines): boolean {
  return lines.reset.actual || !lines.power.actual;
}

/** Carries an order out as far as the line works. */
export function giveOrder(lines: LabSlotLines, order: LineOrder): void {
  const line = order === "assert-reset" || order === "release-reset" ? lines.reset : lines.power;
  line.ordered = order === "assert-reset" || order === "power-on";
  if (line.fault === "ok") line.actual = line.ordered;
}

/** Breaks or repairs a line; a repaired one does at once what was ordered last. */
export function breakLine(
  lines: LabSlotLines,
  { line, fault }: { readonly line: LabLine; readonly fault: LineFault },
  truth: BoardTruth,
): void {
  if (line === "health") {
    lines.health.frozen = readLines(lines, truth).healthy;
    lines.health.fault = fault;
    return;
  }
  lines[line].fault = fault;
  if (fault === "ok") lines[line].actual = lines[line].ordered;
}

/** What the CCN reads. */
export function readLines(
  lines: LabSlotLines,
  { present, runs, hasSupply = true }: BoardTruth,
): SlotLines {
  const { reset, power, health } = lines;
  const isHealthy = present && runs;
  const said = { ok: isHealthy, stuck: health.frozen, lying: !isHealthy };
  return {
    present,
    powerGood: present && hasSupply && (readBack(power) || (power.fault !== "lying" && runs)),
    healthy: said[health.fault],
    resetAsserted: readBack(reset),
  };
}

/** What is broken, in words: `reset stuck`. */
export function faultsOf(lines: LabSlotLines): string[] {
  return (["reset", "power", "health"] as const)
    .filter((line) => lines[line].fault !== "ok")
    .map((line) => `${line} ${lines[line].fault}`);
}

function readBack(line: OrderedLine): boolean {
  return line.fault === "lying" ? line.ordered : line.actual;
}

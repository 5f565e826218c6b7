// What people and programs are told of a slot.

import type { Incarnation, MonoUs, SlotId } from "../../base/index.ts";
import type { SlotLines } from "../driver.ts";
import type { FenceProof, Slot, SlotAlarmId } from "./types.ts";

/** A slot in a word. */
export type SlotWord =
  | "unknown"
  | "empty"
  | "in-service"
  | "unhealthy"
  | "in-reset"
  | "off"
  | "out"
  | "being-fenced"
  | "held"
  | "kept-off"
  | "coming-back"
  | "ordered";

/** A slot at one moment. */
export type SlotReport = {
  readonly slot: SlotId;
  readonly word: SlotWord;
  /** Since when the core does what it does with the slot. */
  readonly sinceUs: MonoUs;
  /** Undefined until they were read. */
  readonly lines: SlotLines | undefined;
  /** When the lines were read: whoever shows them shows their age. */
  readonly readUs: MonoUs | undefined;
  /** The life heard last. */
  readonly incarnation: Incarnation | undefined;
  readonly lastProof: FenceProof | undefined;
};

/** An alarm of a slot that stands. */
export type SlotAlarm = {
  readonly slot: SlotId;
  readonly id: SlotAlarmId;
  readonly sinceUs: MonoUs;
  readonly text: string;
};

/** The report of a slot. */
export function reportOf(slot: Slot): SlotReport {
  const { reading, incarnation, lastProof } = slot;
  const lines = reading && {
    present: reading.present,
    powerGood: reading.powerGood,
    healthy: reading.healthy,
    resetAsserted: reading.resetAsserted,
  };
  return {
    slot: slot.slot,
    word: wordOf(slot),
    sinceUs: slot.phaseUs,
    lines,
    readUs: reading?.atUs,
    incarnation,
    lastProof,
  };
}

function wordOf({ phase, reading, isOut }: Slot): SlotWord {
  switch (phase.kind) {
    case "fencing":
      return "being-fenced";
    case "held":
      return "held";
    case "kept-off":
      return "kept-off";
    case "releasing":
      return "coming-back";
    case "ordered":
      return "ordered";
    case "idle":
      if (reading === undefined) return "unknown";
      if (isOut) return "out";
      if (!reading.present) return "empty";
      if (reading.resetAsserted) return "in-reset";
      if (!reading.powerGood) return "off";
      return reading.healthy ? "in-service" : "unhealthy";
  }
}

// Faults in words, for people who must find the cable: which board, which way, which port, and
// what still works.

import type { NetworkId, SlotId } from "../../base/index.ts";
import type { Fault } from "../types.ts";

/** What a sentence needs to know besides the fault. */
export type FaultWords = {
  readonly self: SlotId;
  readonly switchName: Readonly<Record<NetworkId, string>>;
  /** What the board can do on a network: the words of `BoardStatus.network`. */
  readonly workOf: (slot: SlotId, network: NetworkId) => string;
};

/** `slot 7 deaf on B: cable or port sw-b/7 (hears A)`. One line, no time in it. */
export function faultText(fault: Fault, words: FaultWords): string {
  switch (fault.kind) {
    case "board":
      return `${slotText(fault.slot, words)} down: silent on A and B`;
    case "leaving":
      return `${slotText(fault.slot, words)} leaving: goes down in order`;
    case "cable": {
      const link = fault.carrier ? "" : "no carrier, ";
      const place = placeText(fault.port, fault.network, words);
      return `${slotText(fault.slot, words)} cut from ${fault.network}: ${link}${place}${restText(fault, words)}`;
    }
    case "one-way": {
      const place = placeText(fault.port, fault.network, words);
      return `${slotText(fault.slot, words)} ${fault.way} on ${fault.network}: ${place}${restText(fault, words)}`;
    }
    case "switch":
      return `switch ${fault.name} down: nobody hears anybody on ${fault.network}`;
    case "path": {
      const [from, to] = [slotText(fault.from, words), slotText(fault.to, words)];
      return `${to} does not hear ${from} on ${fault.network}: only this path, the rest works`;
    }
    default:
      return fault satisfies never;
  }
}

function slotText(slot: SlotId, words: FaultWords): string {
  const own = slot === words.self ? " (this board)" : "";
  return slot === 0 ? `the ccn${own}` : `slot ${slot}${own}`;
}

function placeText(port: string | undefined, network: NetworkId, words: FaultWords): string {
  const name = words.switchName[network];
  return port === undefined ? `cable or its port on ${name}` : `cable or port ${name}/${port}`;
}

function restText(fault: Extract<Fault, { kind: "cable" | "one-way" }>, words: FaultWords): string {
  const other: NetworkId = fault.network === "A" ? "B" : "A";
  const work = words.workOf(fault.slot, other);
  if (work === "unknown") return "";
  if (work !== "ok") return ` (${work} on ${other} too)`;
  if (fault.kind === "cable") return ` (works on ${other})`;
  return fault.way === "deaf" ? ` (hears ${other})` : ` (heard on ${other})`;
}

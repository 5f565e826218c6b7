// What the readings since a fence's order prove (F4, F5). Pure judgement; fence.ts acts on it.
//
// F4, strong: an order of ours is read back, and a line that was trusted (lines.ts) is read bad in
// two readings >= 1 ms apart, both asked for after the order, and no BEAT was sent after it.
//   RST# read back asserted, HEALTHY# bad       the usual way
//   RST# read back asserted, power-good off     a board that lost its power at the same time
//   power cut, power-good off, HEALTHY# bad     RST# is stuck; power-good is the cut's read-back
// Power-good decides only with another line at its side: RST# read back and no trusted HEALTHY# that
// says good, or a trusted HEALTHY# that says bad. So no two lines that lie can make it decide.
// F5: the slot was empty, or off for T_OFF, before the order: done at once; strong only if the line
// that says so was trusted. A new CCN has seen no line good, so its answer is weak.

import { addUs, assert, type MonoUs } from "../../base/index.ts";
import { sampleGapUs } from "../limits.ts";
import { isSilentSince } from "./state.ts";
import type {
  EvidenceItem,
  Fence,
  FenceProof,
  FenceRefusal,
  LineName,
  LineReading,
  ProofStrength,
  Slot,
  SlotsState,
} from "./types.ts";

/** What is proven, without the orders it answers. */
export type Verdict = Pick<FenceProof, "strength" | "rule" | "evidence">;

/** Judges the slot's newest reading; undefined if it proves nothing yet. */
export function judge(state: SlotsState, slot: Slot, fence: Fence): Verdict | undefined {
  const { reading } = slot;
  if (reading === undefined || reading.askedUs < fence.atUs) return undefined;
  if (reading.resetAsserted) fence.resetReadUs ??= reading.atUs;
  else fence.resetReadUs = undefined;
  return byOrder(slot, fence, reading) ?? asFound(state, slot, fence, reading);
}

function byOrder(slot: Slot, fence: Fence, reading: LineReading): Verdict | undefined {
  for (const line of ["healthy", "powerGood"] as const) {
    if (!confirms(fence, line, reading)) {
      fence.first.delete(line);
      continue;
    }
    const first = fence.first.get(line) ?? reading;
    fence.first.set(line, first);
    if (reading.askedUs < addUs(first.atUs, sampleGapUs)) continue;
    if (!isTrusted(slot, fence, line) || !isSilentSince(slot, orderUs(fence, line))) continue;
    if (line === "powerGood" && !mayDecide(slot, fence, reading)) continue;
    const evidence = evidenceOf(slot, fence, [
      { atUs: first.atUs, what: "line-bad", line },
      { atUs: reading.atUs, what: "line-still-bad", line },
    ]);
    return { strength: "strong", rule: "F4", evidence };
  }
  return undefined;
}

/** True if the other lines let power-good decide. */
function mayDecide(slot: Slot, fence: Fence, reading: LineReading): boolean {
  if (isTrusted(slot, fence, "healthy")) return !reading.healthy;
  // A board heard after RST# was asserted is not in reset, whatever is read back.
  return reading.resetAsserted && isSilentSince(slot, fence.atUs);
}

/** True if this reading shows an order read back and the line bad. */
function confirms(fence: Fence, line: "healthy" | "powerGood", reading: LineReading): boolean {
  if (reading[line]) return false;
  if (reading.resetAsserted) return true;
  const { powerUs } = fence;
  return line === "powerGood" && powerUs !== undefined && reading.askedUs >= powerUs;
}

/** The order after which the line must be bad and the board silent. */
function orderUs(fence: Fence, line: "healthy" | "powerGood"): MonoUs {
  return line === "powerGood" ? (fence.powerUs ?? fence.atUs) : fence.atUs;
}

function isTrusted(slot: Slot, fence: Fence, line: LineName): boolean {
  return slot.incarnation === fence.incarnation && slot.lines[line].trustedUs !== undefined;
}

/** F5: what was so before the order. */
function asFound(
  state: SlotsState,
  slot: Slot,
  fence: Fence,
  reading: LineReading,
): Verdict | undefined {
  const { lines, offFrom } = slot;
  const emptyFrom = lines.present.badFrom;
  const isBare = !reading.powerGood && !reading.healthy;
  if (emptyFrom !== undefined && isBare && emptyFrom.askedUs < fence.atUs) {
    if (reading.askedUs >= addUs(emptyFrom.atUs, sampleGapUs)) {
      const strength = isTrusted(slot, fence, "present") ? "strong" : "weak";
      return found(slot, fence, strength, {
        atUs: emptyFrom.atUs,
        what: "found-empty",
        line: "present",
      });
    }
  }
  if (offFrom === undefined || offFrom.askedUs >= fence.atUs) return undefined;
  if (reading.askedUs < addUs(offFrom.atUs, state.timing.offUs)) return undefined;
  // HEALTHY# alone may follow the process while the kernel lives: what says "off" must not lie either.
  const isOff = reading.resetAsserted || isTrusted(slot, fence, "powerGood");
  const strength = isOff && isTrusted(slot, fence, "healthy") ? "strong" : "weak";
  return found(slot, fence, strength, {
    atUs: offFrom.atUs,
    what: "found-off",
    line: "healthy",
  });
}

function found(slot: Slot, fence: Fence, strength: ProofStrength, item: EvidenceItem): Verdict {
  // Whatever was heard since then was sent by a board that runs.
  const isStrong = strength === "strong" && isSilentSince(slot, item.atUs);
  const evidence = evidenceOf(slot, fence, [item]);
  return { strength: isStrong ? "strong" : "weak", rule: "F5", evidence };
}

/** T_FENCE is over and nothing is strong: what is there to say at least. */
export function judgeAtLast(state: SlotsState, slot: Slot, fence: Fence): Verdict | FenceRefusal {
  const { reading } = slot;
  if (reading === undefined || reading.askedUs < fence.atUs) return "driver-silent";
  const lastOrderUs = fence.powerUs ?? fence.atUs;
  if (!isSilentSince(slot, addUs(lastOrderUs, state.timing.inFlightUs))) return "still-beats";
  // HEALTHY# alone is no read-back: it may have been bad long before.
  if (!reading.resetAsserted && reading.powerGood) return "lines-stuck";
  const items: EvidenceItem[] = [];
  for (const line of ["powerGood", "healthy"] as const) {
    const what = reading[line] ? "line-still-good" : "line-bad";
    items.push({ atUs: reading.atUs, what, line });
  }
  return { strength: "weak", rule: "F4", evidence: evidenceOf(slot, fence, items) };
}

/** Everything known of the fence, with `items`, in the order of time. */
export function evidenceOf(
  slot: Slot,
  fence: Fence,
  items: readonly EvidenceItem[],
): readonly EvidenceItem[] {
  const all: EvidenceItem[] = [{ atUs: fence.atUs, what: "reset-ordered", line: undefined }];
  const add = (atUs: MonoUs | undefined, what: EvidenceItem["what"], line?: LineName): void => {
    if (atUs !== undefined) all.push({ atUs, what, line });
  };
  if (slot.incarnation === fence.incarnation) add(slot.lastBeatUs, "last-beat");
  for (const line of new Set(items.map((item) => item.line))) {
    if (line === undefined || !isTrusted(slot, fence, line)) continue;
    add(slot.lines[line].trustedUs, "seen-good", line);
  }
  add(fence.resetReadUs, "reset-read-back");
  add(fence.powerUs, "power-cut-ordered");
  all.push(...items);
  assert(all.length <= 10, "evidence is short");
  return all.toSorted((a, b) => a.atUs - b.atUs);
}

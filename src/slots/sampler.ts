// When lines are read: all slots every 100 ms in one call; one slot soon, when the core or an edge
// of the hardware wishes it. At most one reading of each kind is under way and one is planned, so a
// stuck driver costs nothing but its slots' age.

import { addUs, assert, type MonoUs, type SlotId } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import type { LineReading } from "./core/types.ts";
import { withDeadline } from "./deadline.ts";
import type { SlotDriver } from "./driver.ts";
import { edgeGapUs, fenceReadDeadlineMs, readDeadlineMs, sampleEveryMs } from "./limits.ts";

/** Reads lines. */
export type Sampler = {
  /** Reads this slot at `atUs`, or earlier if that was wished before. */
  readonly soon: (slot: SlotId, atUs: MonoUs) => void;
  /** Readings that took longer than their deadline. */
  readonly late: () => number;
  readonly close: () => void;
};

type Wish = {
  readonly slot: SlotId;
  atUs: MonoUs | undefined;
  /** When it was read last by wish. */
  askedUs: MonoUs | undefined;
  edgeUs: MonoUs | undefined;
  isReading: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
};

type SamplerParts = {
  readonly driver: SlotDriver;
  readonly slots: readonly SlotId[];
  readonly onReading: (slot: SlotId, reading: LineReading) => void;
  readonly onFailed: (slot: SlotId, text: string) => void;
};

type Sampling = SamplerParts & {
  readonly wishes: ReadonlyMap<SlotId, Wish>;
  late: number;
  isReadingAll: boolean;
  isClosed: boolean;
};

/** Begins to read. */
export function createSampler(parts: SamplerParts): Sampler {
  const sampling: Sampling = {
    ...parts,
    wishes: new Map(parts.slots.map((slot) => [slot, newWish(slot)])),
    late: 0,
    isReadingAll: false,
    isClosed: false,
  };
  const { wishes } = sampling;
  parts.driver.watch?.(({ slot, edgeUs }) => {
    const wish = wishes.get(slot);
    if (wish === undefined) return;
    wish.edgeUs ??= edgeUs;
    const now = monoNowUs();
    const { askedUs } = wish;
    const nextUs = askedUs === undefined ? now : addUs(askedUs, edgeGapUs);
    soon(sampling, wish, nextUs > now ? nextUs : now);
  });
  const interval = setInterval(() => void readAll(sampling), sampleEveryMs);
  return {
    soon(slot, atUs) {
      const wish = wishes.get(slot);
      if (wish !== undefined) soon(sampling, wish, atUs);
    },
    late: () => sampling.late,
    close() {
      sampling.isClosed = true;
      clearInterval(interval);
      for (const { timer } of wishes.values()) clearTimeout(timer);
    },
  };
}

function newWish(slot: SlotId): Wish {
  return {
    slot,
    atUs: undefined,
    askedUs: undefined,
    edgeUs: undefined,
    isReading: false,
    timer: undefined,
  };
}

function soon(sampling: Sampling, wish: Wish, atUs: MonoUs): void {
  if (wish.atUs !== undefined && wish.atUs <= atUs) return;
  wish.atUs = atUs;
  plan(sampling, wish);
}

/** Timers count whole ms and may be early; the rest is waited for turn by turn. */
function plan(sampling: Sampling, wish: Wish): void {
  clearTimeout(wish.timer);
  if (sampling.isClosed || wish.isReading || wish.atUs === undefined) return;
  const leftUs = wish.atUs - monoNowUs();
  if (leftUs <= 0) {
    void readOne(sampling, wish);
    return;
  }
  const again = (): void => plan(sampling, wish);
  if (leftUs < 1000) setImmediate(again);
  else wish.timer = setTimeout(again, Math.floor(leftUs / 1000));
}

async function readOne(sampling: Sampling, wish: Wish): Promise<void> {
  assert(!wish.isReading, "one reading of a slot at a time");
  wish.atUs = undefined;
  wish.askedUs = monoNowUs();
  wish.isReading = true;
  await read(sampling, [wish.slot], fenceReadDeadlineMs);
  wish.isReading = false;
  plan(sampling, wish); // what was wished meanwhile
}

async function readAll(sampling: Sampling): Promise<void> {
  if (sampling.isReadingAll || sampling.slots.length === 0) return;
  sampling.isReadingAll = true;
  await read(sampling, sampling.slots, readDeadlineMs);
  sampling.isReadingAll = false;
}

async function read(
  sampling: Sampling,
  slots: readonly SlotId[],
  deadlineMs: number,
): Promise<void> {
  const { driver, wishes } = sampling;
  const edges = slots.map((slot) => takeEdge(wishes.get(slot)));
  const askedUs = monoNowUs();
  const answer = await withDeadline(() => driver.read(slots, deadlineMs), deadlineMs);
  if (sampling.isClosed) return;
  const atUs = monoNowUs();
  if (!answer.ok && answer.error.kind === "timeout") sampling.late++;
  for (const [i, slot] of slots.entries()) {
    const lines = answer.ok ? answer.value.get(slot) : undefined;
    if (lines !== undefined)
      sampling.onReading(slot, { ...lines, askedUs, atUs, edgeUs: edges[i] });
    else sampling.onFailed(slot, answer.ok ? `${driver.name} has no such slot` : answer.error.text);
  }
}

/** The edge that this reading shows; a later one belongs to the next. */
function takeEdge(wish: Wish | undefined): MonoUs | undefined {
  const edgeUs = wish?.edgeUs;
  if (wish !== undefined) wish.edgeUs = undefined;
  return edgeUs;
}

// Virtual time: what happens next is the earliest entry, ties in the order they were made. A
// simulated second costs as long as its events take; nothing here reads a real clock.

import { type MonoUs, monoUs } from "../../src/base/index.ts";

/** A cancelled entry keeps its place in the heap and does nothing. */
export type Entry = { atUs: number; order: number; run: (() => void) | undefined };

/** The pending future of one simulated world. */
export type Timeline = { nowUs: MonoUs; made: number; readonly heap: Entry[] };

/** An empty future; the world starts at `startUs` after boot. */
export function createTimeline(startUs: number): Timeline {
  return { nowUs: monoUs(startUs), made: 0, heap: [] };
}

/** Calls `run` at `atUs`, or now if that has passed. */
export function schedule(timeline: Timeline, atUs: number, run: () => void): Entry {
  const entry: Entry = { atUs: Math.max(atUs, timeline.nowUs), order: timeline.made++, run };
  const { heap } = timeline;
  heap.push(entry);
  let i = heap.length - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(entry, heap[parent])) break;
    const above = heap[parent];
    if (above !== undefined) heap[i] = above;
    i = parent;
  }
  heap[i] = entry;
  return entry;
}

/** Forgets an entry; harmless when it has run already. */
export function cancel(entry: Entry | undefined): void {
  if (entry !== undefined) entry.run = undefined;
}

/** Runs everything due up to and including `untilUs`. */
export function runUntil(timeline: Timeline, untilUs: number): void {
  for (;;) {
    const next = timeline.heap[0];
    if (next === undefined || next.atUs > untilUs) break;
    removeFirst(timeline.heap);
    const { run } = next;
    if (run === undefined) continue;
    timeline.nowUs = monoUs(next.atUs);
    next.run = undefined;
    run();
  }
  timeline.nowUs = monoUs(Math.max(timeline.nowUs, untilUs));
}

function isBefore(a: Entry, b: Entry | undefined): boolean {
  if (b === undefined) return false;
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] ?? last, heap[child])) child++;
    const candidate = heap[child];
    if (candidate === undefined || !isBefore(candidate, last)) break;
    heap[i] = candidate;
    i = child;
  }
  heap[i] = last;
}

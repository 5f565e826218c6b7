import { expect, test } from "bun:test";
import { boundedQueue, push, pushDroppingOldest, shift } from "./queue.ts";

test("a full queue refuses and counts", () => {
  const queue = boundedQueue<number>(2);
  expect([push(queue, 1), push(queue, 2), push(queue, 3)]).toEqual([true, true, false]);
  expect(queue.refused).toBe(1);
  expect(shift(queue)).toBe(1);
});

test("dropping the oldest keeps the newest", () => {
  const queue = boundedQueue<number>(2);
  for (const n of [1, 2, 3]) pushDroppingOldest(queue, n);
  expect(queue.items).toEqual([2, 3]);
  expect(queue.refused).toBe(1);
});

test("a queue without room is our own mistake", () => {
  expect(() => boundedQueue(0)).toThrow(RangeError);
});

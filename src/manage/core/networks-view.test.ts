import { expect, test } from "bun:test";

import { deafFixture, healthyMap, secondsAgo, statusFixture } from "../fixtures.ts";
import type { ChassisMap, PathState } from "../../netrack/index.ts";
import { networksLines } from "./networks-view.ts";
import { columnsOf } from "./text.ts";

const screen = { columns: 100, color: false };

function linesOf(map: ChassisMap | undefined, columns = 100): string[] {
  return networksLines({ v: 1, now: statusFixture(undefined).now, map }, { ...screen, columns });
}

function changePath(map: ChassisMap, ends: string, change: Partial<PathState>): ChassisMap {
  const paths = map.paths.map((path) =>
    `${path.network} ${path.from} ${path.to}` === ends ? { ...path, ...change } : path,
  );
  return { ...map, paths };
}

test("the matrix shows who hears whom, and broken paths follow in words", () => {
  let map = changePath(healthyMap(2), "A 1 2", { up: false, sinceUs: secondsAgo(42) });
  map = changePath(map, "B 2 0", { up: false, damped: true, sinceUs: secondsAgo(60) });
  map = { ...map, paths: map.paths.filter(({ from, to }) => from !== 0 || to !== 1) };
  expect(linesOf(map)).toEqual([
    "as the ccn sees it, 10 ms ago; rows send, columns receive",
    "o hears   x does not   ~ held down, it flapped   ? nobody knows",
    "",
    "A              ccn   1   2",
    "ccn ccn          .   ?   o",
    "1 c1             o   .   x",
    "2 c2             o   o   .",
    "",
    "B              ccn   1   2",
    "ccn ccn          .   ?   o",
    "1 c1             o   .   o",
    "2 c2             ~   o   .",
    "",
    "B  slot 2 (c2) -> the ccn  held down, it flapped for 60 s  (seen here)",
    "A  slot 1 (c1) -> slot 2 (c2)  not heard for 42 s  (concluded over a hub)",
  ]);
});

test("many broken paths with one end in common are one line", () => {
  expect(linesOf(deafFixture(healthyMap(20), 7, "B")).slice(-2)).toEqual([
    "wrong: slot 7 deaf on B for 42 s: cable or port sw-b/7 (hears A)",
    "B  20 boards -> slot 7 (card7)  not heard for 42 s",
  ]);
});

test("a whole switch off is a bounded list", () => {
  const map = healthyMap(63);
  const paths = map.paths.map((path) => (path.network === "A" ? { ...path, up: false } : path));
  const lines = linesOf({ ...map, paths });
  const listed = lines.filter((line) => line.includes(" -> "));
  expect(listed.length).toBe(20);
  expect(lines.at(-1)).toMatch(/^and \d+ more$/);
});

test("a wide matrix is shown in parts that fit the screen", () => {
  for (const columns of [60, 80, 100]) {
    const lines = linesOf(healthyMap(63), columns);
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.startsWith("63 card63")).length).toBeGreaterThan(2);
  }
  expect(linesOf(healthyMap(4)).at(-1)).toBe("every known path works");
});

test("no picture, or one that is too old, is unknown", () => {
  expect(linesOf(undefined)).toEqual(["unknown: NETRACK does not run on this board yet"]);
  expect(linesOf({ ...healthyMap(), atUs: secondsAgo(12) })).toEqual([
    "unknown (12 s): NETRACK has stopped looking",
  ]);
});

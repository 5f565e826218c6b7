import { expect, test } from "bun:test";
import type { NetworkId } from "../base/index.ts";
import { mapAt, run, startChassis } from "./fixtures.ts";
import { detoursOf } from "./host-routes.ts";
import type { ChassisMap } from "./types.ts";

const shape = { hubs: 2, cards: 2 };

function detoursAfter(
  isCut: (from: number, to: number, network: NetworkId) => boolean,
  slot: number,
): string[] {
  const chassis = startChassis(shape, 5);
  run(chassis, 250);
  chassis.isCut = isCut;
  run(chassis, 120);
  const map: ChassisMap | undefined = mapAt(chassis, slot);
  return map === undefined
    ? []
    : detoursOf(map).map((d) => `${d.destination} via ${d.gateway} src ${d.source}`);
}

test("a healthy chassis needs no detour", () => {
  expect(detoursAfter(() => false, 0)).toEqual([]);
});

test("a card cut from A is reached over B, by hubs and by other cards", () => {
  const isCut = (from: number, to: number, network: NetworkId): boolean =>
    network === "A" && (from === 3 || to === 3);
  expect(detoursAfter(isCut, 0)).toEqual(["10.1.1.3 via 20.1.1.3 src 10.1.0.1"]);
  expect(detoursAfter(isCut, 2)).toEqual(["10.1.1.3 via 20.1.1.3 src 10.1.1.2"]);
});

test("one direction is enough to need a detour, and the cut board makes one to everybody", () => {
  const isCut = (_from: number, to: number, network: NetworkId): boolean =>
    network === "B" && to === 3;
  expect(detoursAfter(isCut, 3)).toEqual([
    "20.1.0.1 via 10.1.0.1 src 20.1.1.3",
    "20.1.1.1 via 10.1.1.1 src 20.1.1.3",
    "20.1.1.2 via 10.1.1.2 src 20.1.1.3",
  ]);
});

test("a board that is reached on no network gets no detour", () => {
  expect(detoursAfter((from, to) => from === 3 || to === 3, 0)).toEqual([]);
});

// What a board's map should say after each step of the story, and since when it says so.

import type { NetworkId, SlotId } from "../../base/index.ts";
import type { ChassisMap, Fault } from "../../netrack/index.ts";
import type { BoardView, Expectation } from "./observer.ts";

/** Every board up on both networks and nothing wrong, with `boards` boards. */
export function allWell(boards: number): Expectation {
  return withMap((map) => {
    const up = map.boards.filter(({ state }) => state === "up").length;
    if (up < boards) return `${up} of ${boards} boards up`;
    const broken = map.boards.find(({ network }) => network.A !== "ok" || network.B !== "ok");
    if (broken !== undefined) {
      return `slot ${broken.slot} is ${broken.network.A} on A, ${broken.network.B} on B`;
    }
    return map.faults[0]?.text;
  });
}

/** Exactly this fault and no other. */
export function culprit(wanted: Partial<Fault> & Pick<Fault, "kind">): Expectation {
  return withMap((map) => {
    if (map.faults.length === 0) return "nothing is wrong";
    const other = map.faults.find(({ fault }) => !matches(fault, wanted));
    return other?.text;
  });
}

/** The slot's board is up with these networks in order, whatever else is wrong. */
export function slotIs(
  slot: SlotId,
  wanted: { readonly state: ChassisMap["boards"][number]["state"]; readonly network?: NetworkId },
): Expectation {
  return withMap((map) => {
    const board = map.boards.find((each) => each.slot === slot);
    if (board === undefined) return `no slot ${slot} on the map`;
    if (board.state !== wanted.state) return `slot ${slot} is ${board.state}`;
    const { network } = wanted;
    if (network === undefined || board.network[network] === "ok") return undefined;
    return `slot ${slot} is ${board.network[network]} on ${network}`;
  });
}

/** When the present faults were first seen. */
export function sinceFault({ status }: BoardView): number {
  return Math.max(0, ...(status.map?.faults ?? []).map(({ sinceUs }) => sinceUs));
}

/** When the last path between boards changed. */
export function sincePath({ status }: BoardView): number {
  return Math.max(0, ...(status.map?.paths ?? []).map(({ sinceUs }) => sinceUs));
}

function withMap(check: (map: ChassisMap) => string | undefined): Expectation {
  return ({ status }) => (status.map === undefined ? "no map yet" : check(status.map));
}

function matches(fault: Fault, wanted: Partial<Fault>): boolean {
  const have: Readonly<Record<string, unknown>> = fault;
  return Object.entries(wanted).every(([key, value]) => have[key] === value);
}

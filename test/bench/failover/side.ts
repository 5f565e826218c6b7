// What is compared: a pair of boards that hold one public address, ours or a peer's, in a virtual
// chassis of its own with the same faults, the same service and the same client outside.

import type { Lab, Outside } from "../../../src/lab/index.ts";
import type { BenchContext } from "../bench.ts";

/** The public address of all sides, and its service's port. */
export const publicAddress = "192.168.1.10";
/** Port of the service. */
export const servicePort = 7000;

/** Name of a board that may be active, as it answers. */
export type BoardName = string;

/** A pair that is up. */
export type Pair = {
  readonly lab: Lab;
  /** Waits until either board could take over from the other and the address is at rest. */
  readonly settle: () => Promise<void>;
  /** Kills the service's process on this board; undefined where nobody watches it. */
  readonly killService: ((board: BoardName) => Promise<number>) | undefined;
  /** Asks this board to hand the address over; when it was asked, us. */
  readonly handOver: (board: BoardName) => Promise<number>;
  /** Undoes what `handOver` left behind. */
  readonly takeBack: (board: BoardName) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** One competitor. */
export type Side = {
  readonly name: string;
  readonly version: string;
  /** Builds it; throws with words if it cannot be had here. */
  readonly open: (context: BenchContext, folder: string) => Promise<Pair>;
};

/** Router and client of this pair's chassis. */
export function outsideOf({ lab }: Pair): Outside {
  const outside = lab.outside();
  if (!outside.ok) throw new Error(outside.error.text);
  return outside.value;
}

/** Looks until `wrong` is undefined; throws what it said last after `timeoutMs`. */
export async function waitUntil(
  wrong: () => Promise<string | undefined> | string | undefined,
  timeoutMs: number,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const said = await wrong();
    if (said === undefined) return;
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms: ${said}`);
    await Bun.sleep(20);
  }
}

/** A chassis of two controllers; `groups` and services are put behind it. */
export function chassisText(more: readonly string[]): string {
  const network = (name: string, first: number): string =>
    `  ${name}: { address: ${first}.1.0.2, snmp: { version: 2c, community: softset }, ports: 1-24, ccnPort: 23 }`;
  return [
    "chassis: failover-bench",
    "version: 1",
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    network("sw-a", 10),
    network("sw-b", 20),
    "slots:",
    "  1: { name: c1, role: controller, portA: 1, portB: 1 }",
    "  2: { name: c2, role: controller, portA: 2, portB: 2 }",
    "groups:",
    `  web: { on: [1, 2], addresses: [${publicAddress}/24] }`,
    ...more,
    "",
  ].join("\n");
}

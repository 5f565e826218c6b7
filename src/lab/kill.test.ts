// The ways a board dies, for real: what its slot's lines, its links and its connections show.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Result, slotId } from "../base/index.ts";
import { findLink, inNetns, openNetlink } from "../kernel/index.ts";
import { type SlotDriver, type SlotLines, socketDriver } from "../slots/index.ts";
import { createLab, type Lab } from "./chassis.ts";
import type { KillManner } from "./faults.ts";
import { chassisText, namespacesMissing, temporaryFolder } from "./testing.ts";

setDefaultTimeout(60_000); // real processes on a machine that may be busy
const skip = namespacesMissing() !== undefined;
const folder = temporaryFolder();
const target = slotId(1);
/** Deadline of one order over the socket, ms. */
const soonMs = 10_000;

let lab: Lab;
let driver: SlotDriver;
let edges = 0;

function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

beforeAll(async () => {
  if (skip) return;
  const chassisFile = join(folder, "chassis.yaml");
  writeFileSync(chassisFile, chassisText({ boards: 2 }));
  const boardCommand = () => ["sleep", "infinity"];
  const dir = join(folder, "lab");
  lab = value(await createLab({ chassisFile, dist: "dist", dir, boardCommand, seed: 7 }));
  value(await lab.up());
  driver = socketDriver(lab.slotSocket, (text) => console.error(text));
  driver.watch?.(({ slot }) => {
    if (slot === target) edges++;
  });
  while (!(await driver.read([target], soonMs)).ok) await Bun.sleep(5); // until it is connected
});

afterAll(async () => {
  driver?.close();
  await lab?.down();
  rmSync(folder, { recursive: true });
});

async function lines(): Promise<SlotLines> {
  const found = value(await driver.read([target], soonMs)).get(target);
  if (found === undefined) throw new Error(`slot ${target} has no lines`);
  return found;
}

function order(what: "assert-reset" | "release-reset"): ReturnType<SlotDriver["set"]> {
  return driver.set(target, what, soonMs);
}

function hasCarrier(): boolean {
  return inNetns(value(lab.netnsOf("1")), () => {
    const nl = value(openNetlink());
    const { carrier } = value(findLink(nl, "eth-a"));
    nl.close();
    return carrier;
  });
}

const cases: readonly [KillManner, { healthy: boolean; powerGood: boolean; carrier: boolean }][] = [
  ["all", { healthy: false, powerGood: true, carrier: true }],
  ["crash", { healthy: true, powerGood: true, carrier: true }],
  ["hang", { healthy: true, powerGood: true, carrier: false }],
  ["power-loss", { healthy: false, powerGood: false, carrier: false }],
];

for (const [manner, { healthy, powerGood, carrier }] of cases) {
  test.skipIf(skip)(
    `kill --as ${manner}: the lines and links that differ, until start`,
    async () => {
      expect(await lines()).toMatchObject({ healthy: true, powerGood: true });
      const before = edges;
      value(await lab.kill("1", manner));
      expect(await lines()).toMatchObject({ healthy, powerGood });
      expect(hasCarrier()).toBe(carrier);
      // The answers of one connection are in order: an edge would have come before the reading.
      expect(edges > before).toBe(!healthy);
      expect(lab.status().slots[1]?.board?.running).toBe(false);
      value(await lab.heal());
      expect(lab.status().slots[1]?.board?.running).toBe(false);
      value(await lab.start("1"));
      expect(await lines()).toMatchObject({ healthy: true, powerGood: true });
      expect(hasCarrier()).toBe(true);
    },
  );
}

test.skipIf(skip)("a hung board's HEALTHY# goes bad in reset; released, it boots", async () => {
  for (const manner of ["hang", "crash"] as const) {
    value(await lab.kill("1", manner));
    expect(value(await order("assert-reset"))).toMatchObject({
      healthy: false,
      resetAsserted: true,
    });
    expect(hasCarrier()).toBe(false);
    value(await order("release-reset"));
    value(await lab.heal()); // in turn behind the boot
    expect(lab.status().slots[1]?.board?.running).toBe(true);
  }
});

test.skipIf(skip)("reset wakes no board without power; power back, it boots", async () => {
  value(await lab.kill("1", "power-loss"));
  value(await order("assert-reset"));
  value(await order("release-reset"));
  value(await lab.heal());
  expect(lab.status().slots[1]?.board?.running).toBe(false);
  value(await order("assert-reset"));
  value(await lab.start("1")); // the slot still holds it
  expect(lab.status().slots[1]?.board?.running).toBe(false);
  value(await order("release-reset"));
  value(await lab.heal());
  expect(lab.status().slots[1]?.board?.running).toBe(true);
});

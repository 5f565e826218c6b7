// Failover on a whole chassis, boards as they are built: who is active after a fault, what must not
// happen, and what the boards tell of it. Times are the bench's business.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { slotId } from "../../src/base/index.ts";
import { killPid } from "../../src/kernel/index.ts";
import {
  bootMs,
  chassisMissing,
  chassisUp,
  dist,
  pidOf,
  type TestChassis,
  until,
  valueOf,
} from "./chassis.ts";

setDefaultTimeout(120_000);
const skip = chassisMissing("failover of a chassis") !== undefined;
const sigstop = 19;
let chassis: TestChassis;

const file = {
  slots: 2,
  more: [
    "groups:",
    "  web: { on: [1, 2], addresses: [192.168.1.10/24] }",
    "services:",
    "  web: { run: /bin/sleep infinity, group: web }",
    "  ear: { run: /bin/sleep infinity, group: web, standby: running }",
  ],
};

beforeAll(async () => {
  if (!skip) chassis = await chassisUp({ file });
});

afterAll(async () => {
  if (!skip) await chassis.down();
});

type Told = { readonly code: number; readonly stdout: string; readonly stderr: string };

function ask(slot: number, ...words: string[]): Promise<Told> {
  const role = slot === 0 ? "ccn" : "controller";
  const board = slot === 0 ? "ccn" : `c${slot}`;
  return chassis.lab.exec(board, [join(dist, role), ...words]).then(valueOf);
}

type Group = { readonly active: number[]; readonly inSync: number[]; readonly epoch: number };

async function groupAt(slot: number): Promise<Group | undefined> {
  const told = await ask(slot, "groups", "--json");
  if (told.code !== 0) return undefined;
  const { groups } = JSON.parse(told.stdout) as { readonly groups: readonly Group[] };
  return groups[0];
}

/** Waits until the CCN tells that one slot is active and both are in sync; that slot. */
async function settled(is: (active: number) => boolean = () => true): Promise<number> {
  let active = 0;
  await until(async () => {
    const group = await groupAt(0);
    active = group?.active[0] ?? 0;
    const isWhole = group?.active.length === 1 && group.inSync.length === 2 && is(active);
    return isWhole ? undefined : `the ccn says ${JSON.stringify(group)}`;
  }, bootMs);
  return active;
}

async function activeIs(asked: number, wanted: number): Promise<void> {
  await until(async () => {
    const group = await groupAt(asked);
    const isThere = group?.active.length === 1 && group.active[0] === wanted;
    return isThere ? undefined : `slot ${asked} says ${JSON.stringify(group)}`;
  }, bootMs);
}

/** Where a service runs, by the word of its own board. */
async function runsOn(slot: number, service: string): Promise<boolean> {
  const told = await ask(slot, "services", "--json");
  if (told.code !== 0) return false;
  const { services } = JSON.parse(told.stdout) as {
    readonly services: readonly { service: string; slot: number; isUp: boolean }[];
  };
  return services.some((each) => each.service === service && each.slot === slot && each.isUp);
}

async function startAgain(slot: number): Promise<void> {
  const { lab } = chassis;
  await until(async () => {
    const isRunning = lab.status().slots.some((each) => each.slot === slot && each.board?.running);
    if (isRunning) return undefined;
    const started = await lab.start(`c${slot}`);
    return started.ok ? undefined : started.error.text;
  }, bootMs);
}

test.skipIf(skip)("one board is active; what runs everywhere runs on the standby too", async () => {
  const active = await settled();
  const standby = 3 - active;
  await until(async () => ((await runsOn(active, "web")) ? undefined : "web is not up"));
  expect(await runsOn(standby, "web")).toBe(false);
  expect([await runsOn(active, "ear"), await runsOn(standby, "ear")]).toEqual([true, true]);
});

test.skipIf(skip)(
  "an order given at the standby moves the group, and status tells it",
  async () => {
    const active = await settled();
    const moved = await ask(3 - active, "service", "web", "move", "--yes");
    expect([moved.code, moved.stderr]).toEqual([0, ""]);
    await settled((slot) => slot === 3 - active);
    const status = await ask(0, "status");
    expect(status.stdout).toContain(`active slot ${3 - active}, standby slot ${active} in sync`);
  },
);

test.skipIf(skip)("a board that dies with its links is fenced, and why tells it", async () => {
  const active = await settled();
  const before = (await groupAt(0))?.epoch ?? 0;
  valueOf(await chassis.lab.kill(`c${active}`, "hang"));
  await activeIs(0, 3 - active);
  expect((await groupAt(0))?.epoch).toBeGreaterThan(before);
  await until(async () => {
    const told = (await ask(0, "why")).stdout;
    const names = ["fence-ordered", "fenced", "recorded", "address-added", "announced"];
    const missing = names.filter((name) => !told.includes(name));
    return missing.length === 0 ? undefined : `why lacks ${missing.join(", ")}: ${told}`;
  });
  await startAgain(active);
  await settled((slot) => slot === 3 - active);
});

test.skipIf(skip)("a stopped board is fenced, and its successor alone acts", async () => {
  const active = await settled();
  killPid(pidOf(chassis.lab, active), sigstop);
  await activeIs(0, 3 - active);
  await settled((slot) => slot === 3 - active); // it was reset, booted, and stands by
});

test.skipIf(skip)(
  "what cannot be proven off is not taken over from; an alarm says so",
  async () => {
    const active = await settled();
    const { lab } = chassis;
    const slot = slotId(active);
    for (const line of ["reset", "power"] as const) {
      valueOf(await lab.line(slot, { line, fault: "stuck" }));
    }
    valueOf(await lab.cut({ name: `c${active}` }, { silent: true }));
    await until(async () => {
      const told = await ask(3 - active, "alarms");
      return told.stdout.includes("active nowhere") ? undefined : told.stdout;
    });
    expect((await groupAt(3 - active))?.active).toEqual([]);
    valueOf(await lab.heal());
    await settled();
  },
);

test.skipIf(skip)("a slot that is ordered out hands over, is dark, and comes back", async () => {
  const active = await settled();
  const out = await ask(0, "slot", `${active}`, "out", "--yes");
  expect([out.code, out.stderr]).toEqual([0, ""]);
  expect((await groupAt(0))?.active).toEqual([3 - active]);
  await until(() =>
    chassis.lab.status().slots.some((each) => each.slot === active && each.board?.running)
      ? "its board runs"
      : undefined,
  );
  const back = await ask(0, "slot", `${active}`, "in", "--yes");
  expect([back.code, back.stderr]).toEqual([0, ""]);
  await settled((slot) => slot === 3 - active);
});

test.skipIf(skip)("the ccn's restart moves nothing, and its history comes back", async () => {
  const active = await settled();
  const before = (await groupAt(active))?.epoch;
  valueOf(await chassis.lab.kill("ccn"));
  valueOf(await chassis.lab.start("ccn"));
  await settled((slot) => slot === active);
  expect((await groupAt(active))?.epoch).toBe(before);
});

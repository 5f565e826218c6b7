// The whole product as users have it: the compiled executables on a virtual chassis. Addresses by
// slot, configurations, what the command line says of them, and what a swap, a move, a restart, a
// new chassis file and an orderly stop do.

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { networkIds } from "../../src/base/index.ts";
import { killPid, monoNowUs } from "../../src/kernel/index.ts";
import type { Lab } from "../../src/lab/index.ts";
import { exitCodes, type StatusDocument } from "../../src/manage/index.ts";
import {
  addressOf,
  allUp,
  bootMs,
  ccnJson,
  chassisMissing,
  chassisUp,
  cli,
  counterOf,
  dist,
  eventsOf,
  kernelAddresses,
  pidOf,
  seatOf,
  slot,
  statusOf,
  type TestChassis,
  until,
  valueOf,
} from "./chassis.ts";

setDefaultTimeout(60_000);
const skip = chassisMissing("whole chassis") !== undefined;
const ccn = join(dist, "ccn");
const boards = [1, 2, 3, 4, 5, 6];
const everybody = [0, ...boards];

type Lease = { mac: string; network: string; slot: number; address: string; port: string };
type Link = { network: string; mac?: string; slot?: number; address?: string; found: boolean };
type Where = { found: boolean; links: Link[] };

let chassis: TestChassis;
let lab: Lab;
/** Version of the chassis file that the CCN has read last. */
let version: number;
let ccnPid: number;

beforeAll(async () => {
  if (skip) return;
  const demo = readFileSync(join(import.meta.dir, "..", "..", "boards", "demo.yaml"), "utf8");
  chassis = await chassisUp({ file: demo });
  lab = chassis.lab;
  version = lab.chassis.version;
  ccnPid = pidOf(lab, 0);
  await allUp(lab, everybody);
});

/**
 * Makes whole what a test took apart, whether it passed or not. A CCN started anew has lists of
 * leases and configurations that begin anew, so there every board is made to ask again.
 */
afterEach(async () => {
  if (skip) return;
  const isSameCcn = seatOf(lab, 0).pid === ccnPid;
  for (const number of isSameCcn ? [] : boards) await lab.kill(`${number}`);
  for (const { slot: number, board } of lab.status().slots) {
    if (board === undefined) valueOf(await lab.insert(number));
    else if (!board.running) valueOf(await lab.start(`${number}`));
  }
  ccnPid = pidOf(lab, 0);
  await allUp(lab, everybody);
});

afterAll(async () => {
  await chassis?.down();
});

async function leases(): Promise<Lease[]> {
  return (await ccnJson<{ leases: Lease[] }>(lab, ["leases"])).leases;
}

/** The MAC that last got a slot's address on A. */
async function leaseMac(of: number): Promise<string | undefined> {
  const given = (await leases()).filter((each) => each.slot === of && each.network === "A");
  return given.at(-1)?.mac;
}

/** Waits until the kernel has exactly the slot's addresses: both networks are asked apart. */
async function untilAddresses(of: number): Promise<void> {
  await until(() => {
    for (const network of networkIds) {
      const has = kernelAddresses(lab, of, network).join(", ");
      if (has !== addressOf(lab, of, network))
        return `slot ${of} has ${has || "none"} on ${network}`;
    }
    return undefined;
  });
}

function expectAddresses(of: number): void {
  for (const network of networkIds) {
    expect(kernelAddresses(lab, of, network)).toEqual([addressOf(lab, of, network)]);
  }
}

test.skipIf(skip)(
  "every board has its slot's address on both networks and the file's configuration",
  async () => {
    for (const number of everybody) {
      const status = await statusOf(lab, number);
      expect(status?.board.slot).toBe(slot(number));
      expect(status?.board.configVersion).toBe(version);
      expect(status?.board.chassis).toBe(lab.chassis.name);
      for (const network of networkIds) {
        const said = status?.board.addresses.find((each) => each.network === network)?.address;
        expect(String(said)).toBe(addressOf(lab, number, network));
      }
      expectAddresses(number);
    }
    await until(async () => {
      const { configs } = await ccnJson<StatusDocument>(lab, ["status"]);
      const told = configs.filter((each) => each.running === version);
      return told.length === boards.length ? undefined : `${told.length} boards have reported`;
    });
  },
);

test.skipIf(skip)("leases, where and status name the same MAC, port and address", async () => {
  const given = await leases();
  for (const number of boards) {
    const seat = seatOf(lab, number);
    const bySlot = await ccnJson<Where>(lab, ["where", `${number}`]);
    for (const { network, mac, port } of seat.cables) {
      const lease = given.find((each) => each.mac === mac);
      const address = addressOf(lab, number, network);
      expect(lease).toMatchObject({ network, mac, port, slot: number, address });
      const link = bySlot.links.find((each) => each.network === network);
      expect(link).toMatchObject({ mac, port, slot: number, address, found: true });
    }
  }
  const mac = seatOf(lab, 3).cables[0]?.mac ?? "";
  const byMac = await ccnJson<Where>(lab, ["where", mac]);
  const found = byMac.links.filter((link) => link.found);
  expect(found).toMatchObject([{ network: "A", mac, port: "3", slot: 3, address: "10.1.1.3" }]);
});

test.skipIf(skip)(
  "the command line answers in words, with the exit codes it promises",
  async () => {
    const text = async (...words: string[]): Promise<string> => {
      const done = await cli(lab, "ccn", [ccn, ...words]);
      expect({ words, code: done.code, stderr: done.stderr }).toEqual({
        words,
        code: exitCodes.done,
        stderr: "",
      });
      return done.stdout;
    };
    const status = await text("status");
    for (const { name } of lab.chassis.boards) {
      expect(status).toMatch(new RegExp(`${name} .* up +ok +ok +v${version} `));
    }
    expect(await text("networks")).toContain("card3");
    expect(await text("leases")).toContain("10.1.1.5");
    expect(await text("where", "3")).toContain("10.1.1.3");
    expect(await text("events", "-n", "1000")).toContain("board-started");
    const code = async (...words: string[]): Promise<number> =>
      (await cli(lab, "ccn", [ccn, ...words])).code;
    expect(await code("where", "02:00:00:00:00:99")).toBe(exitCodes.noSuchThing);
    expect(await code("where", "60")).toBe(exitCodes.noSuchThing);
    expect(await code("explain", "nothing-like-this")).toBe(exitCodes.noSuchThing);
    expect(await code("where", "slot-three")).toBe(exitCodes.usage);
    expect(await code("where")).toBe(exitCodes.usage);
    expect(await code("status", "--run-dir", "/nowhere")).toBe(exitCodes.notReachable);
    const card = await cli(lab, "card3", [join(dist, "io-card"), "status", "--json"]);
    expect(JSON.parse(card.stdout).board.slot).toBe(3);
  },
);

test.skipIf(skip)("a new board in a slot gets the same address under its own MACs", async () => {
  const before = await leaseMac(5);
  valueOf(await lab.pull(slot(5)));
  const { macs } = valueOf(await lab.insert(slot(5)));
  expect(macs.A).not.toBe(before as typeof macs.A);
  await allUp(lab, everybody);
  await untilAddresses(5);
  expect(await leaseMac(5)).toBe(macs.A);
});

test.skipIf(skip)("a moved board gives its old address up and gets the new slot's", async () => {
  valueOf(await lab.pull(slot(6)));
  expectAddresses(4);
  valueOf(await lab.move(slot(4), slot(6)));
  await allUp(lab, [0, 1, 2, 3, 5, 6]);
  await untilAddresses(6);
  expect((await statusOf(lab, 6))?.board.slot).toBe(slot(6));
  expect(await leaseMac(6)).toBe(seatOf(lab, 6).cables[0]?.mac ?? "");
});

test.skipIf(skip)(
  "a CCN killed and started again answers as before; no board notices",
  async () => {
    const lives = async (): Promise<string[]> => {
      const { map } = (await statusOf(lab, 1)) ?? {};
      return boards.map((of) => `${map?.boards.find((each) => each.slot === of)?.incarnation}`);
    };
    const before = await lives();
    expect(before).not.toContain("undefined");
    const seen = (await eventsOf(lab, 2)).length;
    valueOf(await lab.kill("ccn"));
    await until(async () => {
      const ccn = (await statusOf(lab, 2))?.map?.boards.find((each) => each.slot === slot(0));
      return ccn?.state === "down" ? undefined : `slot 2 says the CCN is ${ccn?.state}`;
    });
    for (const number of boards) expectAddresses(number);
    valueOf(await lab.start("ccn"));
    await allUp(lab, everybody);
    expect(await lives()).toEqual(before);
    const since = (await eventsOf(lab, 2)).slice(seen);
    const fallen = since.filter(({ event }) => event === "board-down");
    expect([...new Set(fallen.map(({ fields }) => fields["slot"]))]).toEqual([0]);
    for (const number of boards) {
      expectAddresses(number);
      const { mac } = seatOf(lab, number).cables[0] ?? { mac: "" };
      const where = await ccnJson<Where>(lab, ["where", mac]);
      const address = addressOf(lab, number);
      expect(where.links.filter(({ found }) => found)).toMatchObject([{ slot: number, address }]);
    }
  },
);

test.skipIf(skip)("SIGHUP brings a changed chassis file to every board", async () => {
  const demo = readFileSync(chassis.chassisFile, "utf8");
  version++;
  const changed = demo.replace(/^version: \d+$/m, `version: ${version}`);
  writeFileSync(chassis.chassisFile, `${changed}\ntiming: { beatMs: 20, silentMs: 120 }\n`);
  expect(killPid(pidOf(lab, 0), 1).ok).toBe(true);
  await until(async () => {
    for (const number of everybody) {
      const runs = (await statusOf(lab, number))?.board.configVersion;
      if (runs !== version) return `slot ${number} runs version ${runs}`;
    }
    const { configs } = await ccnJson<StatusDocument>(lab, ["status"]);
    const behind = boards.filter((of) => configs.find((c) => c.slot === of)?.running !== version);
    return behind.length === 0 ? undefined : `slots ${behind.join(", ")} have not reported`;
  }, bootMs);
  await allUp(lab, everybody);
  const sent = await counterOf(lab, 3, "netrack.packets");
  const fromUs = monoNowUs();
  const untilUs = await until(async () => {
    const now = await counterOf(lab, 3, "netrack.packets");
    return now - sent > 120 ? undefined : `${now - sent} beats heard`;
  });
  // Three hubs on two networks each 20 ms are 300 packets a second; each 10 ms would be 600.
  expect((untilUs - fromUs) / 1000).toBeGreaterThan(250);
});

test.skipIf(skip)("a chassis file with a mistake is refused and changes nothing", async () => {
  const good = readFileSync(chassis.chassisFile, "utf8");
  const wrong = good.replace("subnet: 10.1.0.0/16", "subnet: 10.1.0.0/99");
  writeFileSync(chassis.chassisFile, wrong);
  try {
    const seen = (await eventsOf(lab, 0)).length;
    expect(killPid(pidOf(lab, 0), 1).ok).toBe(true);
    await until(async () => {
      const events = (await eventsOf(lab, 0)).slice(seen);
      return events.some(({ event }) => event === "chassis-file-refused")
        ? undefined
        : "no refusal yet";
    });
    expect((await statusOf(lab, 0))?.board.configVersion).toBe(version);
  } finally {
    writeFileSync(chassis.chassisFile, good);
  }
});

test.skipIf(skip)(
  "a board stopped in order says that it leaves; nobody waits for a time-out",
  async () => {
    const seen = (await eventsOf(lab, 0)).length;
    expect(killPid(pidOf(lab, 3), 15).ok).toBe(true);
    await until(async () => {
      for (const number of [0, 1, 2, 5]) {
        const { map } = (await statusOf(lab, number)) ?? {};
        const state = map?.boards.find((each) => each.slot === slot(3))?.state;
        if (state !== "leaving") return `slot ${number} says slot 3 is ${state}`;
        // Long gone: by now silence alone would have made it "down".
        if (map?.paths.some(({ from, up }) => from === slot(3) && up)) return "slot 3 still beats";
        const faults = map?.faults.map(({ text }) => text) ?? [];
        const isSaid = map?.faults.some(({ fault }) => fault.kind === "leaving");
        if (isSaid !== true) return `slot ${number} says: ${faults.join("; ") || "all is well"}`;
      }
      return undefined;
    });
    const verdicts = (await eventsOf(lab, 0))
      .slice(seen)
      .filter(({ module, fields }) => module === "netrack" && fields["slot"] === 3)
      .map(({ event }) => event);
    expect(verdicts).toEqual(["board-leaving"]);
    await until(() => (seatOf(lab, 3).running ? "the daemon of slot 3 still runs" : undefined));
  },
);

// The world outside a virtual chassis, with the product's own public addresses on two boards: is the
// address reached through the router by A and by B, and how soon does the client's traffic follow?

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ipv4, type NetworkId, parseIpv4 } from "../../src/base/index.ts";
import {
  canMakeNamespaces,
  inNetns,
  listAddresses,
  monoNowUs,
  openGate,
  openNetlink,
  sysErrorText,
} from "../../src/kernel/index.ts";
import { createLab, type Lab } from "../../src/lab/index.ts";
import { type Meter, meterCommand, startMeter } from "../bench/failover/meter-process.ts";
import { type ClientReport, longestGapMs } from "../bench/failover/record.ts";
import { buildResponder, responderMissing } from "../bench/failover/responder/build.ts";
import { chassisText, dist, until, valueOf } from "./chassis.ts";
import { type Holder, holdOn } from "./public-holder.ts";
import { closeSeats, takeSeat } from "./seat.ts";

setDefaultTimeout(60_000); // real processes on a machine that may be busy
const publicText = "192.168.1.10";
const port = 7000;

function missing(): string | undefined {
  const { root, missing: rights } = canMakeNamespaces();
  if (!root) return rights ?? "run as root, or: unshare -Urnm npm test";
  const gate = openGate([]);
  if (!gate.ok) return sysErrorText(gate.error);
  gate.value.close();
  return responderMissing();
}

const reason = missing();
const skip = reason !== undefined;
if (skip) console.error(`skipped: public addresses from outside: ${reason}`);

const folder = skip ? "" : mkdtempSync(join(tmpdir(), "softset-outside-test-"));
let lab: Lab;
let address: Ipv4;
let holders: Holder[] = [];
const programs: Bun.Subprocess[] = [];

beforeAll(async () => {
  if (skip) return;
  const chassisFile = join(folder, "chassis.yaml");
  const groups = `groups:\n  web: { on: [1, 2], addresses: [${publicText}/24] }`;
  writeFileSync(chassisFile, chassisText({ slots: 2, more: [groups] }));
  const boardCommand = () => ["sleep", "infinity"];
  lab = valueOf(await createLab({ chassisFile, dist, dir: join(folder, "lab"), boardCommand }));
  valueOf(await lab.up());
  address = valueOf(parseIpv4(publicText));
  const responder = buildResponder(folder);
  for (const slot of [1, 2]) {
    programs.push(Bun.spawn(valueOf(lab.enter(`${slot}`, [responder, `c${slot}`, `${port}`]))));
    holders.push(await holdOn(lab, slot, [{ address, prefix: 24, mac: undefined }]));
  }
});

let meters: Meter[] = [];

afterEach(async () => {
  for (const meter of meters) await meter.kill();
  meters = [];
  closeSeats();
  if (skip) return;
  for (const holder of holders) holder.release(address);
  valueOf(await lab.heal());
});

afterAll(async () => {
  for (const holder of holders) holder.close();
  for (const program of programs) {
    program.kill("SIGKILL");
    await program.exited;
  }
  holders = [];
  await lab?.down();
  if (!skip) rmSync(folder, { recursive: true, force: true });
});

function holder(slot: 1 | 2): Holder {
  const found = holders[slot - 1];
  if (found === undefined) throw new Error(`slot ${slot} has no holder`);
  return found;
}

/** A meter that has had its first answers. */
async function meterOn(kind: "udp" | "tcp"): Promise<Meter> {
  const { client } = valueOf(lab.outside());
  const target = { kind, address: publicText, port, fifo: false };
  const meter = startMeter(client.enter(meterCommand(target)));
  meters.push(meter);
  await answers(meter, 100);
  return meter;
}

/** Waits for so many answers more. */
async function answers(meter: Meter, more: number): Promise<void> {
  const { acknowledged } = await meter.status();
  await until(async () => {
    const now = (await meter.status()).acknowledged;
    return now >= acknowledged + more ? undefined : `${now - acknowledged} of ${more} answers`;
  });
}

async function gapOf(meter: Meter, atUs: number): Promise<{ ms: number; report: ClientReport }> {
  await answers(meter, 200);
  const report = await meter.stop();
  meters = meters.filter((each) => each !== meter);
  return { ms: longestGapMs(report.gaps, atUs), report };
}

test.skipIf(skip)("a client behind the router is answered, over UDP and TCP", async () => {
  holder(1).acquire(address);
  for (const kind of ["udp", "tcp"] as const) {
    const { report } = await gapOf(await meterOn(kind), monoNowUs());
    expect(report.turns.map(({ board }) => board)).toEqual(["c1"]);
    expect(report.strays).toBe(0);
  }
});

test.skipIf(skip)("the lab's orders know router and client by name", async () => {
  expect(valueOf(await lab.exec("outside", ["hostname"])).stdout).toBe("outside\n");
  expect(addressesIn("outside")).toEqual(["192.168.1.253/32", "198.51.100.2/24"]);
  expect(addressesIn("router")).toContain("192.168.1.254/24");
  valueOf(await lab.cut({ name: "router", network: "A" }));
  expect(lab.status().outside?.router.cables.map(({ cut }) => cut)).toEqual(["cut", undefined]);
  expect(await lab.kill("router")).toMatchObject({ ok: false, error: { kind: "unknown" } });
});

function addressesIn(name: string): string[] {
  const netlink = valueOf(inNetns(valueOf(lab.netnsOf(name)), openNetlink));
  const all = valueOf(listAddresses(netlink));
  netlink.close();
  const texts = all.map((each) => `${each.address}/${each.prefix}`);
  return texts.filter((text) => text !== "127.0.0.1/8").toSorted();
}

test.skipIf(skip)("no frame passes from A to B through the router", async () => {
  const [from, toA, toB] = [
    { A: await takeSeat(lab, 1, "A"), B: await takeSeat(lab, 1, "B") },
    await takeSeat(lab, 2, "A"),
    await takeSeat(lab, 2, "B"),
  ];
  const networkIn = (frame: Uint8Array): string | undefined =>
    frame[12] === 0x88 && frame[13] === 0xb5 ? String.fromCharCode(frame[14] ?? 0) : undefined;
  // Whatever crosses from A is in front of what B itself carries afterwards.
  for (const network of ["A", "B"] as const) from[network].send(broadcastFrame(network));
  expect(await toA.next(networkIn)).toBe("A");
  expect(await toB.next(networkIn)).toBe("B");
});

/** To everybody, of an EtherType for experiments (IEEE 802). */
function broadcastFrame(network: NetworkId): Uint8Array {
  const frame = new Uint8Array(60).fill(0xff, 0, 6);
  frame.set([0x02, 0, 0, 0, 0, 1, 0x88, 0xb5, network.charCodeAt(0)], 6);
  return frame;
}

test.skipIf(skip)("the client follows the address from board to board", async () => {
  holder(1).acquire(address);
  const meter = await meterOn("udp");
  const atUs = monoNowUs();
  holder(1).release(address);
  holder(2).acquire(address);
  const { ms, report } = await gapOf(meter, atUs);
  console.error(`moved: gap of ${ms.toFixed(1)} ms`);
  expect(report.turns.map(({ board }) => board)).toEqual(["c1", "c2"]);
  expect(report.isOverlap).toBe(false);
  expect(ms).toBeLessThan(100);
});

/** Faults on one network; what NETRACK would tell is told here at once. */
for (const network of ["A", "B"] as NetworkId[]) {
  const cuts = {
    "its switch": { name: `sw-${network.toLowerCase()}` },
    "its board's cable": { name: "1", network },
  };
  for (const [what, target] of Object.entries(cuts)) {
    test.skipIf(skip)(`an address outlives the loss of ${what} on ${network}`, async () => {
      holder(1).acquire(address);
      for (const kind of ["udp", "tcp"] as const) {
        const meter = await meterOn(kind);
        const { atUs } = valueOf(await lab.cut(target));
        holder(1).addresses.networkChanged(network, false);
        const { ms, report } = await gapOf(meter, atUs);
        console.error(`${what} on ${network}, ${kind}: gap of ${ms.toFixed(1)} ms`);
        expect(report.turns.map(({ board }) => board)).toEqual(["c1"]);
        expect(ms).toBeLessThan(kind === "udp" ? 100 : 500);
        valueOf(await lab.heal());
        holder(1).addresses.networkChanged(network, true);
      }
    });
  }
}

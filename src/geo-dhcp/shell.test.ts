// The servers on real sockets: a switch (kernel bridge), the CCN and boards in network namespaces,
// real clients of Debian. The lookup reads the bridge's forwarding table.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, type Ipv4, type Mac, slotId } from "../base/index.ts";
import {
  addAddress,
  canMakeNamespaces,
  closeNetns,
  createBridge,
  createNetns,
  createVeth,
  filterRarp,
  findLink,
  inNetns,
  listForwarding,
  type Netlink,
  openNetlink,
  openPacket,
  setLink,
} from "../kernel/index.ts";
import { decodeRarpFrame, rarpFrame, type RarpPacket, rarpRequest } from "../wire/index.ts";
import type { Alarm } from "./core/types.ts";
import type { LookupOutcome } from "./lookup/types.ts";
import { type GeoDhcp, startGeoDhcp } from "./shell.ts";
import { boardMac, ccnAddress, ccnMac, chassisOf, slotAddress } from "./testing.ts";

setDefaultTimeout(30_000);

const missing = canMakeNamespaces().root ? undefined : "needs root to make network namespaces";
const skip = (...programs: string[]): boolean => {
  const absent = programs.find((program) => Bun.which(program) === null);
  const why = missing ?? (absent === undefined ? undefined : `${absent} is not installed`);
  if (why !== undefined) process.stderr.write(`skipped: ${why}\n`);
  return why !== undefined;
};

function must<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/** A switch with the CCN on it; `slotOfPort` says which port (interface index) is which slot. */
type Lan = {
  readonly netns: number[];
  readonly sw: Netlink;
  readonly swNetns: number;
  readonly ccnNetns: number;
  readonly slotOfPort: Map<number, number>;
  readonly alarms: { alarm: Alarm; isRaised: boolean }[];
  readonly folder: string;
};

function up(netns: number, device: string, address?: Ipv4): void {
  inNetns(netns, () => {
    const nl = must(openNetlink());
    const { index } = must(findLink(nl, device));
    must(setLink(nl, index, { up: true }));
    if (address !== undefined) must(addAddress(nl, { index, address, prefix: 16 }));
    nl.close();
  });
}

/** Plugs a machine into the switch; gives its namespace and port. */
function plugIn(lan: Lan, port: string, mac: Mac, device: string): { netns: number; port: number } {
  const netns = must(createNetns());
  lan.netns.push(netns);
  const ends = { name: port, peerName: device, peerMac: mac, peerNetns: netns };
  must(createVeth(lan.sw, ends));
  const index = must(findLink(lan.sw, port)).index;
  const master = must(findLink(lan.sw, "sw")).index;
  must(setLink(lan.sw, index, { master }));
  must(setLink(lan.sw, index, { up: true }));
  up(netns, device);
  return { netns, port: index };
}

function createLan(): Lan {
  const swNetns = must(createNetns());
  const sw = inNetns(swNetns, () => must(openNetlink()));
  must(createBridge(sw, { name: "sw" }));
  must(setLink(sw, must(findLink(sw, "sw")).index, { up: true }));
  const folder = mkdtempSync(join(tmpdir(), "geo-dhcp-"));
  const lan = { netns: [swNetns], sw, swNetns, slotOfPort: new Map(), alarms: [], folder };
  const ccn = plugIn({ ...lan, ccnNetns: -1 }, "ccn", ccnMac, "eth-a");
  up(ccn.netns, "eth-a", ccnAddress);
  return { ...lan, ccnNetns: ccn.netns };
}

function board(lan: Lan, n: number, slot = n): number {
  const { netns, port } = plugIn(lan, `b${n}`, boardMac(n), "eth0");
  lan.slotOfPort.set(port, slot);
  return netns;
}

function lookup(lan: Lan, mac: Mac): Promise<LookupOutcome> {
  const row = must(listForwarding(lan.sw)).find((entry) => entry.mac === mac && !entry.isLocal);
  const slot = row === undefined ? undefined : lan.slotOfPort.get(row.portIndex);
  if (row === undefined) return Promise.resolve({ type: "not-found" });
  const port = String(row.portIndex);
  const found = { type: "found", port, slot: slotId(slot ?? 0) } as const;
  return Promise.resolve(slot === undefined ? { type: "no-slot", port } : found);
}

const start = (lan: Lan) =>
  inNetns(lan.ccnNetns, () =>
    startGeoDhcp({
      chassis: chassisOf(),
      network: "A",
      device: "eth-a",
      lookup: (mac) => lookup(lan, mac),
      bootInfo: () => undefined,
      log: createLog({
        board: "ccn",
        module: "geo-dhcp",
        level: "error",
        sink: () => undefined,
        now: () => "",
      }),
      onAlarm: (change) => lan.alarms.push(change),
    }),
  );

/** Runs a program in a namespace until it ends, or until a line of its output contains `until`. */
async function run(netns: number, command: string[], until?: string): Promise<string> {
  const child = inNetns(netns, () =>
    Bun.spawn(command, { stdout: "pipe", stderr: "ignore", stdin: "ignore" }),
  );
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk);
    if (until !== undefined && output.includes(until)) break;
  }
  child.kill(9);
  await child.exited;
  return output;
}

function script(lan: Lan, name: string, body: string): string {
  const path = join(lan.folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

function udhcpc(lan: Lan, netns: number, ...more: string[]): Promise<string> {
  const say = script(lan, "udhcpc.sh", 'echo "$1 $ip $hostname $lease $subnet"');
  const plain = ["udhcpc", "-i", "eth0", "-f", "-n", "-q", "-t", "2", "-T", "1", "-s", say];
  return run(netns, [...plain, ...more]);
}

/** Until it says "bound to" on stderr: by then its lease file is written. */
function dhclient(lan: Lan, netns: number): Promise<string> {
  const say = script(
    lan,
    "dhclient.sh",
    'echo "$reason $new_ip_address $new_host_name $old_ip_address"',
  );
  const conf = join(lan.folder, "dhclient.conf");
  writeFileSync(conf, "initial-delay 0; initial-interval 1; timeout 10; request host-name;\n");
  const leases = join(lan.folder, `leases-${netns}`);
  const files = `-cf ${conf} -lf ${leases} -sf ${say} --no-pid`;
  return run(netns, ["sh", "-c", `exec dhclient -1 -d ${files} eth0 2>&1`], "bound to");
}

let lan: Lan | undefined;
let server: GeoDhcp | undefined;
const here = (): { lan: Lan; server: GeoDhcp } => {
  if (lan === undefined || server === undefined) throw new Error("the chassis is not up");
  return { lan, server };
};

beforeAll(async () => {
  if (missing !== undefined) return;
  lan = createLan();
  server = must(await start(lan));
});

afterAll(() => {
  server?.close();
  if (lan === undefined) return;
  lan.sw.close();
  for (const netns of lan.netns) closeNetns(netns);
  rmSync(lan.folder, { recursive: true });
});

test("udhcpc gets the address of its slot, and again after the server was restarted", async () => {
  if (skip("udhcpc")) return;
  const netns = board(here().lan, 7);
  expect(await udhcpc(here().lan, netns)).toContain("bound 10.1.1.7 card7 300 255.255.0.0");
  expect(here().server.leases().at(-1)).toMatchObject({ mac: boardMac(7), slot: 7, by: "dhcp" });
  here().server.close();
  server = must(await start(here().lan));
  expect(here().server.leases()).toEqual([]);
  const again = await udhcpc(here().lan, netns, "-r", "10.1.1.3", "-B");
  expect(again).toContain("bound 10.1.1.7");
  expect(here().server.counters()["dhcp-acked"]).toBe(1);
  const where = await here().server.where(boardMac(7));
  expect(where).toMatchObject({ slot: 7, address: slotAddress(7) });
});

test("dhclient gets its slot's address; carried to another slot it is refused, then moved", async () => {
  if (skip("dhclient")) return;
  const { lan: net, server: dhcp } = here();
  const netns = board(net, 5);
  const first = await dhclient(net, netns);
  expect(first).toContain("BOUND 10.1.1.5 card5");
  const port = must(findLink(net.sw, "b5")).index;
  net.slotOfPort.set(port, 6);
  const moved = await dhclient(net, netns);
  expect(moved).toContain("DHCPNAK from 10.1.0.1");
  expect(moved).toContain("BOUND 10.1.1.6 card6");
  expect(dhcp.counters()["dhcp-request-differs"]).toBe(1);
});

test("an address that another machine holds is not offered, and the alarm names that machine", async () => {
  if (skip("udhcpc")) return;
  const { lan: net, server: dhcp } = here();
  const rogue = plugIn(net, "rogue", boardMac(66), "eth0");
  up(rogue.netns, "eth0", slotAddress(4));
  const netns = board(net, 4);
  expect(await udhcpc(net, netns)).not.toContain("bound");
  expect(dhcp.counters()["dhcp-discover-in-use"]).toBeGreaterThan(0);
  expect(dhcp.alarms()[0]).toMatchObject({ holder: boardMac(66), claimant: boardMac(4) });
  expect(net.alarms.at(-1)?.isRaised).toBe(true);
});

test("a RARP request is answered to its sender with the address of its port", async () => {
  if (skip()) return;
  const { lan: net } = here();
  const netns = board(net, 3);
  const { promise, resolve } = Promise.withResolvers<RarpPacket>();
  const socket = must(
    await inNetns(netns, () =>
      openPacket({
        device: "eth0",
        etherType: 0x8035,
        filter: filterRarp,
        onFrame: (frame) => resolve(must(decodeRarpFrame(frame))),
        onClose: () => undefined,
      }),
    ),
  );
  // As clients do: what is sent before the link has carrier is lost.
  const again = setInterval(() => must(socket.send(rarpFrame(rarpRequest(boardMac(3))))), 50);
  expect(await promise).toMatchObject({ op: 4, tpa: slotAddress(3), spa: ccnAddress });
  clearInterval(again);
  socket.close();
});

test("where another server has port 67 the start is refused with what to do", async () => {
  if (skip()) return;
  const second = await start(here().lan);
  expect(second.ok).toBe(false);
  if (second.ok) return;
  expect(second.error.kind).toBe("port-held");
  expect(second.error.text).toContain("eth-a: EADDRINUSE; another DHCP server runs here, stop it");
});

test("an interface that was down is served again when it is back", async () => {
  if (skip("udhcpc")) return;
  const { lan: net, server: dhcp } = here();
  const set = (isUp: boolean): void =>
    inNetns(net.ccnNetns, () => {
      const nl = must(openNetlink());
      must(setLink(nl, must(findLink(nl, "eth-a")).index, { up: isUp }));
      nl.close();
    });
  const netns = board(net, 2);
  set(false);
  await untilCounted(dhcp, "interface-lost");
  set(true);
  await untilCounted(dhcp, "interface-back");
  expect(await udhcpc(net, netns)).toContain("bound 10.1.1.2");
});

async function untilCounted(dhcp: GeoDhcp, name: string): Promise<void> {
  while ((dhcp.counters()[name] ?? 0) === 0) await new Promise(setImmediate);
}

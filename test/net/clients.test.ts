// Clients that are not ours against the running CCN: Debian's DHCP clients, RARP, a relay, a MAC
// that is not welcome, a host that holds an address it should not have.

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ipv4 } from "../../src/base/index.ts";
import {
  addAddress,
  findLink,
  inNetns,
  killPid,
  openNetlink,
  openUdp,
  removeAddress,
} from "../../src/kernel/index.ts";
import { type CommandOutput, deviceOf, type Lab } from "../../src/lab/index.ts";
import {
  arpFrame,
  arpProbe,
  decodeDhcp,
  decodeRarpFrame,
  dhcpFields,
  dhcpMessageTypes,
  dhcpPorts,
  dhcpValue,
  rarpFrame,
  rarpOps,
  rarpRequest,
} from "../../src/wire/index.ts";
import {
  addressOf,
  chassisMissing,
  chassisText,
  chassisUp,
  cli,
  counterOf,
  eventsOf,
  isMissing,
  pidOf,
  seatOf,
  slot,
  statusOf,
  type TestChassis,
  until,
  valueOf,
} from "./chassis.ts";
import {
  closeSeats,
  dhcpBytes,
  dhcpFrame,
  dhcpReply,
  dhcpRequest,
  exchange,
  replyTo,
  takeSeat,
  typeOf,
} from "./seat.ts";

setDefaultTimeout(60_000);
const skip = chassisMissing("foreign clients") !== undefined;
const noUdhcpc = skip || isMissing("udhcpc", "udhcpc");
const noDhclient = skip || isMissing("dhclient", "dhclient");
const ccnAddress = "10.1.0.1" as Ipv4;
const { discover, request } = dhcpMessageTypes;

let chassis: TestChassis;
let lab: Lab;
let fileVersion = 1;
/** What a test leaves to be undone, whether it passes or not. */
const undone: (() => void)[] = [];

beforeAll(async () => {
  if (skip) return;
  chassis = await chassisUp({ file: {}, empty: [1, 2, 3, 4, 5, 6] });
  lab = chassis.lab;
  for (const number of [2, 3, 4, 5]) valueOf(await lab.insert(slot(number), { empty: true }));
  await until(async () => ((await statusOf(lab, 0)) === undefined ? "no daemon yet" : undefined));
});

afterEach(() => {
  closeSeats();
  for (const undo of undone.splice(0)) undo();
});

afterAll(async () => {
  await chassis?.down();
});

/** Gives the kernel of a slot's board an address until the returned function is called. */
function holdAddress(number: number, address: string): () => void {
  let isHeld = true;
  setAddress(number, address, true);
  const release = (): void => {
    if (isHeld) setAddress(number, address, false);
    isHeld = false;
  };
  undone.push(release);
  return release;
}

function setAddress(number: number, address: string, isThere: boolean): void {
  inNetns(valueOf(lab.netnsOf(`${number}`)), () => {
    const netlink = valueOf(openNetlink());
    const { index } = valueOf(findLink(netlink, deviceOf.A));
    const wanted = { index, address: address as Ipv4, prefix: 16 };
    valueOf(isThere ? addAddress(netlink, wanted) : removeAddress(netlink, wanted));
    netlink.close();
  });
}

function branch(name: string): Promise<number> {
  return counterOf(lab, 0, `geo-dhcp.A.${name}`);
}

/** Waits until a branch of the server was taken once more than `before`. */
async function takenAgain(name: string, before: number): Promise<void> {
  await until(async () => ((await branch(name)) > before ? undefined : `${name} was not taken`));
}

test.skipIf(noUdhcpc)("udhcpc gets its slot's address on both networks", async () => {
  for (const network of ["A", "B"] as const) {
    const done = await cli(lab, "3", [
      ...["udhcpc", "-i", deviceOf[network], "-f", "-q", "-n", "-t", "5", "-T", "1"],
      ...["-s", "/bin/true"],
    ]);
    const said = done.stdout + done.stderr;
    expect(said).toContain(`lease of ${addressOf(lab, 3, network)} obtained`);
    expect(done.code).toBe(0);
  }
});

async function dhclient(number: number): Promise<CommandOutput> {
  const conf = join(chassis.folder, "dhclient.conf");
  writeFileSync(conf, "timeout 10;\nreboot 5;\ninitial-interval 1;\nbackoff-cutoff 2;\n");
  const pidFile = join(chassis.folder, "dhclient.pid");
  const files = ["-lf", join(chassis.folder, "dhclient.leases"), "-pf", pidFile, "-cf", conf];
  const done = await cli(lab, `${number}`, [
    ...["dhclient", "-4", "-1", "-v", "-sf", "/bin/true"],
    ...[...files, deviceOf.A],
  ]);
  // Bound, it went into the background; its pid is the one of the board's PID namespace.
  await cli(lab, `${number}`, ["kill", "-9", readFileSync(pidFile, "utf8").trim()]);
  return done;
}

test.skipIf(noDhclient)(
  "dhclient gets its slot's address; on the board moved to another slot it hears NAK, then gets that slot's",
  async () => {
    const first = await dhclient(5);
    expect(first.stderr).toContain(`bound to ${addressOf(lab, 5)}`);
    valueOf(await lab.move(slot(5), slot(6)));
    try {
      const second = await dhclient(6);
      const said = second.stderr.split("\n");
      const at = (words: string): number => said.findIndex((line) => line.includes(words));
      expect(at(`DHCPREQUEST for ${addressOf(lab, 5)}`)).toBeGreaterThanOrEqual(0);
      expect(at("DHCPNAK")).toBeGreaterThan(at(`DHCPREQUEST for ${addressOf(lab, 5)}`));
      expect(at(`bound to ${addressOf(lab, 6)}`)).toBeGreaterThan(at("DHCPNAK"));
    } finally {
      valueOf(await lab.move(slot(6), slot(5)));
    }
  },
);

test.skipIf(skip)("a lease of another slot is refused in RENEWING, too", async () => {
  const seat = await takeSeat(lab, 5);
  const asked = { type: request, chaddr: seat.mac };
  const renew = dhcpRequest({ ...asked, xid: 71, ciaddr: addressOf(lab, 4) as Ipv4 });
  expect(typeOf(await exchange(seat, renew))).toBe("nak");
  const own = dhcpRequest({ ...asked, xid: 72, ciaddr: addressOf(lab, 5) as Ipv4 });
  const reply = await exchange(seat, own);
  expect(typeOf(reply)).toBe("ack");
  expect(String(reply.yiaddr)).toBe(addressOf(lab, 5));
});

test.skipIf(skip)("a RARP request is answered with the slot's address", async () => {
  const seat = await takeSeat(lab, 4);
  seat.send(rarpFrame(rarpRequest(seat.mac)));
  const reply = await seat.next((frame) => {
    const packet = decodeRarpFrame(frame);
    return packet.ok && packet.value.op === rarpOps.reply ? packet.value : undefined;
  });
  expect(String(reply.tpa)).toBe(addressOf(lab, 4));
  expect(reply.tha).toBe(seat.mac);
  expect(reply.spa).toBe(ccnAddress);
});

test.skipIf(skip)("a relay gets the reply for its client, for the client's slot", async () => {
  const client = await takeSeat(lab, 5);
  client.send(arpFrame(arpProbe(client.mac, "10.1.200.200" as Ipv4))); // so the switch knows it
  const relay = addressOf(lab, 2) as Ipv4;
  holdAddress(2, relay);
  const answers: Uint8Array[] = [];
  const opening = inNetns(valueOf(lab.netnsOf("2")), () =>
    openUdp({
      address: relay,
      port: dhcpPorts.server,
      onDatagram: (bytes) => answers.push(bytes),
      onError: () => {},
    }),
  );
  const udp = valueOf(await opening);
  undone.push(() => udp.close());
  const message = dhcpRequest({ type: discover, chaddr: client.mac, xid: 0x5e1a, giaddr: relay });
  valueOf(udp.send(dhcpBytes(message), ccnAddress, dhcpPorts.server));
  await until(() => (answers.length > 0 ? undefined : "the relay got no answer"));
  const reply = valueOf(decodeDhcp(answers[0] ?? new Uint8Array(0)));
  expect({
    type: typeOf(reply),
    xid: reply.xid,
    giaddr: reply.giaddr,
    chaddr: reply.chaddr,
  }).toEqual({ type: "offer", xid: 0x5e1a, giaddr: relay, chaddr: client.mac });
  expect(String(reply.yiaddr)).toBe(addressOf(lab, 5));
});

test.skipIf(skip)(
  "an address held by a foreign host is not offered; the alarm names the host and clears when it is silent",
  async () => {
    const wanted = addressOf(lab, 5);
    const release = holdAddress(4, wanted);
    // What was heard before of the rightful board must be too old to count.
    const client = await takeSeat(lab, 5);
    let xid = 100;
    const ask = (): void => {
      client.send(dhcpFrame(dhcpRequest({ type: discover, chaddr: client.mac, xid: ++xid })));
    };
    let before = await branch("dhcp-discover-in-use");
    await until(async () => {
      ask();
      return (await branch("dhcp-discover-in-use")) > before ? undefined : "still offered";
    });
    before = await branch("dhcp-discover-in-use");
    ask();
    await takenAgain("dhcp-discover-in-use", before);
    expect(client.heard(replyTo(xid))).toEqual([]);
    const holder = seatOf(lab, 4).cables.find(({ network }) => network === "A")?.mac ?? "";
    const standing = async (): Promise<string[]> =>
      ((await statusOf(lab, 0))?.alarms ?? [])
        .filter(({ id, object }) => id === "address-conflict" && object === wanted)
        .map(({ text }) => text);
    expect(await standing()).toHaveLength(1);
    expect((await standing())[0]).toContain(holder);
    release();
    await until(async () => ((await standing()).length === 0 ? undefined : "still in alarm"));
    const offer = await exchange(
      client,
      dhcpRequest({ type: discover, chaddr: client.mac, xid: 99 }),
    );
    expect(typeOf(offer)).toBe("offer");
    expect(String(offer.yiaddr)).toBe(wanted);
  },
);

/** Puts another `macs` into the chassis file and lets the CCN read it. */
async function reload(macs: string): Promise<void> {
  const version = ++fileVersion;
  writeFileSync(chassis.chassisFile, chassisText({ version, more: [macs] }));
  expect(killPid(pidOf(lab, 0), 1).ok).toBe(true);
  await until(async () => {
    const events = await eventsOf(lab, 0);
    const loaded = events.filter(({ event }) => event === "config-loaded").at(-1);
    return loaded?.fields["version"] === version ? undefined : `version ${version} is not loaded`;
  });
}

test.skipIf(skip)("a MAC that the file does not list gets nothing", async () => {
  const listed = await takeSeat(lab, 3);
  const foreign = await takeSeat(lab, 5);
  await reload(`macs: [${listed.mac}]`);
  const before = await branch("mac-not-listed");
  foreign.forget();
  const asked = { type: discover, chaddr: foreign.mac };
  foreign.send(dhcpFrame(dhcpRequest({ ...asked, xid: 200 })));
  await takenAgain("mac-not-listed", before);
  foreign.send(rarpFrame(rarpRequest(foreign.mac)));
  await takenAgain("mac-not-listed", before + 1);
  const own = dhcpRequest({ type: discover, chaddr: listed.mac, xid: 201 });
  const offer = await exchange(listed, own);
  expect(String(offer.yiaddr)).toBe(addressOf(lab, 3));
  expect(dhcpValue(offer, dhcpFields.serverIdentifier)).toBe(ccnAddress);
  expect(foreign.heard(dhcpReply)).toEqual([]);
  await reload("macs: any");
  expect(typeOf(await exchange(foreign, dhcpRequest({ ...asked, xid: 202 })))).toBe("offer");
});

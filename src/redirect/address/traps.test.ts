// What goes wrong when public addresses move carelessly (net.md sections 4 and 5), with real packets.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  createMacvlan,
  deleteLink,
  findLink,
  inNetns,
  listAddresses,
  listNeighbours,
  monoNowUs,
  openPacket,
  openUdp,
  setLink,
} from "../../kernel/index.ts";
import { arpAnnouncement, arpFrame } from "../../wire/index.ts";
import {
  clientIp,
  clientMac,
  layChassis,
  mayMoveAddresses,
  must,
  openHolder,
  type Holder,
  plainSetting,
  publicIp,
  testIp,
  testMac,
} from "./fixtures.ts";
import { believed, connect, cutOff, long, publicsOf, serve, steps, until } from "./moving.ts";
import { claimGraceUs } from "./limits.ts";

const here = test.skipIf(!mayMoveAddresses);

here("trap: two moves within a second are followed at once (net.md section 5)", async () => {
  using chassis = layChassis();
  using first = await openHolder(chassis.boards[0]);
  using second = await openHolder(chassis.boards[1]);
  using _one = serve(chassis.boards[0]);
  first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  for (const [from, to, mac] of [
    [first, second, "02:00:00:00:0a:02"],
    [second, first, "02:00:00:00:0a:01"],
    [first, second, "02:00:00:00:0a:02"],
  ] as const) {
    from.addresses.release(publicIp, []);
    const startUs = monoNowUs();
    to.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    await until(() => believed(chassis.client) === mac);
    expect(monoNowUs() - startUs).toBeLessThan(500_000); // locktime is 1 s
  }
  client.socket.terminate();
});

here(
  "trap: an own neighbour entry that waits for ARP is overwritten before the address is added",
  async () => {
    using chassis = layChassis();
    using first = await openHolder(chassis.boards[0]);
    const entry = () =>
      must(listNeighbours(chassis.boards[1].nl)).find((each) => each.address === clientIp);
    const believedAt = new Map<string, string | undefined>();
    using second = await openHolder(chassis.boards[1], [plainSetting], (report) => {
      if (report.type === "step") believedAt.set(report.step, entry()?.mac);
    });
    using _one = serve(chassis.boards[0]);
    using _two = serve(chassis.boards[1]);
    first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    const client = await connect(chassis);
    await client.echo();
    // Board 2 is cut off, tries to reach the client and now waits for an answer that was lost.
    cutOff(chassis, "b2", true);
    second.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    const socket = must(
      await inNetns(chassis.boards[1].netns, () =>
        openUdp({ port: 0, onDatagram() {}, onError() {} }),
      ),
    );
    must(socket.send(new Uint8Array([1]), clientIp, 9));
    await until(() => entry() !== undefined);
    expect(entry()?.mac).toBeUndefined();
    second.addresses.release(publicIp, []);
    cutOff(chassis, "b2", false);
    cutOff(chassis, "b1", true);
    believedAt.clear();
    const startUs = monoNowUs();
    second.addresses.acquire({ address: publicIp, clients: [client.known], untilUs: long() });
    // Before the address: what is announced makes clients send, and answers must not wait for ARP.
    expect(believedAt.get("neighbours-set")).toBe(clientMac);
    expect((await client.ended) - startUs).toBeLessThan(200_000); // the ARP timer: 1 s
    socket.close();
  },
);

here("trap: with two addresses of one subnet, removing the first leaves the second", async () => {
  using chassis = layChassis();
  const sibling = { ...plainSetting, address: testIp("192.168.1.2") };
  using holder = await openHolder(chassis.boards[0], [plainSetting, sibling]);
  for (const { address } of [plainSetting, sibling]) {
    holder.addresses.acquire({ address, clients: [], untilUs: long() });
  }
  holder.addresses.release(publicIp, []);
  expect(publicsOf(chassis.boards[0])).toEqual([
    "192.168.1.2/24 eth-a",
    "192.168.1.2/24 eth-b",
    "route 192.168.1.0/24 eth-a",
  ]);
});

here("somebody else's claim is told with its MAC, and clients are led back", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  using _echo = serve(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  const acquiredUs = holder.reports[0]?.atUs ?? monoNowUs();
  await until(() => monoNowUs() > acquiredUs + claimGraceUs);
  const thief = testMac("02:00:00:00:0f:0f");
  const other = must(
    await inNetns(chassis.boards[1].netns, () =>
      openPacket({ device: "eth-a", etherType: 0x88b5, onFrame() {}, onClose() {} }),
    ),
  );
  must(other.send(arpFrame(arpAnnouncement(thief, publicIp))));
  await until(() => holder.reports.some(({ type }) => type === "duplicate"));
  expect(holder.reports.find(({ type }) => type === "duplicate")).toMatchObject({
    address: publicIp,
    network: "A",
    mac: thief,
    claims: 1,
  });
  await until(() => believed(chassis.client) === "02:00:00:00:0a:01");
  await client.echo();
  client.socket.terminate();
  other.close();
});

here("without network A the board answers on B, and its way back is B", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  holder.addresses.networkChanged("A", false);
  expect(publicsOf(chassis.boards[0])).toContain("route 192.168.1.0/24 eth-b");
  holder.addresses.networkChanged("A", true);
  expect(publicsOf(chassis.boards[0])).toContain("route 192.168.1.0/24 eth-b");
});

here("a start takes away addresses and routes that a predecessor left", async () => {
  using chassis = layChassis();
  const [seat] = chassis.boards;
  const gone = await openHolder(seat);
  gone.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  expect(publicsOf(seat)).toHaveLength(3);
  using _next = await openHolder(seat);
  expect(publicsOf(seat)).toEqual([]);
  gone[Symbol.dispose]();
});

here("a device that was taken out and put in again has the gate before the address", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  holder.addresses.networkChanged("A", false);
  const old = must(findLink(chassis.boards[0].nl, "eth-a")).index;
  chassis.replug("b1", "A");
  const { index } = must(findLink(chassis.boards[0].nl, "eth-a"));
  expect(index).not.toBe(old);
  expect(publicsOf(chassis.boards[0])).toEqual([
    "192.168.1.1/24 eth-b",
    "route 192.168.1.0/24 eth-b",
  ]);
  expect(holder.gate.covers("eth-a", index)).toBe(false);
  holder.addresses.networkChanged("A", true);
  expect(publicsOf(chassis.boards[0])).toContain("192.168.1.1/24 eth-a");
  expect(holder.gate.covers("eth-a", index)).toBe(true);
});

here(
  "a listener that gives an address up in the middle of its takeover leaves nothing behind",
  async () => {
    using chassis = layChassis();
    const [seat] = chassis.boards;
    let holder: Holder | undefined;
    using opened = await openHolder(seat, [plainSetting], (report) => {
      if (report.type === "step" && report.step === "neighbours-set") {
        holder?.addresses.release(publicIp, []);
        expect(Number(holder?.gate.deadlineUs(publicIp))).toBe(0); // already then
      }
    });
    holder = opened;
    opened.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    expect(opened.addresses.isHeld(publicIp)).toBe(false);
    expect(publicsOf(seat)).toEqual([]);
    expect(steps(opened).at(-1)).toBe("address-removed:1");
  },
);

here("an address that cannot be added is told and leaves the gate shut", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  chassis.unplug("b1", "A");
  chassis.unplug("b1", "B");
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  expect(steps(holder)).toEqual(["neighbours-set:0", "failed"]);
  expect(holder.addresses.isHeld(publicIp)).toBe(false);
  expect(Number(holder.gate.deadlineUs(publicIp))).toBe(0);
});

here("the devices, also one's own MAC's, are set as two networks need it", async () => {
  using chassis = layChassis();
  const [seat] = chassis.boards;
  using _holder = await openHolder(seat, [{ ...plainSetting, mac: testMac("02:00:00:00:77:01") }]);
  const read = (device: string, key: string): string =>
    inNetns(seat.netns, () =>
      readFileSync(`/proc/sys/net/ipv4/conf/${device}/${key}`, "latin1").trim(),
    );
  const keys = ["rp_filter", "arp_ignore", "arp_announce", "promote_secondaries"];
  for (const device of ["eth-a", "eth-b", "pub0a", "pub0b"]) {
    expect([device, ...keys.map((key) => read(device, key))]).toEqual([device, "2", "1", "2", "1"]);
  }
});

here("an address that fails takes no other one with it", async () => {
  using chassis = layChassis();
  const own = { ...plainSetting, mac: testMac("02:00:00:00:77:01") };
  const sibling = { ...own, address: testIp("192.168.1.2"), mac: testMac("02:00:00:00:77:02") };
  const { nl } = chassis.boards[0];
  using holder = await openHolder(chassis.boards[0], [own, sibling]);
  for (const { address } of [own, sibling]) {
    holder.addresses.acquire({ address, clients: [], untilUs: long() });
  }
  // Something else on that device has the first one's MAC: its macvlan cannot come up again.
  must(deleteLink(nl, must(findLink(nl, "pub0b")).index));
  const lower = must(findLink(nl, "eth-b")).index;
  must(createMacvlan(nl, { name: "thief", mac: own.mac, lower }));
  must(setLink(nl, must(findLink(nl, "thief")).index, { up: true }));
  holder.addresses.networkChanged("A", false);
  expect([publicIp, sibling.address].map(holder.addresses.isHeld)).toEqual([false, true]);
  const on = must(findLink(nl, "pub1b")).index;
  expect(must(listAddresses(nl)).find(({ address }) => address === sibling.address)?.index).toBe(
    on,
  );
  expect(steps(holder).at(-1)).toBe("failed");
});

here("after a healed split the holder announces again and clients come back to it", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  using _echo = serve(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  await until(() => monoNowUs() > (holder.reports[0]?.atUs ?? 0) + 400_000); // the burst is over
  cutOff(chassis, "b1", true);
  // On the client's side of the split another machine claims the address; board 1 cannot hear it.
  const other = must(
    await inNetns(chassis.boards[1].netns, () =>
      openPacket({ device: "eth-a", etherType: 0x88b5, onFrame() {}, onClose() {} }),
    ),
  );
  const thief = testMac("02:00:00:00:0f:0f");
  must(other.send(arpFrame(arpAnnouncement(thief, publicIp))));
  await until(() => believed(chassis.client) === thief);
  cutOff(chassis, "b1", false);
  holder.addresses.announceAgain();
  await until(() => believed(chassis.client) === "02:00:00:00:0a:01");
  await client.echo();
  expect(holder.reports.some(({ type }) => type === "duplicate")).toBe(false);
  client.socket.terminate();
  other.close();
});

here("a macvlan that went with its device comes back with it", async () => {
  using chassis = layChassis();
  const { nl } = chassis.boards[0];
  const own = { ...plainSetting, mac: testMac("02:00:00:00:77:01") };
  using holder = await openHolder(chassis.boards[0], [own]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  chassis.replug("b1", "A");
  expect(findLink(nl, "pub0a").ok).toBe(false);
  holder.addresses.networkChanged("A", false); // to B meanwhile
  holder.addresses.networkChanged("A", true);
  holder.addresses.networkChanged("B", false); // and back
  const place = must(findLink(nl, "pub0a"));
  expect([place.mac, place.up]).toEqual([own.mac, true]);
  const places = must(listAddresses(nl)).filter(({ address }) => address === publicIp);
  expect(places.map(({ index }) => index)).toEqual([place.index]);
  expect(holder.gate.covers("eth-a", must(findLink(nl, "eth-a")).index)).toBe(true);
});

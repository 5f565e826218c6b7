import { expect, test } from "bun:test";
import { parseIpv4 } from "../base/index.ts";
import {
  dhcpFields,
  dhcpMessageTypes,
  dhcpOption,
  dhcpOptionBytes,
  dhcpValue,
  zeroIpv4,
} from "../wire/index.ts";
import { explanations } from "./core/event-names.ts";
import {
  burstMax,
  clientsMax,
  givenMax,
  leaseSeconds,
  logLinesPerSecondMax,
  pendingMax,
  pendingPerSenderMax,
  pendingUsMax,
} from "./limits.ts";
import {
  boardMac,
  boot,
  ccnMac,
  ccnAddress,
  chassisOf,
  configOf,
  counted,
  createWorld,
  from,
  ip,
  message,
  pass,
  plug,
  send,
  sendRarp,
  slotAddress,
  tell,
  type World,
} from "./testing.ts";
import { placeOf } from "./core/place.ts";
import { whereIsMac, whereIsSlot } from "./where.ts";
import { slotId } from "../base/index.ts";

const { discover, request, offer, ack, nak } = dhcpMessageTypes;
const seven = boardMac(7);
const address7 = slotAddress(7);
const relay = ip("10.1.0.2");
const types = (world: World): (number | undefined)[] => world.replies.map(({ type }) => type);

test("retries with other xids join the lookup in flight and get one answer with the newest xid", () => {
  const world = createWorld();
  world.lookupUs = 50_000;
  for (const xid of [1, 2, 3]) {
    send(world, from.discover(seven, xid));
    pass(world, 10);
  }
  pass(world, 1000);
  expect(world.lookups).toEqual([seven]);
  expect(world.replies.map((reply) => reply.message.xid)).toEqual([3]);
  expect(counted(world, "request-joined")).toBe(2);
});

test("a retry while the probe runs joins it too", () => {
  const world = createWorld();
  send(world, from.discover(seven, 1));
  pass(world, 30);
  send(world, from.discover(seven, 2));
  pass(world, 1000);
  expect(world.replies.map((reply) => reply.message.xid)).toEqual([2]);
  expect(world.lookups).toHaveLength(1);
});

test("RARP and DHCP of one board share a lookup and are both answered", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  sendRarp(world, seven);
  pass(world, 1000);
  expect([world.lookups.length, world.rarps.length, types(world)]).toEqual([1, 1, [offer]]);
});

test("the REQUEST after an OFFER reuses its lookup for two seconds, not longer", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  pass(world, 1500);
  send(world, from.selecting(seven, address7));
  expect(types(world)).toEqual([offer, ack]);
  expect(world.lookups).toHaveLength(1);
  pass(world, 1500);
  send(world, from.selecting(seven, address7));
  pass(world, 500);
  expect(world.lookups).toHaveLength(2);
});

test("a restarted server answers as before: nothing is remembered, everything follows from the port", () => {
  const before = createWorld();
  for (let n = 1; n <= 7; n++) boot(before, boardMac(n));
  const restarted = createWorld();
  for (const [address, holders] of before.hosts) restarted.hosts.set(address, holders);
  for (let n = 1; n <= 7; n++) {
    send(restarted, from.renewing(boardMac(n), slotAddress(n)));
    pass(restarted, 100);
    expect(types(restarted).at(-1)).toBe(ack);
    expect(boot(restarted, boardMac(n))).toBe(slotAddress(n));
  }
});

test("twenty-one boards that ask in one millisecond have their addresses after one lookup and one probe", () => {
  const world = createWorld(configOf({ chassis: chassisOf({}, 21) }), 21);
  world.lookupUs = 50_000;
  const startUs = world.nowUs;
  for (let n = 1; n <= 21; n++) send(world, from.discover(boardMac(n)));
  pass(world, 131);
  expect(types(world).filter((type) => type === offer)).toHaveLength(21);
  for (let n = 1; n <= 21; n++) send(world, from.selecting(boardMac(n), slotAddress(n)));
  expect(types(world).filter((type) => type === ack)).toHaveLength(21);
  expect(world.nowUs - startUs).toBeLessThan(300_000);
});

test("only listed MACs are served if the chassis file has a list", () => {
  const world = createWorld(configOf({ chassis: chassisOf({ macs: [seven] }) }));
  expect(boot(world, seven)).toBe(address7);
  expect(boot(world, boardMac(6))).toBeUndefined();
  sendRarp(world, boardMac(6));
  pass(world, 100);
  expect(world.rarps).toEqual([]);
  expect(counted(world, "mac-not-listed")).toBe(2);
});

test("one board that asks in circles is bounded and the others are served", () => {
  const world = createWorld();
  for (let i = 0; i < burstMax + 500; i++) send(world, from.discover(seven, i));
  expect(counted(world, "mac-too-often")).toBe(500);
  expect(boot(world, boardMac(6))).toBe(slotAddress(6));
  pass(world, 1000);
  expect(boot(world, seven)).toBe(address7);
});

test("a sender that invents MACs gets few places in flight; a relay is no such sender", () => {
  const world = createWorld();
  const broken = boardMac(66);
  for (let i = 0; i < 100; i++) send(world, from.discover(boardMac(1000 + i)), { sender: broken });
  expect(world.state.pending.size).toBe(pendingPerSenderMax);
  expect(counted(world, "sender-for-too-many")).toBe(100 - pendingPerSenderMax);
  pass(world, 1000);
  expect(world.state.senders.size).toBe(0);
  for (let i = 0; i < 100; i++) {
    const relayed = { ...from.discover(boardMac(1000 + i)), giaddr: relay };
    send(world, relayed, { sender: broken, from: relay });
  }
  expect(world.state.pending.size).toBe(100);
});

test("requests in flight, clients and given addresses stay bounded; full means dropped and counted", () => {
  const world = createWorld();
  for (let i = 0; i < pendingMax + 10; i++) send(world, from.discover(boardMac(100 + i)));
  expect(world.state.pending.size).toBe(pendingMax);
  expect(counted(world, "requests-full")).toBe(10);
  expect(world.state.clients.size).toBeLessThanOrEqual(clientsMax);
  world.queue.length = 0;
  pass(world, pendingUsMax / 1000 + 10);
  expect(world.state.pending.size).toBe(0);
  expect(counted(world, "request-expired")).toBe(pendingMax);
  for (let i = 0; i < givenMax + 10; i++) {
    plug(world, boardMac(100 + i), 1 + (i % 7));
    tell(world, {
      type: "rarp-received",
      packet: { op: 3, sha: seven, spa: zeroIpv4, tha: boardMac(100 + i), tpa: zeroIpv4 },
      sender: boardMac(100 + i),
    });
    pass(world, 2);
  }
  expect(world.state.given.size).toBe(givenMax);
});

test("a storm does not fill the log: lines a second are bounded, the rest is told as a number", () => {
  const world = createWorld();
  for (let i = 0; i < logLinesPerSecondMax + 50; i++) {
    send(world, from.release(boardMac(100 + i), address7));
  }
  expect(world.lines).toHaveLength(logLinesPerSecondMax);
  pass(world, 1100);
  send(world, from.release(seven, address7));
  expect(world.lines.at(-2)).toMatchObject({
    event: "log-lines-suppressed",
    fields: { lines: 50 },
  });
  expect(counted(world, "dhcp-released")).toBe(logLinesPerSecondMax + 51);
});

test("replies go where RFC 2131 §4.1 says", () => {
  const world = createWorld();
  boot(world, seven);
  const to = (dhcp: Parameters<typeof send>[1], source?: typeof relay) => {
    send(world, dhcp, source === undefined ? {} : { from: source });
    pass(world, 500);
    return world.replies.at(-1)?.to;
  };
  const everybody = parseIpv4("255.255.255.255");
  const all = { kind: "frame", mac: "ff:ff:ff:ff:ff:ff", address: everybody.ok && everybody.value };
  const client = { kind: "frame", mac: seven, address: address7 };
  expect(to(from.discover(seven))).toEqual(client as never);
  expect(to({ ...from.discover(seven), flags: 0x8000 })).toEqual(all as never);
  expect(to(from.renewing(seven, address7))).toEqual(client as never);
  expect(to({ ...from.renewing(seven, address7), flags: 0x8000 })).toEqual(client as never);
  const relayed = { ...from.discover(seven), giaddr: relay };
  expect(to(relayed, relay)).toEqual({ kind: "relay", address: relay });
  expect(to(from.initReboot(seven, slotAddress(3)))).toEqual(all as never);
  const wrong = { ...from.initReboot(seven, slotAddress(3)), giaddr: relay };
  expect(to(wrong, relay)).toEqual({ kind: "relay", address: relay });
  expect((world.replies.at(-1)?.message.flags ?? 0) & 0x8000).toBe(0x8000);
});

test("an OFFER carries what RFC 2131 table 3 asks for", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  pass(world, 500);
  const sent = world.replies[0]?.message ?? from.discover(seven);
  expect(dhcpValue(sent, dhcpFields.subnetMask)).toBe(ip("255.255.0.0"));
  expect(dhcpValue(sent, dhcpFields.serverIdentifier)).toBe(ccnAddress);
  expect(dhcpValue(sent, dhcpFields.leaseTime)).toBe(leaseSeconds);
  expect(dhcpValue(sent, dhcpFields.renewalTime)).toBe(leaseSeconds / 2);
  expect(dhcpValue(sent, dhcpFields.rebindingTime)).toBeLessThan(leaseSeconds);
  expect(dhcpValue(sent, dhcpFields.hostName)).toBe("card7");
  expect(dhcpValue(sent, dhcpFields.domainName)).toBe("demo");
  expect(sent.siaddr).toBe(zeroIpv4);
  for (const { code } of [dhcpFields.vendorInformation, dhcpFields.bootFileName]) {
    expect(dhcpOptionBytes(sent, code)).toBeUndefined();
  }
});

test("a client of vendor class softset is told URL and SHA-256 of its configuration", () => {
  const world = createWorld();
  const options = [dhcpOption(dhcpFields.vendorClass, "softset:io-card")];
  send(world, message(discover, seven, {}, options));
  pass(world, 500);
  const bytes = dhcpOptionBytes(world.replies[0]?.message ?? message(1, seven), 43);
  const url = "http://10.1.0.1/slot/7";
  const want = [1, url.length, ...new TextEncoder().encode(url), 2, 32, ...new Uint8Array(32)];
  expect([...(bytes ?? [])]).toEqual(want);
});

test("the configured boot file is named in options 66 and 67, in file and siaddr", () => {
  const { provision } = chassisOf();
  const chassis = chassisOf({ provision: { ...provision, bootFile: "boot.ipxe" } });
  const world = createWorld(configOf({ chassis }));
  send(world, from.discover(seven));
  pass(world, 500);
  const sent = world.replies[0]?.message ?? message(1, seven);
  expect([sent.file, sent.siaddr]).toEqual(["boot.ipxe", ccnAddress]);
  expect(dhcpValue(sent, dhcpFields.bootFileName)).toBe("boot.ipxe");
  expect(dhcpValue(sent, dhcpFields.tftpServerName)).toBe(ccnAddress);
});

test("client identifier and option 82 come back as they were sent, in NAKs too", () => {
  const world = createWorld();
  const id = { code: 61, bytes: Uint8Array.of(1, 2, 3) };
  const agent = { code: 82, bytes: Uint8Array.of(1, 2, 9, 9) };
  const wish = dhcpOption(dhcpFields.requestedAddress, slotAddress(3));
  for (const dhcp of [
    message(discover, seven, { giaddr: relay }, [agent, id]),
    message(request, seven, { giaddr: relay }, [wish, agent, id]),
  ]) {
    send(world, dhcp, { from: relay });
    pass(world, 500);
    expect(world.replies.at(-1)?.message.options.slice(-2)).toEqual([agent, id]);
  }
  expect(types(world)).toEqual([offer, nak]);
});

test("option 82 of a trusted relay is the second source; giaddr alone makes no relay trusted", () => {
  const slot = slotId(5);
  const config = configOf({
    option82: ({ circuitId }) =>
      circuitId?.[0] === 5 ? { type: "found", port: "5", slot } : undefined,
  });
  const behind = boardMac(55);
  const agent = { code: 82, bytes: Uint8Array.of(1, 1, 5) };
  const dhcp = message(discover, behind, { giaddr: relay }, [agent]);
  const world = createWorld(config);
  send(world, dhcp, { from: ip("10.1.1.3") });
  pass(world, 500);
  expect(types(world)).toEqual([]);
  send(world, dhcp, { from: relay });
  pass(world, 500);
  expect(world.replies[0]?.message.yiaddr).toBe(slotAddress(5));
  expect(counted(world, "option82-used")).toBe(1);
  plug(world, behind, 6);
  pass(world, 500);
  send(world, dhcp, { from: relay });
  pass(world, 500);
  expect(world.replies[1]?.message.yiaddr).toBe(slotAddress(6));
});

test("the CCN does not serve itself, and RARP replies are not requests", () => {
  const world = createWorld();
  send(world, from.discover(ccnMac));
  const packet = { op: 4, sha: seven, spa: zeroIpv4, tha: seven, tpa: address7 } as const;
  tell(world, { type: "rarp-received", packet, sender: seven });
  pass(world, 500);
  expect(world.lookups).toEqual([]);
});

test("a lookup that ends after its request was forgotten, or that nobody asked for, does nothing", () => {
  const world = createWorld();
  const outcome = { type: "found", port: "7", slot: slotId(7) } as const;
  tell(world, { type: "lookup-finished", mac: seven, outcome });
  tell(world, { type: "lookup-finished", mac: boardMac(4000), outcome });
  expect([world.replies, world.state.pending.size]).toEqual([[], 0]);
});

test("where tells the whole chain, or the link at which it breaks", () => {
  const world = createWorld();
  boot(world, seven);
  const { state } = world;
  const where = (outcome: Parameters<typeof placeOf>[2], m = seven): string =>
    whereIsMac(state, m, placeOf(state.tables, "A", outcome), world.nowUs).text;
  const seventh = { type: "found", port: "7", slot: slotId(7) } as const;
  expect(where(seventh)).toStartWith(
    `MAC ${seven}: network A, switch sw-a, port 7, slot 7 (card7), 10.1.1.7; got 10.1.1.7 by DHCP`,
  );
  expect(where({ type: "on-uplink", port: "24" })).toEndWith(
    "switch sw-a, port 24: on an uplink to another switch",
  );
  expect(where({ type: "no-slot", port: "20" })).toEndWith("port 20: the port has no slot");
  expect(where({ type: "no-answer", reason: "silence" })).toEndWith("does not say where: silence");
  expect(where(seventh, boardMac(8))).toEndWith(
    "has not asked for an address since the server started",
  );
  expect(whereIsSlot(state, slotId(7), world.nowUs)).toMatchObject({
    mac: seven,
    port: "7",
    address: address7,
  });
  expect(whereIsSlot(state, slotId(3), world.nowUs).text).toEndWith(
    "10.1.1.3; no board has asked here since the server started",
  );
  expect(whereIsSlot(state, slotId(60), world.nowUs).text).toContain("no board there");
});

test("every branch is explained: what it means and what to do", () => {
  for (const { meaning, action } of Object.values(explanations)) {
    expect(meaning.length).toBeGreaterThan(20);
    expect(action).toEndWith(".");
  }
});

import { expect, test } from "bun:test";
import { type Ipv4, type Mac, slotId } from "../base/index.ts";
import {
  dhcpFields,
  dhcpMessageTypes,
  dhcpOptionBytes,
  dhcpValue,
  zeroIpv4,
} from "../wire/index.ts";
import type { LookupOutcome } from "./lookup/types.ts";
import {
  boardMac,
  boot,
  ccnAddress,
  ccnMac,
  counted,
  createWorld,
  from,
  mac,
  message,
  pass,
  plug,
  send,
  sendRarp,
  slotAddress,
  type World,
} from "./testing.ts";

const { offer, ack, nak } = dhcpMessageTypes;
const seven = boardMac(7);
const stranger = boardMac(99);
const address7 = slotAddress(7);
const squatter = mac("52:54:00:66:66:66");

const types = (world: World): (number | undefined)[] => world.replies.map(({ type }) => type);
const lineOf = (world: World, event: string) => world.lines.find((line) => line.event === event);

test("fig. 13, 430: DISCOVER of a MAC on no port is ignored", () => {
  const world = createWorld();
  send(world, from.discover(stranger));
  pass(world, 1000);
  expect(types(world)).toEqual([]);
  expect(counted(world, "dhcp-discover-port-not-found")).toBe(1);
  expect(lineOf(world, "dhcp-discover-port-not-found")?.fields).toMatchObject({
    mac: stranger,
    switch: "sw-a",
    why: "not learnt on any port",
  });
});

test("fig. 13, 460: DISCOVER for an address in use marks it unusable and is ignored", () => {
  const world = createWorld();
  world.hosts.set(address7, [squatter]);
  send(world, from.discover(seven));
  pass(world, 1000);
  expect(types(world)).toEqual([]);
  expect(counted(world, "dhcp-discover-in-use")).toBe(1);
  expect(world.alarms).toHaveLength(1);
  expect(world.alarms[0]?.isRaised).toBe(true);
  expect(world.alarms[0]?.alarm).toMatchObject({ address: address7, holder: squatter });
  expect(lineOf(world, "dhcp-discover-in-use")?.fields).toMatchObject({
    mac: seven,
    switch: "sw-a",
    port: "7",
    slot: 7,
    holder: squatter,
  });
});

test("fig. 13, 470: DISCOVER for a free address is offered the address of the port", () => {
  const world = createWorld();
  send(world, from.discover(seven, 77));
  pass(world, 1000);
  expect(types(world)).toEqual([offer]);
  const [reply] = world.replies;
  expect(reply?.message).toMatchObject({ xid: 77, yiaddr: address7, ciaddr: zeroIpv4 });
  expect(counted(world, "dhcp-offered")).toBe(1);
  expect(lineOf(world, "dhcp-offered")?.fields).toMatchObject({
    mac: seven,
    switch: "sw-a",
    port: "7",
    slot: 7,
    address: address7,
  });
});

test("fig. 13: the address wished for in a DISCOVER does not matter", () => {
  const world = createWorld();
  send(world, from.discover(seven, 1, slotAddress(3)));
  pass(world, 1000);
  expect(world.replies[0]?.message.yiaddr).toBe(address7);
});

const wanting = {
  selecting: (m: Mac, address: Ipv4, xid?: number) => from.selecting(m, address, xid),
  "init-reboot": (m: Mac, address: Ipv4, xid?: number) => from.initReboot(m, address, xid),
  renewing: (m: Mac, address: Ipv4, xid?: number) => from.renewing(m, address, xid),
};
for (const [kind, build] of Object.entries(wanting)) {
  test(`fig. 14, 530: REQUEST (${kind}) of a MAC on no port gets a NAK`, () => {
    const world = createWorld();
    send(world, build(stranger, address7));
    pass(world, 1000);
    expect(types(world)).toEqual([nak]);
    expect(counted(world, "dhcp-request-port-not-found")).toBe(1);
    expect(lineOf(world, "dhcp-request-port-not-found")?.fields["mac"]).toBe(stranger);
  });

  test(`fig. 14, 560: REQUEST (${kind}) for another address than the port's gets a NAK`, () => {
    const world = createWorld();
    send(world, build(seven, slotAddress(3)));
    pass(world, 1000);
    expect(types(world)).toEqual([nak]);
    expect(counted(world, "dhcp-request-differs")).toBe(1);
    expect(lineOf(world, "dhcp-request-differs")?.fields).toMatchObject({
      mac: seven,
      switch: "sw-a",
      port: "7",
      slot: 7,
      wanted: "10.1.1.3",
    });
  });

  test(`fig. 14, 580: REQUEST (${kind}) for an address in use marks it unusable and gets a NAK`, () => {
    const world = createWorld();
    world.hosts.set(address7, [squatter]);
    send(world, build(seven, address7));
    pass(world, 1000);
    expect(types(world)).toEqual([nak]);
    expect(counted(world, "dhcp-request-in-use")).toBe(1);
    expect(world.alarms[0]?.alarm.holder).toBe(squatter);
    expect(lineOf(world, "dhcp-request-in-use")?.fields["holder"]).toBe(squatter);
  });

  test(`fig. 14, 590: REQUEST (${kind}) for the port's free address gets an ACK`, () => {
    const world = createWorld();
    send(world, build(seven, address7, 5));
    pass(world, 1000);
    expect(types(world)).toEqual([ack]);
    expect(world.replies[0]?.message).toMatchObject({ xid: 5, yiaddr: address7 });
    expect(counted(world, "dhcp-acked")).toBe(1);
    expect(lineOf(world, "dhcp-acked")?.fields).toMatchObject({ mac: seven, port: "7", slot: 7 });
  });
}

test("fig. 15, 630: RARP of a MAC on no port is ignored", () => {
  const world = createWorld();
  sendRarp(world, stranger);
  pass(world, 1000);
  expect(world.rarps).toEqual([]);
  expect(counted(world, "rarp-port-not-found")).toBe(1);
});

test("fig. 15, 640: RARP is answered with the address of the port", () => {
  const world = createWorld();
  sendRarp(world, seven);
  pass(world, 1000);
  expect(world.rarps).toHaveLength(1);
  expect(world.rarps[0]).toMatchObject({
    to: seven,
    packet: { op: 4, sha: ccnMac, spa: ccnAddress, tha: seven, tpa: address7 },
  });
  expect(lineOf(world, "rarp-answered")?.fields).toMatchObject({ mac: seven, port: "7", slot: 7 });
});

test("in use means held by somebody else: a board gets the address that it holds itself, at once", () => {
  const world = createWorld();
  world.hosts.set(address7, [seven]);
  const startUs = world.nowUs;
  send(world, from.renewing(seven, address7));
  pass(world, 1000);
  expect(types(world)).toEqual([ack]);
  expect((world.replies[0]?.atUs ?? 0) - startUs).toBeLessThan(2000);
});

const unclear: LookupOutcome[] = [
  { type: "no-answer", reason: "no answer of 10.1.0.2 in 900 ms" },
  { type: "ambiguous", ports: ["3", "7"] },
];
for (const outcome of unclear) {
  test(`a switch that says "${outcome.type}" takes no address away: no NAK, no offer`, () => {
    const world = createWorld();
    world.ports.set(seven, outcome);
    send(world, from.renewing(seven, address7));
    pass(world, 500);
    send(world, from.discover(seven));
    pass(world, 500);
    sendRarp(world, seven);
    pass(world, 500);
    expect([types(world), world.rarps]).toEqual([[], []]);
    expect(counted(world, "lookup-failed")).toBe(3);
  });
}

const nowhere: [LookupOutcome, string][] = [
  [{ type: "on-uplink", port: "24" }, "on an uplink to another switch"],
  [{ type: "no-slot", port: "20" }, "the port has no slot"],
  [{ type: "self" }, "the switch's own address"],
  [{ type: "not-found" }, "not learnt on any port"],
  [{ type: "found", port: "9", slot: slotId(9) }, "no board in slot 9"],
];
for (const [outcome, why] of nowhere) {
  test(`a MAC found as "${outcome.type}" (${why}) is on no slot's port`, () => {
    const world = createWorld();
    world.ports.set(seven, outcome);
    send(world, from.discover(seven));
    pass(world, 500);
    send(world, from.initReboot(seven, address7));
    pass(world, 500);
    expect(types(world)).toEqual([nak]);
    expect(lineOf(world, "dhcp-discover-port-not-found")?.fields["why"]).toBe(why);
  });
}

test("DECLINE from its own port makes the address unusable and raises an alarm", () => {
  const world = createWorld();
  expect(boot(world, seven)).toBe(address7);
  world.hosts.clear();
  pass(world, 3000);
  send(world, from.decline(seven, address7));
  pass(world, 100);
  expect(counted(world, "dhcp-declined")).toBe(1);
  expect(world.alarms[0]?.alarm).toMatchObject({ address: address7, claimant: seven });
  send(world, from.discover(seven));
  pass(world, 100);
  expect(counted(world, "dhcp-discover-in-use")).toBe(1);
  pass(world, 4000);
  expect(world.alarms.at(-1)?.isRaised).toBe(false);
  expect(boot(world, seven)).toBe(address7);
});

test("a declined address names its holder as soon as that answers a probe", () => {
  const world = createWorld();
  world.hosts.set(address7, [squatter]);
  send(world, from.decline(seven, address7));
  pass(world, 100);
  expect(world.alarms.at(-1)?.alarm).toMatchObject({ holder: squatter, claimant: seven });
});

test("DECLINE of an address that is not the port's changes nothing", () => {
  const world = createWorld();
  for (const who of [seven, stranger]) {
    send(world, from.decline(who, slotAddress(3)));
    pass(world, 1000);
  }
  expect(world.alarms).toEqual([]);
  expect(counted(world, "dhcp-decline-elsewhere")).toBe(2);
});

test("RELEASE is noted and changes nothing", () => {
  const world = createWorld();
  send(world, from.release(seven, address7));
  pass(world, 1000);
  expect(world.lookups).toEqual([]);
  expect(counted(world, "dhcp-released")).toBe(1);
  expect(boot(world, seven)).toBe(address7);
});

test("INFORM gets options without an address and without lease times", () => {
  const world = createWorld();
  send(world, from.inform(seven, address7));
  pass(world, 1000);
  expect(types(world)).toEqual([ack]);
  const [reply] = world.replies;
  expect(reply?.message.yiaddr).toBe(zeroIpv4);
  expect(reply?.to).toEqual({ kind: "frame", mac: seven, address: address7 });
  const sent = reply?.message ?? from.discover(seven);
  expect(dhcpValue(sent, dhcpFields.hostName)).toBe("card7");
  expect(dhcpOptionBytes(sent, dhcpFields.leaseTime.code)).toBeUndefined();
  expect(counted(world, "dhcp-informed")).toBe(1);
});

test("INFORM of a MAC on no port is ignored", () => {
  const world = createWorld();
  send(world, from.inform(stranger, address7));
  pass(world, 1000);
  expect(types(world)).toEqual([]);
  expect(counted(world, "dhcp-inform-port-not-found")).toBe(1);
});

test("a REQUEST that takes another server's offer is left alone", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  send(world, from.selecting(seven, address7, 1, slotAddress(3)));
  pass(world, 1000);
  expect(types(world)).toEqual([]);
  expect(counted(world, "request-for-other-server")).toBe(1);
});

test("BOOTP, replies, unknown types and requests without an address are counted, not answered", () => {
  const world = createWorld();
  send(world, message(undefined, seven));
  send(world, message(dhcpMessageTypes.request, seven));
  send(world, message(dhcpMessageTypes.inform, seven));
  send(world, message(dhcpMessageTypes.offer, seven));
  send(world, message(dhcpMessageTypes.discover, seven, { op: 2 }));
  pass(world, 1000);
  expect([types(world), world.lookups]).toEqual([[], []]);
  expect(counted(world, "bootp-ignored")).toBe(1);
  expect(counted(world, "request-without-address")).toBe(2);
  expect(counted(world, "message-not-for-servers")).toBe(2);
});

test("a swapped board gets the address of its slot within one probe", () => {
  const world = createWorld();
  expect(boot(world, seven)).toBe(address7);
  world.hosts.clear();
  world.ports.delete(seven);
  const fresh = boardMac(70);
  plug(world, fresh, 7);
  const startUs = world.nowUs;
  expect(boot(world, fresh, 100)).toBe(address7);
  const acked = world.replies.at(-1);
  expect((world.replies.at(-2)?.atUs ?? 0) - startUs).toBeLessThan(100_000);
  expect((acked?.atUs ?? 0) - startUs).toBeLessThan(101_000);
  expect(world.alarms).toEqual([]);
});

test("a board that is carried to another slot gets a NAK, then the new slot's address", () => {
  const world = createWorld(undefined, 6);
  const six = boardMac(6);
  expect(boot(world, six)).toBe(slotAddress(6));
  world.hosts.clear();
  plug(world, six, 7);
  pass(world, 5000);
  send(world, from.initReboot(six, slotAddress(6)));
  pass(world, 100);
  expect(types(world).at(-1)).toBe(nak);
  expect(boot(world, six)).toBe(address7);
});

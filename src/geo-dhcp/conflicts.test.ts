import { expect, test } from "bun:test";
import { dhcpMessageTypes } from "../wire/index.ts";
import { step } from "./core.ts";
import { conflictSilentUs, evidenceUs, leaseSeconds, probeSilentUs, reprobeUs } from "./limits.ts";
import {
  boardMac,
  boot,
  ccnMac,
  chassisOf,
  configOf,
  counted,
  createWorld,
  from,
  ip,
  mac,
  pass,
  plug,
  sayArp,
  send,
  slotAddress,
  tell,
  type World,
} from "./testing.ts";

const { offer, ack, nak } = dhcpMessageTypes;
const seven = boardMac(7);
const other = boardMac(70);
const address7 = slotAddress(7);
const squatter = mac("52:54:00:66:66:66");
const types = (world: World): (number | undefined)[] => world.replies.map(({ type }) => type);

test("the probe's sender address is 0.0.0.0, so it changes nobody's ARP table (RFC 5227)", () => {
  const world = createWorld();
  boot(world, seven);
  expect(world.probes[0]).toMatchObject({ op: 1, sha: ccnMac, spa: "0.0.0.0", tpa: address7 });
});

test("a probe ends within 100 ms, is repeated once, and runs beside the lookup if there is a hint", () => {
  const world = createWorld();
  world.lookupUs = 70_000;
  const startUs = world.nowUs;
  send(world, from.initReboot(seven, address7));
  pass(world, 500);
  expect(types(world)).toEqual([ack]);
  expect((world.replies[0]?.atUs ?? 0) - startUs).toBe(probeSilentUs);
  expect(world.probes).toHaveLength(2);
});

test("without a hint the probe follows the lookup; on the next boot the last port is the hint", () => {
  const world = createWorld();
  world.lookupUs = 70_000;
  let startUs = world.nowUs;
  send(world, from.discover(seven));
  pass(world, 500);
  expect((world.replies[0]?.atUs ?? 0) - startUs).toBe(70_000 + probeSilentUs);
  pass(world, 10_000);
  startUs = world.nowUs;
  send(world, from.discover(seven));
  pass(world, 500);
  expect((world.replies[1]?.atUs ?? 0) - startUs).toBe(probeSilentUs);
});

test("an address that was silent a moment ago is not probed again", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  pass(world, 1000);
  const probes = world.probes.length;
  send(world, from.selecting(seven, address7));
  pass(world, 1000);
  expect(types(world)).toEqual([offer, ack]);
  expect(world.probes).toHaveLength(probes);
  pass(world, evidenceUs / 1000);
  send(world, from.renewing(seven, address7));
  pass(world, 10);
  expect(world.probes.length).toBeGreaterThan(probes);
});

test("silence before another MAC got the address proves nothing: it is probed again", () => {
  const world = createWorld();
  boot(world, seven, 100);
  plug(world, other, 7);
  send(world, from.discover(other));
  pass(world, 500);
  expect(counted(world, "dhcp-discover-in-use")).toBe(1);
  expect(world.alarms[0]?.alarm).toMatchObject({ holder: seven, claimant: other });
});

test("a loop that was late reads its sockets before it believes the silence", () => {
  const world = createWorld();
  send(world, from.initReboot(seven, address7));
  pass(world, 40);
  world.nowUs = world.timerUs ?? world.nowUs;
  const lateUs = Number(world.nowUs) + 30_000;
  world.nowUs = world.nowUs === lateUs ? world.nowUs : (lateUs as typeof world.nowUs);
  tell(world, { type: "timer-fired" });
  expect(types(world)).toEqual([]);
  sayArp(world, squatter, address7);
  expect(types(world)).toEqual([nak]);
});

test("a conflict ends once the holder was silent for a while, and then the board gets its address", () => {
  const world = createWorld();
  world.hosts.set(address7, [squatter]);
  send(world, from.discover(seven));
  pass(world, 10_000);
  expect(world.alarms).toHaveLength(1);
  world.hosts.clear();
  pass(world, (conflictSilentUs + reprobeUs) / 1000);
  expect(world.alarms.map(({ isRaised }) => isRaised)).toEqual([true, false]);
  expect(world.state.addresses.get(address7)?.conflict).toBeUndefined();
  expect(boot(world, seven)).toBe(address7);
});

test("while in conflict the address is probed once a second, and never after", () => {
  const world = createWorld();
  world.hosts.set(address7, [squatter]);
  send(world, from.discover(seven));
  pass(world, 1000);
  const before = world.probes.length;
  pass(world, 10_000);
  expect(world.probes.length - before).toBe(10);
  world.hosts.clear();
  pass(world, 10_000);
  const quiet = world.probes.length;
  pass(world, 60_000);
  expect(world.probes).toHaveLength(quiet);
});

test("overhearing a second holder of a given address raises the alarm without any request", () => {
  const world = createWorld();
  boot(world, seven);
  sayArp(world, seven, address7);
  expect(world.alarms).toEqual([]);
  sayArp(world, squatter, address7);
  expect(world.alarms[0]?.alarm).toMatchObject({ holder: squatter, claimant: seven });
  expect(world.alarms[0]?.alarm.text).toBe(
    `10.1.1.7 of slot 7 (card7) is held by ${squatter}, not by ${seven}`,
  );
});

test("a board in its slot keeps its address on renewal even if a wrong device holds it too", () => {
  for (const holders of [
    [seven, squatter],
    [squatter, seven],
  ]) {
    const world = createWorld();
    boot(world, seven);
    world.hosts.set(address7, holders);
    pass(world, 5000);
    send(world, from.renewing(seven, address7));
    pass(world, 1000);
    expect(types(world).at(-1)).toBe(ack);
    expect(world.alarms[0]?.alarm.holder).toBe(squatter);
  }
});

test("an overheard MAC that never got the address is no conflict after the lease has ended", () => {
  const world = createWorld();
  boot(world, seven);
  pass(world, leaseSeconds * 1000 + 1000);
  sayArp(world, other, address7);
  expect(world.alarms).toEqual([]);
});

test("the holder that comes back to its own slot ends its own conflict", () => {
  const world = createWorld();
  world.hosts.set(address7, [other]);
  plug(world, other, 3);
  send(world, from.discover(seven));
  pass(world, 500);
  expect(world.alarms).toHaveLength(1);
  plug(world, other, 7);
  pass(world, 500);
  send(world, from.renewing(other, address7));
  pass(world, 500);
  expect(types(world).at(-1)).toBe(ack);
  expect(world.alarms.at(-1)?.isRaised).toBe(false);
});

test("ARP about other addresses, from ourselves or from a group address is no evidence", () => {
  const world = createWorld();
  boot(world, seven);
  sayArp(world, squatter, ip("10.1.9.9"));
  sayArp(world, ccnMac, address7);
  sayArp(world, mac("ff:ff:ff:ff:ff:ff"), address7);
  sayArp(world, mac("00:00:00:00:00:00"), address7);
  expect(world.alarms).toEqual([]);
});

test("a new chassis file without the slot clears its alarm, and requests in flight are decided by it", () => {
  const world = createWorld();
  world.hosts.set(address7, [squatter]);
  send(world, from.discover(seven));
  pass(world, 500);
  send(world, from.initReboot(boardMac(6), slotAddress(6)));
  const chassis = chassisOf({ version: 2 }, 5);
  tell(world, { type: "configured", config: configOf({ chassis }) });
  expect(world.alarms.map(({ isRaised }) => isRaised)).toEqual([true, false]);
  pass(world, 500);
  expect(types(world)).toEqual([nak]);
  expect(world.state.addresses.size).toBe(5);
});

test("a request that waits for its probe is looked up anew under a new chassis file", () => {
  const world = createWorld();
  send(world, from.discover(seven));
  pass(world, 20);
  tell(world, { type: "configured", config: configOf() });
  pass(world, 500);
  expect(types(world)).toEqual([offer]);
  expect(world.lookups).toHaveLength(2);
});

test("a MAC that changed with the interface is used from then on", () => {
  const world = createWorld();
  const fresh = mac("52:54:00:cc:00:02");
  tell(world, { type: "interface-lost", why: "ENETDOWN" });
  tell(world, { type: "interface-back", mac: fresh });
  expect(step(world.state, { type: "timer-fired" }, world.nowUs)).toEqual([]);
  boot(world, seven);
  expect(world.probes[0]?.sha).toBe(fresh);
});

// What people do with boards: swap one for another, carry two to each other's slots, carry a running
// one to a free slot; and strangers: a host that holds a slot's address, a host that asks for one.

import {
  ipv4FromU32,
  type NetworkId,
  networkIds,
  nextBelow,
  nextChance,
  nextOf,
  nextU32,
  type SlotId,
} from "../../src/base/index.ts";
import {
  dhcpFields,
  type DhcpMessage,
  dhcpMessageTypes,
  dhcpOption,
  dhcpOps,
  dhcpPorts,
  dhcpBytesMax,
  encodeDhcp,
  encodeUdpFrame,
  broadcastMac,
  udpFrameHeaderBytes,
  zeroIpv4,
  arpFrame,
  arpAnnouncement,
} from "../../src/wire/index.ts";
import { lookupUsMax } from "./address-promises.ts";
import { sendBytes } from "./addresses.ts";
import { portsMax } from "./chassis.ts";
import { plug, unplug } from "./fabric.ts";
import { hostIn, insert, makeHost, portOfSlot, powerOff, powerOn, pull } from "./hosts.ts";
import { schedule } from "./timeline.ts";
import { type Host, say, type World } from "./world.ts";

/** One thing done to the chassis by hand; it is over when `missingAddress` finds nothing. */
export type Move = { readonly name: string; readonly begin: () => void };

/**
 * Time a hand needs between out and in, µs: at least so long that no lookup of the old place is
 * under way any more, because a message that is repeated joins the lookup in flight.
 */
const handUsMin = lookupUsMax + 100_000;
/** ... and at most this much longer. */
const handUs = 400_000;

/** Any move. */
export function randomMove(world: World): Move {
  const slots = world.chassis.boards.map(({ slot }) => slot).filter((slot) => slot !== 0);
  const a = nextOf(world.rng, slots);
  const b = nextOf(
    world.rng,
    slots.filter((slot) => slot !== a),
  );
  switch (nextBelow(world.rng, 4)) {
    case 0:
      return swap(world, a);
    case 1:
      return exchange(world, a, b);
    case 2:
      return carryRunning(world, a, b);
    default:
      return stranger(world, a);
  }
}

/** Another board into the slot: same address, no human step. */
function swap(world: World, slot: SlotId): Move {
  return {
    name: `swap: slot ${slot} gets another board`,
    begin: () => {
      const old = hostIn(world, slot);
      if (old === undefined) return;
      pull(world, old);
      const fresh = makeHost(world, `board ${world.hosts.length + 1}`, true);
      after(world, handUsMin + nextBelow(world.rng, handUs), () => {
        insert(world, fresh, slot);
        powerOn(world, fresh);
      });
    },
  };
}

/** Two boards change places, switched off. */
function exchange(world: World, a: SlotId, b: SlotId): Move {
  return {
    name: `exchange: the boards of slots ${a} and ${b}`,
    begin: () => {
      const [first, second] = [hostIn(world, a), hostIn(world, b)];
      if (first === undefined || second === undefined) return;
      pull(world, first);
      pull(world, second);
      for (const [host, slot] of [
        [first, b],
        [second, a],
      ] as const) {
        after(world, handUsMin + nextBelow(world.rng, handUs), () => {
          insert(world, host, slot);
          powerOn(world, host);
        });
      }
    },
  };
}

/** A board on battery is carried to a slot just freed: it learns its new address by a NAK. */
function carryRunning(world: World, from: SlotId, to: SlotId): Move {
  return {
    name: `carry: the running board of slot ${from} to slot ${to}`,
    begin: () => {
      const [host, other] = [hostIn(world, from), hostIn(world, to)];
      if (host === undefined || other === undefined) return;
      pull(world, other);
      for (const network of networkIds) unplug(world.fabric, host.cards[network]);
      host.slot = undefined;
      after(world, handUsMin + nextBelow(world.rng, handUs), () => {
        world.movedUs = world.timeline.nowUs;
        insert(world, host, to);
      });
      const fillUs = nextChance(world.rng, 0.5) ? handUsMin + handUs : 4_000_000;
      after(world, fillUs + nextBelow(world.rng, handUs), () => {
        insert(world, other, from);
        powerOn(world, other);
      });
    },
  };
}

/** A host on a free port holds a slot's address while its board boots; then it goes away. */
function stranger(world: World, slot: SlotId): Move {
  const network = nextOf(world.rng, networkIds);
  return {
    name: `stranger: holds slot ${slot}'s address on ${network}`,
    begin: () => {
      const board = hostIn(world, slot);
      const port = freePort(world, network);
      if (board === undefined || port === undefined) return;
      powerOff(world, board);
      const host = makeHost(world, `stranger ${world.hosts.length + 1}`, false);
      plug(world.fabric, host.cards[network], port);
      const address = world.chassis.boards.find((each) => each.slot === slot)?.address[network];
      host.address[network] = address;
      host.addressUs[network] = world.timeline.nowUs;
      if (address !== undefined && nextChance(world.rng, 0.5)) {
        sendBytes(
          world,
          host,
          network,
          "arp",
          arpFrame(arpAnnouncement(host.cards[network].mac, address)),
        );
      }
      if (nextChance(world.rng, 0.5)) askForAnother(world, host, network, port);
      // Late enough that nothing heard of the board before is believed any more.
      after(world, 2_300_000, () => powerOn(world, board));
      after(world, 3_500_000 + nextBelow(world.rng, 1_000_000), () => {
        host.address[network] = undefined;
        unplug(world.fabric, host.cards[network]);
        say(world, `${host.name} goes away`);
      });
    },
  };
}

/** REQUESTs for addresses that are not the asker's: each gets a NAK or nothing. */
function askForAnother(world: World, host: Host, network: NetworkId, port: number): void {
  const boards = world.chassis.boards.filter(({ slot }) => slot !== 0);
  for (let i = 0; i < 5; i++) {
    after(world, nextBelow(world.rng, 3_000_000), () => {
      if (host.cards[network].port !== port) return;
      const wanted = nextOf(world.rng, boards).address[network];
      sendBytes(world, host, network, "dhcp", rogueFrame(world, host, network, wanted));
    });
  }
}

function rogueFrame(
  world: World,
  host: Host,
  network: NetworkId,
  wanted: ReturnType<typeof dhcpAddress>,
): Uint8Array {
  const { mac } = host.cards[network];
  const isSelecting = nextChance(world.rng, 0.5);
  const message: DhcpMessage = {
    op: dhcpOps.request,
    hops: 0,
    xid: nextU32(world.rng),
    secs: 0,
    flags: 0,
    ciaddr: zeroIpv4,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr: zeroIpv4,
    chaddr: mac,
    sname: "",
    file: "",
    options: [
      dhcpOption(dhcpFields.messageType, dhcpMessageTypes.request),
      dhcpOption(dhcpFields.requestedAddress, wanted),
      ...(isSelecting
        ? [dhcpOption(dhcpFields.serverIdentifier, world.chassis.networks[network].ccn)]
        : []),
    ],
  };
  const bytes = new Uint8Array(udpFrameHeaderBytes + dhcpBytesMax);
  const room = bytes.subarray(udpFrameHeaderBytes);
  const length = encodeDhcp(message, room);
  if (!length.ok) throw new Error("the stranger's REQUEST cannot be encoded");
  const payload = room.subarray(0, length.value);
  const ports = { srcPort: dhcpPorts.client, dstPort: dhcpPorts.server };
  const addresses = { srcMac: mac, dstMac: broadcastMac, src: zeroIpv4, dst: dhcpAddress() };
  const framed = encodeUdpFrame({ ...addresses, ...ports, payload }, bytes);
  if (!framed.ok) throw new Error("the stranger's frame cannot be encoded");
  return bytes.slice(0, framed.value);
}

/** Everybody. */
function dhcpAddress(): typeof zeroIpv4 {
  return ipv4FromU32(0xffffffff);
}

function freePort(world: World, network: NetworkId): number | undefined {
  const used = new Set(world.chassis.boards.map(({ slot }) => portOfSlot(world, slot, network)));
  for (let port = 1; port <= portsMax; port++) if (!used.has(port)) return port;
  return undefined;
}

function after(world: World, us: number, run: () => void): void {
  schedule(world.timeline, world.timeline.nowUs + us, () => {
    world.unrestUs = Math.max(world.unrestUs, world.timeline.nowUs);
    run();
  });
}

// The address servers of the simulated CCN: the product's geo-DHCP core on both networks, and a
// model of asking the switch: the answer is what the forwarding table says at some moment between
// question and answer, after 1 to 900 ms, and sometimes there is none.

import {
  type Ipv4,
  type Mac,
  type NetworkId,
  nextBelow,
  nextChance,
} from "../../src/base/index.ts";
import {
  createGeoDhcp,
  type GeoDhcpEffect,
  type GeoDhcpEvent,
  type GeoDhcpState,
  type LookupOutcome,
  stepGeoDhcp,
} from "../../src/geo-dhcp/index.ts";
import {
  readArpFrame,
  readDhcpFrame,
  readRarpFrame,
  replyFrameBytesMax,
  writeReplyFrame,
} from "../../src/geo-dhcp/frames.ts";
import { arpFrame, rarpFrame } from "../../src/wire/index.ts";
import { hashOf, sendBytes } from "./addresses.ts";
import {
  afterAnswer,
  lookupUsMax,
  noteLookup,
  noteRequest,
  serverIsBounded,
} from "./address-promises.ts";
import { isOpen } from "./fabric.ts";
import { newTimer, setTimer } from "./process.ts";
import { schedule } from "./timeline.ts";
import {
  type Body,
  fold,
  isRunning,
  type Life,
  say,
  type Timer,
  Violation,
  type World,
} from "./world.ts";

/** One network's server. */
type Server = { readonly state: GeoDhcpState; readonly timer: Timer };

/** Both servers of one life of the CCN. */
export type Services = {
  readonly life: Life;
  readonly servers: Readonly<Record<NetworkId, Server>>;
};

const buffer = new Uint8Array(replyFrameBytesMax);

/** Starts both servers in a life of the CCN; they know nothing of an earlier life. */
export function startServices(world: World, life: Life): void {
  const server = (network: NetworkId): Server => {
    const { mac } = life.host.cards[network];
    const ccn = world.chassis.networks[network].ccn;
    life.host.address[network] = ccn;
    life.host.addressUs[network] = world.timeline.nowUs;
    const { chassis } = world;
    const port = chassis.provision.httpPort;
    const state = createGeoDhcp(
      {
        chassis,
        network,
        mac,
        bootInfo: (slot) => {
          const document = world.documents.get(slot);
          if (document === undefined) return undefined;
          const url = `http://${ccn}:${port}/config/v${chassis.version}/slot/${slot}`;
          return { url, sha256: hashOf(document) };
        },
      },
      world.timeline.nowUs,
    );
    return {
      state,
      timer: newTimer(life, () => tell(world, life, network, { type: "timer-fired" })),
    };
  };
  world.services = { life, servers: { A: server("A"), B: server("B") } };
}

/** A frame for the servers. */
export function onServiceFrame(world: World, life: Life, network: NetworkId, body: Body): void {
  if (world.services?.life !== life) return;
  if (body.kind === "dhcp") {
    const event = readDhcpFrame(body.bytes);
    noteRequest(world, world.services.servers[network].state, network, event);
    tell(world, life, network, event);
  }
  if (body.kind === "rarp") tell(world, life, network, readRarpFrame(body.bytes));
  if (body.kind === "arp") tell(world, life, network, readArpFrame(body.bytes));
}

function tell(world: World, life: Life, network: NetworkId, event: GeoDhcpEvent): void {
  const server = world.services?.servers[network];
  if (server === undefined || world.services?.life !== life || life.isEnded) return;
  const now = world.timeline.nowUs;
  let effects: GeoDhcpEffect[];
  try {
    effects = stepGeoDhcp(server.state, event, now);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Violation(
      "cores never throw",
      now,
      `geo-dhcp on ${network}, ${event.type}: ${words}`,
    );
  }
  world.steps++;
  fold(world, now);
  fold(world, 2_000_000 + effects.length);
  for (const effect of effects) carryOut(world, life, network, effect);
  serverIsBounded(world, server.state);
}

function carryOut(world: World, life: Life, network: NetworkId, effect: GeoDhcpEffect): void {
  const server = world.services?.servers[network];
  if (server === undefined) return;
  switch (effect.type) {
    case "look-up":
      return lookUp(world, life, network, effect.mac);
    case "send-arp":
      return sendBytes(world, life.host, network, "arp", arpFrame(effect.packet));
    case "send-rarp":
      afterAnswer(world, network, effect);
      return sendBytes(world, life.host, network, "rarp", rarpFrame(effect.packet, effect.to));
    case "send-dhcp": {
      afterAnswer(world, network, effect);
      const own: { mac: Mac; address: Ipv4 } = {
        mac: life.host.cards[network].mac,
        address: world.chassis.networks[network].ccn,
      };
      const frame = writeReplyFrame(effect, own, buffer);
      if (frame.ok) sendBytes(world, life.host, network, "dhcp", frame.value.slice());
      return;
    }
    case "set-timer":
      return setTimer(world, life, server.timer, effect.atUs);
    case "raise-alarm":
    case "clear-alarm":
      say(world, `ccn: ${effect.type} ${effect.alarm.text}`);
      return;
    case "log":
      return;
    default:
      return effect satisfies never;
  }
}

/** Asks the switch of a network where a MAC is. */
function lookUp(world: World, life: Life, network: NetworkId, mac: Mac): void {
  const { rng, timeline } = world;
  const isSlow = nextChance(rng, world.slowLookups);
  const latencyUs = 1_000 + nextBelow(rng, isSlow ? lookupUsMax - 1_000 : 30_000);
  const readUs = timeline.nowUs + nextBelow(rng, latencyUs);
  const isLost = nextChance(rng, 0.02);
  let outcome: LookupOutcome = { type: "no-answer", reason: "the simulated switch kept silent" };
  schedule(timeline, readUs, () => {
    if (!isLost && isSwitchReached(world, life, network)) outcome = readTable(world, network, mac);
  });
  schedule(timeline, timeline.nowUs + latencyUs, () => {
    if (life.isEnded) return;
    const hand = (): void => {
      if (life.isEnded) return;
      if (!isRunning(life, timeline.nowUs)) {
        schedule(timeline, life.pausedUntilUs + 1, hand);
        return;
      }
      noteLookup(world, network, mac, { readUs, outcome });
      tell(world, life, network, { type: "lookup-finished", mac, outcome });
    };
    hand();
  });
}

function readTable(world: World, network: NetworkId, mac: Mac): LookupOutcome {
  const port = world.fabric.switches[network].table.get(mac);
  if (port === undefined) return { type: "not-found" };
  const own = world.chassis.switches.find((candidate) => candidate.network === network);
  const slot = own?.slotOfPort.get(String(port));
  return slot === undefined
    ? { type: "no-slot", port: String(port) }
    : { type: "found", port: String(port), slot };
}

/** The agent sits in the switch: it answers if the CCN's cable carries both ways. */
function isSwitchReached(world: World, life: Life, network: NetworkId): boolean {
  const { port } = life.host.cards[network];
  return (
    port !== undefined &&
    isOpen(world.fabric, network, port, 0) &&
    isOpen(world.fabric, network, 0, port)
  );
}

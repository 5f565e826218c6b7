// For this room's tests: a chassis of seven slots on one network in virtual time, with a switch that
// answers after `lookupUs`, boards that answer ARP, and messages as clients send them.

import {
  addUs,
  ccnSlot,
  type Ipv4,
  type Mac,
  type MonoUs,
  monoUs,
  ok,
  type Result,
  slotId,
  parseIpv4,
  parseMac,
} from "../base/index.ts";
import { type Board, type Chassis, defaultLeaseTiming } from "../config/index.ts";
import {
  type ArpPacket,
  dhcpFields,
  type DhcpMessage,
  type DhcpMessageType,
  dhcpMessageTypes,
  type DhcpOption,
  dhcpOption,
  dhcpValue,
  rarpRequest,
  zeroIpv4,
} from "../wire/index.ts";
import { createState, step } from "./core.ts";
import type { EventName } from "./core/event-names.ts";
import type { Alarm, Config, Effect, Event, State } from "./core/types.ts";
import type { LookupOutcome } from "./lookup/types.ts";

/** A MAC or address that the test wrote itself. */
export function mac(text: string): Mac {
  return must(parseMac(text));
}
/** See `mac`. */
export function ip(text: string): Ipv4 {
  return must(parseIpv4(text));
}
/** The MAC of test board `n`. */
export function boardMac(n: number): Mac {
  const hex = n.toString(16).padStart(6, "0");
  return mac(`52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`);
}
/** The address of slot `n` on network A. */
export function slotAddress(n: number): Ipv4 {
  return ip(`10.1.1.${n}`);
}

/** The CCN of the fixtures. */
export const ccnMac = mac("52:54:00:cc:00:01");
/** Its address on network A. */
export const ccnAddress = ip("10.1.0.1");

/** A chassis with slots 1 to 7 on ports "1" to "7"; `changes` overwrites parts. */
export function chassisOf(changes: Partial<Chassis> = {}, slots = 7): Chassis {
  const addressOf = (n: number) => ({ A: ip(`10.1.1.${n}`), B: ip(`20.1.1.${n}`) });
  const ccn: Board = {
    slot: ccnSlot,
    name: "ccn",
    role: "ccn",
    port: { A: undefined, B: undefined },
    address: { A: ccnAddress, B: ip("20.1.0.1") },
  };
  const numbers = Array.from({ length: slots }, (_, i) => i + 1);
  const boards = numbers.map((n): Board => ({
    slot: slotId(n),
    name: `card${n}`,
    role: n <= 2 ? "controller" : "io-card",
    port: { A: String(n), B: String(n) },
    address: addressOf(n),
  }));
  const aSwitch = (name: string, network: "A" | "B", address: Ipv4) => ({
    name,
    network,
    address,
    port: 161,
    snmp: { version: 2 as const, community: "softset" },
    ports: [],
    uplinks: ["24"],
    ccnPort: "23",
    trustOption82From: [ip("10.1.0.2")],
    slotOfPort: new Map(numbers.map((n) => [String(n), slotId(n)])),
  });
  return {
    name: "demo",
    version: 1,
    networks: {
      A: { id: "A", subnet: ip("10.1.0.0"), prefix: 16, ccn: ccnAddress, switchName: "sw-a" },
      B: { id: "B", subnet: ip("20.1.0.0"), prefix: 16, ccn: ip("20.1.0.1"), switchName: "sw-b" },
    },
    switches: [aSwitch("sw-a", "A", ip("10.1.0.2")), aSwitch("sw-b", "B", ip("20.1.0.2"))],
    boards: [ccn, ...boards],
    macs: "any",
    timing: {
      beatMs: 10,
      silentMs: 35,
      lateMs: 10,
      netMs: 5,
      upAfterMs: 100,
      flapMax: 5,
      flapWindowMs: 10_000,
      flapHoldMs: 10_000,
      lease: defaultLeaseTiming({ beatMs: 10, silentMs: 35, lateMs: 10, netMs: 5 }),
    },
    provision: {
      httpPort: 8080,
      beatPort: 7400,
      linkPort: 7401,
      watchPort: 7402,
      hubsGroup: ip("239.192.0.1"),
      boardsGroup: ip("239.192.0.2"),
      bootFile: undefined,
    },
    groups: [],
    services: [],
    rules: [],
    ...changes,
  };
}

/** The server's configuration on network A. */
export function configOf(changes: Partial<Config> = {}): Config {
  return {
    chassis: chassisOf(),
    network: "A",
    mac: ccnMac,
    bootInfo: (slot) => ({ url: `http://10.1.0.1/slot/${slot}`, sha256: new Uint8Array(32) }),
    ...changes,
  };
}

/** A message of type `type` from `chaddr`; `changes` overwrites fields, `options` follow option 53. */
export function message(
  type: DhcpMessageType | undefined,
  chaddr: Mac,
  changes: Partial<DhcpMessage> = {},
  options: readonly DhcpOption[] = [],
): DhcpMessage {
  const typed = type === undefined ? [] : [dhcpOption(dhcpFields.messageType, type)];
  return {
    op: 1,
    hops: 0,
    xid: 0x1234,
    secs: 0,
    flags: 0,
    ciaddr: zeroIpv4,
    yiaddr: zeroIpv4,
    siaddr: zeroIpv4,
    giaddr: zeroIpv4,
    chaddr,
    sname: "",
    file: "",
    options: [...typed, ...options],
    ...changes,
  };
}

const requested = (address: Ipv4) => dhcpOption(dhcpFields.requestedAddress, address);
const server = (address: Ipv4) => dhcpOption(dhcpFields.serverIdentifier, address);
const { discover, request, decline, release, inform } = dhcpMessageTypes;

/** Messages as clients in each state of RFC 2131 send them. */
export const from = {
  discover(m: Mac, xid = 1, wish?: Ipv4): DhcpMessage {
    return message(discover, m, { xid }, wish === undefined ? [] : [requested(wish)]);
  },
  selecting(m: Mac, address: Ipv4, xid = 1, at = ccnAddress): DhcpMessage {
    return message(request, m, { xid }, [server(at), requested(address)]);
  },
  initReboot(m: Mac, address: Ipv4, xid = 1): DhcpMessage {
    return message(request, m, { xid }, [requested(address)]);
  },
  renewing(m: Mac, address: Ipv4, xid = 1): DhcpMessage {
    return message(request, m, { xid, ciaddr: address });
  },
  decline(m: Mac, address: Ipv4): DhcpMessage {
    return message(decline, m, {}, [server(ccnAddress), requested(address)]);
  },
  release(m: Mac, address: Ipv4): DhcpMessage {
    return message(release, m, { ciaddr: address }, [server(ccnAddress)]);
  },
  inform(m: Mac, address: Ipv4): DhcpMessage {
    return message(inform, m, { ciaddr: address });
  },
};

/** A reply as it left the server. */
export type Reply = {
  readonly atUs: MonoUs;
  readonly type: number | undefined;
  readonly message: DhcpMessage;
  readonly to: Extract<Effect, { type: "send-dhcp" }>["to"];
};

/** One network in virtual time. */
export type World = {
  state: State;
  nowUs: MonoUs;
  /** Where the switch says each MAC is; absent = not learnt. */
  readonly ports: Map<Mac, LookupOutcome>;
  /** Which MACs answer for an address. */
  readonly hosts: Map<Ipv4, Mac[]>;
  lookupUs: number;
  readonly queue: { atUs: MonoUs; event: Event }[];
  timerUs: MonoUs | undefined;
  readonly replies: Reply[];
  readonly rarps: Extract<Effect, { type: "send-rarp" }>[];
  readonly probes: ArpPacket[];
  readonly lookups: Mac[];
  readonly lines: Extract<Effect, { type: "log" }>[];
  readonly alarms: { alarm: Alarm; isRaised: boolean }[];
};

/** An empty network whose boards are in their slots: board n on port n. */
export function createWorld(config: Config = configOf(), boards = 7): World {
  const nowUs = monoUs(1_000_000);
  const world: World = {
    state: createState(config, nowUs),
    nowUs,
    ports: new Map(),
    hosts: new Map(),
    lookupUs: 1000,
    queue: [],
    timerUs: undefined,
    replies: [],
    rarps: [],
    probes: [],
    lookups: [],
    lines: [],
    alarms: [],
  };
  for (let n = 1; n <= boards; n++) plug(world, boardMac(n), n);
  return world;
}

/** Puts a MAC on the port of a slot. */
export function plug(world: World, m: Mac, slot: number): void {
  world.ports.set(m, { type: "found", port: String(slot), slot: slotId(slot) });
}

/** One event now. */
export function tell(world: World, event: Event): void {
  for (const effect of step(world.state, event, world.nowUs)) carryOut(world, effect);
}

/** A DHCP message straight from its client. */
export function send(
  world: World,
  dhcp: DhcpMessage,
  over: { from?: Ipv4; sender?: Mac } = {},
): void {
  const { from: source = dhcp.ciaddr, sender = dhcp.chaddr } = over;
  tell(world, { type: "dhcp-received", message: dhcp, from: source, sender });
}

/** A RARP request of a board about itself. */
export function sendRarp(world: World, m: Mac): void {
  tell(world, { type: "rarp-received", packet: rarpRequest(m), sender: m });
}

/** `holder` says with an ARP packet that it has `address`. */
export function sayArp(world: World, holder: Mac, address: Ipv4): void {
  const packet = { op: 1, sha: holder, spa: address, tha: holder, tpa: address } as const;
  tell(world, { type: "arp-received", packet });
}

/** Lets `ms` of virtual time pass with everything that happens in it. */
export function pass(world: World, ms: number): void {
  const endUs = addUs(world.nowUs, ms * 1000);
  for (let turns = 0; turns < 1_000_000; turns++) {
    const next = world.queue.toSorted((a, b) => a.atUs - b.atUs)[0];
    const timerUs = world.timerUs;
    const isTimer = timerUs !== undefined && (next === undefined || timerUs <= next.atUs);
    const atUs = isTimer ? timerUs : next?.atUs;
    if (atUs === undefined || atUs > endUs) break;
    world.nowUs = atUs > world.nowUs ? atUs : world.nowUs;
    if (isTimer) {
      world.timerUs = undefined;
      tell(world, { type: "timer-fired" });
    } else if (next !== undefined) {
      world.queue.splice(world.queue.indexOf(next), 1);
      tell(world, next.event);
    }
  }
  world.nowUs = endUs;
}

/** A whole boot: DISCOVER, and REQUEST for what was offered. Gives the address of the ACK. */
export function boot(world: World, m: Mac, ms = 200): Ipv4 | undefined {
  const before = world.replies.length;
  send(world, from.discover(m));
  pass(world, ms);
  const offer = world.replies[before];
  if (offer?.type !== dhcpMessageTypes.offer) return undefined;
  send(world, from.selecting(m, offer.message.yiaddr));
  pass(world, ms);
  const last = world.replies.at(-1);
  if (last?.type !== dhcpMessageTypes.ack) return undefined;
  world.hosts.set(last.message.yiaddr, [m]);
  return last.message.yiaddr;
}

/** How often a branch was taken. */
export function counted(world: World, event: EventName): number {
  return world.state.counters.get(event) ?? -1;
}

function carryOut(world: World, effect: Effect): void {
  const { nowUs } = world;
  const later = (us: number, event: Event) =>
    world.queue.push({ atUs: addUs(world.nowUs, us), event });
  switch (effect.type) {
    case "look-up": {
      world.lookups.push(effect.mac);
      const outcome = world.ports.get(effect.mac) ?? { type: "not-found" };
      later(world.lookupUs, { type: "lookup-finished", mac: effect.mac, outcome });
      return;
    }
    case "send-dhcp": {
      const type = dhcpValue(effect.message, dhcpFields.messageType);
      world.replies.push({ atUs: nowUs, type, message: effect.message, to: effect.to });
      return;
    }
    case "send-arp": {
      const { tpa, sha } = effect.packet;
      world.probes.push(effect.packet);
      (world.hosts.get(tpa) ?? []).forEach((holder, i) => {
        const packet = { op: 2, sha: holder, spa: tpa, tha: sha, tpa: zeroIpv4 } as const;
        later(500 + i * 100, { type: "arp-received", packet });
      });
      return;
    }
    case "send-rarp":
      world.rarps.push(effect);
      return;
    case "set-timer":
      world.timerUs = effect.atUs;
      return;
    case "log":
      world.lines.push(effect);
      return;
    case "raise-alarm":
    case "clear-alarm":
      world.alarms.push({ alarm: effect.alarm, isRaised: effect.type === "raise-alarm" });
      return;
  }
}

function must<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error);
  return ok(result.value).value;
}

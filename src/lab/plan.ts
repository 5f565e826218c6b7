// What the lab builds for a chassis file, worked out before anything is built: the ports of each
// switch with all their numbers, where each board's two cables go, MACs. Pure.
// A port has four numbers that must not be mixed up, so they are all different: its place on the
// switch, its ifIndex, its bridge port, and whatever its configured name ends in.

import {
  type Ipv4,
  type Mac,
  macFromBytes,
  macToBytes,
  type NetworkId,
  networkIds,
  nextU32,
  type Prng,
  type SlotId,
} from "../base/index.ts";
import type { Board, Chassis, SnmpAccess, Switch } from "../config/index.ts";

/** A port of a virtual switch. */
export type LabPort = {
  /** Place on the switch, from 1; the kernel's link is `p` + this. */
  readonly number: number;
  /** Name in the chassis file, served as ifName and ifDescr. */
  readonly name: string;
  readonly ifIndex: number;
  readonly bridgePort: number;
};

/** A virtual switch: plain data, sent to its agent as JSON. */
export type LabSwitch = {
  readonly name: string;
  readonly network: NetworkId;
  readonly address: Ipv4;
  /** Prefix length of its network. */
  readonly prefix: number;
  /** UDP port of its SNMP agent. */
  readonly snmpPort: number;
  readonly access: SnmpAccess;
  readonly ports: readonly LabPort[];
};

/** The two ends of one cable, seen from the board. */
export type CablePlan = {
  readonly network: NetworkId;
  readonly switchName: string;
  readonly port: LabPort;
  /** Interface name on the board: eth-a or eth-b. */
  readonly device: string;
};

/** ifIndex of the switch's own management interface. */
export const managementIfIndex = 1;
const ifIndexBase = 10_100;
const bridgePortBase = 8;
/** Name of the port the CCN gets on a switch whose file leaves no other for it. */
const ccnPortName = "ccn";
/** The same for the router outside. */
const routerPortName = "router";

/** The switches with all their ports, in the chassis file's order. */
export function planSwitches(chassis: Chassis): LabSwitch[] {
  return chassis.switches.map((own) => ({
    name: own.name,
    network: own.network,
    address: own.address,
    prefix: chassis.networks[own.network].prefix,
    snmpPort: own.port,
    access: own.snmp,
    ports: portNames(chassis, own).map((name, i) => ({
      number: i + 1,
      name,
      ifIndex: ifIndexBase + i + 1,
      bridgePort: bridgePortBase + i + 1,
    })),
  }));
}

/** Where the board's cables go: one for each network. */
export function planCables(
  chassis: Chassis,
  switches: readonly LabSwitch[],
  board: Board,
): CablePlan[] {
  const cables: CablePlan[] = [];
  for (const network of ["A", "B"] as const) {
    const own = switchOf(chassis, board, network);
    const name = board.port[network] ?? (own && freePort(own));
    const plan = switches.find((each) => each.name === own?.name);
    const port = plan?.ports.find((each) => each.name === name);
    if (plan === undefined || port === undefined) continue;
    cables.push({ network, switchName: plan.name, port, device: deviceOf[network] });
  }
  return cables;
}

/** Interface names on every board. */
export const deviceOf: Readonly<Record<NetworkId, string>> = { A: "eth-a", B: "eth-b" };

/** The kernel's name of a port's link: interface names have 15 characters, port names more. */
export function kernelPort(port: LabPort): string {
  return `p${port.number}`;
}

/** A random unicast, locally administered MAC. */
export function randomMac(rng: Prng): Mac {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, nextU32(rng));
  view.setUint32(4, nextU32(rng));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return macFromBytes(bytes);
}

/** The MAC after this one in its last three bytes: the second interface of a bought card. */
export function nextMac(mac: Mac): Mac {
  const bytes = new Uint8Array(6);
  macToBytes(mac, bytes);
  for (let i = 5; i >= 3; i--) {
    bytes[i] = ((bytes[i] ?? 0) + 1) & 255;
    if (bytes[i] !== 0) break;
  }
  return macFromBytes(bytes);
}

/** The board in a slot of the chassis file. */
export function boardOfSlot(chassis: Chassis, slot: SlotId): Board | undefined {
  return chassis.boards.find((board) => board.slot === slot);
}

/** The file's list; if it has none, the ports that are named anywhere. */
function portNames(chassis: Chassis, own: Switch): string[] {
  const named = [...own.slotOfPort.keys(), ...own.uplinks, ...(own.ccnPort ? [own.ccnPort] : [])];
  const sorted = [...new Set(named)].toSorted((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const names = own.ports.length > 0 ? [...own.ports] : sorted;
  const carriesCcn = chassis.networks[own.network].switchName === own.name;
  const needsPort = carriesCcn && own.ccnPort === undefined && freePort(own) === ccnPortName;
  const needsRouter = hasPublicAddresses(chassis) && outsidePort(own) === routerPortName;
  return [...names, ...(needsPort ? [ccnPortName] : []), ...(needsRouter ? [routerPortName] : [])];
}

/** True if there is something to reach from outside, and so a router. */
export function hasPublicAddresses(chassis: Chassis): boolean {
  return chassis.groups.some((group) => group.addresses.length > 0);
}

/** Where the router's cables go: to the switch that carries each network. */
export function planRouterCables(chassis: Chassis, switches: readonly LabSwitch[]): CablePlan[] {
  return networkIds.flatMap((network) => {
    const name = chassis.networks[network].switchName;
    const own = chassis.switches.find((each) => each.name === name);
    const plan = switches.find((each) => each.name === name);
    const port = plan?.ports.find((each) => own !== undefined && each.name === outsidePort(own));
    if (plan === undefined || port === undefined) return [];
    return [{ network, switchName: plan.name, port, device: deviceOf[network] }];
  });
}

/** The last port that is nobody's: no slot's, no uplink, not where the CCN is or would go. */
function outsidePort(own: Switch): string {
  const ccn = freePort(own);
  const free = freePorts(own).filter((name) => name !== ccn);
  return free.at(-1) ?? routerPortName;
}

/** The last port that is neither a slot's nor an uplink: where a CCN without a named port goes. */
function freePort(own: Switch): string {
  if (own.ccnPort !== undefined) return own.ccnPort;
  return freePorts(own).at(-1) ?? ccnPortName;
}

function freePorts(own: Switch): string[] {
  return own.ports.filter((name) => !own.slotOfPort.has(name) && !own.uplinks.includes(name));
}

function switchOf(chassis: Chassis, board: Board, network: NetworkId): Switch | undefined {
  const port = board.port[network];
  const bySlot = chassis.switches.find(
    (own) =>
      own.network === network && port !== undefined && own.slotOfPort.get(port) === board.slot,
  );
  const byNetwork = chassis.networks[network].switchName;
  return bySlot ?? chassis.switches.find((own) => own.name === byNetwork);
}

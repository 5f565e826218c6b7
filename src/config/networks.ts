// The networks and switches of a chassis file, and what must hold between them: each network has
// its own switch, whose management address lies in it; the subnets are apart.

import { type NetworkId, networkIds, type SlotId } from "../base/index.ts";
import { describePorts } from "./ports.ts";
import type { Report } from "./report.ts";
import { mapSchema, networkSchema, networksSchema, snmpSchema, switchSchema } from "./schema.ts";
import { isHostOf, networkAddress, overlaps, subnetText } from "./subnet.ts";
import type { Network, Switch } from "./types.ts";
import { nameValue, type ReadSecret } from "./values.ts";

/** What could be read of the networks; a missing one has its mistakes reported. */
export type Networks = Partial<Record<NetworkId, Network>>;
/** A switch before its ports are given to slots. */
export type BareSwitch = Omit<Switch, "slotOfPort"> & { readonly slotOfPort: Map<string, SlotId> };

/** Reads `networks`. */
export function readNetworks(report: Report, value: unknown): Networks {
  const networks: Networks = {};
  const both = mapSchema("").safeParse(value);
  report.check(networksSchema, value, ["networks"]);
  for (const id of networkIds) {
    const path = ["networks", id];
    const section = both.success ? both.data[id] : undefined;
    if (!both.success) continue;
    const read = report.check(networkSchema, section, path);
    if (read === undefined) continue;
    const { subnet, prefix } = read.subnet;
    const network: Network = { id, subnet, prefix, ccn: read.ccn, switchName: read.switch };
    const base = networkAddress(network);
    if (base !== subnet) {
      report.add(
        [...path, "subnet"],
        `${subnet} is not a network address; write ${base}/${prefix}`,
      );
    }
    if (!isHostOf(network, network.ccn)) {
      report.add([...path, "ccn"], outside(network.ccn, network));
    }
    networks[id] = network;
  }
  const { A, B } = networks;
  if (A !== undefined && B !== undefined && overlaps(A, B)) {
    const message = `${subnetText(B)} overlaps ${subnetText(A)} of network A; use two subnets apart`;
    report.add(["networks", "B", "subnet"], message);
  }
  if (A !== undefined && B !== undefined && A.switchName === B.switchName) {
    const message = `switch ${B.switchName} carries network A already; each network has its own`;
    report.add(["networks", "B", "switch"], message);
  }
  return networks;
}

/** Reads `switches`. */
export function readSwitches(
  report: Report,
  value: unknown,
  networks: Networks,
  readSecret: ReadSecret,
): BareSwitch[] {
  const all = report.check(mapSchema("a map of the two switches"), value, ["switches"]);
  if (all === undefined) return [];
  const switches: BareSwitch[] = [];
  for (const [name, section] of Object.entries(all)) {
    const found = readSwitch(report, { name, section }, networks, readSecret);
    if (found !== undefined) switches.push(found);
  }
  for (const id of networkIds) {
    const wanted = networks[id]?.switchName;
    if (wanted === undefined || Object.hasOwn(all, wanted)) continue;
    const names = Object.keys(all).filter((name) => nameValue.safeParse(name).success);
    const right = names.length === 0 ? "add it there" : `there are ${names.slice(0, 8).join(", ")}`;
    report.add(["networks", id, "switch"], `switches has no ${wanted}; ${right}`);
  }
  return switches;
}

function readSwitch(
  report: Report,
  { name, section }: { name: string; section: unknown },
  networks: Networks,
  readSecret: ReadSecret,
): BareSwitch | undefined {
  const path = ["switches", name];
  if (!nameValue.safeParse(name).success) {
    report.add(path, "not a switch name; use letters, digits and dashes, a letter first", "key");
  }
  const read = report.check(switchSchema, section, path);
  const given = mapSchema("").safeParse(section);
  const rawSnmp = given.success ? given.data["snmp"] : undefined;
  const snmp = report.check(snmpSchema(rawSnmp, readSecret), rawSnmp, [...path, "snmp"]);
  const id = networkIds.find((candidate) => networks[candidate]?.switchName === name);
  const network = id === undefined ? undefined : networks[id];
  const complete = networks.A !== undefined && networks.B !== undefined;
  if (network === undefined && complete) {
    report.add(path, "no network names this switch; name it in networks, or take it away", "key");
  }
  if (read === undefined || network === undefined) return undefined;
  if (!isHostOf(network, read.address)) {
    report.add([...path, "address"], outside(read.address, network));
  } else if (read.address === network.ccn) {
    report.add([...path, "address"], `${read.address} is the CCN's; give the switch its own`);
  }
  const ports = read.ports ?? [];
  const uplinks = read.uplinks ?? [];
  const result: BareSwitch = {
    name,
    network: network.id,
    address: read.address,
    port: read.port ?? 161,
    snmp: snmp ?? { version: 1, community: "" },
    ports,
    uplinks,
    ccnPort: read.ccnPort,
    trustOption82From: read.trustOption82From ?? [],
    slotOfPort: new Map(),
  };
  checkOwnPorts(report, result, path);
  return result;
}

function checkOwnPorts(report: Report, own: BareSwitch, path: readonly string[]): void {
  const twice = own.ports.find((port, i) => own.ports.indexOf(port) !== i);
  if (twice !== undefined) report.add([...path, "ports"], `port "${twice}" is listed twice`);
  for (const port of new Set(own.uplinks)) {
    const missing = missingPort(own, port);
    if (missing !== undefined) report.add([...path, "uplinks"], missing);
  }
  if (own.ccnPort === undefined) return;
  const missing = missingPort(own, own.ccnPort);
  if (missing !== undefined) report.add([...path, "ccnPort"], missing);
  if (own.uplinks.includes(own.ccnPort)) {
    const message = `port "${own.ccnPort}" is an uplink; the CCN needs a port of its own`;
    report.add([...path, "ccnPort"], message);
  }
}

/** What to say if the file lists the switch's ports and `port` is none of them. */
export function missingPort(own: BareSwitch, port: string): string | undefined {
  if (own.ports.length === 0 || own.ports.includes(port)) return undefined;
  return `switch ${own.name} has no port "${port.slice(0, 40)}"; it has ${describePorts(own.ports)}`;
}

/** What to say of an address no host of the network may have. */
export function outside(address: string, network: Network): string {
  return `${address} is not a host address of network ${network.id}; it is ${subnetText(network)}`;
}

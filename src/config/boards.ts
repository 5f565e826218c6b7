// The slots of a chassis file: which board is on which port of both switches and which addresses
// it gets: 10.1.1.SLOT and 20.1.1.SLOT unless the slot says otherwise.

import { ccnSlot, type Ipv4, type NetworkId, networkIds, type SlotId } from "../base/index.ts";
import { type BareSwitch, missingPort, type Networks, outside } from "./networks.ts";
import type { Report } from "./report.ts";
import { mapSchema, parseSlotKey, type SlotSection, slotSchema } from "./schema.ts";
import { hostAt, isHostOf } from "./subnet.ts";
import type { Board } from "./types.ts";

/** A slot's default address is the subnet's address + 1.SLOT. */
const slotOffset = 256;
const ccnName = "ccn";

type Used = {
  readonly names: Map<string, SlotId>;
  readonly addresses: Map<Ipv4, string>;
};

/** Reads `slots`; fills the switches' `slotOfPort`. The CCN comes first, then slots by number. */
export function readBoards(
  report: Report,
  value: unknown,
  networks: Networks,
  switches: readonly BareSwitch[],
): Board[] {
  const all = report.check(mapSchema("a map of slots"), value, ["slots"]);
  if (all === undefined) return [];
  const used: Used = { names: new Map([[ccnName, ccnSlot]]), addresses: new Map() };
  for (const network of Object.values(networks)) used.addresses.set(network.ccn, "the CCN");
  for (const own of switches) used.addresses.set(own.address, `switch ${own.name}`);
  const boards: Board[] = [];
  let broken = false;
  for (const [key, section] of Object.entries(all)) {
    const slot = parseSlotKey(key);
    if (!slot.ok) report.add(["slots", key], slot.error, "key");
    const read = report.check(slotSchema, section, ["slots", key]);
    const place = slot.ok && read !== undefined ? { slot: slot.value, key, read } : undefined;
    const board = place && readBoard(report, place, { networks, switches, used });
    if (board === undefined) broken = true;
    else boards.push(board);
  }
  if (!broken && boards.every((board) => board.role !== "controller")) {
    report.add(["slots"], "no controller; give at least one slot role: controller", "key");
  }
  const ccn = ccnBoard(networks, switches);
  const slots = boards.toSorted((a, b) => a.slot - b.slot);
  return ccn === undefined ? slots : [ccn, ...slots];
}

type Surroundings = {
  readonly networks: Networks;
  readonly switches: readonly BareSwitch[];
  readonly used: Used;
};

function readBoard(
  report: Report,
  { slot, key, read }: { slot: SlotId; key: string; read: SlotSection },
  around: Surroundings,
): Board | undefined {
  const path = ["slots", key];
  const name = read.name ?? `${read.role === "controller" ? "c" : "card"}${slot}`;
  const holder = around.used.names.get(name);
  if (holder !== undefined) {
    const who = holder === ccnSlot ? "the CCN" : `slot ${holder}`;
    const at = read.name === undefined ? path : [...path, "name"];
    report.add(at, `name ${name} belongs to ${who} already; names are unique`);
  }
  around.used.names.set(name, slot);
  const port = { A: read.portA, B: read.portB };
  const given = { A: read.addressA, B: read.addressB };
  const address: { [id in NetworkId]?: Ipv4 | undefined } = {};
  for (const id of networkIds) {
    const own = around.switches.find((candidate) => candidate.network === id);
    if (own !== undefined) takePort(report, own, { slot, port: port[id] }, [...path, `port${id}`]);
    address[id] = takeAddress(report, { slot, id, given: given[id] }, around, path);
  }
  const { A, B } = address;
  return A === undefined || B === undefined
    ? undefined
    : { slot, name, role: read.role, port, address: { A, B } };
}

function takePort(
  report: Report,
  own: BareSwitch,
  { slot, port }: { slot: SlotId; port: string },
  path: readonly string[],
): void {
  const missing = missingPort(own, port);
  const holder = own.slotOfPort.get(port);
  const what = `port "${port.slice(0, 40)}" of switch ${own.name}`;
  if (missing !== undefined) report.add(path, missing);
  else if (own.uplinks.includes(port)) {
    report.add(path, `${what} is an uplink; a slot needs a port of its own`);
  } else if (own.ccnPort === port) {
    report.add(path, `${what} is the CCN's (ccnPort); a slot needs a port of its own`);
  } else if (holder !== undefined) {
    report.add(path, `${what} belongs to slot ${holder} already; give each slot its own`);
  } else {
    own.slotOfPort.set(port, slot);
  }
}

function takeAddress(
  report: Report,
  { slot, id, given }: { slot: SlotId; id: NetworkId; given: Ipv4 | undefined },
  around: Surroundings,
  path: readonly string[],
): Ipv4 | undefined {
  const network = around.networks[id];
  if (network === undefined) return given;
  const address = given ?? hostAt(network, slotOffset + slot);
  const at = given === undefined ? path : [...path, `address${id}`];
  if (address === undefined) {
    const why = `network ${id} (/${network.prefix}) has no room for the default address 1.${slot}`;
    report.add(at, `${why}; give address${id}`);
    return undefined;
  }
  if (!isHostOf(network, address)) report.add(at, outside(address, network));
  const holder = around.used.addresses.get(address);
  if (holder !== undefined) {
    report.add(at, `address ${address} belongs to ${holder} already; give address${id} a free one`);
  }
  around.used.addresses.set(address, `slot ${slot}`);
  return address;
}

function ccnBoard(networks: Networks, switches: readonly BareSwitch[]): Board | undefined {
  const { A, B } = networks;
  if (A === undefined || B === undefined) return undefined;
  const port = (id: NetworkId): string | undefined =>
    switches.find((own) => own.network === id)?.ccnPort;
  return {
    slot: ccnSlot,
    name: ccnName,
    role: "ccn",
    port: { A: port("A"), B: port("B") },
    address: { A: A.ccn, B: B.ccn },
  };
}

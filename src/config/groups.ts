// The groups of a chassis file: what moves together, where to, with which redundancy (design 45,
// leases.md §1). A mistake here would show only during a failure, so everything that can be known
// beforehand is refused here; what a fault would do is checked by REDIRECT itself (`config check`).

import { type Ipv4, ipv4ToU32, networkIds } from "../base/index.ts";
import { z } from "zod";
import { groupAddressesMax, groupsMax } from "./limits.ts";
import type { Networks } from "./networks.ts";
import { poolOf } from "./pools.ts";
import type { Report } from "./report.ts";
import { anything, keys, mapSchema } from "./schema.ts";
import type { Group, PublicAddress, RedundancyModel } from "./service-types.ts";
import { namesValue, publicAddressValue, slotsValue } from "./service-values.ts";
import { isHostOf, overlaps, subnetText } from "./subnet.ts";
import type { Board } from "./types.ts";
import { macValue, nameValue, word } from "./values.ts";
import { votersOf } from "./voters.ts";

/** A group before its services are known. */
export type BareGroup = Omit<Group, "services">;

const models = ["none", "2N", "N+1", "N+M", "all-active"] as const;

const groupSchema = keys("a group: { on, addresses, ... }", {
  on: slotsValue,
  model: word("a model", models).optional(),
  addresses: anything,
  apart: namesValue("groups", groupsMax).optional(),
  together: namesValue("groups", groupsMax).optional(),
  failback: word("a failback", ["never", "when-calm"]).optional(),
  unfenced: word("a word for unfenced", ["never", "after-lease"]).optional(),
});

const addressSchema = keys("a public address: { address, mac }", {
  address: publicAddressValue,
  mac: macValue.optional(),
});

/** What groups hold already: addresses by group, MACs by address. */
type Held = { readonly addresses: Map<Ipv4, string>; readonly macs: Map<string, Ipv4> };

type Surroundings = { readonly networks: Networks; readonly boards: readonly Board[] };

/** Reads `groups`, in the file's order; none if the section is left out. */
export function readGroups(report: Report, value: unknown, around: Surroundings): BareGroup[] {
  if (value === undefined) return [];
  const all = report.check(mapSchema("a map of groups"), value, ["groups"]);
  if (all === undefined) return [];
  const names = Object.keys(all);
  if (names.length > groupsMax) {
    report.add(["groups"], `${names.length} groups; at most ${groupsMax}`, "key");
    return [];
  }
  const held: Held = { addresses: new Map(), macs: new Map() };
  const groups: BareGroup[] = [];
  for (const [name, section] of Object.entries(all)) {
    const group = readGroup(report, { name, section }, around, held);
    if (group !== undefined) groups.push(group);
  }
  const mutual = groups.map((group) => bothWays(group, groups));
  for (const group of mutual) checkNeighbours(report, group, { groups: mutual, names });
  checkSpares(report, mutual);
  return mutual;
}

function readGroup(
  report: Report,
  { name, section }: { name: string; section: unknown },
  around: Surroundings,
  held: Held,
): BareGroup | undefined {
  const path = ["groups", name];
  if (!nameValue.safeParse(name).success) {
    report.add(path, "not a group name; use letters, digits and dashes, a letter first", "key");
  }
  const read = report.check(groupSchema, section, path);
  if (read === undefined) return undefined;
  const model = read.model ?? defaultModel(read.on.length);
  checkModel(report, { model, on: read.on.length }, path);
  checkSlots(report, read.on, around.boards, [...path, "on"]);
  checkVoters(report, { model, on: read.on }, around.boards, path);
  const addresses = readAddresses(report, { name, value: read.addresses }, around, held);
  if (model === "all-active" && addresses.length > 0) {
    const why = "an address is on one board at a time, all-active is on all";
    report.add([...path, "addresses"], `${why}; give the address to a group of its own`);
  }
  return {
    name,
    addresses,
    model,
    on: read.on,
    apart: read.apart ?? [],
    together: read.together ?? [],
    failback: read.failback ?? "never",
    unfenced: read.unfenced ?? "never",
  };
}

function defaultModel(slots: number): RedundancyModel {
  return slots === 1 ? "none" : "2N";
}

/** How many slots of its own a model needs: the active one and its standbys. */
const slotsMin: Readonly<Record<RedundancyModel, number>> = {
  none: 1,
  "2N": 2,
  "N+1": 2,
  "N+M": 3,
  "all-active": 1,
};

function checkModel(
  report: Report,
  { model, on }: { model: RedundancyModel; on: number },
  path: readonly string[],
): void {
  const min = slotsMin[model];
  const at = [...path, "on"];
  if (on < min) {
    report.add(at, `model ${model} needs ${min} slots at least; on has ${on}: add a slot`);
  } else if (model === "none" && on > 1) {
    report.add(at, `model none uses one slot; on has ${on}: give one slot, or model: 2N`);
  }
}

/** What is wrong with slots that no board is in; nothing is said while `slots` could not be read. */
export function checkSlots(
  report: Report,
  on: readonly number[],
  boards: readonly Board[],
  path: readonly (string | number)[],
): void {
  const slots = boards.filter((board) => board.role !== "ccn").map((board) => board.slot);
  if (slots.length === 0) return;
  for (const slot of on) {
    if (slots.some((known) => known === slot)) continue;
    const known = slots.slice(0, 8).join(", ") + (slots.length > 8 ? ", ..." : "");
    report.add(path, `slot ${slot} has no board; slots has ${known}`);
  }
}

/** One vote dies with its board: with less than three no standby could ever take over. */
function checkVoters(
  report: Report,
  group: Pick<Group, "model" | "on">,
  boards: readonly Board[],
  path: readonly string[],
): void {
  if (boards.length === 0 || group.model === "none" || group.model === "all-active") return;
  const voters = votersOf(boards, group.on).length;
  if (voters === 0 || voters >= 3) return;
  const why = `model ${group.model} needs 3 voters, two controllers and the CCN; there are ${voters}`;
  report.add([...path, "on"], `${why}: add a controller, or give model: none and one slot`);
}

function readAddresses(
  report: Report,
  { name, value }: { name: string; value: unknown },
  around: Surroundings,
  held: Held,
): PublicAddress[] {
  if (value === undefined) return [];
  const path = ["groups", name, "addresses"];
  const wrong = `not a list of at most ${groupAddressesMax} addresses; write [192.168.1.10/24]`;
  const list = report.check(
    z.array(z.unknown(), { error: () => wrong }).max(groupAddressesMax, { error: () => wrong }),
    value,
    path,
  );
  const addresses: PublicAddress[] = [];
  for (const [i, each] of (list ?? []).entries()) {
    const at = [...path, i];
    const section = typeof each === "string" ? { address: each } : each;
    const isText = typeof each === "string";
    const plain = isText ? report.check(publicAddressValue, each, at) : undefined;
    const read = isText ? undefined : report.check(addressSchema, section, at);
    const place = plain ?? read?.address;
    if (place === undefined) continue;
    const mac = read?.mac;
    checkAddress(report, { ...place, mac, name }, { around, held }, at);
    addresses.push({ ...place, mac });
  }
  return addresses;
}

function checkAddress(
  report: Report,
  own: PublicAddress & { readonly name: string },
  { around, held }: { around: Surroundings; held: Held },
  at: readonly (string | number)[],
): void {
  const { address, prefix } = own;
  const holder = held.addresses.get(address);
  if (holder !== undefined) {
    report.add(
      at,
      `${address} belongs to group ${holder} already; an address moves with one group`,
    );
  }
  held.addresses.set(address, own.name);
  const first = ipv4ToU32(address) >>> 24;
  if (first === 0 || first === 127 || first >= 224) {
    report.add(at, `${address} is no address of a host; give one such as 192.168.1.10/24`);
    return;
  }
  if (prefix < 31 && !isHostOf({ subnet: address, prefix }, address)) {
    const what = `the network or broadcast address of its subnet of prefix ${prefix}`;
    report.add(at, `${address} is ${what}; give a host's address`);
  }
  for (const id of networkIds) {
    const network = around.networks[id];
    if (network === undefined || !overlaps(network, { subnet: address, prefix })) continue;
    const why = `${address}/${prefix} overlaps network ${id}, ${subnetText(network)}`;
    report.add(at, `${why}; a public address needs a subnet of its own`);
  }
  const owner = own.mac === undefined ? undefined : held.macs.get(own.mac);
  if (own.mac !== undefined) held.macs.set(own.mac, address);
  if (owner !== undefined) {
    report.add([...at, "mac"], `${own.mac} belongs to ${owner} already; give each address its own`);
  }
  if (own.mac !== undefined && (Number.parseInt(own.mac.slice(0, 2), 16) & 1) === 1) {
    report.add([...at, "mac"], `${own.mac} is a multicast MAC; give one such as 02:53:42:00:00:0a`);
  }
}

/** `apart` and `together` hold in both directions, whichever side names the other. */
function bothWays(group: BareGroup, groups: readonly BareGroup[]): BareGroup {
  const naming = (list: "apart" | "together"): string[] => [
    ...group[list],
    ...groups
      .filter((other) => other[list].includes(group.name) && !group[list].includes(other.name))
      .map((other) => other.name),
  ];
  return { ...group, apart: naming("apart"), together: naming("together") };
}

type Others = { readonly groups: readonly BareGroup[]; readonly names: readonly string[] };

function checkNeighbours(report: Report, group: BareGroup, { groups, names }: Others): void {
  const path = ["groups", group.name];
  for (const list of ["apart", "together"] as const) {
    for (const name of group[list]) {
      if (name === group.name) report.add([...path, list], `${name} is the group itself`);
      else if (!names.includes(name)) {
        report.add([...path, list], `no group ${name}; there are ${names.slice(0, 8).join(", ")}`);
      }
    }
  }
  const kin = kinOf(group, groups);
  const both = group.apart.find((name) => kin.has(name));
  if (both !== undefined) {
    report.add([...path, "apart"], `${both} is in together too; take one of them away`);
  }
  for (const name of group.together) {
    const other = groups.find((each) => each.name === name);
    // Told once, at the later of the two.
    if (other === undefined || names.indexOf(name) > names.indexOf(group.name)) continue;
    if (other.model !== group.model || other.on.join() !== group.on.join()) {
      const why = `groups that move together need the same on and model`;
      report.add([...path, "together"], `${name} has another on or model; ${why}`);
    }
    if (group.model === "all-active") {
      report.add([...path, "together"], "an all-active group moves nowhere; take together away");
    }
  }
}

/** All groups that move with `group`, through others too. */
function kinOf(group: BareGroup, groups: readonly BareGroup[]): Set<string> {
  const kin = new Set(group.together);
  for (let size = 0; size < kin.size;) {
    size = kin.size;
    for (const { name, together } of groups) {
      if (kin.has(name)) for (const each of together) kin.add(each);
    }
  }
  kin.delete(group.name);
  return kin;
}

/** N+1 and N+M: the boards of all groups that share them must be one, or two, more than groups. */
function checkSpares(report: Report, groups: readonly BareGroup[]): void {
  for (const group of groups) {
    const pool = poolOf(group, groups);
    // Told once a pool, at its last group.
    if (pool.at(-1) !== group) continue;
    const slots = new Set(pool.flatMap((each) => each.on));
    const spares = pool.some(({ model }) => model === "N+M") ? 2 : 1;
    if (slots.size >= pool.length + spares) continue;
    const names = pool.map((each) => each.name).join(", ");
    const need = `${names} need ${pool.length} + ${spares} slots between them`;
    const message = `${need}; they have ${slots.size}: add a slot, or give model: 2N`;
    report.add(["groups", group.name, "on"], message);
  }
}

// One effect of the address machine as system calls. What fails alone (a client, a network) is told
// and the rest goes on; an address that cannot be added anywhere comes back as an event.

import { type Ipv4, type NetworkId, networkIds, ok, type Result } from "../../base/index.ts";
import {
  addAddress,
  destroyConnection,
  findLink,
  type Gate,
  inNetns,
  type Netlink,
  type RawIp,
  removeAddress,
  removeRoute,
  replaceNeighbour,
  replaceRoute,
  type Route,
  type SysError,
  sysErrorText,
} from "../../kernel/index.ts";
import {
  arpAnnouncement,
  arpAnnouncementReply,
  arpFrame,
  arpRequest,
  encodeTickle,
  type PublicClient,
  tickleBytes,
  wireErrorText,
} from "../../wire/index.ts";
import { type DeviceNames, deviceOf, makeMacvlan, setDevice } from "./devices.ts";
import type { AddressEffect, AddressEvent } from "./events.ts";
import type { Speaker } from "./speaker.ts";
import { networkOf, subnetOf } from "./subnet.ts";
import type { PublicAddressSetting } from "./types.ts";

/** What effects are carried out with. */
export type Hands = {
  /** Descriptor of the board's network namespace. */
  readonly netns: number;
  readonly netlink: Netlink;
  readonly diagnosis: Netlink;
  readonly raw: RawIp;
  readonly gate: Gate;
  readonly names: DeviceNames;
  /** By device. */
  readonly speakers: ReadonlyMap<string, Speaker>;
  /** Interface indexes by device, asked once per event: a device put in again has another one. */
  readonly indexes: Map<string, number>;
  readonly trouble: (reason: string) => void;
};

/** Effects that are system calls; the others are the shell's. */
type Deed = Exclude<AddressEffect, { type: "set-timer" | "report" | "step-done" }>;

/** The address an effect is about; a list of clients is always of one. */
export function addressOf(effect: Exclude<AddressEffect, { type: "set-timer" }>): Ipv4 | undefined {
  if (effect.type === "report") return effect.report.address;
  if ("address" in effect) return effect.address;
  return "setting" in effect ? effect.setting.address : effect.clients[0]?.address;
}

/** Does it; an event if the machine must know how it ended. */
export function carryOut(hands: Hands, effect: Deed): AddressEvent | undefined {
  switch (effect.type) {
    case "open-gate":
      hands.gate.open(effect.address, effect.untilUs);
      return undefined;
    case "shut-gate":
      hands.gate.shut(effect.address);
      return undefined;
    case "set-neighbours":
      setNeighbours(hands, effect.setting, effect.clients);
      return undefined;
    case "add-address":
      return add(hands, effect);
    case "remove-address":
      for (const network of effect.on) remove(hands, effect.setting, network);
      return undefined;
    case "set-route":
      setSubnetRoute(hands, effect.setting, effect.network);
      return undefined;
    case "remove-route":
      removeSubnetRoute(hands, effect.setting);
      return undefined;
    case "announce":
      for (const network of effect.on) announce(hands, effect.setting, network);
      return undefined;
    case "ask-clients":
      for (const client of effect.clients) ask(hands, effect.setting, client);
      return undefined;
    case "wake-clients":
      for (const client of effect.clients) wake(hands, client);
      return undefined;
    case "end-connections":
      for (const client of effect.clients) endConnection(hands, client);
      return undefined;
    default:
      return effect satisfies never;
  }
}

/** The interface on which a client's next hop is asked for. */
function indexFor(
  hands: Hands,
  setting: PublicAddressSetting,
  client: PublicClient,
): number | undefined {
  const { prefix } = setting;
  const isOnSubnet = subnetOf({ address: client.nextHop, prefix }) === subnetOf(setting);
  const { network } = client;
  return indexOf(
    hands,
    isOnSubnet ? deviceOf(hands.names, setting.address, network) : hands.names.base[network],
  );
}

function indexOf(hands: Hands, device: string): number | undefined {
  const index = findIndex(hands, device);
  if (index.ok) return index.value;
  hands.trouble(sysErrorText(index.error));
  return undefined;
}

function findIndex(hands: Hands, device: string): Result<number, SysError> {
  const known = hands.indexes.get(device);
  if (known !== undefined) return ok(known);
  const link = findLink(hands.netlink, device);
  if (!link.ok) return link;
  hands.indexes.set(device, link.value.index);
  return ok(link.value.index);
}

function setNeighbours(
  hands: Hands,
  setting: PublicAddressSetting,
  clients: readonly PublicClient[],
): void {
  const indexes = new Map<string, number | undefined>();
  for (const client of clients) {
    const key = `${client.network} ${subnetOf({ address: client.nextHop, prefix: setting.prefix })}`;
    if (!indexes.has(key)) indexes.set(key, indexFor(hands, setting, client));
    const index = indexes.get(key);
    if (index === undefined || client.mac === undefined) continue;
    const { nextHop: address, mac } = client;
    const set = replaceNeighbour(hands.netlink, { index, address, mac });
    if (!set.ok) hands.trouble(sysErrorText(set.error));
  }
}

function add(
  hands: Hands,
  { setting, on, isNeeded }: Extract<Deed, { type: "add-address" }>,
): AddressEvent | undefined {
  const { address, prefix } = setting;
  let reason = "no network to add it on";
  let added = 0;
  for (const network of on) {
    const covered = coverDevice(hands, network);
    const index = covered.ok ? placeIndex(hands, setting, network) : covered;
    const done = index.ok
      ? addAddress(hands.netlink, { index: index.value, address, prefix }, false)
      : index;
    if (done.ok || done.error.code === "EEXIST") added++;
    else {
      reason = sysErrorText(done.error);
      hands.trouble(reason);
    }
  }
  return added > 0 || !isNeeded ? undefined : { type: "address-failed", address, reason };
}

/** The device of the address; its macvlan went with a lower device that was taken out. */
function placeIndex(
  hands: Hands,
  { address, mac }: PublicAddressSetting,
  network: NetworkId,
): Result<number, SysError> {
  const name = deviceOf(hands.names, address, network);
  const index = findIndex(hands, name);
  if (index.ok || mac === undefined) return index;
  const lower = hands.names.base[network];
  const made = inNetns(hands.netns, () => makeMacvlan(hands.netlink, { name, mac, lower }));
  return made.ok ? findIndex(hands, name) : made;
}

/** An address is never added where the gate is not: a device put in again has none yet. */
function coverDevice(hands: Hands, network: NetworkId): Result<number, SysError> {
  const device = hands.names.base[network];
  const index = findIndex(hands, device);
  if (!index.ok || hands.gate.covers(device, index.value)) return index;
  return inNetns(hands.netns, () => {
    const covered = hands.gate.cover(device);
    if (!covered.ok) return covered;
    const set = setDevice(device);
    if (!set.ok) hands.trouble(sysErrorText(set.error));
    return index;
  });
}

function remove(hands: Hands, setting: PublicAddressSetting, network: NetworkId): void {
  const { address, prefix } = setting;
  const index = indexOf(hands, deviceOf(hands.names, address, network));
  if (index === undefined) return;
  const removed = removeAddress(hands.netlink, { index, address, prefix });
  if (!removed.ok && removed.error.code !== "EADDRNOTAVAIL") {
    hands.trouble(sysErrorText(removed.error));
  }
}

function setSubnetRoute(hands: Hands, setting: PublicAddressSetting, network: NetworkId): void {
  const { address } = setting;
  const index = indexOf(hands, deviceOf(hands.names, address, network));
  if (index === undefined || setting.prefix === 32) return;
  const done = replaceRoute(hands.netlink, subnetRoute(setting, index));
  if (!done.ok) hands.trouble(sysErrorText(done.error));
}

function removeSubnetRoute(hands: Hands, setting: PublicAddressSetting): void {
  if (setting.prefix === 32) return; // an address without a subnet
  for (const network of networkIds) {
    const index = findIndex(hands, deviceOf(hands.names, setting.address, network));
    if (!index.ok) continue; // no device, no route over it
    const done = removeRoute(hands.netlink, subnetRoute(setting, index.value));
    // ESRCH: it is over the other device.
    if (!done.ok && done.error.code !== "ESRCH") hands.trouble(sysErrorText(done.error));
  }
}

/** Without a source: the kernel removes a route together with the address it names. */
function subnetRoute({ address, prefix }: PublicAddressSetting, index: number): Route {
  return { destination: networkOf(address, prefix), prefix, index };
}

/** Both forms that Linux believes at once (net.md section 5). */
function announce(hands: Hands, { address }: PublicAddressSetting, network: NetworkId): void {
  const speaker = hands.speakers.get(deviceOf(hands.names, address, network));
  const mac = speaker?.mac();
  if (speaker === undefined || mac === undefined) return; // its socket tells when it comes back
  for (const packet of [arpAnnouncement(mac, address), arpAnnouncementReply(mac, address)]) {
    const sent = speaker.send(arpFrame(packet));
    if (!sent.ok) hands.trouble(sysErrorText(sent.error));
  }
}

function ask(hands: Hands, { address }: PublicAddressSetting, client: PublicClient): void {
  const speaker = hands.speakers.get(deviceOf(hands.names, address, client.network));
  const mac = speaker?.mac();
  if (speaker === undefined || mac === undefined || client.mac === undefined) return;
  const sent = speaker.send(arpFrame(arpRequest(mac, address, client.client), client.mac));
  if (!sent.ok) hands.trouble(sysErrorText(sent.error));
}

function wake(hands: Hands, client: PublicClient): void {
  const packet = new Uint8Array(tickleBytes);
  const { address, port, client: dst, clientPort } = client;
  const written = encodeTickle({ src: address, srcPort: port, dst, dstPort: clientPort }, packet);
  if (!written.ok) {
    hands.trouble(wireErrorText(written.error));
    return;
  }
  const sent = hands.raw.send(packet, dst);
  if (!sent.ok) hands.trouble(sysErrorText(sent.error));
}

function endConnection(hands: Hands, client: PublicClient): void {
  const { address: local, port: localPort, client: remote, clientPort: remotePort } = client;
  const ended = destroyConnection(hands.diagnosis, { local, localPort, remote, remotePort });
  // ENOENT: it ended by itself meanwhile.
  if (!ended.ok && ended.error.code !== "ENOENT") hands.trouble(sysErrorText(ended.error));
}

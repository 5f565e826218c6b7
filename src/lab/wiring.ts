// Namespaces, bridges and cables: the lab's network, by netlink. A switch is a bridge in its own
// namespace; a cable is a veth pair whose one end `p7` is a port of the bridge and whose other end
// is the board's eth-a or eth-b. Namespaces have no name: they end with the lab's descriptor and
// the last process in them, so a killed lab leaves none.

import { type Mac, type NetworkId, networkIds, ok, type Result } from "../base/index.ts";
import {
  addAddress,
  closeNetns,
  createBridge,
  createNetns,
  createVeth,
  deleteLink,
  dropTraffic,
  findLink,
  inNetns,
  listAddresses,
  listLinks,
  type Netlink,
  openNetlink,
  passTraffic,
  removeAddress,
  setLink,
  type SysError,
  writeSysctl,
} from "../kernel/index.ts";
import type { PortOrder } from "./faults.ts";
import { deviceOf, kernelPort, type LabPort, type LabSwitch } from "./plan.ts";

/** A namespace with its request socket. */
export type LabNetns = { readonly fd: number; readonly nl: Netlink };

/** A switch's namespace with its bridge. */
export type SwitchNet = LabNetns & { readonly plan: LabSwitch; readonly bridgeIndex: number };

/** The bridge's name in its namespace. */
export const bridgeName = "br";

/** A namespace with a working loopback. IPv6 is off: nothing is learnt from unasked chatter. */
export function makeLabNetns(): Result<LabNetns, SysError> {
  const made = createNetns();
  if (!made.ok) return made;
  const fd = made.value;
  const opened = inNetns(fd, () => {
    writeSysctl("net.ipv6.conf.all.disable_ipv6", 1); // absent where the kernel has no IPv6
    writeSysctl("net.ipv6.conf.default.disable_ipv6", 1);
    return openNetlink();
  });
  if (!opened.ok) {
    closeNetns(fd);
    return opened;
  }
  const netns = { fd, nl: opened.value };
  const loop = setUp(netns.nl, "lo");
  if (!loop.ok) closeLabNetns(netns);
  return loop.ok ? ok(netns) : loop;
}

/** Gives the namespace back to the kernel. */
export function closeLabNetns(netns: LabNetns): void {
  netns.nl.close();
  closeNetns(netns.fd);
}

/** A switch without cables: bridge up, management address on it. */
export function makeSwitchNet(plan: LabSwitch, mac: Mac): Result<SwitchNet, SysError> {
  const netns = makeLabNetns();
  if (!netns.ok) return netns;
  const made = makeBridge(netns.value.nl, plan, mac);
  if (!made.ok) closeLabNetns(netns.value);
  return made.ok ? ok({ ...netns.value, plan, bridgeIndex: made.value }) : made;
}

function makeBridge(nl: Netlink, plan: LabSwitch, mac: Mac): Result<number, SysError> {
  const made = createBridge(nl, { name: bridgeName, mac });
  if (!made.ok) return made;
  const index = setUp(nl, bridgeName);
  if (!index.ok) return index;
  const { address, prefix } = plan;
  const added = addAddress(nl, { index: index.value, address, prefix });
  return added.ok ? index : added;
}

/**
 * Interface indexes on a board, never those of a switch port: with equal indexes at both ends the
 * kernel takes them for one physical link and reports a second carrier change up to 1 s late.
 */
const boardIndex: Readonly<Record<NetworkId, number>> = { A: 1001, B: 1002 };

/** Connects a board's interface to a port; both ends are up afterwards. */
export function plugCable(
  sw: SwitchNet,
  port: LabPort,
  board: { readonly netns: LabNetns; readonly network: NetworkId; readonly mac: Mac },
): Result<void, SysError> {
  const name = kernelPort(port);
  const device = deviceOf[board.network];
  const made = createVeth(sw.nl, {
    name,
    peerName: device,
    peerMac: board.mac,
    peerIndex: boardIndex[board.network],
    peerNetns: board.netns.fd,
  });
  if (!made.ok) return made;
  const link = findLink(sw.nl, name);
  if (!link.ok) return link;
  const joined = setLink(sw.nl, link.value.index, { master: sw.bridgeIndex, up: true });
  if (!joined.ok) return joined;
  const up = setUp(board.netns.nl, device);
  return up.ok ? ok(undefined) : up;
}

/** Takes the board's own ends of its cables down: nothing leaves it, the switch loses carrier. */
export function darkenBoard(netns: LabNetns): Result<void, SysError> {
  for (const network of networkIds) {
    const link = findLink(netns.nl, deviceOf[network]);
    if (!link.ok && link.error.code === "ENODEV") continue; // it has no such cable
    if (!link.ok) return link;
    const down = setLink(netns.nl, link.value.index, { up: false });
    if (!down.ok) return down;
  }
  return ok(undefined);
}

/** A kernel just booted: no addresses, no links but the cables, which are up. */
export function wakeBoard(netns: LabNetns): Result<void, SysError> {
  const links = listLinks(netns.nl);
  if (!links.ok) return links;
  const isCable = (name: string): boolean => networkIds.some((id) => deviceOf[id] === name);
  for (const { name, index } of links.value) {
    if (name === "lo" || isCable(name)) continue;
    const deleted = deleteLink(netns.nl, index);
    if (!deleted.ok && deleted.error.code !== "ENODEV") return deleted; // it went with its parent
  }
  const addresses = listAddresses(netns.nl);
  if (!addresses.ok) return addresses;
  const cables = links.value.filter(({ name }) => isCable(name));
  for (const each of addresses.value) {
    if (!cables.some(({ index }) => index === each.index)) continue;
    const removed = removeAddress(netns.nl, each);
    // The kernel takes second addresses of a subnet away with the first.
    if (!removed.ok && removed.error.code !== "EADDRNOTAVAIL") return removed;
  }
  for (const { index } of cables) {
    const up = setLink(netns.nl, index, { up: true });
    if (!up.ok) return up;
  }
  return ok(undefined);
}

/** Takes a cable away; the board's interface is gone with it. */
export function unplugCable(sw: SwitchNet, port: LabPort): Result<void, SysError> {
  const link = findLink(sw.nl, kernelPort(port));
  return link.ok ? deleteLink(sw.nl, link.value.index) : link;
}

/**
 * Moves the cable's end to another port of the same switch and leaves it down there, whole; the
 * board keeps its interface. `was` is the old port's state.
 */
export function replugCable(
  sw: SwitchNet,
  from: { readonly port: LabPort; readonly was: PortOrder },
  to: LabPort,
): Result<void, SysError> {
  const { port, was } = from;
  const link = findLink(sw.nl, kernelPort(port));
  if (!link.ok) return link;
  const { index } = link.value;
  const down = setLink(sw.nl, index, { up: false });
  if (!down.ok) return down;
  for (const direction of was.drop) {
    const passed = passTraffic(sw.nl, index, direction);
    if (!passed.ok) return passed;
  }
  return setLink(sw.nl, index, { name: kernelPort(to) });
}

/** Brings a port from the state it is in to the wished one. */
export function setPort(
  sw: SwitchNet,
  port: LabPort,
  order: { readonly was: PortOrder; readonly to: PortOrder },
): Result<void, SysError> {
  const { was, to } = order;
  const link = findLink(sw.nl, kernelPort(port));
  if (!link.ok) return link;
  const { index } = link.value;
  // Dropping first: a port that goes up silent must not let a frame slip through.
  for (const direction of to.drop) {
    const dropped = dropTraffic(sw.nl, index, direction);
    if (!dropped.ok) return dropped;
  }
  for (const direction of was.drop) {
    if (to.drop.includes(direction)) continue;
    const passed = passTraffic(sw.nl, index, direction);
    if (!passed.ok) return passed;
  }
  return was.up === to.up ? ok(undefined) : setLink(sw.nl, index, { up: to.up });
}

/** Lets the bridge forward or not; its ports keep their carrier, its own address is off the net. */
export function setForwarding(sw: SwitchNet, forwards: boolean): Result<void, SysError> {
  return setLink(sw.nl, sw.bridgeIndex, { up: forwards });
}

/** Brings an interface up; its index. */
export function setUp(nl: Netlink, name: string): Result<number, SysError> {
  const link = findLink(nl, name);
  if (!link.ok) return link;
  const up = setLink(nl, link.value.index, { up: true });
  return up.ok ? ok(link.value.index) : up;
}

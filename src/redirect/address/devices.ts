// The devices that public addresses live on: the board's own two, and for an address with a MAC of
// its own a macvlan on each of them, made and set up at the start, because one frame from it is all
// that a takeover then needs (net.md section 5). A macvlan must be silent until then, or it would
// pull the MAC to a standby: no IPv6 (router solicitations, multicast reports), no address.
//
// Settings: arp_ignore 1 and arp_announce 2 (each network is answered with its own device's MAC),
// rp_filter 2 (the way back may be the other network), promote_secondaries 1 (without it the kernel
// removes all public addresses of a subnet together with the first one).

import {
  type Ipv4,
  type Mac,
  type NetworkId,
  networkIds,
  ok,
  type Result,
} from "../../base/index.ts";
import {
  createMacvlan,
  deleteLink,
  findLink,
  listAddresses,
  listRoutes,
  type Netlink,
  removeAddress,
  removeRoute,
  setLink,
  type SysError,
  sysErrorText,
  writeSysctl,
} from "../../kernel/index.ts";
import { networkOf } from "./subnet.ts";
import type { PublicAddressSetting } from "./types.ts";

/** Where a public address is on a network: the name of the device. */
export type DeviceNames = {
  readonly base: Readonly<Record<NetworkId, string>>;
  /** Names of macvlans by address; only for addresses with a MAC of their own. */
  readonly own: ReadonlyMap<Ipv4, Readonly<Record<NetworkId, string>>>;
};

/** Names for all of them; a macvlan is called `pub` and the address's place in the list. */
export function deviceNames(
  base: Readonly<Record<NetworkId, string>>,
  settings: readonly PublicAddressSetting[],
): DeviceNames {
  const own = new Map<Ipv4, Readonly<Record<NetworkId, string>>>();
  for (const [i, { address, mac }] of settings.entries()) {
    if (mac !== undefined) own.set(address, { A: `pub${i}a`, B: `pub${i}b` });
  }
  return { base, own };
}

/** The device of an address on a network. */
export function deviceOf(names: DeviceNames, address: Ipv4, network: NetworkId): string {
  return names.own.get(address)?.[network] ?? names.base[network];
}

/** All devices of each network, for who looks a device's network up. */
export function devicesOfNetworks(names: DeviceNames): Record<NetworkId, string[]> {
  const of = (network: NetworkId): string[] => [
    names.base[network],
    ...[...names.own.values()].map((own) => own[network]),
  ];
  return { A: of("A"), B: of("B") };
}

/**
 * Makes macvlans, sets what the kernel must do, and takes away public addresses and routes that a
 * predecessor left (leases.md S1). In the network namespace of the calling thread and of `netlink`.
 * Blocks some milliseconds, 15 more per macvlan that has to be replaced. Trouble is told.
 */
export function prepareDevices(
  netlink: Netlink,
  names: DeviceNames,
  settings: readonly PublicAddressSetting[],
  onTrouble: (reason: string) => void,
): void {
  const tell = (result: Result<unknown, SysError>): void => {
    if (!result.ok) onTrouble(sysErrorText(result.error));
  };
  for (const network of networkIds) {
    tell(setDevice(names.base[network]));
    for (const { address, mac } of settings) {
      if (mac === undefined) continue;
      const name = deviceOf(names, address, network);
      tell(makeMacvlan(netlink, { name, mac, lower: names.base[network] }));
    }
  }
  clearLeftovers(netlink, names, settings, tell);
}

/** A macvlan, silent, set and up. In the calling thread's network namespace, which is `netlink`'s. */
export function makeMacvlan(
  netlink: Netlink,
  of: { readonly name: string; readonly mac: Mac; readonly lower: string },
): Result<void, SysError> {
  const { name, mac } = of;
  const lower = findLink(netlink, of.lower);
  if (!lower.ok) return lower;
  const old = findLink(netlink, name);
  if (old.ok) {
    const deleted = deleteLink(netlink, old.value.index);
    if (!deleted.ok) return deleted;
  }
  const made = createMacvlan(netlink, { name, mac, lower: lower.value.index });
  if (!made.ok) return made;
  const silent = silenceIpv6(name);
  if (!silent.ok) return silent; // a macvlan that would speak is not set up
  const set = setDevice(name);
  if (!set.ok) return set;
  const link = findLink(netlink, name);
  return link.ok ? setLink(netlink, link.value.index, { up: true }) : link;
}

/** What the kernel must do on a device of ours. In the calling thread's network namespace. */
export function setDevice(device: string): Result<void, SysError> {
  const settings = { rp_filter: 2, arp_ignore: 1, arp_announce: 2, promote_secondaries: 1 };
  for (const [key, value] of Object.entries(settings)) {
    const set = writeSysctl(`net/ipv4/conf/${device}/${key}`, value);
    if (!set.ok) return set;
  }
  return ok(undefined);
}

/** A kernel without IPv6 (ENOENT) says nothing by it. */
function silenceIpv6(device: string): Result<void, SysError> {
  const set = writeSysctl(`net/ipv6/conf/${device}/disable_ipv6`, 1);
  return !set.ok && set.error.code === "ENOENT" ? ok(undefined) : set;
}

function clearLeftovers(
  netlink: Netlink,
  names: DeviceNames,
  settings: readonly PublicAddressSetting[],
  tell: (result: Result<unknown, SysError>) => void,
): void {
  const devices = networkIds.flatMap((network) => devicesOfNetworks(names)[network]);
  const indexes = new Set<number>();
  for (const device of devices) {
    const link = findLink(netlink, device);
    if (link.ok) indexes.add(link.value.index);
  }
  const addresses = listAddresses(netlink);
  tell(addresses);
  const isPublic = (address: Ipv4): boolean => settings.some((each) => each.address === address);
  for (const found of addresses.ok ? addresses.value : []) {
    if (isPublic(found.address) && indexes.has(found.index)) tell(removeAddress(netlink, found));
  }
  const routes = listRoutes(netlink);
  tell(routes);
  const subnets = new Set(
    settings.map(({ address, prefix }) => `${networkOf(address, prefix)}/${prefix}`),
  );
  for (const route of routes.ok ? routes.value : []) {
    const isOurs =
      route.gateway === undefined &&
      route.prefix < 32 &&
      indexes.has(route.index) &&
      subnets.has(`${route.destination}/${route.prefix}`);
    if (isOurs) tell(removeRoute(netlink, route));
  }
}

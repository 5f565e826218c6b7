// Host routes to public addresses, for programs inside the chassis that know nothing of NETRACK
// (design 47, 49, 50, 51; fig. 12): on every other board 192.168.1.1 is routed over the private
// address of the board that has it, on network A, or on B when A or that board's link to A fails.
// When the address moves the route names the next board. No source is given: the kernel takes the
// private address of the network the route uses. (NETRACK's own detours have a source, by which
// each of the two leaves the other's routes alone.)

import { assert, type Ipv4, type NetworkId, networkIds, type SlotId } from "../../base/index.ts";
import {
  findLink,
  inNetns,
  listRoutes,
  type Netlink,
  openNetlink,
  removeRoute,
  replaceRoute,
  type Route,
  sysErrorText,
} from "../../kernel/index.ts";

/** How this board reaches another: its private addresses, and whether both ways work there. */
export type Reach = {
  readonly slot: SlotId;
  readonly address: Readonly<Record<NetworkId, Ipv4>>;
  readonly works: Readonly<Record<NetworkId, boolean>>;
};

/** Where a public address is. */
export type PublicPlace = { readonly address: Ipv4; readonly slot: SlotId };

/** One host route that is wanted. */
export type PublicRoute = {
  readonly address: Ipv4;
  readonly gateway: Ipv4;
  readonly network: NetworkId;
};

/**
 * The routes of this board. None to an address of its own; none to a board it does not reach (then
 * the kernel's answer, no route, is the truth). A first: both boards of a pair choose the same.
 */
export function publicRoutesOf(
  self: SlotId,
  places: readonly PublicPlace[],
  boards: readonly Reach[],
): PublicRoute[] {
  const routes: PublicRoute[] = [];
  for (const { address, slot } of places) {
    if (slot === self) continue;
    const board = boards.find((each) => each.slot === slot);
    const network = networkIds.find((id) => board?.works[id] === true);
    if (board === undefined || network === undefined) continue;
    routes.push({ address, gateway: board.address[network], network });
  }
  return routes;
}

/** Where routes are set. */
export type PublicRouteOptions = {
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  /** All public addresses of the chassis: routes to them belong to this module. */
  readonly addresses: readonly Ipv4[];
  readonly onTrouble: (reason: string) => void;
};

/** The routes that are set. */
export type PublicRoutes = {
  /** Sets and removes what differs; replacing a route leaves no gap. Cheap if nothing differs. */
  readonly follow: (wanted: readonly PublicRoute[]) => void;
  /** Removes all of them. */
  readonly close: () => void;
  readonly count: () => number;
};

/** Takes away what a predecessor left; without the rights trouble is told and nothing is routed. */
export function openPublicRoutes(options: PublicRouteOptions): PublicRoutes {
  const netlink = inNetns(options.netns, openNetlink);
  if (!netlink.ok) options.onTrouble(sysErrorText(netlink.error));
  else removeLeftovers(netlink.value, options);
  const set = new Map<Ipv4, { readonly wanted: PublicRoute; readonly route: Route }>();
  const remove = (address: Ipv4): void => {
    const known = set.get(address);
    set.delete(address);
    if (known === undefined || !netlink.ok) return;
    const removed = removeRoute(netlink.value, known.route);
    // ESRCH: the kernel took it away together with the device.
    if (!removed.ok && removed.error.code !== "ESRCH") {
      options.onTrouble(sysErrorText(removed.error));
    }
  };
  return {
    follow(wanted) {
      const byAddress = new Map(wanted.map((route) => [route.address, route]));
      for (const address of set.keys()) if (!byAddress.has(address)) remove(address);
      if (!netlink.ok) return;
      for (const route of byAddress.values()) {
        const known = set.get(route.address);
        if (known !== undefined && isSame(known.wanted, route)) continue;
        const made = setRoute(netlink.value, options, route);
        if (made !== undefined) set.set(route.address, { wanted: route, route: made });
      }
      assert(set.size <= options.addresses.length, "one route per public address at most");
    },
    close() {
      for (const address of set.keys()) remove(address);
      if (netlink.ok) netlink.value.close();
    },
    count: () => set.size,
  };
}

function isSame(a: PublicRoute, b: PublicRoute): boolean {
  return a.gateway === b.gateway && a.network === b.network;
}

function setRoute(
  netlink: Netlink,
  options: PublicRouteOptions,
  { address, gateway, network }: PublicRoute,
): Route | undefined {
  const link = findLink(netlink, options.devices[network]);
  if (!link.ok) {
    options.onTrouble(sysErrorText(link.error));
    return undefined;
  }
  const route: Route = { destination: address, prefix: 32, index: link.value.index, gateway };
  const done = replaceRoute(netlink, route);
  if (done.ok) return route;
  options.onTrouble(sysErrorText(done.error));
  return undefined;
}

function removeLeftovers(netlink: Netlink, options: PublicRouteOptions): void {
  const routes = listRoutes(netlink);
  if (!routes.ok) {
    options.onTrouble(sysErrorText(routes.error));
    return;
  }
  for (const route of routes.value) {
    const isOurs =
      route.prefix === 32 &&
      route.gateway !== undefined &&
      route.source === undefined &&
      options.addresses.includes(route.destination);
    if (!isOurs) continue;
    const removed = removeRoute(netlink, route);
    if (!removed.ok) options.onTrouble(sysErrorText(removed.error));
  }
}

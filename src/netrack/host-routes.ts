// Detours for programs that know nothing of NETRACK (design paragraph 47): while board P cannot be
// reached on A but on B, P's A address is routed over P's B address (and the other way round). The
// source stays this board's own address of the first network, so that connections survive.
//
// For that the kernel must take such packets: rp_filter 2 (a source need not be reachable over the
// interface it came in by), arp_ignore 1 and arp_announce 2 (a board answers and asks on each
// network with that network's address only). Set on both devices when NETRACK starts.

import { assert, type Ipv4, type NetworkId, networkIds, type SlotId } from "../base/index.ts";
import {
  findLink,
  inNetns,
  listAddresses,
  listRoutes,
  type Netlink,
  openNetlink,
  removeRoute,
  replaceRoute,
  type Route,
  sysErrorText,
  writeSysctl,
} from "../kernel/index.ts";
import type { ChassisMap } from "./types.ts";

/** Where detours are made. */
export type HostRouteOptions = {
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly onTrouble: (reason: string) => void;
};

/** The detours that are set. */
export type HostRoutes = {
  /** Sets and removes what differs from the map; cheap if nothing does. */
  readonly follow: (wanted: readonly Detour[]) => void;
  /** Removes all of them. */
  readonly close: () => void;
  readonly count: () => number;
};

/** One address that is to be reached over the other network. */
export type Detour = {
  readonly slot: SlotId;
  /** The network that is broken. */
  readonly network: NetworkId;
  readonly destination: Ipv4;
  readonly gateway: Ipv4;
  readonly source: Ipv4;
};

/** Which detours a map asks for: broken on one network, both ways good on the other. */
export function detoursOf(map: ChassisMap): Detour[] {
  const own = map.boards.find(({ slot }) => slot === map.self);
  if (own === undefined) return [];
  const ways = new Map<string, boolean>();
  for (const { from, to, network, up } of map.paths) {
    if (from === map.self) ways.set(`out ${to} ${network}`, up);
    if (to === map.self) ways.set(`in ${from} ${network}`, up);
  }
  const detours: Detour[] = [];
  for (const { slot, address } of map.boards) {
    if (slot === map.self) continue;
    for (const network of networkIds) {
      const other = network === "A" ? "B" : "A";
      const broken = [ways.get(`in ${slot} ${network}`), ways.get(`out ${slot} ${network}`)];
      const good = [ways.get(`in ${slot} ${other}`), ways.get(`out ${slot} ${other}`)];
      if (!broken.includes(false) || !good.every((up) => up === true)) continue;
      const destination = address[network];
      detours.push({
        slot,
        network,
        destination,
        gateway: address[other],
        source: own.address[network],
      });
    }
  }
  return detours;
}

/** Prepares the devices; without the rights for it, trouble is told and nothing is routed. */
export function openHostRoutes(options: HostRouteOptions): HostRoutes {
  const netlink = inNetns(options.netns, openNetlink);
  if (!netlink.ok) options.onTrouble(sysErrorText(netlink.error));
  inNetns(options.netns, () => prepareDevices(options));
  if (netlink.ok) removeLeftovers(netlink.value, options);
  const set = new Map<string, { readonly detour: Detour; readonly route: Route }>();
  const remove = (key: string): void => {
    const known = set.get(key);
    set.delete(key);
    if (known === undefined || !netlink.ok) return;
    const removed = removeRoute(netlink.value, known.route);
    // ESRCH: the kernel took it away together with the device.
    if (!removed.ok && removed.error.code !== "ESRCH") {
      options.onTrouble(sysErrorText(removed.error));
    }
  };
  return {
    follow(wanted) {
      const keys = new Map(wanted.map((detour) => [detourKey(detour), detour]));
      for (const key of set.keys()) if (!keys.has(key)) remove(key);
      if (!netlink.ok) return;
      for (const [key, detour] of keys) {
        if (set.has(key)) continue;
        const route = routeOf(netlink.value, options, detour);
        if (route !== undefined) set.set(key, { detour, route });
      }
      assert(set.size <= wanted.length, "no detour is left that nobody wants");
    },
    close() {
      for (const key of set.keys()) remove(key);
      if (netlink.ok) netlink.value.close();
    },
    count: () => set.size,
  };
}

/** Detours of a predecessor that was killed: nobody else sets /32 routes over a gateway here. */
function removeLeftovers(netlink: Netlink, options: HostRouteOptions): void {
  const routes = listRoutes(netlink);
  if (!routes.ok) {
    options.onTrouble(sysErrorText(routes.error));
    return;
  }
  for (const network of networkIds) {
    const link = findLink(netlink, options.devices[network]);
    if (!link.ok) continue; // no device, no routes over it
    for (const route of routes.value) {
      const isDetour = route.prefix === 32 && route.gateway !== undefined;
      if (!isDetour || route.source === undefined || route.index !== link.value.index) continue;
      const removed = removeRoute(netlink, route);
      if (!removed.ok) options.onTrouble(sysErrorText(removed.error));
    }
  }
}

function detourKey({ destination, gateway, source }: Detour): string {
  return `${destination} ${gateway} ${source}`;
}

function routeOf(netlink: Netlink, options: HostRouteOptions, detour: Detour): Route | undefined {
  const device = options.devices[detour.network === "A" ? "B" : "A"];
  const link = findLink(netlink, device);
  if (!link.ok) {
    options.onTrouble(sysErrorText(link.error));
    return undefined;
  }
  const { destination, gateway, source } = detour;
  const route: Route = { destination, prefix: 32, index: link.value.index, gateway, source };
  const done = replaceRoute(netlink, route);
  if (done.ok) return route;
  // Without its source address yet the board has nothing to keep alive; the next change tries again.
  if (!hasAddress(netlink, source)) return undefined;
  options.onTrouble(sysErrorText(done.error));
  return undefined;
}

function hasAddress(netlink: Netlink, address: Ipv4): boolean {
  const known = listAddresses(netlink);
  return known.ok && known.value.some((each) => each.address === address);
}

function prepareDevices({ devices, onTrouble }: HostRouteOptions): void {
  for (const network of networkIds) {
    const settings = { rp_filter: 2, arp_ignore: 1, arp_announce: 2 };
    for (const [name, value] of Object.entries(settings)) {
      const done = writeSysctl(`net/ipv4/conf/${devices[network]}/${name}`, value);
      if (!done.ok) onTrouble(sysErrorText(done.error));
    }
  }
}

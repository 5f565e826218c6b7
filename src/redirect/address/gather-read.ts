// One reading of who talks to the public addresses: connections, the way back to each client, and
// the MAC there. Synchronous, and milliseconds long with many clients, so it runs in a Worker.

import { type Ipv4, type NetworkId, networkIds, ok, type Result } from "../../base/index.ts";
import {
  findLink,
  listConnections,
  listNeighbours,
  listRoutes,
  type Netlink,
  type SysError,
} from "../../kernel/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import { nextHopOf } from "./next-hop.ts";

/** What a reading needs; both sockets of the board's network namespace. */
export type GatherSockets = { readonly netlink: Netlink; readonly diagnosis: Netlink };

/** Names of the devices that belong to each network. */
export type GatherDevices = Readonly<Record<NetworkId, readonly string[]>>;

/** The clients of these addresses; those on no network of the chassis (programs of this very board)
 * are left out. `untold` = connections beyond the bound of one list. */
export function gatherClients(
  sockets: GatherSockets,
  addresses: readonly Ipv4[],
  devices: GatherDevices,
): Result<{ readonly clients: PublicClient[]; readonly untold: number }, SysError> {
  const listed = listConnections(sockets.diagnosis, addresses);
  if (!listed.ok) return listed;
  const { connections, untold } = listed.value;
  if (connections.length === 0) return ok({ clients: [], untold });
  const routes = listRoutes(sockets.netlink);
  if (!routes.ok) return routes;
  const neighbours = listNeighbours(sockets.netlink);
  if (!neighbours.ok) return neighbours;
  const networkOfIndex = new Map<number, NetworkId>();
  for (const network of networkIds) {
    for (const device of devices[network]) {
      const link = findLink(sockets.netlink, device);
      if (link.ok) networkOfIndex.set(link.value.index, network);
    }
  }
  const macs = new Map(
    neighbours.value.map(({ index, address, mac }) => [`${index} ${address}`, mac]),
  );
  const clients: PublicClient[] = [];
  for (const { local, localPort, remote, remotePort } of connections) {
    const hop = nextHopOf(routes.value, remote);
    const network = hop === undefined ? undefined : networkOfIndex.get(hop.index);
    if (hop === undefined || network === undefined) continue;
    clients.push({
      address: local,
      port: localPort,
      client: remote,
      clientPort: remotePort,
      network,
      nextHop: hop.address,
      mac: macs.get(`${hop.index} ${hop.address}`),
    });
  }
  return ok({ clients, untold });
}

// Which address to use for a board right now.

import { type Ipv4, type NetworkId, networkIds, type SlotId } from "../../base/index.ts";
import type { ChassisMap } from "../types.ts";

/** An address and the network it is on. */
export type BestAddress = { readonly network: NetworkId; readonly address: Ipv4 };

/**
 * The board's address on a network that works in both directions between it and the map's owner:
 * A if it does, else B, else undefined. A path that is up has proven itself (`upAfterMs`,
 * damping), so that A is preferred as soon as it is up. Both work for the board itself.
 */
export function bestAddress(map: ChassisMap, slot: SlotId): BestAddress | undefined {
  const board = map.boards.find((candidate) => candidate.slot === slot);
  if (board === undefined) return undefined;
  for (const network of networkIds) {
    if (slot === map.self || works(map, slot, network)) {
      return { network, address: board.address[network] };
    }
  }
  return undefined;
}

function works(map: ChassisMap, slot: SlotId, network: NetworkId): boolean {
  let ways = 0;
  for (const path of map.paths) {
    if (path.network !== network || !path.up) continue;
    if (path.from === slot && path.to === map.self) ways++;
    if (path.to === slot && path.from === map.self) ways++;
  }
  return ways === 2;
}

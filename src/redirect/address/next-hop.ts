// Which way a client's packets leave: longest prefix, then lowest metric (RFC 1812 §5.2.4.3), over
// the main table's routes. What the kernel's policy rules add is not looked at.

import { type Ipv4, ipv4ToU32 } from "../../base/index.ts";
import type { Route } from "../../kernel/index.ts";

/** The interface, and who is asked for there: the client itself, or the router towards it. */
export type NextHop = { readonly index: number; readonly address: Ipv4 };

/** Undefined if no route leads there. */
export function nextHopOf(routes: readonly Route[], client: Ipv4): NextHop | undefined {
  const wanted = ipv4ToU32(client);
  let best: Route | undefined;
  for (const route of routes) {
    const mask = route.prefix === 0 ? 0 : (0xffffffff << (32 - route.prefix)) >>> 0;
    if ((wanted & mask) >>> 0 !== (ipv4ToU32(route.destination) & mask) >>> 0) continue;
    const isBetter =
      best === undefined ||
      route.prefix > best.prefix ||
      (route.prefix === best.prefix && (route.metric ?? 0) < (best.metric ?? 0));
    if (isBetter) best = route;
  }
  return best === undefined ? undefined : { index: best.index, address: best.gateway ?? client };
}

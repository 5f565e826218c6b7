// Arithmetic of IPv4 subnets.

import { type Ipv4, ipv4FromU32, ipv4ToU32 } from "../base/index.ts";

/** A subnet by its network address and prefix length. */
export type Subnet = { readonly subnet: Ipv4; readonly prefix: number };

/** First (network) and last (broadcast) address as numbers. */
function bounds(net: Subnet): { first: number; last: number } {
  const size = 2 ** (32 - net.prefix);
  const first = Math.floor(ipv4ToU32(net.subnet) / size) * size;
  return { first, last: first + size - 1 };
}

/** The network address `net` should be written with: 10.1.0.0 for 10.1.3.9/16. */
export function networkAddress(net: Subnet): Ipv4 {
  return ipv4FromU32(bounds(net).first);
}

/** True if a host may have `address`: inside, and neither the network nor the broadcast address. */
export function isHostOf(net: Subnet, address: Ipv4): boolean {
  const { first, last } = bounds(net);
  const value = ipv4ToU32(address);
  return value > first && value < last;
}

/** True if an address can be in both. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  const [x, y] = [bounds(a), bounds(b)];
  return x.first <= y.last && y.first <= x.last;
}

/** The address `offset` above the network address, if a host may have it. */
export function hostAt(net: Subnet, offset: number): Ipv4 | undefined {
  const { first, last } = bounds(net);
  const value = first + offset;
  return value > first && value < last ? ipv4FromU32(value) : undefined;
}

/** `10.1.0.0/16`. */
export function subnetText(net: Subnet): string {
  return `${net.subnet}/${net.prefix}`;
}

/** True for 224.0.0.0 to 239.255.255.255 (RFC 5771). */
export function isMulticast(address: Ipv4): boolean {
  return ipv4ToU32(address) >>> 28 === 14;
}

// The subnet of a public address.

import { type Ipv4, ipv4FromU32, ipv4ToU32 } from "../../base/index.ts";

/** The network address of `address` with this prefix length, 0 to 32. */
export function networkOf(address: Ipv4, prefix: number): Ipv4 {
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return ipv4FromU32((ipv4ToU32(address) & mask) >>> 0);
}

/** `192.168.1.0/24`: equal for addresses of one subnet. */
export function subnetOf(of: { readonly address: Ipv4; readonly prefix: number }): string {
  return `${networkOf(of.address, of.prefix)}/${of.prefix}`;
}

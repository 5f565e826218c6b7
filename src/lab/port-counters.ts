// Traffic counters from /proc/net/dev (proc(5)): one line an interface, 8 numbers received, 8 sent.
// Pure.

import type { PortCounters } from "./snmp-rows.ts";

/** Counters by interface name; lines that do not look right are left out. */
export function parsePortCounters(text: string): Map<string, PortCounters> {
  const found = new Map<string, PortCounters>();
  for (const line of text.split("\n")) {
    const [name, rest] = line.split(":");
    if (name === undefined || rest === undefined) continue;
    const numbers = rest.trim().split(/\s+/).map(Number);
    if (numbers.length < 16 || numbers.some((n) => !(n >= 0))) continue;
    const [inOctets = 0, inPackets = 0, inErrors = 0, inDiscards = 0] = numbers;
    const inMulticasts = numbers[7] ?? 0;
    const [outOctets = 0, outPackets = 0, outErrors = 0, outDiscards = 0] = numbers.slice(8);
    found.set(name.trim(), {
      inOctets,
      inPackets,
      inMulticasts,
      inErrors,
      inDiscards,
      outOctets,
      outPackets,
      outErrors,
      outDiscards,
    });
  }
  return found;
}

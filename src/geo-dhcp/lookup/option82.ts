// Option 82 as second source of the port (RFC 3046), from relays the chassis file trusts. The
// sub-options have no standard form; known ones: the port name as text (alone, or before or after
// separators), the ifIndex as 16 or 32 bits, and Cisco's vlan-module-port. Only ports of the
// chassis file are answered, and only when exactly one fits: guessing would move addresses.

import type { Ipv4, SlotId } from "../../base/index.ts";
import { option82BytesMax } from "./limits.ts";
import { portOfIfIndex, type PortTables } from "./ports.ts";
import type { LookupOutcome, RelayInformation } from "./types.ts";

/** What the chassis file says; a part of `Switch`. */
export type RelayPlan = {
  readonly trustOption82From: readonly Ipv4[];
  readonly slotOfPort: ReadonlyMap<string, SlotId>;
  readonly uplinks: readonly string[];
};

/** The port a trusted relay names; undefined if not trusted or not understood. */
export function portOfRelay(
  plan: RelayPlan,
  tables: PortTables | undefined,
  { relay, circuitId, remoteId }: RelayInformation,
): LookupOutcome | undefined {
  if (!plan.trustOption82From.includes(relay)) return undefined;
  return portOfBytes(plan, tables, circuitId) ?? portOfBytes(plan, tables, remoteId);
}

function portOfBytes(
  plan: RelayPlan,
  tables: PortTables | undefined,
  bytes: Uint8Array | undefined,
): LookupOutcome | undefined {
  if (bytes === undefined || bytes.length === 0 || bytes.length > option82BytesMax)
    return undefined;
  return (
    textPort(plan, bytes) ??
    textPort(plan, withoutHeader(bytes)) ??
    ciscoPort(plan, bytes) ??
    numberedPort(plan, tables, bytes)
  );
}

/** Cisco's string form: type 1, length, text. */
function withoutHeader(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 1 && bytes[1] === bytes.length - 2 ? bytes.subarray(2) : bytes.subarray(0, 0);
}

function textPort(plan: RelayPlan, bytes: Uint8Array): LookupOutcome | undefined {
  if (bytes.length === 0 || !bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return undefined;
  const text = new TextDecoder().decode(bytes).trim();
  // The name alone first: it may contain the separators that other forms use.
  return planned(plan, [text]) ?? planned(plan, text.split(/[:;,|@ ]+/));
}

/** 00 04 vlan(2) module(1) port(1): a port whose name's last numbers are module and port. */
function ciscoPort(plan: RelayPlan, bytes: Uint8Array): LookupOutcome | undefined {
  if (bytes.length !== 6 || bytes[0] !== 0 || bytes[1] !== 4) return undefined;
  const wanted = `${bytes[4] ?? 0}/${bytes[5] ?? 0}`;
  const fits = (name: string): boolean => {
    const numbers = /(\d+(?:\/\d+)+)$/.exec(name)?.[1]?.split("/") ?? [];
    return `${numbers[0]}/${numbers.at(-1)}` === wanted;
  };
  return planned(plan, [...plan.slotOfPort.keys(), ...plan.uplinks].filter(fits));
}

function numberedPort(
  plan: RelayPlan,
  tables: PortTables | undefined,
  bytes: Uint8Array,
): LookupOutcome | undefined {
  if (bytes.length !== 2 && bytes.length !== 4) return undefined;
  const ifIndex = bytes.reduce((value, byte) => value * 256 + byte, 0);
  if (tables === undefined) return planned(plan, [String(ifIndex)]);
  const at = portOfIfIndex(tables, ifIndex);
  return at === undefined ? undefined : planned(plan, [at.port]);
}

/** The one planned port among the names; undefined if there is none or more than one. */
function planned(plan: RelayPlan, names: readonly string[]): LookupOutcome | undefined {
  const found = new Set(
    names.filter((name) => plan.slotOfPort.has(name) || plan.uplinks.includes(name)),
  );
  const [port] = found;
  if (port === undefined || found.size > 1) return undefined;
  if (plan.uplinks.includes(port)) return { type: "on-uplink", port };
  const slot = plan.slotOfPort.get(port);
  return slot === undefined ? undefined : { type: "found", port, slot };
}

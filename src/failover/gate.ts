// The kernel gate of this board (leases.md H4), or, where the kernel refuses one, a table that only
// remembers: the addresses are then taken off by this process alone, which says so loudly, because a
// stopped process takes nothing off.

import { type Ipv4, type MonoUs, monoUs, ok, type Result } from "../base/index.ts";
import { type Gate, inNetns, openGate, type SysError, sysErrorText } from "../kernel/index.ts";

/** A gate, and why it is only a table. */
export type BoardGate = { readonly gate: Gate; readonly missing: string | undefined };

/** Opens the gate on these devices, all in that network namespace. */
export function openBoardGate(netns: number, devices: readonly string[]): BoardGate {
  const opened = inNetns(netns, () => openGate(devices));
  if (opened.ok) return { gate: opened.value, missing: undefined };
  return { gate: tableOnly(), missing: sysErrorText(opened.error) };
}

function tableOnly(): Gate {
  const deadlines = new Map<Ipv4, MonoUs>();
  const done: Result<void, SysError> = ok(undefined);
  return {
    guard: () => done,
    open: (address, untilUs) => void deadlines.set(address, untilUs),
    shut: (address) => void deadlines.delete(address),
    deadlineUs: (address) => deadlines.get(address) ?? monoUs(0),
    cover: () => ok("filter"),
    covers: () => true,
    holds: () => new Map(),
    close: () => deadlines.clear(),
    remove: () => done,
  };
}

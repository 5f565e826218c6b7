// The kernel gate of leases.md rule H4: a guarded public address leaves this board, in IP and in
// ARP, only until a deadline on the boot-time clock. The deadline is a 64-bit word in memory that a
// BPF program reads for every frame, so the holder renews it without a system call, and a holder
// that is late, stopped or dead shuts the gate by doing nothing.
//
// Fail closed: a listed address without a live deadline is shut. What keeps the gate when the
// process dies: see gate-attach.ts. Frames to programs on the same board (lo) do not pass it.
//
// Needs CAP_BPF and CAP_NET_ADMIN in the first user namespace (bpf(2)): not under `unshare -U`.

import {
  assert,
  defined,
  type Ipv4,
  ipv4ToU32,
  type MonoUs,
  monoUs,
  ok,
  type Result,
} from "../base/index.ts";
import { createMappedMap, loadClassifier, type MappedMap } from "./bpf-call.ts";
import { refusal, type SysError } from "./errors.ts";
import { attachGate, detachGate, type GateAttachOptions, type GateHold } from "./gate-attach.ts";
import { gateProgram, gateRowBytes, gateTableBytes } from "./gate-program.ts";
import { closeFd } from "./libc.ts";
import { gateAddressesMax } from "./limits.ts";

/** A gate on this board's devices. All calls but `cover` and `remove` are memory accesses. */
export type Gate = {
  /** Lists an address; it is shut from now on. Again is harmless. Error: the table is full. */
  readonly guard: (address: Ipv4) => Result<void, SysError>;
  /** The address may leave until `untilUs` (exclusive); also the renewal. It must be guarded. */
  readonly open: (address: Ipv4, untilUs: MonoUs) => void;
  /** The address may not leave from now on; a frame in the driver's hands may still. */
  readonly shut: (address: Ipv4) => void;
  /** When the address is shut by itself; 0 = it is shut. It must be guarded. */
  readonly deadlineUs: (address: Ipv4) => MonoUs;
  /** Attaches to a device that came (back): before an address is added there. */
  readonly cover: (device: string) => Result<GateHold, SysError>;
  /** Is the gate on this very interface? One of the same name that came later has another index. */
  readonly covers: (device: string, ifIndex: number) => boolean;
  /** What holds the gate to each device. */
  readonly holds: () => ReadonlyMap<string, GateHold>;
  /** Shuts all addresses and ends this process's part; the kernel keeps the gate, shut for ever. */
  readonly close: () => void;
  /** `close`, and takes the gate off the devices: everything may leave. */
  readonly remove: () => Result<void, SysError>;
};

/** How to open a gate; nothing need be given. */
export type GateOptions = {
  /** Addresses guarded before the gate takes over from a predecessor's: no gap for these. */
  readonly guarded?: readonly Ipv4[];
  /** Mounted bpf file system; default /sys/fs/bpf. */
  readonly pinDirectory?: string;
  /** One way of attaching only, for tests and for kernels where the other misbehaves. */
  readonly only?: GateHold;
};

/**
 * Puts a gate on the devices, all in the calling thread's network namespace; none of them keeps one
 * if one refuses. A predecessor's gate on a device is ended when the new one is there, even if that
 * process still lives. The error says what is missing.
 */
export function openGate(
  devices: readonly string[],
  options: GateOptions = {},
): Result<Gate, SysError> {
  const map = createMappedMap(gateTableBytes);
  if (!map.ok) return map;
  const program = loadClassifier(gateProgram(map.value.fd));
  if (!program.ok) {
    map.value.close();
    return program;
  }
  const gate = gateOver(map.value, program.value, {
    pinDirectory: options.pinDirectory ?? "/sys/fs/bpf",
    only: options.only,
  });
  const steps = [
    ...(options.guarded ?? []).map((address) => () => gate.guard(address)),
    ...devices.map((device) => () => gate.cover(device)),
  ];
  for (const step of steps) {
    const done = step();
    if (done.ok) continue;
    gate.remove(); // whatever was attached before the refusal; its own refusal adds nothing
    return done;
  }
  return ok(gate);
}

function gateOver(map: MappedMap, programFd: number, how: GateAttachOptions): Gate {
  const table = tableIn(map.memory);
  const holds = new Map<string, GateHold>();
  const indexes = new Map<string, number>();
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    table.end();
    map.close();
    closeFd(programFd);
  };
  return {
    guard: (address) => table.add(address),
    open(address, untilUs) {
      table.store(address, BigInt(Math.floor(untilUs)) * 1000n);
    },
    shut(address) {
      table.store(address, 0n);
    },
    deadlineUs: (address) => monoUs(Number(table.load(address) / 1000n)),
    cover(device) {
      assert(!closed, "a closed gate covers nothing new");
      const attached = attachGate(device, programFd, how);
      if (!attached.ok) return attached;
      const before = indexes.get(device);
      if (before !== undefined && before !== attached.value.ifIndex) detachGate(before, how);
      holds.set(device, attached.value.hold);
      indexes.set(device, attached.value.ifIndex);
      return ok(attached.value.hold);
    },
    covers: (device, ifIndex) => indexes.get(device) === ifIndex,
    holds: () => holds,
    close,
    remove() {
      close();
      let first: Result<void, SysError> = ok(undefined);
      for (const ifIndex of indexes.values()) {
        const detached = detachGate(ifIndex, how);
        if (first.ok) first = detached;
      }
      holds.clear();
      indexes.clear();
      return first;
    },
  };
}

type Table = {
  readonly add: (address: Ipv4) => Result<void, SysError>;
  readonly store: (address: Ipv4, deadlineNs: bigint) => void;
  readonly load: (address: Ipv4) => bigint;
  readonly end: () => void;
};

/** The rows as this process writes them. Atomics: one whole store each, in this order. */
function tableIn(memory: ArrayBuffer): Table {
  // Replaced by private memory at the end: a late call must not write where nothing is mapped.
  let words = new Uint32Array(memory);
  let deadlines = new BigUint64Array(memory);
  const rows = new Map<Ipv4, number>();
  const wordOf = (address: Ipv4): number => defined(rows.get(address), `${address} in the gate`);
  return {
    add(address) {
      if (rows.has(address)) return ok(undefined);
      const number = ipv4ToU32(address);
      if (number === 0) return refusal("guard", address, "EINVAL", "0.0.0.0 ends the list");
      if (rows.size >= gateAddressesMax) {
        return refusal("guard", address, "ENOSPC", `a gate guards ${gateAddressesMax} addresses`);
      }
      const row = rows.size;
      const first = (row * gateRowBytes) / 4;
      Atomics.store(deadlines, (row * gateRowBytes) / 8 + 1, 0n);
      Atomics.store(words, first, swapped(number)); // listed only now, and shut
      rows.set(address, (row * gateRowBytes) / 8 + 1);
      return ok(undefined);
    },
    store(address, deadlineNs) {
      Atomics.store(deadlines, wordOf(address), deadlineNs);
    },
    load: (address) => Atomics.load(deadlines, wordOf(address)),
    end() {
      for (const word of rows.values()) Atomics.store(deadlines, word, 0n);
      words = new Uint32Array(gateTableBytes / 4);
      deadlines = new BigUint64Array(gateTableBytes / 8);
    },
  };
}

/** The number that a little-endian machine reads from an address in network order. */
function swapped(value: number): number {
  return (
    ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value << 8) & 0xff0000) | (value << 24)) >>> 0
  );
}

// bpf(2) without libbpf: one array map that this process also sees as memory, one program, and what
// holds the program to a device. Attributes are laid out by hand after union bpf_attr of
// linux/bpf.h; fields that are not written are 0.

import { ptr, toArrayBuffer } from "bun:ffi";
import { assert, defined, ok, type Result } from "../base/index.ts";
import { EPERM, thisMachine } from "./constants.ts";
import { refusal, sysError, type SysError } from "./errors.ts";
import { check, closeFd, libc } from "./libc.ts";
import { verifierLogBytes } from "./limits.ts";

const BPF_MAP_CREATE = 0;
const BPF_PROG_LOAD = 5;
const BPF_OBJ_PIN = 6;
const BPF_OBJ_GET = 7;
const BPF_LINK_CREATE = 28;
const BPF_LINK_DETACH = 34;
const BPF_MAP_TYPE_ARRAY = 2;
const BPF_PROG_TYPE_SCHED_CLS = 3;
/** Linux 5.5: the values of the map are memory that a process may map. */
const BPF_F_MMAPABLE = 0x400;
/** Linux 6.6. */
const BPF_TCX_EGRESS = 47;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const attributeBytes = 128;

/** Memory shared with the kernel's side of a map. */
export type MappedMap = {
  readonly fd: number;
  /** The map's only value; valid until `close`. */
  readonly memory: ArrayBuffer;
  /** Unmaps and closes; whoever keeps `memory` longer crashes the process. */
  readonly close: () => void;
};

/** An array map with one value of `bytes` (whole pages are mapped), all zero. */
export function createMappedMap(bytes: number): Result<MappedMap, SysError> {
  const page = 4096;
  const length = Math.ceil(bytes / page) * page;
  const made = bpf(BPF_MAP_CREATE, "create", "BPF array map (BPF_F_MMAPABLE)", (view) => {
    view.setUint32(0, BPF_MAP_TYPE_ARRAY, true);
    view.setUint32(4, 4, true); // key: u32 index
    view.setUint32(8, bytes, true);
    view.setUint32(12, 1, true);
    view.setUint32(16, BPF_F_MMAPABLE, true);
  });
  if (!made.ok) return made;
  const fd = made.value;
  const mapped = check(
    libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0),
    "map",
    "BPF array map",
  );
  if (!mapped.ok) {
    closeFd(fd);
    return mapped;
  }
  const address = mapped.value;
  const memory = toArrayBuffer(address, 0, bytes);
  assert(memory.byteLength === bytes, "the mapping has the map's size");
  let closed = false;
  return ok({
    fd,
    memory,
    close() {
      if (closed) return;
      closed = true;
      libc.munmap(address, length);
      closeFd(fd);
    },
  });
}

/** Loads a traffic-control program; a refusal carries the last line of the verifier's log. */
export function loadClassifier(program: Uint8Array): Result<number, SysError> {
  const license = new TextEncoder().encode("MIT\0");
  const log = new Uint8Array(verifierLogBytes);
  const loaded = bpf(BPF_PROG_LOAD, "load", "BPF program", (view) => {
    view.setUint32(0, BPF_PROG_TYPE_SCHED_CLS, true);
    view.setUint32(4, program.length / 8, true);
    setPointer(view, 8, program);
    setPointer(view, 16, license);
    view.setUint32(24, 4, true); // statistics only: no line per instruction, but the reason
    view.setUint32(28, log.length, true);
    setPointer(view, 32, log);
  });
  assert(license.length === 4 && program.length > 0, "what the kernel read outlives the call");
  if (loaded.ok) return loaded;
  const words = lastLine(log);
  const { op, object, errno } = loaded.error;
  return words === "" ? loaded : sysError(op, object, errno, `the verifier: ${words}`);
}

/** Holds a program to the egress of a device as long as the link's descriptor or pin lives. */
export function linkTcxEgress(programFd: number, ifIndex: number): Result<number, SysError> {
  return bpf(BPF_LINK_CREATE, "attach", `TCX egress of link ${ifIndex}`, (view) => {
    view.setUint32(0, programFd, true);
    view.setUint32(4, ifIndex, true);
    view.setUint32(8, BPF_TCX_EGRESS, true);
  });
}

/** Gives an object a name in a bpf file system, which keeps it when this process ends. */
export function pinBpf(fd: number, path: string): Result<void, SysError> {
  const text = new TextEncoder().encode(`${path}\0`);
  const pinned = bpf(BPF_OBJ_PIN, "pin", path, (view) => {
    setPointer(view, 0, text);
    view.setUint32(8, fd, true);
  });
  assert(text.length > 1, "the path outlives the call");
  return pinned.ok ? ok(undefined) : pinned;
}

/** Opens what is pinned there; ENOENT if there is no such pin. */
export function openPinned(path: string): Result<number, SysError> {
  const text = new TextEncoder().encode(`${path}\0`);
  const opened = bpf(BPF_OBJ_GET, "open", path, (view) => setPointer(view, 0, text));
  assert(text.length > 1, "the path outlives the call");
  return opened;
}

/**
 * Ends a link at once, even while another process or a pin holds it, and closes the descriptor (to
 * drop the last reference alone takes the kernel some 10 ms).
 */
export function endLink(fd: number): Result<void, SysError> {
  const done = bpf(BPF_LINK_DETACH, "end", "BPF link", (view) => view.setUint32(0, fd, true));
  closeFd(fd);
  return done.ok ? ok(undefined) : done;
}

function bpf(
  command: number,
  op: string,
  object: string,
  fill: (attributes: DataView) => void,
): Result<number, SysError> {
  const machine = thisMachine();
  if (machine === undefined) return refusal(op, object, "ENOSYS", "not a machine of ours");
  const bytes = new Uint8Array(attributeBytes);
  fill(new DataView(bytes.buffer));
  const address = Number(ptr(bytes));
  const answer = libc.syscall(machine.bpf, command, address, bytes.length, 0);
  const checked = check(answer, op, object);
  assert(bytes.length === attributeBytes, "the attributes outlive the call");
  if (checked.ok || checked.error.errno !== EPERM) return checked;
  return sysError(op, object, EPERM, "needs CAP_BPF and CAP_NET_ADMIN outside user namespaces");
}

function setPointer(view: DataView, at: number, to: Uint8Array): void {
  view.setBigUint64(at, BigInt(defined(ptr(to), "an address")), true);
}

function lastLine(log: Uint8Array): string {
  const end = log.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? log : log.subarray(0, end));
  const isReason = (line: string): boolean => !/^(processed |verification |stack |$)/.test(line);
  const lines = text.split("\n").filter(isReason);
  return (lines.at(-1) ?? "").slice(0, 200);
}

// Classic BPF filters on Ethernet frames, written by hand (the kernel's
// Documentation/networking/filter.rst; struct sock_filter and sock_fprog in linux/filter.h). The
// kernel drops what does not match before it costs us a wake-up.

import { ptr } from "bun:ffi";
import { assert, type Ipv4, ipv4ToU32, type Result } from "../base/index.ts";
import { SO_ATTACH_FILTER, SOL_SOCKET } from "./constants.ts";
import { refusal, type SysError } from "./errors.ts";
import { arpSendersMax, filterInstructionsMax } from "./limits.ts";
import { setOption } from "./socket.ts";

/** One instruction: operation, jump distances when true and false, constant. */
export type BpfInstruction = {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
};

const load16 = (at: number): BpfInstruction => ({ code: 0x28, jt: 0, jf: 0, k: at });
const load8 = (at: number): BpfInstruction => ({ code: 0x30, jt: 0, jf: 0, k: at });
/** X = length of the IPv4 header that starts at `at`. */
const loadHeaderLength = (at: number): BpfInstruction => ({ code: 0xb1, jt: 0, jf: 0, k: at });
/** A = 16 bits at X + `at`. */
const load16Indexed = (at: number): BpfInstruction => ({ code: 0x48, jt: 0, jf: 0, k: at });
const elseSkip = (value: number, jf: number): BpfInstruction => ({
  code: 0x15,
  jt: 0,
  jf,
  k: value,
});
const ifAnySkip = (bits: number, jt: number): BpfInstruction => ({
  code: 0x45,
  jt,
  jf: 0,
  k: bits,
});
/** Ends the filter: keep so many bytes of the frame (0 = drop it), or a traffic-control verdict. */
export const bpfReturn = (k: number): BpfInstruction => ({ code: 0x06, jt: 0, jf: 0, k });

const wholeFrame = 0x40000;

function udpTo(port: number): readonly BpfInstruction[] {
  return [
    load16(12), // EtherType
    elseSkip(0x0800, 8), // IPv4
    load8(23), // protocol
    elseSkip(17, 6), // UDP
    load16(20), // flags and fragment offset
    ifAnySkip(0x1fff, 4), // a later fragment has no UDP header
    loadHeaderLength(14),
    load16Indexed(16), // destination port
    elseSkip(port, 1),
    bpfReturn(wholeFrame),
    bpfReturn(0),
  ];
}

/** A = 32 bits at `at`. */
const load32 = (at: number): BpfInstruction => ({ code: 0x20, jt: 0, jf: 0, k: at });

/**
 * ARP frames whose sender claims one of the addresses (RFC 826 spa). For at most 64, so that every
 * jump to the end fits its byte.
 */
export function filterArpFrom(addresses: readonly Ipv4[]): readonly BpfInstruction[] {
  assert(addresses.length <= arpSendersMax, `at most ${arpSendersMax} senders in one filter`);
  const count = addresses.length;
  return [
    load16(12),
    elseSkip(0x0806, count + 1),
    load32(28),
    ...addresses.map((address, i) => ({
      code: 0x15,
      jt: count - i,
      jf: 0,
      k: ipv4ToU32(address),
    })),
    bpfReturn(0),
    bpfReturn(wholeFrame),
  ];
}

function etherTypeIs(etherType: number): readonly BpfInstruction[] {
  return [load16(12), elseSkip(etherType, 1), bpfReturn(wholeFrame), bpfReturn(0)];
}

/** Frames for a DHCP server: IPv4, UDP, destination port 67 (RFC 2131 §4.1). */
export const filterDhcpServer: readonly BpfInstruction[] = udpTo(67);
/** Frames for a DHCP client: IPv4, UDP, destination port 68 (RFC 2131 §4.1). */
export const filterDhcpClient: readonly BpfInstruction[] = udpTo(68);
/** ARP frames (RFC 826). */
export const filterArp: readonly BpfInstruction[] = etherTypeIs(0x0806);
/** RARP frames (RFC 903). */
export const filterRarp: readonly BpfInstruction[] = etherTypeIs(0x8035);

/** The instructions as an array of struct sock_filter, 8 bytes each. */
export function encodeBpf(filter: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(filter.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, instruction] of filter.entries()) {
    view.setUint16(i * 8, instruction.code, true);
    view.setUint8(i * 8 + 2, instruction.jt);
    view.setUint8(i * 8 + 3, instruction.jf);
    view.setUint32(i * 8 + 4, instruction.k, true);
  }
  return bytes;
}

/** SO_ATTACH_FILTER (socket(7)): only matching frames are queued from now on. */
export function attachFilter(
  fd: number,
  filter: readonly BpfInstruction[],
): Result<void, SysError> {
  const text = `filter of ${filter.length} instructions`;
  if (filter.length === 0 || filter.length > filterInstructionsMax) {
    return refusal("attach", text, "EINVAL", `1 to ${filterInstructionsMax} are allowed`);
  }
  const code = encodeBpf(filter);
  const program = new Uint8Array(16); // struct sock_fprog: u16 length, pointer at 8
  const view = new DataView(program.buffer);
  view.setUint16(0, filter.length, true);
  const address = ptr(code);
  assert(typeof address === "number", "an address fits a number");
  view.setBigUint64(8, BigInt(address), true);
  const option = { level: SOL_SOCKET, name: SO_ATTACH_FILTER, value: program, text };
  const attached = setOption(fd, option);
  assert(code.length > 0, "the instructions outlive the call");
  return attached;
}

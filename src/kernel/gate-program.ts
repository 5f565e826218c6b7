// The program of the gate (leases.md rule H4) and the table it reads. The table is a list of 16-byte
// rows {address u32 in network order, unused u32, deadline u64 in ns of CLOCK_BOOTTIME}; an address
// of 0 ends it. For every frame that leaves a device:
//
//   EtherType (behind one 802.1Q tag at most) -> IPv4: source address; ARP: sender address;
//   anything else passes. Source not in the list: passes. In the list: passes while
//   now < deadline, else dropped. A frame that ends before its source is dropped.
//
// The list is walked from the front; a board has a handful of addresses, and a hash map would cost
// a second map and a system call for every change (rejected).

import {
  addNumber,
  assembleEbpf,
  callHelper,
  type EbpfStep,
  end,
  jump,
  jumpIfBelow,
  jumpIfNotNumber,
  jumpIfNumber,
  jumpIfSame,
  label,
  load16At,
  load32At,
  load64At,
  setMapValue,
  setNumber,
  setRegister,
} from "./ebpf.ts";
import { gateAddressesMax } from "./limits.ts";

/** One row of the table, bytes. */
export const gateRowBytes = 16;
/** The whole table, bytes: one row more than addresses, so that a 0 always ends the list. */
export const gateTableBytes = (gateAddressesMax + 1) * gateRowBytes;

/** bpf-helpers(7). */
const skbLoadBytes = 26;
/** bpf-helpers(7), Linux 5.8. */
const ktimeGetBootNs = 125;
/** TCX_NEXT and TC_ACT_UNSPEC: the next program or filter decides. */
const verdictNext = -1;
/** TCX_DROP and TC_ACT_SHOT. */
const verdictDrop = 2;
/** EtherTypes as a little-endian machine reads them. */
const ipv4Swapped = 0x0008;
const arpSwapped = 0x0608;
const vlanSwapped = 0x0081;
const ethernetBytes = 14;
/** RFC 791: source address; RFC 826: sender protocol address behind two sizes and a MAC. */
const sourceInIpv4 = 12;
const senderInArp = 14;

/** The gate's program for the table in the map `mapFd`. */
export function gateProgram(mapFd: number): Uint8Array {
  return assembleEbpf([
    setRegister(6, 1), // the frame
    setNumber(8, ethernetBytes),
    ...loadBytes({ at: 12, bytes: 2, otherwise: "next" }),
    load16At(7, 10, -8),
    jumpIfNotNumber(7, vlanSwapped, "untagged"),
    ...loadBytes({ at: 16, bytes: 2, otherwise: "drop" }),
    load16At(7, 10, -8),
    addNumber(8, 4),
    label("untagged"),
    jumpIfNumber(7, ipv4Swapped, "ipv4"),
    jumpIfNotNumber(7, arpSwapped, "next"),
    addNumber(8, senderInArp),
    jump("source"),
    label("ipv4"),
    addNumber(8, sourceInIpv4),
    label("source"),
    ...loadBytes({ at: "r8", bytes: 4, otherwise: "drop" }),
    load32At(7, 10, -8),
    ...setMapValue(9, mapFd, 0),
    ...Array.from({ length: gateAddressesMax }, () => row).flat(),
    jump("next"),
    label("listed"),
    load64At(8, 9, 8), // the deadline first, then the time: a late answer errs towards shut
    callHelper(ktimeGetBootNs),
    jumpIfBelow(0, 8, "next"),
    label("drop"),
    setNumber(0, verdictDrop),
    end,
    label("next"),
    setNumber(0, verdictNext),
    end,
  ]);
}

const row: readonly EbpfStep[] = [
  load32At(1, 9, 0),
  jumpIfNumber(1, 0, "next"),
  jumpIfSame(1, 7, "listed"),
  addNumber(9, gateRowBytes),
];

/** Copies bytes of the frame to the stack at r10 - 8; works for frames in pieces, too. */
function loadBytes(of: {
  readonly at: number | "r8";
  readonly bytes: number;
  readonly otherwise: string;
}): EbpfStep[] {
  return [
    setRegister(1, 6),
    of.at === "r8" ? setRegister(2, 8) : setNumber(2, of.at),
    setRegister(3, 10),
    addNumber(3, -8),
    setNumber(4, of.bytes),
    callHelper(skbLoadBytes),
    jumpIfNotNumber(0, 0, of.otherwise),
  ];
}

// eBPF programs as typed instructions (the kernel's Documentation/bpf/standardization/
// instruction-set.rst; struct bpf_insn in linux/bpf.h). Jumps name labels, so that a program can be
// read and changed without counting distances. The kernel's verifier judges the result.

import { assert } from "../base/index.ts";

/** Registers 0 to 10: 0 is the result, 1 to 5 are arguments, 6 to 9 survive calls, 10 the stack. */
export type EbpfRegister = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** One step of a program: an instruction (a jump names its label in `to`) or a label. */
export type EbpfStep =
  | {
      readonly code: number;
      readonly dst?: EbpfRegister;
      readonly src?: number;
      readonly off?: number;
      readonly imm?: number;
      readonly to?: string;
    }
  | { readonly label: string };

/** A place that jumps name. */
export const label = (name: string): EbpfStep => ({ label: name });
/** dst = number (sign-extended from 32 bits). */
export const setNumber = (dst: EbpfRegister, imm: number): EbpfStep => ({ code: 0xb7, dst, imm });
/** dst = src. */
export const setRegister = (dst: EbpfRegister, src: EbpfRegister): EbpfStep => ({
  code: 0xbf,
  dst,
  src,
});
/** dst += number. */
export const addNumber = (dst: EbpfRegister, imm: number): EbpfStep => ({ code: 0x07, dst, imm });
/** dst = 16 bits at src + off, as the machine reads them. */
export const load16At = (dst: EbpfRegister, src: EbpfRegister, off: number): EbpfStep => ({
  code: 0x69,
  dst,
  src,
  off,
});
/** dst = 32 bits at src + off, as the machine reads them. */
export const load32At = (dst: EbpfRegister, src: EbpfRegister, off: number): EbpfStep => ({
  code: 0x61,
  dst,
  src,
  off,
});
/** dst = 64 bits at src + off, as the machine reads them: one load, never half of a store. */
export const load64At = (dst: EbpfRegister, src: EbpfRegister, off: number): EbpfStep => ({
  code: 0x79,
  dst,
  src,
  off,
});
/** dst = address of byte `offset` in the only value of an array map. */
export const setMapValue = (dst: EbpfRegister, mapFd: number, offset: number): EbpfStep[] => [
  { code: 0x18, dst, src: 2, imm: mapFd }, // BPF_PSEUDO_MAP_VALUE
  { code: 0, imm: offset },
];
/** Jump. */
export const jump = (to: string): EbpfStep => ({ code: 0x05, to });
/** Jump if dst = number. */
export const jumpIfNumber = (dst: EbpfRegister, imm: number, to: string): EbpfStep => ({
  code: 0x15,
  dst,
  imm,
  to,
});
/** Jump if dst is not number. */
export const jumpIfNotNumber = (dst: EbpfRegister, imm: number, to: string): EbpfStep => ({
  code: 0x55,
  dst,
  imm,
  to,
});
/** Jump if dst = src. */
export const jumpIfSame = (dst: EbpfRegister, src: EbpfRegister, to: string): EbpfStep => ({
  code: 0x1d,
  dst,
  src,
  to,
});
/** Jump if dst < src, unsigned. */
export const jumpIfBelow = (dst: EbpfRegister, src: EbpfRegister, to: string): EbpfStep => ({
  code: 0xad,
  dst,
  src,
  to,
});
/** Calls a kernel function by its number (bpf-helpers(7)). */
export const callHelper = (imm: number): EbpfStep => ({ code: 0x85, imm });
/** Ends the program; register 0 is its answer. */
export const end: EbpfStep = { code: 0x95 };

/** The program as an array of struct bpf_insn, 8 bytes each; an unknown label is our mistake. */
export function assembleEbpf(steps: readonly EbpfStep[]): Uint8Array {
  const places = new Map<string, number>();
  let count = 0;
  for (const step of steps) {
    if (!("label" in step)) count++;
    else {
      assert(!places.has(step.label), `label ${step.label} is used once`);
      places.set(step.label, count);
    }
  }
  const bytes = new Uint8Array(count * 8);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const step of steps) {
    if ("label" in step) continue;
    view.setUint8(at * 8, step.code);
    view.setUint8(at * 8 + 1, (step.dst ?? 0) | ((step.src ?? 0) << 4));
    view.setInt16(at * 8 + 2, distance(step, at, places), true);
    view.setInt32(at * 8 + 4, step.imm ?? 0, true);
    at++;
  }
  assert(at === count, "every instruction has its place");
  return bytes;
}

/** The offset field: a jump's is the number of instructions it skips. */
function distance(
  step: { readonly off?: number; readonly to?: string },
  at: number,
  places: ReadonlyMap<string, number>,
): number {
  if (step.to === undefined) return step.off ?? 0;
  const place = places.get(step.to);
  assert(place !== undefined, `label ${step.to} exists`);
  return place - at - 1;
}

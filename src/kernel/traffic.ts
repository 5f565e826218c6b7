// Cutting a cable in one direction, for the lab: a clsact qdisc and a classifier (cls_bpf) whose
// one classic BPF instruction says "drop" (tc-bpf(8), direct-action). Classic code needs no bpf(2),
// so it works inside a user namespace; the carrier stays up, as with a one-way fault.

import { ok, type Result } from "../base/index.ts";
import { bpfReturn, encodeBpf } from "./bpf.ts";
import { EEXIST, ENOENT } from "./constants.ts";
import type { SysError } from "./errors.ts";
import { requestChange, type Netlink } from "./netlink.ts";
import {
  attribute,
  attributeText,
  attributeU16,
  attributeU32,
  nested,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from "./netlink-message.ts";

/** `ingress` = what arrives on the interface, `egress` = what leaves by it. */
export type TrafficDirection = "ingress" | "egress";

const RTM_NEWQDISC = 36;
/** rtnetlink(7): a filter is new. */
export const RTM_NEWTFILTER = 44;
/** rtnetlink(7): a filter is gone. */
export const RTM_DELTFILTER = 45;
/** linux/rtnetlink.h: the kind of a qdisc or filter, and its options. */
export const TCA_KIND = 1;
/** See TCA_KIND. */
export const TCA_OPTIONS = 2;
const TCA_BPF_OPS_LEN = 4;
const TCA_BPF_OPS = 5;
/** linux/pkt_cls.h: the answer of the program is the verdict. */
export const TCA_BPF_FLAGS = 8;
/** See TCA_BPF_FLAGS. */
export const TCA_BPF_FLAG_ACT_DIRECT = 1;
const TC_ACT_SHOT = 2;
/** linux/pkt_sched.h: handle ffff:, parents ffff:fff1 (the qdisc), :fff2 and :fff3 (filters). */
const handleClsact = 0xffff0000;
const parentClsact = 0xfffffff1;
/** Parent of the filters of a direction. */
export const parentOf: Readonly<Record<TrafficDirection, number>> = {
  ingress: 0xfffffff2,
  egress: 0xfffffff3,
};
/** Priority 1 in the upper half, protocol ETH_P_ALL in network order in the lower (linux/tc). */
const filterInfo = (1 << 16) | 0x0300;

/** Drops every frame in this direction from now on; again is harmless. */
export function dropTraffic(
  nl: Netlink,
  index: number,
  direction: TrafficDirection,
): Result<void, SysError> {
  const ready = addClsact(nl, index);
  if (!ready.ok) return ready;
  const program = [bpfReturn(TC_ACT_SHOT)];
  const options = nested(TCA_OPTIONS, [
    attributeU16(TCA_BPF_OPS_LEN, program.length),
    attribute(TCA_BPF_OPS, encodeBpf(program)),
    attributeU32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT),
  ]);
  const head = trafficMessage({ index, handle: 1, parent: parentOf[direction], info: filterInfo });
  const added = requestChange(nl, {
    op: "drop traffic",
    object: `${direction} on link ${index}`,
    type: RTM_NEWTFILTER,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    parts: [head, attributeText(TCA_KIND, "bpf"), options],
  });
  return !added.ok && added.error.errno === EEXIST ? ok(undefined) : added;
}

/** Lets frames pass in this direction again; harmless if they do already. */
export function passTraffic(
  nl: Netlink,
  index: number,
  direction: TrafficDirection,
): Result<void, SysError> {
  const ready = addClsact(nl, index);
  if (!ready.ok) return ready;
  const head = trafficMessage({ index, handle: 0, parent: parentOf[direction], info: filterInfo });
  const removed = requestChange(nl, {
    op: "pass traffic",
    object: `${direction} on link ${index}`,
    type: RTM_DELTFILTER,
    flags: 0,
    parts: [head, attributeText(TCA_KIND, "bpf")],
  });
  return !removed.ok && removed.error.errno === ENOENT ? ok(undefined) : removed;
}

/** Makes room for filters on a device (tc-bpf(8)); harmless if there is some. */
export function addClsact(nl: Netlink, index: number): Result<void, SysError> {
  const head = trafficMessage({ index, handle: handleClsact, parent: parentClsact, info: 0 });
  const added = requestChange(nl, {
    op: "add",
    object: `clsact on link ${index}`,
    type: RTM_NEWQDISC,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    parts: [head, attributeText(TCA_KIND, "clsact")],
  });
  return !added.ok && added.error.errno === EEXIST ? ok(undefined) : added;
}

/** struct tcmsg, 20 bytes: family u8, pad, index i32, handle u32, parent u32, info u32. */
export function trafficMessage(of: {
  index: number;
  handle: number;
  parent: number;
  info: number;
}): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, of.index, true);
  view.setUint32(8, of.handle, true);
  view.setUint32(12, of.parent, true);
  view.setUint32(16, of.info, true);
  return bytes;
}

// How the gate's program is held to a device so that it stays there when this process dies, paused
// or killed (leases.md rule H4):
// 1. TCX egress (Linux 6.6), its link pinned in a bpf file system: the pin holds it. Nobody's
//    `tc qdisc del` takes it away.
// 2. A clsact egress filter (Linux 4.5; cls_bpf): the device itself holds it. Taken where TCX or
//    the bpf file system is missing; a TCX link without a pin dies with its process, which would
//    open the gate at the worst moment.
// Both are in place before what a predecessor left is taken away, so there is never a gap.

import { renameSync, unlinkSync } from "node:fs";
import { type Err, ok, type Result } from "../base/index.ts";
import { endLink, linkTcxEgress, openPinned, pinBpf } from "./bpf-call.ts";
import { EEXIST } from "./constants.ts";
import { refusal, type SysError, sysErrorText, thrownError } from "./errors.ts";
import { closeFd } from "./libc.ts";
import { type Netlink, openNetlink, requestChange } from "./netlink.ts";
import {
  attribute,
  attributeText,
  attributeU32,
  nested,
  NLM_F_CREATE,
  NLM_F_REPLACE,
} from "./netlink-message.ts";
import { netnsNumber } from "./netns.ts";
import { interfaceIndex } from "./socket.ts";
import {
  addClsact,
  parentOf,
  RTM_DELTFILTER,
  RTM_NEWTFILTER,
  TCA_BPF_FLAG_ACT_DIRECT,
  TCA_BPF_FLAGS,
  TCA_KIND,
  TCA_OPTIONS,
  trafficMessage,
} from "./traffic.ts";

/** What holds the program to the device when the process is gone. */
export type GateHold = "pinned-link" | "filter";

/** Where and how to attach. */
export type GateAttachOptions = {
  /** A directory of a mounted bpf file system; a usual place is /sys/fs/bpf. */
  readonly pinDirectory: string;
  /** One way only; undefined = the first that works. */
  readonly only: GateHold | undefined;
};

const TCA_BPF_FD = 6;
const TCA_BPF_NAME = 7;
/** Behind priority 1 (the lab's cut cables), all EtherTypes, in tcmsg's info (linux/tc). */
const filterInfo = (2 << 16) | 0x0300;

/** Attaches the program to the egress of a device of the calling thread's network namespace. */
export function attachGate(
  device: string,
  programFd: number,
  options: GateAttachOptions,
): Result<{ readonly hold: GateHold; readonly ifIndex: number }, SysError> {
  const index = interfaceIndex(device);
  if (!index.ok) return index;
  const pin = pinPath(options.pinDirectory, index.value);
  const nl = openNetlink();
  if (!nl.ok) return nl;
  try {
    const { only } = options;
    const linked = only === "filter" ? undefined : attachLink(programFd, index.value, pin);
    if (linked?.ok) {
      const rest = removeFilter(nl.value, index.value);
      if (rest.ok) return ok({ hold: "pinned-link", ifIndex: index.value });
      removePin(pin);
      return rest;
    }
    const filtered =
      only === "pinned-link" ? undefined : addFilter(nl.value, index.value, programFd);
    if (filtered?.ok) {
      const rest = removePin(pin);
      if (rest.ok) return ok({ hold: "filter", ifIndex: index.value });
      removeFilter(nl.value, index.value);
      return rest;
    }
    return refusal("gate", device, "EOPNOTSUPP", whyNot(linked, filtered));
  } finally {
    nl.value.close();
  }
}

/** Takes the gate off an interface, whichever way it is held; harmless if either is gone. */
export function detachGate(
  ifIndex: number,
  options: Pick<GateAttachOptions, "pinDirectory">,
): Result<void, SysError> {
  const nl = openNetlink();
  if (!nl.ok) return nl;
  const unpinned = removePin(pinPath(options.pinDirectory, ifIndex));
  const unfiltered = removeFilter(nl.value, ifIndex);
  nl.value.close();
  return unpinned.ok ? unfiltered : unpinned;
}

/** The namespace's inode is in the name: index 2 of another namespace is another device. */
function pinPath(directory: string, ifIndex: number): string {
  return `${directory}/softset-gate-${netnsNumber()}-${ifIndex}`;
}

/** The link, pinned under its name; the predecessor's is ended when the new one is in place. */
function attachLink(programFd: number, ifIndex: number, pin: string): Result<void, SysError> {
  const link = linkTcxEgress(programFd, ifIndex);
  if (!link.ok) return link;
  const fresh = `${pin}-new`;
  const leftOver = removePin(fresh); // of a process that was killed between pin and rename
  const pinned = leftOver.ok ? pinBpf(link.value, fresh) : leftOver;
  closeFd(link.value);
  if (!pinned.ok) return pinned;
  const old = openPinned(pin);
  try {
    renameSync(fresh, pin);
  } catch (thrown) {
    if (old.ok) closeFd(old.value);
    removePin(fresh);
    return thrownError("pin", pin, thrown);
  }
  return old.ok ? endLink(old.value) : absent(old);
}

function removePin(path: string): Result<void, SysError> {
  const link = openPinned(path);
  const ended = link.ok ? endLink(link.value) : absent(link);
  if (!ended.ok) return ended;
  try {
    unlinkSync(path);
    return ok(undefined);
  } catch (thrown) {
    return absent(thrownError("unpin", path, thrown));
  }
}

/** No such pin, or no such directory, is what was wanted. */
function absent(failed: Err<SysError>): Result<void, SysError> {
  return failed.error.code === "ENOENT" || failed.error.code === "ENOTDIR" ? ok(undefined) : failed;
}

function addFilter(nl: Netlink, index: number, programFd: number): Result<void, SysError> {
  const ready = addClsact(nl, index);
  if (!ready.ok && ready.error.errno !== EEXIST) return ready;
  const options = nested(TCA_OPTIONS, [
    attributeU32(TCA_BPF_FD, programFd),
    attributeText(TCA_BPF_NAME, "softset-gate"),
    attributeU32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT),
  ]);
  const head = trafficMessage({ index, handle: 1, parent: parentOf.egress, info: filterInfo });
  return requestChange(nl, {
    op: "add",
    object: `gate filter on link ${index}`,
    type: RTM_NEWTFILTER,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    parts: [head, attributeText(TCA_KIND, "bpf"), options],
  });
}

function removeFilter(nl: Netlink, index: number): Result<void, SysError> {
  const head = trafficMessage({ index, handle: 1, parent: parentOf.egress, info: filterInfo });
  const removed = requestChange(nl, {
    op: "remove",
    object: `gate filter on link ${index}`,
    type: RTM_DELTFILTER,
    flags: 0,
    parts: [head, attribute(TCA_KIND, new TextEncoder().encode("bpf\0"))],
  });
  if (removed.ok) return removed;
  // EINVAL: the device has no clsact qdisc, so there is no filter. ENODEV: the filter went with it.
  return ["ENOENT", "EINVAL", "ENODEV"].includes(removed.error.code) ? ok(undefined) : removed;
}

function whyNot(
  linked: Result<void, SysError> | undefined,
  filtered: Result<void, SysError> | undefined,
): string {
  const reasons: string[] = [];
  if (linked?.ok === false) {
    const { code } = linked.error;
    const need = code === "EINVAL" ? "needs Linux 6.6" : "needs a mounted bpf file system";
    reasons.push(`TCX: ${sysErrorText(linked.error)} (${need})`);
  }
  if (filtered?.ok === false) {
    const need = "needs CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF";
    reasons.push(`clsact: ${sysErrorText(filtered.error)} (${need})`);
  }
  return reasons.join("; ");
}

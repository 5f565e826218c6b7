// Change events of the network configuration (rtnetlink(7), groups RTMGRP_*). If the loop is late
// and the kernel's queue overflows (ENOBUFS), events are gone for good: the monitor then opens a
// new socket in the same namespace and says `lost`, and the listener reads everything again.

import { ok, type Result } from "../base/index.ts";
import { adopt } from "./adopt.ts";
import { type LinkAddress, readAddress, RTM_DELADDR } from "./addresses.ts";
import { SOCK_NONBLOCK } from "./constants.ts";
import { refusal, type SysError, thrownError } from "./errors.ts";
import { closeFd } from "./libc.ts";
import { monitorReceiveBytes, monitorReopenMs, monitorReopensMax } from "./limits.ts";
import { type Link, readLink, RTM_DELLINK } from "./links.ts";
import {
  type Forwarding,
  type Neighbour,
  readForwarding,
  readNeighbour,
  RTM_DELNEIGH,
} from "./neighbours.ts";
import { makeNetlink } from "./netlink.ts";
import { decodeMessages, type NetlinkMessage } from "./netlink-message.ts";
import { closeNetns, currentNetns, inNetns } from "./netns.ts";
import { readRoute, type Route, RTM_DELROUTE } from "./routes.ts";
import { setReceiveBytes } from "./socket.ts";

/** One change; `gone` = it was removed, else it is new or different. */
export type NetlinkChange =
  | { readonly type: "link"; readonly gone: boolean; readonly link: Link }
  | { readonly type: "address"; readonly gone: boolean; readonly address: LinkAddress }
  | { readonly type: "route"; readonly gone: boolean; readonly route: Route }
  | { readonly type: "neighbour"; readonly gone: boolean; readonly neighbour: Neighbour }
  | { readonly type: "forwarding"; readonly gone: boolean; readonly forwarding: Forwarding }
  /** Events were lost: read everything again. */
  | { readonly type: "lost" }
  /** The monitor could not be opened again and is closed. */
  | { readonly type: "ended"; readonly reason: SysError };

/** What to hear of. */
export type MonitorOptions = {
  readonly links?: boolean;
  readonly addresses?: boolean;
  readonly routes?: boolean;
  /** Neighbours, and the forwarding tables of bridges. */
  readonly neighbours?: boolean;
};

const RTMGRP_LINK = 1;
const RTMGRP_NEIGH = 4;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV4_ROUTE = 0x40;

/** Tells of changes in the calling thread's network namespace from now on, until closed. */
export async function monitorNetlink(
  options: MonitorOptions,
  onChange: (change: NetlinkChange) => void,
): Promise<Result<{ close(): void }, SysError>> {
  const groups =
    (options.links ? RTMGRP_LINK : 0) |
    (options.addresses ? RTMGRP_IPV4_IFADDR : 0) |
    (options.routes ? RTMGRP_IPV4_ROUTE : 0) |
    (options.neighbours ? RTMGRP_NEIGH : 0);
  if (groups === 0) return refusal("monitor", "nothing", "EINVAL", "name what to hear of");
  const netns = currentNetns();
  if (!netns.ok) return netns;
  const monitor: Monitor = { netns: netns.value, groups, onChange, closed: false, reopens: 0 };
  const opened = await open(monitor);
  if (!opened.ok) {
    closeNetns(netns.value);
    return opened;
  }
  return ok({ close: () => end(monitor) });
}

type Monitor = {
  readonly netns: number;
  readonly groups: number;
  readonly onChange: (change: NetlinkChange) => void;
  closed: boolean;
  reopens: number;
  terminate?: () => void;
};

async function open(monitor: Monitor): Promise<Result<void, SysError>> {
  const made = inNetns(monitor.netns, () => makeNetlink(monitor.groups, SOCK_NONBLOCK));
  if (!made.ok) return made;
  const fd = made.value;
  setReceiveBytes(fd, monitorReceiveBytes); // a smaller buffer is only lost earlier
  try {
    monitor.terminate = await adopt(fd, {
      onData(bytes) {
        monitor.reopens = 0;
        for (const message of decodeMessages(bytes)) tell(monitor, message);
      },
      onClose: () => void onClosed(monitor),
    });
    return ok(undefined);
  } catch (thrown) {
    closeFd(fd);
    return thrownError("monitor", "rtnetlink", thrown);
  }
}

/** Bun closes the socket when receiving is refused: with a bound netlink socket that is ENOBUFS. */
async function onClosed(monitor: Monitor): Promise<void> {
  while (!monitor.closed) {
    if (++monitor.reopens > 1) await Bun.sleep(monitorReopenMs);
    if (monitor.closed) return;
    const opened = await open(monitor);
    if (opened.ok) {
      if (monitor.closed) monitor.terminate?.();
      else monitor.onChange({ type: "lost" });
      return;
    }
    if (monitor.reopens >= monitorReopensMax) {
      end(monitor);
      monitor.onChange({ type: "ended", reason: opened.error });
    }
  }
}

function end(monitor: Monitor): void {
  if (monitor.closed) return;
  monitor.closed = true;
  monitor.terminate?.();
  closeNetns(monitor.netns);
}

function tell(monitor: Monitor, message: NetlinkMessage): void {
  if (monitor.closed) return;
  const change = readChange(message);
  if (change !== undefined) monitor.onChange(change);
}

/** One message as a change; undefined for what this product does not look at. */
export function readChange(message: NetlinkMessage): NetlinkChange | undefined {
  const link = readLink(message);
  if (link !== undefined) return { type: "link", gone: message.type === RTM_DELLINK, link };
  const address = readAddress(message);
  if (address !== undefined) {
    return { type: "address", gone: message.type === RTM_DELADDR, address };
  }
  const route = readRoute(message);
  if (route !== undefined) return { type: "route", gone: message.type === RTM_DELROUTE, route };
  const gone = message.type === RTM_DELNEIGH;
  const neighbour = readNeighbour(message);
  if (neighbour !== undefined) return { type: "neighbour", gone, neighbour };
  const forwarding = readForwarding(message);
  return forwarding === undefined ? undefined : { type: "forwarding", gone, forwarding };
}

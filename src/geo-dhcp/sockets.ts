// The packet sockets of one interface: DHCP requests, RARP and ARP, each with its filter in the
// kernel. They die together when the interface goes down and are opened together.

import { err, ok, type Result } from "../base/index.ts";
import {
  filterArp,
  filterDhcpServer,
  filterRarp,
  openPacket,
  type PacketSocket,
  refusal,
  type SysError,
} from "../kernel/index.ts";
import { etherTypes } from "../wire/index.ts";
import { requestReceiveBytes } from "./limits.ts";

/** The three sockets of one interface. */
export type Sockets = {
  readonly dhcp: PacketSocket;
  readonly rarp: PacketSocket;
  readonly arp: PacketSocket;
};

/** Who hears what. `onLost` comes at most once for the three. */
export type SocketHandlers = {
  readonly onDhcp: (frame: Uint8Array) => void;
  readonly onRarp: (frame: Uint8Array) => void;
  readonly onArp: (frame: Uint8Array) => void;
  readonly onLost: (reason: SysError | undefined) => void;
};

/** Opens all three in the calling thread's network namespace, before the first await, or none. */
export async function openSockets(
  device: string,
  handlers: SocketHandlers,
): Promise<Result<Sockets, SysError>> {
  let isLost = false;
  const onClose = (reason: SysError | undefined): void => {
    if (isLost) return;
    isLost = true;
    handlers.onLost(reason);
  };
  const { onDhcp, onRarp, onArp } = handlers;
  const { ipv4, rarp: rarpType, arp: arpType } = etherTypes;
  const [dhcp, rarp, arp] = await Promise.all([
    openPacket({
      device,
      etherType: ipv4,
      filter: filterDhcpServer,
      receiveBytes: requestReceiveBytes,
      onFrame: onDhcp,
      onClose,
    }),
    openPacket({ device, etherType: rarpType, filter: filterRarp, onFrame: onRarp, onClose }),
    openPacket({ device, etherType: arpType, filter: filterArp, onFrame: onArp, onClose }),
  ]);
  if (dhcp.ok && rarp.ok && arp.ok) {
    return ok({ dhcp: dhcp.value, rarp: rarp.value, arp: arp.value });
  }
  let failed: SysError | undefined;
  for (const opened of [dhcp, rarp, arp]) {
    if (opened.ok) opened.value.close();
    else failed ??= opened.error;
  }
  return failed === undefined ? refusal("open", device, "EINVAL") : err(failed);
}

/** Closes all three; blocks for tens of ms (packet(7)), so not on a hot path. */
export function closeSockets(sockets: Sockets): void {
  for (const socket of [sockets.dhcp, sockets.rarp, sockets.arp]) socket.close();
}

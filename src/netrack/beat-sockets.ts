// The two heartbeat sockets, one per network, each bound to its device. A socket that cannot be
// opened or refuses to send is opened again: every `socketRetryMs`, and at once when its device
// comes up. All in the network namespace NETRACK was started in.

import { err, type Ipv4, type NetworkId, networkIds, ok, type Result } from "../base/index.ts";
import { inNetns, openUdp, type SysError, sysErrorText, type UdpSocket } from "../kernel/index.ts";
import { beatReceiveBytes, socketRetryMs } from "./limits.ts";

/** Where beats go and come from. */
export type BeatSocketOptions = {
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly port: number;
  /** Groups to hear. */
  readonly groups: readonly Ipv4[];
  readonly onBeat: (network: NetworkId, bytes: Uint8Array) => void;
  readonly onTrouble: (network: NetworkId, reason: string) => void;
};

/** The sockets, open or being opened. */
export type BeatSockets = {
  /** The first attempt is over; an error (that of network A) if neither could be opened. */
  readonly opened: Promise<Result<void, SysError>>;
  /** False if the socket is not open or refused; it is then opened again by itself. */
  readonly send: (network: NetworkId, bytes: Uint8Array, group: Ipv4) => boolean;
  /** The device came up: opens the socket anew, its group memberships may be gone. */
  readonly reopen: (network: NetworkId) => void;
  readonly close: () => void;
};

type Side = {
  readonly network: NetworkId;
  socket: UdpSocket | undefined;
  retry: ReturnType<typeof setTimeout> | undefined;
  isOpening: boolean;
  /** Its device came up while it was being opened: that socket may miss its groups. */
  isStale: boolean;
};

/** Begins to open both, and goes on trying until closed. */
export function openBeatSockets(options: BeatSocketOptions): BeatSockets {
  const sides: Record<NetworkId, Side> = { A: newSide("A"), B: newSide("B") };
  const life = { isClosed: false };
  const opened = Promise.all(networkIds.map((network) => open(sides[network], options, life)));
  return {
    opened: opened.then(([first, second]) => (first && second ? err(first) : ok(undefined))),
    send(network, bytes, group) {
      const side = sides[network];
      if (side.socket === undefined) return false;
      const sent = side.socket.send(bytes, group, options.port);
      if (sent.ok) return true;
      if (isDeviceGone(sent.error)) {
        closeSide(side);
        options.onTrouble(network, sysErrorText(sent.error));
        retryLater(side, options, life);
      }
      return false;
    },
    reopen(network) {
      const side = sides[network];
      if (life.isClosed) return;
      if (side.isOpening) {
        side.isStale = true;
        return;
      }
      closeSide(side);
      void open(side, options, life);
    },
    close() {
      life.isClosed = true;
      for (const network of networkIds) closeSide(sides[network]);
    },
  };
}

function newSide(network: NetworkId): Side {
  return { network, socket: undefined, retry: undefined, isOpening: false, isStale: false };
}

async function open(
  side: Side,
  options: BeatSocketOptions,
  life: { readonly isClosed: boolean },
): Promise<SysError | undefined> {
  const { network } = side;
  const device = options.devices[network];
  side.isOpening = true;
  side.isStale = false;
  const opened = await inNetns(options.netns, () =>
    openUdp({
      device,
      port: options.port,
      reuseAddress: true,
      multicast: { groups: options.groups, device },
      receiveBytes: beatReceiveBytes,
      onDatagram: (bytes) => options.onBeat(network, bytes),
      onError: (error) => options.onTrouble(network, sysErrorText(error)),
    }),
  );
  side.isOpening = false;
  if (opened.ok && side.isStale && !life.isClosed) {
    opened.value.close();
    return open(side, options, life);
  }
  if (opened.ok) {
    if (life.isClosed) opened.value.close();
    else side.socket = opened.value;
    return undefined;
  }
  options.onTrouble(network, sysErrorText(opened.error));
  retryLater(side, options, life);
  return opened.error;
}

function retryLater(
  side: Side,
  options: BeatSocketOptions,
  life: { readonly isClosed: boolean },
): void {
  if (life.isClosed || side.retry !== undefined) return;
  side.retry = setTimeout(() => {
    side.retry = undefined;
    if (!life.isClosed && side.socket === undefined && !side.isOpening) {
      void open(side, options, life);
    }
  }, socketRetryMs);
}

function closeSide(side: Side): void {
  clearTimeout(side.retry);
  side.retry = undefined;
  side.socket?.close();
  side.socket = undefined;
}

/** A device without address or link refuses with these; a full queue does not. */
function isDeviceGone({ code }: SysError): boolean {
  return code === "ENODEV" || code === "ENXIO" || code === "EBADF";
}

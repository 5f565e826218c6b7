// One device's ARP mouth and ear: sends announcements, hears claims on public addresses. When the
// kernel ends the socket (device down, deleted) it is opened again until the device is back.

import { type Ipv4, type Mac, type NetworkId, type Result } from "../../base/index.ts";
import {
  filterArpFrom,
  inNetns,
  openPacket,
  type PacketSocket,
  refusal,
  type SysError,
  sysErrorText,
} from "../../kernel/index.ts";
import { decodeArpFrame, etherTypes } from "../../wire/index.ts";
import { arpReceiveBytes, reopenMs } from "./limits.ts";

/** An ARP socket that comes back by itself. */
export type Speaker = {
  /** Sends a frame, or says why not; a frame that is refused is lost. */
  readonly send: (frame: Uint8Array) => Result<void, SysError>;
  /** The device's MAC; undefined while it is not there. */
  readonly mac: () => Mac | undefined;
  readonly close: () => void;
};

/** What a speaker needs. */
export type SpeakerOptions = {
  readonly netns: number;
  readonly device: string;
  readonly network: NetworkId;
  /** Whose claims are heard; none = only speaks. */
  readonly addresses: readonly Ipv4[];
  readonly onClaim: (claim: {
    readonly address: Ipv4;
    readonly network: NetworkId;
    readonly mac: Mac;
  }) => void;
  readonly onTrouble: (reason: string) => void;
};

/** Opens it; resolves when the first attempt is over, whether or not the device was there. */
export async function openSpeaker(options: SpeakerOptions): Promise<Speaker> {
  let socket: PacketSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let told: string | undefined;
  const again = (reason: string): void => {
    socket = undefined;
    if (closed) return;
    if (told !== reason) options.onTrouble(reason);
    told = reason;
    timer = setTimeout(() => void open(), reopenMs);
  };
  const open = async (): Promise<void> => {
    const opened = await openSocket(options, again);
    if (closed) {
      if (opened.ok) opened.value.close();
    } else if (opened.ok) {
      socket = opened.value;
      told = undefined;
    } else again(sysErrorText(opened.error));
  };
  await open();
  return {
    send: (frame) =>
      socket?.send(frame) ??
      refusal("announce on", options.device, "ENETDOWN", "its ARP socket is being opened again"),
    mac: () => socket?.mac,
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

function openSocket(
  options: SpeakerOptions,
  again: (reason: string) => void,
): Promise<Result<PacketSocket, SysError>> {
  const { device, network, addresses } = options;
  return inNetns(options.netns, () =>
    openPacket({
      device,
      etherType: etherTypes.arp,
      filter: filterArpFrom(addresses),
      receiveBytes: arpReceiveBytes,
      onFrame(frame) {
        const packet = decodeArpFrame(frame);
        if (!packet.ok) return; // an ARP frame of another kind of network is nobody's claim
        options.onClaim({ address: packet.value.spa, network, mac: packet.value.sha });
      },
      onClose: (reason) => again(reason === undefined ? `${device} ended` : sysErrorText(reason)),
    }),
  );
}

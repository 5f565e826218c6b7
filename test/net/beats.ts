// Heartbeats as an attacker on the network has them: recorded from the wire, sent again or changed.

import type { Ipv4, Mac, NetworkId } from "../../src/base/index.ts";
import type { Lab } from "../../src/lab/index.ts";
import { encodeUdpFrame } from "../../src/wire/index.ts";
import { valueOf } from "./chassis.ts";
import { type Seat, takeSeat } from "./seat.ts";

/** Ethernet, IPv4 without options, UDP. */
const headerBytes = 42;

/** The payload of a beat's frame that came from the board in `slot`, or undefined. */
export function beatIn(frame: Uint8Array, port: number): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length <= headerBytes || view.getUint16(12) !== 0x0800 || frame[23] !== 17) return;
  if (view.getUint16(36) !== port) return undefined;
  // Checksums are not looked at: a neighbour on the same kernel leaves them unfinished.
  return Uint8Array.from(frame.subarray(headerBytes, headerBytes - 8 + view.getUint16(38)));
}

/** Records `count` beats of a slot as the CCN hears them. */
export async function recordBeats(
  lab: Lab,
  of: { readonly slot: number; readonly network: NetworkId; readonly count: number },
): Promise<Uint8Array[]> {
  const seat = await takeSeat(lab, 0, of.network);
  const beats: Uint8Array[] = [];
  while (beats.length < of.count) {
    const beat = await seat.next((frame) => beatIn(frame, lab.chassis.provision.beatPort));
    if (beat[4] === of.slot) beats.push(beat);
  }
  seat.close();
  return beats;
}

/** Sends bytes to the hubs as if they were a beat. */
export function sendBeat(lab: Lab, seat: Seat, payload: Uint8Array, src: Ipv4): boolean {
  const { hubsGroup, beatPort } = lab.chassis.provision;
  const [, second = 0, third = 0, fourth = 0] = hubsGroup.split(".").map(Number);
  const group = [0x01, 0x00, 0x5e, second & 0x7f, third, fourth];
  const dstMac = group.map((byte) => byte.toString(16).padStart(2, "0")).join(":") as Mac;
  const frame = new Uint8Array(1514);
  const addresses = { srcMac: seat.mac, dstMac, src, dst: hubsGroup };
  const ports = { srcPort: beatPort, dstPort: beatPort };
  const length = valueOf(encodeUdpFrame({ ...addresses, ...ports, payload }, frame));
  return seat.trySend(frame.subarray(0, length));
}

// The one TCP segment this product sends by itself (RFC 9293): an empty ACK with sequence 0, from a
// public address to a client of the board that had it before. The client answers with a challenge
// ACK (RFC 5961 §5) that carries its real numbers; this kernel knows no such connection and sends
// RST with exactly the right sequence; the client's read fails at once and it connects again,
// instead of waiting for its retransmission timer.

import { type Ipv4, ipv4ToU32, type Result } from "../base/index.ts";
import { isUint, putU16 } from "./bytes.ts";
import { bad, type WireError } from "./error.ts";
import { encodeIpv4, foldSum, sumWords } from "./ipv4.ts";

/** Protocol number of TCP. */
export const protocolTcp = 6;
/** The whole packet, IPv4 header included, bytes. */
export const tickleBytes = 40;

const tcpHeaderBytes = 20;
const flagAck = 0x10;

/** The connection to be woken, from the side that has the public address. */
export type TickleConnection = {
  readonly src: Ipv4;
  readonly srcPort: number;
  readonly dst: Ipv4;
  readonly dstPort: number;
};

/** Writes the packet and gives `tickleBytes`. Errors: no room, a port out of range. */
export function encodeTickle(
  connection: TickleConnection,
  into: Uint8Array,
): Result<number, WireError> {
  const { src, dst, srcPort, dstPort } = connection;
  if (!isUint(srcPort, 0xffff)) return bad(20, "port 0 to 65535", srcPort);
  if (!isUint(dstPort, 0xffff)) return bad(22, "port 0 to 65535", dstPort);
  const segment = new Uint8Array(tcpHeaderBytes);
  putU16(segment, 0, srcPort);
  putU16(segment, 2, dstPort);
  segment[12] = (tcpHeaderBytes / 4) << 4;
  segment[13] = flagAck;
  putU16(segment, 14, 1024); // window: any but 0, which would look like a stalled receiver
  putU16(
    segment,
    16,
    ~foldSum(sumWords(segment, 0, tcpHeaderBytes) + pseudoSum(src, dst)) & 0xffff,
  );
  return encodeIpv4(
    {
      src,
      dst,
      protocol: protocolTcp,
      ttl: 64,
      tos: 0,
      identification: 0,
      dontFragment: true,
      payload: segment,
    },
    into,
  );
}

/** Sum of the pseudo header: addresses, protocol, length (RFC 9293 §3.1). */
function pseudoSum(src: Ipv4, dst: Ipv4): number {
  const [a, b] = [ipv4ToU32(src), ipv4ToU32(dst)];
  const words = (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff);
  return words + protocolTcp + tcpHeaderBytes;
}

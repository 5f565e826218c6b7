import { expect, test } from "bun:test";
import { ipv4FromU32 } from "../base/index.ts";
import { must } from "../../test/fixtures/wire/values.ts";
import { decodeIpv4, foldSum, sumWords } from "./ipv4.ts";
import { encodeTickle, tickleBytes } from "./tcp.ts";

const connection = {
  src: ipv4FromU32(0xc0a80101),
  srcPort: 2049,
  dst: ipv4FromU32(0xc0a80132),
  dstPort: 51_234,
};

test("a tickle is an empty ACK with sequence 0 and right checksums", () => {
  const bytes = new Uint8Array(tickleBytes);
  expect(must(encodeTickle(connection, bytes))).toBe(tickleBytes);
  const packet = must(decodeIpv4(bytes));
  expect([packet.src, packet.dst, packet.protocol]).toEqual([connection.src, connection.dst, 6]);
  const view = new DataView(packet.payload.buffer, packet.payload.byteOffset, 20);
  expect([view.getUint16(0), view.getUint16(2)]).toEqual([2049, 51_234]);
  expect([view.getUint32(4), view.getUint32(8)]).toEqual([0, 0]);
  expect([view.getUint8(12), view.getUint8(13)]).toEqual([0x50, 0x10]);
  // RFC 9293 §3.1: segment and pseudo header (both addresses, protocol 6, length 20) sum to 0xffff.
  expect(foldSum(sumWords(bytes, 12, tickleBytes) + 6 + 20)).toBe(0xffff);
});

test("a port out of range and too little room are refused", () => {
  const room = new Uint8Array(tickleBytes);
  expect(encodeTickle({ ...connection, srcPort: 65_536 }, room)).toMatchObject({ ok: false });
  expect(encodeTickle({ ...connection, dstPort: -1 }, room)).toMatchObject({ ok: false });
  expect(encodeTickle(connection, new Uint8Array(tickleBytes - 1))).toMatchObject({ ok: false });
});

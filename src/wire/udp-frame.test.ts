import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIpv4, parseMac } from "../base/index.ts";
import {
  decodeEthernet,
  decodeIpv4,
  decodeUdp,
  decodeUdpFrame,
  encodeEthernet,
  encodeIpv4,
  encodeUdp,
  encodeUdpFrame,
  type UdpFrame,
} from "./index.ts";
import { bytesOf, ipv4s, joined, macs, must, u16s } from "../../test/fixtures/wire/values.ts";

// A DHCP-like datagram made by hand: 0.0.0.0:68 to 255.255.255.255:67, payload "hello".
// IPv4 sum: 4500+0021+0000+4000+4011+0000+ffff+ffff = 2c530 -> c532, complement 3acd.
// UDP sum: ffff+ffff+0011+000d + 0044+0043+000d + 6865+6c6c+6f00 -> 4484, complement bb7b.
const byHand = bytesOf(
  "ffffffffffff5254000a01010800" +
    "450000210000400040113acd00000000ffffffff" +
    "00440043000dbb7b" +
    "68656c6c6f",
);
const frame: UdpFrame = {
  srcMac: must(parseMac("52:54:00:0a:01:01")),
  dstMac: must(parseMac("ff:ff:ff:ff:ff:ff")),
  src: must(parseIpv4("0.0.0.0")),
  dst: must(parseIpv4("255.255.255.255")),
  srcPort: 68,
  dstPort: 67,
  payload: new TextEncoder().encode("hello"),
};
const frames: fc.Arbitrary<UdpFrame> = fc.record({
  srcMac: macs,
  dstMac: macs,
  src: ipv4s,
  dst: ipv4s,
  srcPort: u16s,
  dstPort: u16s,
  payload: fc.uint8Array({ maxLength: 1472 }),
});

function encoded(value: UdpFrame): Uint8Array {
  const into = new Uint8Array(1514);
  return into.slice(0, must(encodeUdpFrame(value, into)));
}

test("a frame has the bytes and both checksums worked out by hand", () => {
  expect(encoded(frame).toHex()).toBe(byHand.toHex());
  expect(must(decodeUdpFrame(byHand))).toEqual(frame);
});

test("padding behind a short datagram is not payload", () => {
  const padded = new Uint8Array(60);
  padded.set(byHand);
  expect(must(decodeUdpFrame(padded)).payload).toEqual(frame.payload);
  expect(must(decodeIpv4(padded.subarray(14))).payload.length).toBe(13);
  padded.set([0, 14, 0, 0], 38); // a UDP length that reaches into the padding
  expect(decodeUdpFrame(padded)).toMatchObject({ error: { atByte: 38, got: "14" } });
});

test("a frame with one 802.1Q tag reads the same, with two it is refused", () => {
  const tag = bytesOf("81000007");
  const tagged = joined(byHand.subarray(0, 12), tag, byHand.subarray(12));
  expect(must(decodeUdpFrame(tagged))).toEqual(frame);
  expect(must(decodeEthernet(tagged)).vlan).toBe(7);
  const twice = joined(byHand.subarray(0, 12), tag, tag, byHand.subarray(12));
  expect(decodeUdpFrame(twice).ok).toBe(false);
  expect(decodeEthernet(twice)).toMatchObject({ error: { atByte: 16 } });
});

test("a tag's priority is no part of its VLAN, an 802.3 length is no EtherType", () => {
  const tag = bytesOf("8100e007");
  const tagged = joined(byHand.subarray(0, 12), tag, byHand.subarray(12));
  expect(must(decodeEthernet(tagged)).vlan).toBe(7);
  const length = joined(byHand.subarray(0, 12), bytesOf("05ff"), byHand.subarray(14));
  expect(decodeEthernet(length)).toMatchObject({ error: { atByte: 12, got: "1535" } });
});

test("a checksum that comes out as 0 is sent as ffff, since 0 means none", () => {
  const payload = new Uint8Array(6);
  const first = encoded({ ...frame, payload });
  payload.set(first.subarray(40, 42), 4);
  const bytes = encoded({ ...frame, payload });
  expect(bytes.subarray(40, 42).toHex()).toBe("ffff");
  expect(must(decodeUdpFrame(bytes)).payload).toEqual(payload);
});

test("UDP checksum 0 means none", () => {
  const none = byHand.slice();
  none.set([0, 0], 40);
  none[42] = 0x48;
  expect(must(decodeUdpFrame(none)).payload[0]).toBe(0x48);
});

test("a checksum left to the network card (pseudo-header sum only) is accepted", () => {
  // ffff+ffff+0011+000d = 2001c -> 001e.
  const offloaded = byHand.slice();
  offloaded.set([0x00, 0x1e], 40);
  expect(must(decodeUdpFrame(offloaded))).toEqual(frame);
});

test("IPv4 options are skipped", () => {
  // Header of 24 bytes with four NOPs: 4600+0025+4000+4011+ffff+ffff+0101+0101 -> c838, complement 37c7.
  const options = joined(byHand.subarray(0, 34), bytesOf("01010101"), byHand.subarray(34));
  options[14] = 0x46;
  options.set([0x00, 0x25], 16);
  options.set([0x37, 0xc7], 24);
  expect(must(decodeUdpFrame(options))).toEqual(frame);
});

test("any flipped bit in the headers or the payload is refused or read from the MACs", () => {
  for (let bit = 12 * 8; bit < byHand.length * 8; bit++) {
    const flipped = byHand.slice();
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    expect({ bit, ok: decodeUdpFrame(flipped).ok }).toEqual({ bit, ok: false });
  }
});

test("a frame cut anywhere is refused", () => {
  for (let length = 0; length < byHand.length; length++) {
    expect(decodeUdpFrame(byHand.subarray(0, length)).ok).toBe(false);
  }
});

test("a fragment is refused, first or later", () => {
  for (const bits of [0x2000, 0x0001]) {
    const into = new Uint8Array(64);
    const length = must(
      encodeIpv4({ ...must(decodeIpv4(byHand.subarray(14))), dontFragment: false }, into),
    );
    into[6] = bits >>> 8;
    into[7] = bits & 255;
    const sum = ((into[10] ?? 0) << 8) + (into[11] ?? 0) - bits;
    into[10] = (sum >>> 8) & 255;
    into[11] = sum & 255;
    expect(decodeIpv4(into.subarray(0, length))).toMatchObject({ error: { atByte: 6 } });
  }
});

test("too little room, too long a payload and a wrong port are errors", () => {
  expect(encodeUdpFrame(frame, new Uint8Array(46)).ok).toBe(false);
  const long = { ...frame, payload: new Uint8Array(1473) };
  expect(encodeUdpFrame(long, new Uint8Array(2000)).ok).toBe(false);
  expect(encodeUdpFrame({ ...frame, dstPort: 65536 }, new Uint8Array(99)).ok).toBe(false);
});

test("a payload already in its place is not moved", () => {
  const into = new Uint8Array(100);
  into.set(frame.payload, 42);
  const length = must(encodeUdpFrame({ ...frame, payload: into.subarray(42, 47) }, into));
  expect(into.slice(0, length)).toEqual(byHand);
});

test("what is written is read back, and the layered codecs read the same", () => {
  fc.assert(
    fc.property(frames, (value) => {
      const bytes = encoded(value);
      expect(must(decodeUdpFrame(bytes))).toEqual(value);
      const ethernet = must(decodeEthernet(bytes));
      expect([ethernet.src, ethernet.dst]).toEqual([value.srcMac, value.dstMac]);
      const ip = must(decodeIpv4(ethernet.payload));
      const { srcPort, dstPort, payload } = value;
      expect(must(decodeUdp(ip.payload, ip))).toEqual({ srcPort, dstPort, payload });
    }),
  );
});

test("the layered codecs read back what they write", () => {
  const packets = fc.record({
    src: ipv4s,
    dst: ipv4s,
    protocol: fc.nat(255),
    ttl: fc.nat(255),
    tos: fc.nat(255),
    identification: u16s,
    dontFragment: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 100 }),
  });
  const into = new Uint8Array(2000);
  fc.assert(
    fc.property(packets, (packet) => {
      const length = must(encodeIpv4(packet, into));
      expect(must(decodeIpv4(into.subarray(0, length)))).toEqual(packet);
    }),
  );
  fc.assert(
    fc.property(frames, (packet) => {
      const { srcPort, dstPort, payload } = packet;
      const length = must(encodeUdp({ srcPort, dstPort, payload }, packet, into));
      expect(must(decodeUdp(into.subarray(0, length), packet))).toEqual({
        srcPort,
        dstPort,
        payload,
      });
    }),
  );
  const ethernets = fc.record({
    dst: macs,
    src: macs,
    vlan: fc.option(fc.nat(4095), { nil: undefined }),
    etherType: fc.integer({ min: 0x0600, max: 0xffff }).filter((type) => type !== 0x8100),
    payload: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(ethernets, (value) => {
      const length = must(encodeEthernet(value, into));
      expect(must(decodeEthernet(into.subarray(0, length)))).toEqual(value);
    }),
  );
});

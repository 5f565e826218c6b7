import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseIpv4, parseMac } from "../base/index.ts";
import {
  arpAnnouncement,
  arpAnnouncementReply,
  arpFrame,
  arpProbe,
  arpRequest,
  decodeArp,
  decodeArpFrame,
  decodeRarp,
  decodeRarpFrame,
  encodeArp,
  encodeRarp,
  rarpFrame,
  rarpReply,
  rarpRequest,
} from "./index.ts";
import { ipv4s, macs, must } from "../../test/fixtures/wire/values.ts";

const mac = must(parseMac("52:54:00:0a:01:01"));
const ccnMac = must(parseMac("52:54:00:00:00:00"));
const address = must(parseIpv4("10.1.1.7"));
const ccn = must(parseIpv4("10.1.0.1"));
const hex = (bytes: Uint8Array): string => bytes.toHex();

test("a probe asks for an address with sender 0.0.0.0 and unknown target, broadcast", () => {
  expect(hex(arpFrame(arpProbe(mac, address)))).toBe(
    "ffffffffffff5254000a01010806" + // everybody, from the board, ARP
      "00010800060400015254000a010100000000" + // Ethernet, IPv4, request, board, 0.0.0.0
      "0000000000000a010107" + // nobody known, 10.1.1.7
      "00".repeat(18), // padding to 60
  );
});

test("an announcement says the address is the sender's, as request and as reply", () => {
  expect(hex(arpFrame(arpAnnouncement(mac, address)).subarray(20, 42))).toBe(
    "00015254000a01010a0101070000000000000a010107",
  );
  expect(hex(arpFrame(arpAnnouncementReply(mac, address)).subarray(20, 42))).toBe(
    "00025254000a01010a0101075254000a01010a010107",
  );
});

test("a request for another board's address carries the asker's own", () => {
  expect(arpRequest(mac, address, ccn)).toMatchObject({ op: 1, spa: address, tpa: ccn });
});

test("a RARP question and its answer have the bytes of RFC 903", () => {
  const question = rarpRequest(mac);
  expect(hex(rarpFrame(question).subarray(12, 42))).toBe(
    "803500010800060400035254000a0101000000005254000a010100000000",
  );
  const answer = rarpReply(question, { mac: ccnMac, address: ccn }, address);
  expect(hex(rarpFrame(answer, mac).subarray(0, 42))).toBe(
    "5254000a0101525400000000803500010800060400045254000000000a0100015254000a01010a010107",
  );
});

test("a RARP answer names the board that was asked about, not the asker", () => {
  const question = { ...rarpRequest(mac), sha: ccnMac };
  const answer = rarpReply(question, { mac: ccnMac, address: ccn }, address);
  expect(answer).toMatchObject({ sha: ccnMac, spa: ccn, tha: mac, tpa: address });
});

test("a packet of another hardware, protocol, size or operation is refused where it differs", () => {
  const good = new Uint8Array(28);
  must(encodeArp(arpProbe(mac, address), good));
  for (const [at, value, want] of [
    [1, 6, 0],
    [2, 0x86, 2],
    [4, 8, 4],
    [5, 16, 5],
    [7, 3, 6],
  ] as const) {
    const bytes = good.slice();
    bytes[at] = value;
    const read = decodeArp(bytes);
    expect(read.ok ? -1 : read.error.atByte).toBe(want);
  }
  expect(decodeArp(good.subarray(0, 27)).ok).toBe(false);
  expect(decodeRarp(good).ok).toBe(false);
});

test("a frame of another EtherType is refused, errors count from the frame's start", () => {
  expect(decodeArpFrame(rarpFrame(rarpRequest(mac)))).toMatchObject({ error: { atByte: 12 } });
  expect(decodeRarpFrame(arpFrame(arpProbe(mac, address)))).toMatchObject({
    error: { atByte: 12 },
  });
  const cut = arpFrame(arpProbe(mac, address));
  cut[18] = 9;
  expect(decodeArpFrame(cut)).toMatchObject({ error: { atByte: 18, got: "9" } });
});

test("no room to write 28 bytes is an error", () => {
  expect(encodeArp(arpProbe(mac, address), new Uint8Array(28), 1).ok).toBe(false);
  expect(encodeRarp(rarpRequest(mac), new Uint8Array(27)).ok).toBe(false);
});

test("what is written is read back", () => {
  const addresses = { sha: macs, spa: ipv4s, tha: macs, tpa: ipv4s };
  const arps = fc.record({ op: fc.constantFrom(1 as const, 2 as const), ...addresses });
  fc.assert(
    fc.property(arps, (packet) => {
      expect(must(decodeArpFrame(arpFrame(packet)))).toEqual(packet);
    }),
  );
  const rarps = fc.record({ op: fc.constantFrom(3 as const, 4 as const), ...addresses });
  fc.assert(
    fc.property(rarps, (packet) => {
      expect(must(decodeRarpFrame(rarpFrame(packet)))).toEqual(packet);
    }),
  );
});

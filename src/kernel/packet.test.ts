import { expect, test } from "bun:test";
import { type Ipv4, ipv4ToBytes } from "../base/index.ts";
import {
  type BpfInstruction,
  bpfReturn,
  filterArp,
  filterDhcpClient,
  filterDhcpServer,
  filterRarp,
} from "./bpf.ts";
import { type SysError } from "./errors.ts";
import {
  arrivals,
  type End,
  testIp,
  layCable,
  testMac,
  mayMakeNamespaces,
  must,
} from "./fixtures.ts";
import { setLink } from "./links.ts";
import { inNetns } from "./netns.ts";
import { openPacket } from "./packet.ts";
import { openUdp } from "./udp.ts";

const here = test.skipIf(!mayMakeNamespaces);

async function open(end: End, etherType: number, filter?: readonly BpfInstruction[]) {
  const frames = arrivals<Uint8Array>();
  const closed = Promise.withResolvers<SysError | undefined>();
  const options = { device: "eth0", etherType, onFrame: frames.add, onClose: closed.resolve };
  const socket = must(
    await inNetns(end.netns, () =>
      openPacket(filter === undefined ? options : { ...options, filter }),
    ),
  );
  return { socket, frames, closed: closed.promise, [Symbol.dispose]: () => socket.close() };
}

/** A frame to everybody: Ethernet header, `body`, padding to 60 bytes. */
function frame(etherType: number, body: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(60, 14 + body.length));
  bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, etherType >> 8, etherType & 255]);
  bytes.set(body, 14);
  return bytes;
}

/** IPv4 with `options` bytes of header options, then a UDP header (or what `protocol` says). */
function udpFrame(of: {
  port: number;
  options?: number;
  protocol?: number;
  fragment?: number;
}): Uint8Array {
  const { port, options = 0, protocol = 17, fragment = 0 } = of;
  const words = 5 + options / 4;
  const ipv4 = [
    0x40 | words,
    0,
    0,
    words * 4 + 8,
    0,
    0,
    fragment >> 8,
    fragment & 255,
    64,
    protocol,
  ];
  const rest = [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, ...Array.from({ length: options }, () => 1)];
  return frame(0x0800, [...ipv4, ...rest, 0, 68, port >> 8, port & 255, 0, 8, 0, 0]);
}

here("a frame arrives whole, and one's own frames are not heard", async () => {
  using cable = layCable();
  using left = await open(cable.left, 0x0003);
  using right = await open(cable.right, 0x88b5);
  expect(left.socket.mac).toBe(testMac("02:00:00:00:00:01"));
  expect(right.socket.ifIndex).toBe(cable.right.link.index);
  const sent = frame(0x88b5, [1, 2, 3]);
  must(left.socket.send(sent));
  expect(new Uint8Array(await right.frames.next())).toEqual(Uint8Array.from(sent));
  must(right.socket.send(sent));
  expect(new Uint8Array(await left.frames.next())).toEqual(Uint8Array.from(sent));
  expect([left.frames.waiting(), right.frames.waiting()]).toEqual([0, 0]);
});

const arp = frame(0x0806, [0, 1]);
const rarp = frame(0x8035, [0, 1]);
const toServer = udpFrame({ port: 67 });
const toClient = udpFrame({ port: 68 });
const toServerWithOptions = udpFrame({ port: 67, options: 8 });
const others = [
  udpFrame({ port: 69 }),
  udpFrame({ port: 67, protocol: 6 }),
  udpFrame({ port: 67, fragment: 0x0010 }),
  udpFrame({ port: 67, fragment: 0x2010 }),
  frame(0x86dd, [0x45]),
];
const all = [arp, rarp, toServer, toClient, toServerWithOptions, ...others];

for (const [name, filter, wanted] of [
  ["DHCP server", filterDhcpServer, [toServer, toServerWithOptions]],
  ["DHCP client", filterDhcpClient, [toClient]],
  ["ARP", filterArp, [arp]],
  ["RARP", filterRarp, [rarp]],
] as const) {
  here(`the ${name} filter lets through its frames and nothing else`, async () => {
    using cable = layCable();
    using left = await open(cable.left, 0x0003);
    // A last frame that passes any filter of the four tells that all before it were judged.
    using right = await open(cable.right, 0x0003, filter);
    for (const each of all) must(left.socket.send(each));
    const last = wanted[0];
    must(left.socket.send(last));
    for (const each of [...wanted, last]) {
      expect(new Uint8Array(await right.frames.next())).toEqual(Uint8Array.from(each));
    }
    expect(right.frames.waiting()).toBe(0);
  });
}

here("a first fragment of a DHCP request passes the filter", async () => {
  using cable = layCable();
  using left = await open(cable.left, 0x0003);
  using right = await open(cable.right, 0x0800, filterDhcpServer);
  const first = udpFrame({ port: 67, fragment: 0x2000 });
  must(left.socket.send(first));
  expect(new Uint8Array(await right.frames.next())).toEqual(Uint8Array.from(first));
});

here("a datagram of a real socket passes the filter", async () => {
  using cable = layCable();
  using right = await open(cable.right, 0x0800, filterDhcpServer);
  const quiet = { onDatagram() {}, onError() {} };
  const udp = must(
    await inNetns(cable.left.netns, () =>
      openUdp({ port: 68, device: "eth0", broadcast: true, ...quiet }),
    ),
  );
  must(udp.send(new TextEncoder().encode("question"), testIp("255.255.255.255"), 67));
  const heard = await right.frames.next();
  expect(new TextDecoder().decode(heard.slice(42, 50))).toBe("question");
  expect(sourceOf(heard)).toEqual(bytesOf(testIp("10.9.0.1")));
  udp.close();
});

here("an interface that goes down ends the socket with ENETDOWN", async () => {
  using cable = layCable();
  using left = await open(cable.left, 0x0003);
  must(setLink(cable.left.nl, cable.left.link.index, { up: false }));
  expect(await left.closed).toMatchObject({ code: "ENETDOWN" });
  expect(left.socket.send(arp)).toMatchObject({ ok: false, error: { code: "EBADF" } });
});

here("a missing interface, a long frame and a bad filter are refused", async () => {
  using cable = layCable();
  const options = { device: "eth9", etherType: 3, onFrame() {}, onClose() {} };
  const missing = await inNetns(cable.left.netns, () => openPacket(options));
  expect(missing).toMatchObject({ ok: false, error: { code: "ENODEV", object: "eth9" } });
  const bad = { ...options, device: "eth0", filter: [{ ...bpfReturn(1), code: 0xffff }] };
  const refused = await inNetns(cable.left.netns, () => openPacket(bad));
  expect(refused).toMatchObject({ ok: false, error: { code: "EINVAL", op: "set" } });
  using left = await open(cable.left, 0x0003);
  expect(left.socket.send(new Uint8Array(9019))).toMatchObject({ ok: false });
  expect(left.socket.send(new Uint8Array(4000))).toMatchObject({
    ok: false,
    error: { code: "EMSGSIZE" },
  });
});

here("a burst of frames comes frame by frame", async () => {
  using cable = layCable();
  using left = await open(cable.left, 0x0003);
  using right = await open(cable.right, 0x88b5);
  for (let i = 0; i < 100; i++) must(left.socket.send(frame(0x88b5, [i])));
  for (let i = 0; i < 100; i++) {
    const heard = await right.frames.next();
    expect([heard.length, heard[14]]).toEqual([60, i]);
  }
});

function sourceOf(of: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(of.slice(26, 30));
}

function bytesOf(address: Ipv4): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  ipv4ToBytes(address, bytes);
  return bytes;
}

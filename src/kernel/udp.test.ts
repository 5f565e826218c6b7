import { expect, test } from "bun:test";
import { createServer as createHttp } from "node:http";
import { createServer as createNet } from "node:net";
import { type Ipv4 } from "../base/index.ts";
import { addAddress } from "./addresses.ts";
import { arrivals, testIp, layCable, loopbackIsUp, mayMakeNamespaces, must } from "./fixtures.ts";
import { setLink } from "./links.ts";
import { inNetns } from "./netns.ts";
import { openTcpListener } from "./tcp.ts";
import { openUdp, type UdpOptions, type UdpSocket } from "./udp.ts";

const here = test.skipIf(!mayMakeNamespaces);
const onLoopback = test.skipIf(!loopbackIsUp);
type Heard = { text: string; from: Ipv4; port: number };

async function open(netns: number | undefined, options: Partial<UdpOptions>) {
  const heard = arrivals<Heard>();
  const whole: UdpOptions = {
    port: 0,
    onDatagram: (bytes, from, port) =>
      heard.add({ text: new TextDecoder().decode(bytes), from, port }),
    onError: (e) => heard.add({ text: e.code, from: testIp("0.0.0.0"), port: 0 }),
    ...options,
  };
  const made = await (netns === undefined ? openUdp(whole) : inNetns(netns, () => openUdp(whole)));
  const socket: UdpSocket = must(made);
  return { socket, heard, [Symbol.dispose]: () => socket.close() };
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const loop = testIp("127.0.0.1");

onLoopback("a datagram arrives with its bytes and its sender, the empty one too", async () => {
  using a = await open(undefined, { address: loop });
  using b = await open(undefined, { address: loop });
  must(a.socket.send(bytes("hello"), loop, b.socket.port));
  must(a.socket.send(bytes(""), loop, b.socket.port));
  expect(await b.heard.next()).toEqual({ text: "hello", from: loop, port: a.socket.port });
  expect(await b.heard.next()).toEqual({ text: "", from: loop, port: a.socket.port });
});

onLoopback("a dead peer costs no datagram to a living one", async () => {
  using a = await open(undefined, { address: loop });
  using b = await open(undefined, { address: loop });
  const dead = await open(undefined, { address: loop });
  const deadPort = dead.socket.port;
  dead.socket.close();
  for (let i = 0; i < 50; i++) {
    must(a.socket.send(bytes("x"), loop, deadPort));
    must(a.socket.send(bytes(`${i}`), loop, b.socket.port));
    expect((await b.heard.next()).text).toBe(`${i}`);
  }
  expect(a.heard.waiting()).toBe(0);
});

onLoopback(
  "a taken port is EADDRINUSE with a sentence's parts, a closed socket EBADF",
  async () => {
    using a = await open(undefined, { address: loop });
    const again = await openUdp({
      address: loop,
      port: a.socket.port,
      onDatagram() {},
      onError() {},
    });
    expect(again).toMatchObject({
      ok: false,
      error: { op: "bind", object: `UDP 127.0.0.1:${a.socket.port}`, code: "EADDRINUSE" },
    });
    a.socket.close();
    a.socket.close();
    expect(a.socket.send(bytes("x"), loop, 9)).toMatchObject({
      ok: false,
      error: { code: "EBADF" },
    });
  },
);

onLoopback("a port that is none and a datagram that is too long are refused", async () => {
  const bad = await openUdp({ port: 70000, onDatagram() {}, onError() {} });
  expect(bad).toMatchObject({ ok: false, error: { code: "EINVAL" } });
  using a = await open(undefined, { address: loop });
  const long = a.socket.send(new Uint8Array(65508), loop, 9);
  expect(long).toMatchObject({ ok: false, error: { code: "EMSGSIZE" } });
});

here("multicast reaches a member on its device, not the sender and not a non-member", async () => {
  using cable = layCable();
  const group = testIp("239.1.2.3");
  const other = testIp("239.1.2.4");
  const device = "eth0";
  const on = (netns: number, groups: Ipv4[], port = 5000) =>
    open(netns, { port, device, reuseAddress: true, multicast: { groups, device } });
  using sender = await on(cable.left.netns, [group]);
  using member = await on(cable.right.netns, [group]);
  using stranger = await on(cable.right.netns, [other]);
  must(sender.socket.send(bytes("beat"), group, 5000));
  must(sender.socket.send(bytes("other"), other, 5000));
  expect(await member.heard.next()).toEqual({ text: "beat", from: testIp("10.9.0.1"), port: 5000 });
  expect(await stranger.heard.next()).toMatchObject({ text: "other" });
  expect([sender, member, stranger].map((s) => s.heard.waiting())).toEqual([0, 0, 0]);
});

here("broadcast needs its option and goes out by the named device", async () => {
  using cable = layCable();
  using plain = await open(cable.left.netns, { device: "eth0" });
  using server = await open(cable.right.netns, { port: 67, device: "eth0", broadcast: true });
  using client = await open(cable.left.netns, { port: 68, device: "eth0", broadcast: true });
  const all = testIp("255.255.255.255");
  expect(plain.socket.send(bytes("x"), all, 67)).toMatchObject({
    ok: false,
    error: { code: "EACCES" },
  });
  must(client.socket.send(bytes("ask"), all, 67));
  expect(await server.heard.next()).toEqual({ text: "ask", from: testIp("10.9.0.1"), port: 68 });
});

here("a socket lives through its device going down and up, and hears again", async () => {
  using cable = layCable();
  const { left, right } = cable;
  using a = await open(left.netns, { port: 5001, device: "eth0" });
  using b = await open(right.netns, { port: 5001, device: "eth0", receiveBytes: 1 << 20 });
  must(setLink(left.nl, left.link.index, { up: false }));
  expect(a.socket.send(bytes("x"), testIp("10.9.0.2"), 5001)).toMatchObject({ ok: false });
  must(setLink(left.nl, left.link.index, { up: true }));
  must(a.socket.send(bytes("again"), testIp("10.9.0.2"), 5001));
  expect((await b.heard.next()).text).toBe("again");
});

here("a listener on an address that is not here yet answers once it is", async () => {
  using cable = layCable();
  const { left, right } = cable;
  const address = testIp("10.9.0.77");
  const refused = inNetns(left.netns, () => openTcpListener({ address, port: 80 }));
  expect(refused).toMatchObject({ ok: false, error: { code: "EADDRNOTAVAIL" } });
  const fd = must(
    inNetns(left.netns, () => openTcpListener({ address, port: 80, freebind: true })),
  );
  const listen = { fd, socket: { data() {}, open: (s: Bun.Socket) => void s.end("hi") } };
  const listener = Bun.listen(listen as unknown as Bun.TCPSocketListenOptions);
  must(addAddress(left.nl, { index: left.link.index, address, prefix: 32 }));
  const heard = Promise.withResolvers<string>();
  await inNetns(right.netns, () =>
    Bun.connect({
      hostname: address,
      port: 80,
      socket: { data: (_s, d) => heard.resolve(d.toString()) },
    }),
  );
  expect(await heard.promise).toBe("hi");
  listener.stop(true);
});

onLoopback("HTTP is served on a listener of our own through node:net", async () => {
  const fd = must(openTcpListener({ address: loop, port: 0 }));
  const http = createHttp((_request, response) => void response.end("served"));
  const net = createNet((connection) => void http.emit("connection", connection));
  await new Promise<void>((resolve) => void net.listen({ fd }, resolve));
  const address = net.address();
  const port = typeof address === "object" ? address?.port : 0;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  expect(await answer.text()).toBe("served");
  net.close();
});

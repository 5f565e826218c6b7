import { expect, test } from "bun:test";
import { arrivals, type End, testIp, layCable, mayMakeNamespaces, must } from "./fixtures.ts";
import { findLink } from "./links.ts";
import { inNetns } from "./netns.ts";
import { dropTraffic, passTraffic } from "./traffic.ts";
import { openUdp } from "./udp.ts";

const here = test.skipIf(!mayMakeNamespaces);

async function open(end: End) {
  const heard = arrivals<number>();
  const options = { port: 5002, onDatagram: (b: Uint8Array) => heard.add(b[0] ?? 0), onError() {} };
  const socket = must(await inNetns(end.netns, () => openUdp(options)));
  return { socket, heard, [Symbol.dispose]: () => socket.close() };
}

for (const direction of ["ingress", "egress"] as const) {
  here(`${direction} can be cut alone, again, and passed again; the carrier stays`, async () => {
    using cable = layCable();
    using left = await open(cable.left);
    using right = await open(cable.right);
    const { nl, link } = cable.left;
    const [from, to] = direction === "ingress" ? [right, left] : [left, right];
    const [fromIp, toIp] =
      direction === "ingress" ? ["10.9.0.2", "10.9.0.1"] : ["10.9.0.1", "10.9.0.2"];
    const there = (n: number) => must(from.socket.send(new Uint8Array([n]), testIp(toIp), 5002));
    const back = (n: number) => must(to.socket.send(new Uint8Array([n]), testIp(fromIp), 5002));
    there(1);
    expect(await to.heard.next()).toBe(1);
    back(2);
    expect(await from.heard.next()).toBe(2);
    must(dropTraffic(nl, link.index, direction));
    must(dropTraffic(nl, link.index, direction));
    expect(must(findLink(nl, "eth0")).carrier).toBe(true);
    const cut = from.socket.send(new Uint8Array([3]), testIp(toIp), 5002);
    expect(cut.ok || cut.error.code === "ENOBUFS").toBe(true); // egress: the sender may be told
    back(4);
    expect(await from.heard.next()).toBe(4);
    must(passTraffic(nl, link.index, direction));
    must(passTraffic(nl, link.index, direction));
    there(5);
    expect(await to.heard.next()).toBe(5); // 3 never came
  });
}

here("both directions can be cut at once and passed one by one", async () => {
  using cable = layCable();
  using left = await open(cable.left);
  using right = await open(cable.right);
  const { nl, link } = cable.left;
  must(left.socket.send(new Uint8Array([1]), testIp("10.9.0.2"), 5002));
  expect(await right.heard.next()).toBe(1);
  must(dropTraffic(nl, link.index, "ingress"));
  must(dropTraffic(nl, link.index, "egress"));
  must(passTraffic(nl, link.index, "egress"));
  must(left.socket.send(new Uint8Array([2]), testIp("10.9.0.2"), 5002));
  expect(await right.heard.next()).toBe(2);
  must(right.socket.send(new Uint8Array([3]), testIp("10.9.0.1"), 5002));
  must(passTraffic(nl, link.index, "ingress"));
  must(right.socket.send(new Uint8Array([4]), testIp("10.9.0.1"), 5002));
  expect(await left.heard.next()).toBe(4);
});

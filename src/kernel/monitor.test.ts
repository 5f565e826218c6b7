import { expect, test } from "bun:test";
import { addAddress, removeAddress } from "./addresses.ts";
import { arrivals, testIp, layCable, testMac, mayMakeNamespaces, must } from "./fixtures.ts";
import { createBridge, findLink, setLink } from "./links.ts";
import { monitorNetlink, type MonitorOptions, type NetlinkChange } from "./monitor.ts";
import { replaceNeighbour } from "./neighbours.ts";
import { inNetns } from "./netns.ts";
import { replaceRoute } from "./routes.ts";
import { openUdp } from "./udp.ts";

const here = test.skipIf(!mayMakeNamespaces);

async function watch(netns: number, options: MonitorOptions) {
  const changes = arrivals<NetlinkChange>();
  const monitor = must(await inNetns(netns, () => monitorNetlink(options, changes.add)));
  const until = async (wanted: (change: NetlinkChange) => boolean): Promise<NetlinkChange> => {
    for (;;) {
      const change = await changes.next();
      if (wanted(change)) return change;
    }
  };
  return { changes, until, [Symbol.dispose]: () => monitor.close() };
}

here("the other end going down and up is told as a change of carrier", async () => {
  using cable = layCable();
  const { left, right } = cable;
  using monitor = await watch(left.netns, { links: true });
  must(setLink(right.nl, right.link.index, { up: false }));
  const lost = await monitor.until((c) => c.type === "link" && !c.link.carrier);
  expect(lost).toMatchObject({ gone: false, link: { name: "eth0", up: true, carrier: false } });
  must(setLink(right.nl, right.link.index, { up: true }));
  const back = await monitor.until((c) => c.type === "link" && c.link.carrier);
  expect(back).toMatchObject({ link: { name: "eth0", carrier: true } });
});

here("addresses, routes and neighbours are told as they come and go", async () => {
  using cable = layCable();
  const { nl, link, netns } = cable.left;
  using monitor = await watch(netns, { addresses: true, routes: true, neighbours: true });
  const address = { index: link.index, address: testIp("192.168.1.9"), prefix: 32 };
  must(addAddress(nl, address));
  expect(await monitor.until((c) => c.type === "address")).toEqual({
    type: "address",
    gone: false,
    address,
  });
  const route = { destination: testIp("192.168.2.0"), prefix: 24, index: link.index };
  must(replaceRoute(nl, route));
  expect(await monitor.until((c) => c.type === "route")).toEqual({
    type: "route",
    gone: false,
    route,
  });
  const neighbour = {
    index: link.index,
    address: testIp("10.9.0.9"),
    mac: testMac("02:00:00:00:00:09"),
  };
  must(replaceNeighbour(nl, neighbour));
  expect(await monitor.until((c) => c.type === "neighbour")).toEqual({
    type: "neighbour",
    gone: false,
    neighbour,
  });
  must(removeAddress(nl, address));
  expect(await monitor.until((c) => c.type === "address")).toMatchObject({ gone: true });
});

here("a bridge that learns a MAC tells the port", async () => {
  using cable = layCable();
  const { left, right } = cable;
  must(createBridge(right.nl, { name: "br0" }));
  const bridge = must(findLink(right.nl, "br0"));
  must(setLink(right.nl, bridge.index, { up: true }));
  must(setLink(right.nl, right.link.index, { master: bridge.index }));
  using monitor = await watch(right.netns, { neighbours: true });
  const quiet = { onDatagram() {}, onError() {} };
  const udp = must(
    await inNetns(left.netns, () => openUdp({ port: 0, broadcast: true, ...quiet })),
  );
  must(udp.send(new Uint8Array(1), testIp("10.9.0.255"), 9));
  udp.close();
  const learnt = await monitor.until((c) => c.type === "forwarding" && !c.forwarding.isLocal);
  expect(learnt).toMatchObject({
    forwarding: {
      mac: testMac("02:00:00:00:00:01"),
      portIndex: right.link.index,
      masterIndex: bridge.index,
    },
  });
});

here("lost events are told as lost, and later ones are heard again", async () => {
  using cable = layCable();
  const { nl, link, netns } = cable.left;
  using monitor = await watch(netns, { addresses: true });
  const address = { index: link.index, address: testIp("192.168.1.9"), prefix: 32 };
  // Never yielding to the loop: far more events than the receive buffer holds.
  for (let i = 0; i < 6000; i++) {
    must(addAddress(nl, address));
    must(removeAddress(nl, address));
  }
  expect(await monitor.until((c) => c.type === "lost")).toEqual({ type: "lost" });
  const later = { ...address, address: testIp("192.168.1.10") };
  must(addAddress(nl, later));
  const heard = await monitor.until(
    (c) => c.type === "address" && c.address.address === later.address,
  );
  expect(heard).toMatchObject({ gone: false });
});

here("a closed monitor is silent, and one that hears nothing is refused", async () => {
  using cable = layCable();
  const { nl, link, netns } = cable.left;
  const heard = arrivals<NetlinkChange>();
  const first = must(await inNetns(netns, () => monitorNetlink({ addresses: true }, heard.add)));
  using second = await watch(netns, { addresses: true });
  first.close();
  must(addAddress(nl, { index: link.index, address: testIp("192.168.1.9"), prefix: 32 }));
  await second.changes.next();
  expect(heard.waiting()).toBe(0);
  expect(await monitorNetlink({}, heard.add)).toMatchObject({
    ok: false,
    error: { code: "EINVAL" },
  });
});

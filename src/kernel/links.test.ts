import { expect, test } from "bun:test";
import {
  awaitCarrier,
  type VethCable,
  testIp,
  layCable,
  testMac,
  mayMakeNamespaces,
  must,
} from "./fixtures.ts";
import { addAddress, listAddresses, removeAddress } from "./addresses.ts";
import {
  createBridge,
  createMacvlan,
  createVeth,
  deleteLink,
  findLink,
  listLinks,
  setBridgePortState,
  setLink,
} from "./links.ts";
import { listForwarding, listNeighbours, replaceNeighbour } from "./neighbours.ts";
import { openNetlink } from "./netlink.ts";
import { closeNetns, createNetns, inNetns } from "./netns.ts";
import { listRoutes, removeRoute, replaceRoute } from "./routes.ts";
import { openUdp } from "./udp.ts";
import { sysErrorText } from "./errors.ts";

const here = test.skipIf(!mayMakeNamespaces);

/** A namespace with a bridge whose two ports lead to the two returned namespaces. */
function layBridge(): Disposable & {
  nl: ReturnType<typeof opened>;
  bridge: number;
  ports: number[];
  boards: number[];
} {
  const netns = must(createNetns());
  const nl = inNetns(netns, opened);
  must(createBridge(nl, { name: "br0", mac: testMac("02:00:00:00:ff:01"), ageingSeconds: 60 }));
  const bridge = must(findLink(nl, "br0")).index;
  must(setLink(nl, bridge, { up: true }));
  const ports: number[] = [];
  const boards: number[] = [];
  for (const n of [1, 2]) {
    const board = must(createNetns());
    boards.push(board);
    const peerMac = testMac(`02:00:00:00:01:0${n}`);
    must(createVeth(nl, { name: `p${n}`, peerName: "eth0", peerMac, peerNetns: board }));
    const port = must(findLink(nl, `p${n}`)).index;
    must(setLink(nl, port, { master: bridge, up: true }));
    ports.push(port);
    const inside = inNetns(board, opened);
    const index = must(findLink(inside, "eth0")).index;
    must(addAddress(inside, { index, address: testIp(`10.8.0.${n}`), prefix: 24 }));
    must(setLink(inside, index, { up: true }));
    inside.close();
  }
  for (const name of ["p1", "p2"]) awaitCarrier(nl, name);
  return {
    nl,
    bridge,
    ports,
    boards,
    [Symbol.dispose]() {
      nl.close();
      for (const fd of [...boards, netns]) closeNetns(fd);
    },
  };
}
const opened = () => must(openNetlink());

here("a veth pair has its names, MACs and carriers, one end in the other namespace", () => {
  using cable: VethCable = layCable();
  const { left, right } = cable;
  expect(left.link).toMatchObject({
    name: "eth0",
    kind: "veth",
    mac: testMac("02:00:00:00:00:01"),
  });
  expect(right.link).toMatchObject({
    name: "eth0",
    kind: "veth",
    mac: testMac("02:00:00:00:00:02"),
  });
  expect(must(findLink(left.nl, "eth0"))).toMatchObject({ up: true, carrier: true });
  const { carrierChanges } = must(findLink(left.nl, "eth0"));
  must(setLink(right.nl, right.link.index, { up: false }));
  expect(must(findLink(left.nl, "eth0"))).toMatchObject({ up: true, carrier: false });
  must(setLink(right.nl, right.link.index, { up: true }));
  expect(must(findLink(left.nl, "eth0")).carrierChanges).toBe(carrierChanges + 2);
});

here("a link takes a new name and MAC, and an unknown one is ENODEV", () => {
  using cable = layCable();
  const { nl, link } = cable.left;
  const changed = testMac("02:00:00:00:00:77");
  must(setLink(nl, link.index, { mac: changed }));
  must(setLink(nl, link.index, { up: false }));
  must(setLink(nl, link.index, { name: "eth-a" }));
  expect(must(findLink(nl, "eth-a"))).toMatchObject({ mac: changed, up: false });
  const missing = findLink(nl, "eth0");
  expect(missing).toMatchObject({ ok: false, error: { errno: 19, code: "ENODEV" } });
  expect(setLink(nl, link.index, { name: "a name that is too long" }).ok).toBe(false);
});

here("a second link of a name is EEXIST, and a deleted one is gone", () => {
  using cable = layCable();
  const { nl } = cable.left;
  must(
    createMacvlan(nl, {
      name: "vmac",
      mac: testMac("02:00:00:00:00:99"),
      lower: cable.left.link.index,
    }),
  );
  const again = createMacvlan(nl, { name: "vmac", lower: cable.left.link.index });
  expect(again).toMatchObject({ ok: false, error: { code: "EEXIST" } });
  const made = must(findLink(nl, "vmac"));
  expect(made).toMatchObject({ kind: "macvlan", mac: testMac("02:00:00:00:00:99") });
  must(deleteLink(nl, made.index));
  expect(
    must(listLinks(nl))
      .map((l) => l.name)
      .toSorted(),
  ).toEqual(["eth0", "lo"]);
});

here("a link moves to another namespace", () => {
  using cable = layCable();
  const { left, right } = cable;
  must(createVeth(left.nl, { name: "v0", peerName: "v1" }));
  must(setLink(left.nl, must(findLink(left.nl, "v1")).index, { netnsFd: right.netns }));
  expect(must(findLink(right.nl, "v1")).kind).toBe("veth");
  expect(findLink(left.nl, "v1")).toMatchObject({ ok: false, error: { code: "ENODEV" } });
});

here("an address can be there once, and an absent one is EADDRNOTAVAIL", () => {
  using cable = layCable();
  const { nl, link } = cable.left;
  const address = { index: link.index, address: testIp("192.168.1.7"), prefix: 32 };
  must(addAddress(nl, address));
  expect(addAddress(nl, address)).toMatchObject({
    ok: false,
    error: { code: "EEXIST", errno: 17 },
  });
  expect(must(listAddresses(nl))).toContainEqual(address);
  must(removeAddress(nl, address));
  const absent = removeAddress(nl, address);
  expect(absent).toMatchObject({ ok: false, error: { code: "EADDRNOTAVAIL", errno: 99 } });
  expect(absent.ok ? "" : sysErrorText(absent.error)).toStartWith(
    `cannot remove address 192.168.1.7/32 on link ${link.index}: EADDRNOTAVAIL`,
  );
  expect(must(listAddresses(nl))).toHaveLength(1);
});

here("a route is replaced in place, listed and removed", () => {
  using cable = layCable();
  const { nl, link } = cable.left;
  const route = { destination: testIp("192.168.7.1"), prefix: 32, index: link.index };
  must(replaceRoute(nl, { ...route, gateway: testIp("10.9.0.2"), source: testIp("10.9.0.1") }));
  must(replaceRoute(nl, { ...route, gateway: testIp("10.9.0.9"), source: testIp("10.9.0.1") }));
  const found = must(listRoutes(nl)).filter((r) => r.destination === route.destination);
  expect(found).toEqual([{ ...route, gateway: testIp("10.9.0.9"), source: testIp("10.9.0.1") }]);
  must(removeRoute(nl, route));
  expect(removeRoute(nl, route)).toMatchObject({ ok: false, error: { code: "ESRCH" } });
  must(replaceRoute(nl, { ...route, destination: testIp("0.0.0.0"), prefix: 0, metric: 7 }));
  expect(must(listRoutes(nl))).toContainEqual({
    destination: testIp("0.0.0.0"),
    prefix: 0,
    index: link.index,
    metric: 7,
  });
});

here("a neighbour that was entered is known without asking", () => {
  using cable = layCable();
  const { nl, link } = cable.left;
  const entry = {
    index: link.index,
    address: testIp("10.9.0.50"),
    mac: testMac("02:00:00:00:00:50"),
  };
  must(replaceNeighbour(nl, entry));
  must(replaceNeighbour(nl, { ...entry, mac: testMac("02:00:00:00:00:51") }));
  expect(must(listNeighbours(nl))).toContainEqual({
    ...entry,
    mac: testMac("02:00:00:00:00:51"),
  });
});

here(
  "a bridge numbers its ports, forwards at once and learns who is behind which port",
  async () => {
    using lab = layBridge();
    const ports = lab.ports.map((index) => must(listLinks(lab.nl)).find((l) => l.index === index));
    expect(ports.map((p) => p?.bridgePort)).toEqual([
      { number: 1, state: "forwarding" },
      { number: 2, state: "forwarding" },
    ]);
    expect(ports.map((p) => p?.master)).toEqual([lab.bridge, lab.bridge]);
    const [one, two] = lab.boards;
    const heard = new Promise((resolve) => {
      void inNetns(two ?? -1, () => openUdp({ port: 7, onDatagram: resolve, onError: resolve }));
    });
    const from = must(
      await inNetns(one ?? -1, () => openUdp({ port: 0, onDatagram() {}, onError() {} })),
    );
    must(from.send(new Uint8Array([1]), testIp("10.8.0.2"), 7));
    await heard;
    from.close();
    const rows = must(listForwarding(lab.nl));
    const learnt = rows.filter((row) => !row.isLocal);
    expect(learnt).toContainEqual({
      mac: testMac("02:00:00:00:01:01"),
      portIndex: lab.ports[0] ?? -1,
      masterIndex: lab.bridge,
      isLocal: false,
    });
    expect(learnt.map((row) => row.mac).toSorted()).toEqual([
      testMac("02:00:00:00:01:01"),
      testMac("02:00:00:00:01:02"),
    ]);
    expect(rows.some((row) => row.isLocal && row.mac === testMac("02:00:00:00:ff:01"))).toBe(true);
  },
);

here("a bridge port can be closed and opened by hand", () => {
  using lab = layBridge();
  const port = lab.ports[0] ?? -1;
  const state = () => must(listLinks(lab.nl)).find((l) => l.index === port)?.bridgePort?.state;
  must(setBridgePortState(lab.nl, port, "disabled"));
  expect(state()).toBe("disabled");
  must(setBridgePortState(lab.nl, port, "forwarding"));
  expect(state()).toBe("forwarding");
});

here("a table of hundreds of links and addresses comes whole", () => {
  using cable = layCable();
  const { nl, link } = cable.left;
  for (let i = 0; i < 500; i++) {
    const address = testIp(`10.77.${Math.floor(i / 250)}.${(i % 250) + 1}`);
    must(addAddress(nl, { index: link.index, address, prefix: 32 }));
  }
  expect(must(listAddresses(nl))).toHaveLength(501);
  for (let i = 0; i < 60; i++) must(createBridge(nl, { name: `b${i}` }));
  expect(must(listLinks(nl))).toHaveLength(62);
});

import { expect, test } from "bun:test";
import { addUs } from "../../base/index.ts";
import { inNetns, monoNowUs, openTcpListener } from "../../kernel/index.ts";
import { decodePublicClients } from "../../wire/index.ts";
import { applyClients, clientsOf, createClientCopy } from "./client-list.ts";
import { devicesOfNetworks } from "./devices.ts";
import {
  type Chassis,
  clientIp,
  clientMac,
  layChassis,
  mayMoveAddresses,
  must,
  openHolder,
  publicIp,
  testIp,
} from "./fixtures.ts";
import { startGathering } from "./gather.ts";
import { nextHopOf } from "./next-hop.ts";

const here = test.skipIf(!mayMoveAddresses);

test("the next hop is the client itself, or the router of the longest prefix", () => {
  const route = { index: 5, prefix: 24, destination: testIp("192.168.1.0") };
  const routes = [
    { index: 2, prefix: 0, destination: testIp("0.0.0.0"), gateway: testIp("10.1.0.254") },
    { ...route, metric: 10, index: 6 },
    route,
    { index: 7, prefix: 32, destination: testIp("192.168.1.9"), gateway: testIp("20.1.0.9") },
  ];
  expect(nextHopOf(routes, clientIp)).toEqual({ index: 5, address: clientIp });
  expect(nextHopOf(routes, testIp("192.168.1.9"))).toEqual({
    index: 7,
    address: testIp("20.1.0.9"),
  });
  expect(nextHopOf(routes, testIp("8.8.8.8"))).toEqual({ index: 2, address: testIp("10.1.0.254") });
  expect(nextHopOf([route], testIp("8.8.8.8"))).toBeUndefined();
});

function connect(chassis: Chassis) {
  return inNetns(chassis.client.netns, () =>
    Bun.connect({ hostname: publicIp, port: 7000, socket: { data() {} } }),
  );
}

here("a standby learns who connects and who leaves, with MAC and network", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  const { netns } = chassis.boards[0];
  const listen = { address: publicIp, port: 7000, freebind: true };
  const fd = must(inNetns(netns, () => openTcpListener(listen)));
  const options = { fd, hostname: "", port: 0, socket: { data() {} } };
  const listener = Bun.listen(options);
  holder.addresses.acquire({
    address: publicIp,
    clients: [],
    untilUs: addUs(monoNowUs(), 60_000_000),
  });
  const copy = createClientCopy();
  let changed = Promise.withResolvers<void>();
  const troubles: string[] = [];
  const gatherer = startGathering({
    netns,
    devices: devicesOfNetworks(holder.addresses.names),
    onMessages(messages) {
      for (const bytes of messages) {
        const message = decodePublicClients(bytes);
        if (!message.ok) throw new Error("the gatherer's own message");
        applyClients(copy, message.value);
      }
      changed.resolve();
      changed = Promise.withResolvers<void>();
    },
    onTrouble: (reason) => troubles.push(reason),
  });
  const untilCount = async (count: number): Promise<void> => {
    while (copy.clients.size !== count || copy.awaited === undefined) await changed.promise;
  };
  gatherer.follow([publicIp]);
  await untilCount(0);
  const socket = await connect(chassis);
  await untilCount(1);
  expect(clientsOf(copy, publicIp)).toEqual([
    {
      address: publicIp,
      port: 7000,
      client: clientIp,
      clientPort: socket.localPort,
      network: "A",
      nextHop: clientIp,
      mac: clientMac,
    },
  ]);
  expect(gatherer.clients(publicIp)).toEqual(clientsOf(copy, publicIp));
  const awaited = copy.awaited ?? 0;
  while (copy.awaited === awaited) await changed.promise; // a beat that tells no change
  const second = await connect(chassis);
  await untilCount(2);
  socket.terminate();
  await untilCount(1);
  expect(clientsOf(copy, publicIp)[0]?.clientPort).toBe(second.localPort);
  copy.clients.clear();
  gatherer.tellWhole();
  await untilCount(1);
  gatherer.follow([]);
  await untilCount(0);
  expect(troubles).toEqual([]);
  expect(gatherer.counters().readings).toBeGreaterThan(3);
  gatherer.close();
  second.terminate();
  listener.stop(true);
});

here(
  "a namespace that cannot be read is trouble that is told, again and again, not the end",
  async () => {
    const told = Promise.withResolvers<string>();
    const gatherer = startGathering({
      netns: 0x7fff,
      devices: { A: ["eth-a"], B: ["eth-b"] },
      onMessages() {},
      onTrouble: told.resolve,
    });
    gatherer.follow([publicIp]);
    expect(await told.promise).toContain("started again");
    gatherer.close();
  },
);

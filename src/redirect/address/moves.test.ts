// Public addresses with real packets: two boards, two bridges, a client, all in namespaces.

import { expect, test } from "bun:test";
import { addUs, type MonoUs, type NetworkId } from "../../base/index.ts";
import {
  findLink,
  inNetns,
  listAddresses,
  listNeighbours,
  listRoutes,
  monoNowUs,
  openPacket,
  openTcpListener,
  openUdp,
} from "../../kernel/index.ts";
import {
  arpAnnouncement,
  arpFrame,
  decodeArpFrame,
  etherTypes,
  type PublicClient,
} from "../../wire/index.ts";
import {
  type Chassis,
  clientIp,
  clientMac,
  type Holder,
  layChassis,
  mayMakeNamespaces,
  must,
  openHolder,
  plainSetting,
  publicIp,
  type Seat,
  testIp,
  testMac,
} from "./fixtures.ts";

const here = test.skipIf(!mayMakeNamespaces);
const port = 7000;

/** A turn of the loop: what has arrived is told. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until `condition` holds; one that never does ends with the test's own time-out. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A lease long enough for a whole test. */
function long(): MonoUs {
  return addUs(monoNowUs(), 60_000_000);
}

/** A TCP echo on the public address, there before the address is. */
function serve(seat: Seat): Disposable {
  const listen = { address: publicIp, port, freebind: true };
  const fd = must(inNetns(seat.netns, () => openTcpListener(listen)));
  const options = {
    fd,
    hostname: "",
    port: 0,
    socket: { data: (socket: Bun.Socket, bytes: Buffer) => void socket.write(bytes) },
  };
  const listener = Bun.listen(options);
  return { [Symbol.dispose]: () => listener.stop(true) };
}

/** A client's connection to the public address: echoes are counted, its end is told with its time. */
async function connect(chassis: Chassis) {
  const ended = Promise.withResolvers<MonoUs>();
  let echoes = 0;
  const socket = await inNetns(chassis.client.netns, () =>
    Bun.connect({
      hostname: publicIp,
      port,
      socket: {
        data: () => void echoes++,
        error: () => ended.resolve(monoNowUs()),
        close: () => ended.resolve(monoNowUs()),
      },
    }),
  );
  const known: PublicClient = {
    address: publicIp,
    port,
    client: clientIp,
    clientPort: socket.localPort,
    network: "A",
    nextHop: clientIp,
    mac: clientMac,
  };
  return {
    socket,
    known,
    ended: ended.promise,
    async echo(): Promise<void> {
      const before = echoes;
      socket.write("x");
      await until(() => echoes > before);
    },
  };
}

/** Which MAC a seat believes to have the public address on network A. */
function believed(seat: Seat): string | undefined {
  return must(listNeighbours(seat.nl)).find((each) => each.address === publicIp)?.mac;
}

/** Addresses and routes of the public subnet on a seat, as text. */
function publicsOf(seat: Seat): string[] {
  const names = new Map(
    (["eth-a", "eth-b"] as const).map((name) => [must(findLink(seat.nl, name)).index, name]),
  );
  const addresses = must(listAddresses(seat.nl))
    .filter(({ address }) => address.startsWith("192.168.1."))
    .map(({ address, prefix, index }) => `${address}/${prefix} ${names.get(index)}`);
  const routes = must(listRoutes(seat.nl))
    .filter(({ destination }) => destination.startsWith("192.168.1."))
    .map(({ destination, prefix, index }) => `route ${destination}/${prefix} ${names.get(index)}`);
  return [...addresses, ...routes].toSorted();
}

function cutOff(chassis: Chassis, board: "b1" | "b2", isCut: boolean): void {
  for (const network of ["A", "B"] as const) chassis.cut(board, network, isCut);
}

function steps(holder: Holder): string[] {
  return holder.reports.map((report) =>
    report.type === "step" ? `${report.step}:${report.count}` : report.type,
  );
}

here("a client whose board is cut off is woken by the next one and connects to it", async () => {
  using chassis = layChassis();
  using first = await openHolder(chassis.boards[0]);
  using second = await openHolder(chassis.boards[1]);
  using _one = serve(chassis.boards[0]);
  using _two = serve(chassis.boards[1]);
  first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  cutOff(chassis, "b1", true);
  client.socket.write("lost");
  const startUs = monoNowUs();
  second.addresses.acquire({ address: publicIp, clients: [client.known], untilUs: long() });
  const wokenMs = ((await client.ended) - startUs) / 1000;
  expect(wokenMs).toBeLessThan(100); // its own timer would fire after 200
  const again = await connect(chassis);
  await again.echo();
  expect(believed(chassis.client)).toBe("02:00:00:00:0a:02");
  expect(steps(second)).toEqual([
    "neighbours-set:1",
    "address-added:2",
    "announced:2",
    "clients-woken:1",
  ]);
  const stamps = second.reports.map(({ atUs }) => atUs);
  expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  expect(stamps.every((atUs) => atUs >= startUs)).toBe(true);
  expect([...first.log, ...second.log]).toEqual([]);
  again.socket.terminate();
});

here(
  "a release lets nothing out, not even a reset; the next holder wakes the clients",
  async () => {
    using chassis = layChassis();
    using first = await openHolder(chassis.boards[0]);
    using second = await openHolder(chassis.boards[1]);
    using _one = serve(chassis.boards[0]);
    using _two = serve(chassis.boards[1]);
    first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    const client = await connect(chassis);
    await client.echo();
    expect(publicsOf(chassis.boards[0])).toEqual([
      "192.168.1.1/24 eth-a",
      "192.168.1.1/24 eth-b",
      "route 192.168.1.0/24 eth-a",
    ]);
    const fromPublic: string[] = [];
    const watch = must(
      await inNetns(chassis.client.netns, () =>
        openPacket({
          device: "eth-a",
          etherType: 0x0003,
          onFrame(frame) {
            const source = frame[13] === 6 ? frame.subarray(28, 32) : frame.subarray(26, 30);
            if (source.join(".") === publicIp) fromPublic.push(frame.subarray(6, 12).toHex());
          },
          onClose() {},
        }),
      ),
    );
    first.addresses.release(publicIp, [client.known]);
    await until(() => steps(first).includes("address-removed:1"));
    expect(publicsOf(chassis.boards[0])).toEqual([]);
    let isOver = false;
    client.ended.then(
      () => (isOver = true),
      () => {},
    );
    client.socket.write("into the void");
    for (let i = 0; i < 50; i++) await turn();
    expect([isOver, fromPublic]).toEqual([false, []]);
    second.addresses.acquire({ address: publicIp, clients: [client.known], untilUs: long() });
    await client.ended;
    expect(new Set(fromPublic)).toEqual(new Set(["020000000a02"]));
    watch.close();
  },
);

here("a lapsed lease shuts the address by itself; a renewal opens it again", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  using _echo = serve(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  holder.addresses.renew(publicIp, addUs(monoNowUs(), 1000));
  await until(() => monoNowUs() > holder.gate.deadlineUs(publicIp));
  let echoed = false;
  const echo = client.echo().then(() => (echoed = true));
  for (let i = 0; i < 50; i++) await turn();
  expect(echoed).toBe(false);
  holder.addresses.renew(publicIp, long());
  await echo; // the client's own retransmission
  client.socket.terminate();
  holder.addresses.release(publicIp, []);
  holder.addresses.renew(publicIp, long());
  expect(Number(holder.gate.deadlineUs(publicIp))).toBe(0); // a late renewal opens nothing
});

here(
  "both networks hear both forms of the announcement, and known clients a question",
  async () => {
    using chassis = layChassis();
    using holder = await openHolder(chassis.boards[0]);
    const heard: string[] = [];
    const listen = async (network: NetworkId) =>
      must(
        await inNetns(chassis.client.netns, () =>
          openPacket({
            device: network === "A" ? "eth-a" : "eth-b",
            etherType: etherTypes.arp,
            onFrame(frame) {
              const packet = decodeArpFrame(frame);
              if (!packet.ok || packet.value.spa !== publicIp) return;
              const { op, sha, tha, tpa } = packet.value;
              const target = tha === sha ? "own" : tha === "00:00:00:00:00:00" ? "none" : tha;
              const to = frame[0] === 255 ? "all" : "one";
              heard.push(`${network} ${op} ${sha} ${target} ${tpa} ${to}`);
            },
            onClose() {},
          }),
        ),
      );
    const ears = [await listen("A"), await listen("B")];
    const known = {
      address: publicIp,
      port,
      client: clientIp,
      clientPort: 40_000,
      network: "A",
      nextHop: clientIp,
      mac: clientMac,
    } as const;
    holder.addresses.acquire({ address: publicIp, clients: [known], untilUs: long() });
    await until(() => heard.length >= 5);
    expect(heard.slice(0, 5).toSorted()).toEqual([
      "A 1 02:00:00:00:0a:01 none 192.168.1.1 all",
      `A 1 02:00:00:00:0a:01 none ${clientIp} one`,
      "A 2 02:00:00:00:0a:01 own 192.168.1.1 all",
      "B 1 02:00:00:00:0b:01 none 192.168.1.1 all",
      "B 2 02:00:00:00:0b:01 own 192.168.1.1 all",
    ]);
    await until(() => heard.length >= 13); // repeats after 1 and 3 ms
    for (const ear of ears) ear.close();
  },
);

here("trap: two moves within a second are followed at once (net.md section 5)", async () => {
  using chassis = layChassis();
  using first = await openHolder(chassis.boards[0]);
  using second = await openHolder(chassis.boards[1]);
  using _one = serve(chassis.boards[0]);
  first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  for (const [from, to, mac] of [
    [first, second, "02:00:00:00:0a:02"],
    [second, first, "02:00:00:00:0a:01"],
    [first, second, "02:00:00:00:0a:02"],
  ] as const) {
    from.addresses.release(publicIp, []);
    const startUs = monoNowUs();
    to.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    await until(() => believed(chassis.client) === mac);
    expect(monoNowUs() - startUs).toBeLessThan(500_000); // locktime is 1 s
  }
  client.socket.terminate();
});

here(
  "trap: an own neighbour entry that waits for ARP is overwritten before the address is added",
  async () => {
    using chassis = layChassis();
    using first = await openHolder(chassis.boards[0]);
    using second = await openHolder(chassis.boards[1]);
    using _one = serve(chassis.boards[0]);
    using _two = serve(chassis.boards[1]);
    first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    const client = await connect(chassis);
    await client.echo();
    // Board 2 is cut off, tries to reach the client and now waits for an answer that was lost.
    cutOff(chassis, "b2", true);
    second.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    const socket = must(
      await inNetns(chassis.boards[1].netns, () =>
        openUdp({ port: 0, onDatagram() {}, onError() {} }),
      ),
    );
    must(socket.send(new Uint8Array([1]), clientIp, 9));
    const entry = () =>
      must(listNeighbours(chassis.boards[1].nl)).find((each) => each.address === clientIp);
    await until(() => entry() !== undefined);
    expect(entry()?.mac).toBeUndefined();
    second.addresses.release(publicIp, []);
    cutOff(chassis, "b2", false);
    cutOff(chassis, "b1", true);
    const startUs = monoNowUs();
    second.addresses.acquire({ address: publicIp, clients: [client.known], untilUs: long() });
    expect(entry()?.mac).toBe(clientMac);
    expect((await client.ended) - startUs).toBeLessThan(200_000); // the ARP timer: 1 s
    socket.close();
  },
);

here("trap: with two addresses of one subnet, removing the first leaves the second", async () => {
  using chassis = layChassis();
  const sibling = { ...plainSetting, address: testIp("192.168.1.2") };
  using holder = await openHolder(chassis.boards[0], [plainSetting, sibling]);
  for (const { address } of [plainSetting, sibling]) {
    holder.addresses.acquire({ address, clients: [], untilUs: long() });
  }
  holder.addresses.release(publicIp, []);
  expect(publicsOf(chassis.boards[0])).toEqual([
    "192.168.1.2/24 eth-a",
    "192.168.1.2/24 eth-b",
    "route 192.168.1.0/24 eth-a",
  ]);
});

here("somebody else's claim is told with its MAC, and clients are led back", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  using _echo = serve(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  const thief = testMac("02:00:00:00:0f:0f");
  const other = must(
    await inNetns(chassis.boards[1].netns, () =>
      openPacket({ device: "eth-a", etherType: 0x88b5, onFrame() {}, onClose() {} }),
    ),
  );
  must(other.send(arpFrame(arpAnnouncement(thief, publicIp))));
  await until(() => holder.reports.some(({ type }) => type === "duplicate"));
  expect(holder.reports.find(({ type }) => type === "duplicate")).toMatchObject({
    address: publicIp,
    network: "A",
    mac: thief,
    claims: 1,
  });
  await until(() => believed(chassis.client) === "02:00:00:00:0a:01");
  await client.echo();
  client.socket.terminate();
  other.close();
});

here("without network A the board answers on B, and its way back is B", async () => {
  using chassis = layChassis();
  using holder = await openHolder(chassis.boards[0]);
  holder.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  holder.addresses.networkChanged("A", false);
  expect(publicsOf(chassis.boards[0])).toContain("route 192.168.1.0/24 eth-b");
  holder.addresses.networkChanged("A", true);
  expect(publicsOf(chassis.boards[0])).toContain("route 192.168.1.0/24 eth-b");
});

here("a start takes away addresses and routes that a predecessor left", async () => {
  using chassis = layChassis();
  const [seat] = chassis.boards;
  const gone = await openHolder(seat);
  gone.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  expect(publicsOf(seat)).toHaveLength(3);
  using _next = await openHolder(seat);
  expect(publicsOf(seat)).toEqual([]);
  gone[Symbol.dispose]();
});

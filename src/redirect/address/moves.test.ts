// Public addresses with real packets: two boards, two bridges, a client, all in namespaces.

import { expect, test } from "bun:test";
import { addUs, type MonoUs, type NetworkId } from "../../base/index.ts";
import {
  findLink,
  inNetns,
  listAddresses,
  listConnections,
  monoNowUs,
  openPacket,
  openSocketDiagnosis,
  openUdp,
} from "../../kernel/index.ts";
import { decodeArpFrame, etherTypes } from "../../wire/index.ts";
import {
  clientIp,
  clientMac,
  layChassis,
  mayMoveAddresses,
  must,
  openHolder,
  plainSetting,
  publicIp,
  type Seat,
  testIp,
  testMac,
} from "./fixtures.ts";
import {
  believed,
  connect,
  cutOff,
  long,
  port,
  publicsOf,
  serve,
  steps,
  turn,
  until,
} from "./moving.ts";

const here = test.skipIf(!mayMoveAddresses);

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
    const diagnosis = must(inNetns(chassis.boards[0].netns, openSocketDiagnosis));
    expect(must(listConnections(diagnosis, [publicIp])).connections).toEqual([]);
    diagnosis.close();
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
    await until(() => fromPublic.length > 0);
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

here("an address with its own MAC moves with one frame; its standby's port is silent", async () => {
  using chassis = layChassis();
  const mac = testMac("02:00:00:00:77:01");
  const sources = new Set<string>();
  const ear = must(
    await inNetns(chassis.client.netns, () =>
      openPacket({
        device: "eth-a",
        etherType: 0x0003,
        onFrame: (frame) => sources.add(frame.subarray(6, 12).toHex()),
        onClose() {},
      }),
    ),
  );
  using first = await openHolder(chassis.boards[0], [{ ...plainSetting, mac }]);
  using second = await openHolder(chassis.boards[1], [{ ...plainSetting, mac }]);
  using _one = serve(chassis.boards[0]);
  using _two = serve(chassis.boards[1]);
  for (let i = 0; i < 200; i++) await turn();
  expect(sources.has("020000007701")).toBe(false); // prepared, up, and silent
  first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  const client = await connect(chassis);
  await client.echo();
  expect(believed(chassis.client)).toBe(mac);
  cutOff(chassis, "b1", true);
  const startUs = monoNowUs();
  second.addresses.acquire({ address: publicIp, clients: [client.known], untilUs: long() });
  expect((await client.ended) - startUs).toBeLessThan(100_000);
  const again = await connect(chassis);
  await again.echo();
  expect(believed(chassis.client)).toBe(mac); // the client saw no change at all
  // Private addresses work on the same port meanwhile.
  expect(await canReach(chassis.boards[1], "20.1.1.99", chassis.client)).toBe(true);
  // Without network A the address and its MAC go to the board's port on B.
  second.addresses.networkChanged("A", false);
  const on = must(findLink(chassis.boards[1].nl, "pub0b")).index;
  const places = must(listAddresses(chassis.boards[1].nl)).filter(
    ({ address }) => address === publicIp,
  );
  expect(places.map(({ index }) => index)).toEqual([on]);
  expect([...first.log, ...second.log]).toEqual([]);
  again.socket.terminate();
  ear.close();
});

/** Does a datagram from the seat's own address arrive at `to`? */
async function canReach(from: Seat, to: string, at: Seat): Promise<boolean> {
  const heard = Promise.withResolvers<boolean>();
  const ear = must(
    await inNetns(at.netns, () =>
      openUdp({ port: 5009, onDatagram: () => heard.resolve(true), onError() {} }),
    ),
  );
  const mouth = must(
    await inNetns(from.netns, () => openUdp({ port: 0, onDatagram() {}, onError() {} })),
  );
  must(mouth.send(new Uint8Array([1]), testIp(to), 5009));
  const reached = await heard.promise;
  ear.close();
  mouth.close();
  return reached;
}

here("a UDP client sees an orderly move as a gap of some milliseconds", async () => {
  using chassis = layChassis();
  using first = await openHolder(chassis.boards[0]);
  using second = await openHolder(chassis.boards[1]);
  const answers: MonoUs[] = [];
  const ends: { close(): void }[] = [];
  for (const seat of chassis.boards) {
    const echo = must(
      await inNetns(seat.netns, () =>
        openUdp({
          address: publicIp,
          port: 5002,
          freebind: true,
          // A shut gate refuses the answer: that is the gap.
          onDatagram: (bytes, from, fromPort) => void echo.send(bytes, from, fromPort),
          onError() {},
        }),
      ),
    );
    ends.push(echo);
  }
  const client = must(
    await inNetns(chassis.client.netns, () =>
      openUdp({ port: 0, onDatagram: () => void answers.push(monoNowUs()), onError() {} }),
    ),
  );
  ends.push(client);
  first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  let nextUs = monoNowUs();
  const untilAnswers = async (count: number): Promise<void> => {
    const from = answers.length;
    await until(() => {
      if (monoNowUs() >= nextUs) {
        client.send(new Uint8Array([1]), publicIp, 5002);
        nextUs = addUs(monoNowUs(), 500);
      }
      return answers.length >= from + count;
    });
  };
  await untilAnswers(10);
  const before = answers.length;
  first.addresses.release(publicIp, []);
  second.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
  await untilAnswers(10);
  const gapUs = (answers[before] ?? 0) - (answers[before - 1] ?? 0);
  expect(gapUs).toBeGreaterThan(0);
  expect(gapUs).toBeLessThan(100_000);
  for (const end of ends) end.close();
});

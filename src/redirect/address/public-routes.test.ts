import { expect, test } from "bun:test";
import { addUs, slotId } from "../../base/index.ts";
import {
  findLink,
  inNetns,
  listRoutes,
  monoNowUs,
  openTcpListener,
  replaceRoute,
} from "../../kernel/index.ts";
import {
  layChassis,
  mayMoveAddresses,
  must,
  openHolder,
  publicIp,
  type Seat,
  testIp,
} from "./fixtures.ts";
import { openPublicRoutes, publicRoutesOf, type Reach } from "./public-routes.ts";

/** A lease long enough for a whole test. */
const long = () => addUs(monoNowUs(), 60_000_000);
const here = test.skipIf(!mayMoveAddresses);
const [c1, c2, card] = [slotId(1), slotId(2), slotId(3)];
const reach = (slot: typeof c1, a = true, b = true): Reach => ({
  slot,
  address: { A: testIp(`10.1.1.${slot}`), B: testIp(`20.1.1.${slot}`) },
  works: { A: a, B: b },
});
const at = (slot: typeof c1) => [{ address: publicIp, slot }];
const text = (routes: ReturnType<typeof publicRoutesOf>): string[] =>
  routes.map(({ address, gateway, network }) => `${address} via ${gateway} on ${network}`);

test("figure 12: every fault has its route", () => {
  const boards = [reach(c1), reach(c2)];
  expect(text(publicRoutesOf(card, at(c1), boards))).toEqual(["192.168.1.1 via 10.1.1.1 on A"]);
  // 1: network A fails: nobody is reached there
  const withoutA = [reach(c1, false), reach(c2, false)];
  expect(text(publicRoutesOf(card, at(c1), withoutA))).toEqual(["192.168.1.1 via 20.1.1.1 on B"]);
  // 2: the link of the active to A fails
  const withoutLink = [reach(c1, false), reach(c2)];
  expect(text(publicRoutesOf(card, at(c1), withoutLink))).toEqual([
    "192.168.1.1 via 20.1.1.1 on B",
  ]);
  // 3 and 4: the board, or its application: the address is on the other board
  const withoutBoard = [reach(c1, false, false), reach(c2)];
  expect(text(publicRoutesOf(card, at(c2), withoutBoard))).toEqual([
    "192.168.1.1 via 10.1.1.2 on A",
  ]);
  expect(text(publicRoutesOf(card, at(c2), boards))).toEqual(["192.168.1.1 via 10.1.1.2 on A"]);
});

test("no route to an own address, to a board nobody reaches, or to one nobody knows", () => {
  expect(publicRoutesOf(c1, at(c1), [reach(c1), reach(c2)])).toEqual([]);
  expect(publicRoutesOf(card, at(c1), [reach(c1, false, false)])).toEqual([]);
  expect(publicRoutesOf(card, at(slotId(9)), [reach(c1)])).toEqual([]);
});

function routesOf(seat: Seat): string[] {
  return must(listRoutes(seat.nl))
    .filter(({ prefix }) => prefix === 32)
    .map(({ destination, gateway, source }) => `${destination} via ${gateway} src ${source ?? "-"}`)
    .toSorted();
}

here(
  "a program on another board reaches the address by A, by B, and at its next board",
  async () => {
    using chassis = layChassis();
    using first = await openHolder(chassis.boards[0]);
    using second = await openHolder(chassis.boards[1]);
    const [one, two] = chassis.boards;
    const servers = [one, two].map((seat, i) => {
      const listen = { address: publicIp, port: 7000, freebind: true };
      const fd = must(inNetns(seat.netns, () => openTcpListener(listen)));
      const options = {
        fd,
        hostname: "",
        port: 0,
        socket: { open: (socket: Bun.Socket) => void socket.end(`board ${i + 1}`), data() {} },
      };
      return Bun.listen(options);
    });
    // The asking program is on board 2, as one on any other board.
    const seat = two;
    const troubles: string[] = [];
    const routes = openPublicRoutes({
      netns: seat.netns,
      devices: { A: "eth-a", B: "eth-b" },
      addresses: [publicIp],
      onTrouble: (reason) => troubles.push(reason),
    });
    const ask = async (): Promise<string> => {
      const answer = Promise.withResolvers<string>();
      await inNetns(seat.netns, () =>
        Bun.connect({
          hostname: publicIp,
          port: 7000,
          socket: { data: (_socket, bytes) => answer.resolve(bytes.toString()), error() {} },
        }),
      );
      return answer.promise;
    };
    first.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    routes.follow(publicRoutesOf(c2, at(c1), [reach(c1), reach(c2)]));
    expect(await ask()).toBe("board 1");
    chassis.cut("b1", "A", true);
    routes.follow(publicRoutesOf(c2, at(c1), [reach(c1, false), reach(c2)]));
    expect(routesOf(seat)).toEqual(["192.168.1.1 via 20.1.1.1 src -"]);
    expect(await ask()).toBe("board 1");
    first.addresses.release(publicIp, []);
    second.addresses.acquire({ address: publicIp, clients: [], untilUs: long() });
    routes.follow(publicRoutesOf(c2, at(c2), [reach(c1, false), reach(c2)]));
    expect(routesOf(seat)).toEqual([]);
    expect([routes.count(), troubles]).toEqual([0, []]);
    routes.close();
    for (const server of servers) server.stop(true);
  },
);

here("what a predecessor left is taken away, detours with a source are not", () => {
  using chassis = layChassis();
  const [seat] = chassis.boards;
  const index = must(findLink(seat.nl, "eth-a")).index;
  const gateway = testIp("10.1.1.2");
  const base = { prefix: 32, index, gateway };
  must(replaceRoute(seat.nl, { ...base, destination: publicIp }));
  must(replaceRoute(seat.nl, { ...base, destination: testIp("192.168.1.9") }));
  const detour = { ...base, destination: testIp("20.1.1.2"), source: testIp("10.1.1.1") };
  must(replaceRoute(seat.nl, detour));
  const troubles: string[] = [];
  const routes = openPublicRoutes({
    netns: seat.netns,
    devices: { A: "eth-a", B: "eth-b" },
    addresses: [publicIp],
    onTrouble: (reason) => troubles.push(reason),
  });
  expect(routesOf(seat)).toEqual([
    "192.168.1.9 via 10.1.1.2 src -",
    "20.1.1.2 via 10.1.1.2 src 10.1.1.1",
  ]);
  routes.follow([{ address: publicIp, gateway, network: "A" }]);
  expect(routesOf(seat)).toContain("192.168.1.1 via 10.1.1.2 src -");
  routes.close();
  expect(routesOf(seat)).not.toContain("192.168.1.1 via 10.1.1.2 src -");
  expect(troubles).toEqual([]);
});

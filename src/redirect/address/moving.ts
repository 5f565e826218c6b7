// What the tests of moves do with boards and a client: serve, connect, look into tables.

import { addUs, type MonoUs } from "../../base/index.ts";
import {
  findLink,
  inNetns,
  listAddresses,
  listNeighbours,
  listRoutes,
  monoNowUs,
  openTcpListener,
} from "../../kernel/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import {
  type Chassis,
  clientIp,
  clientMac,
  type Holder,
  must,
  publicIp,
  type Seat,
} from "./fixtures.ts";

/** Port of the service in these tests. */
export const port = 7000;

/** A turn of the loop: what has arrived is told. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until `condition` holds; one that never does ends with the test's own time-out. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** A lease long enough for a whole test. */
export function long(): MonoUs {
  return addUs(monoNowUs(), 60_000_000);
}

/** A TCP echo on the public address, there before the address is. */
export function serve(seat: Seat): Disposable {
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

/** A client's connection to the public address. */
export type ClientConnection = {
  readonly socket: Bun.Socket;
  /** As the active's client list has it. */
  readonly known: PublicClient;
  /** When it was reset or closed. */
  readonly ended: Promise<MonoUs>;
  /** Sends a byte and waits until it is back. */
  readonly echo: () => Promise<void>;
};

/** Connects from the client's namespace. */
export async function connect(chassis: Chassis): Promise<ClientConnection> {
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
export function believed(seat: Seat): string | undefined {
  return must(listNeighbours(seat.nl)).find((each) => each.address === publicIp)?.mac;
}

/** Addresses and routes of the public subnet on a seat, as text. */
export function publicsOf(seat: Seat): string[] {
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

/** Cuts a board off both networks, or joins it again. */
export function cutOff(chassis: Chassis, board: "b1" | "b2", isCut: boolean): void {
  for (const network of ["A", "B"] as const) chassis.cut(board, network, isCut);
}

/** What a holder told, as `step:count`. */
export function steps(holder: Holder): string[] {
  return holder.reports.map((report) =>
    report.type === "step" ? `${report.step}:${report.count}` : report.type,
  );
}

import { expect, test } from "bun:test";
import { addAddress } from "./addresses.ts";
import { destroyConnection, listConnections, openSocketDiagnosis } from "./connections.ts";
import { type End, layCable, mayMakeNamespaces, must, testIp } from "./fixtures.ts";
import { inNetns } from "./netns.ts";
import { openTcpListener } from "./tcp.ts";

const here = test.skipIf(!mayMakeNamespaces);
const publicIp = testIp("10.9.0.50");
const otherIp = testIp("10.9.0.51");
const remote = testIp("10.9.0.2");

function serve(end: End, port: number): Disposable {
  const fd = must(inNetns(end.netns, () => openTcpListener({ address: testIp("0.0.0.0"), port })));
  const options = { fd, hostname: "", port: 0, socket: { data() {} } };
  const listener = Bun.listen(options);
  return { [Symbol.dispose]: () => listener.stop(true) };
}

async function connect(end: End, hostname: string, port: number) {
  const closed = Promise.withResolvers<string>();
  const socket = await inNetns(end.netns, () =>
    Bun.connect({
      hostname,
      port,
      socket: {
        data() {},
        error: (_socket, error) => closed.resolve("code" in error ? String(error.code) : "error"),
        close: (_socket, error) =>
          closed.resolve(error !== undefined && error !== null ? "ECONNRESET" : "closed"),
      },
    }),
  );
  return { socket, port: socket.localPort, closed: closed.promise };
}

here("only the connections of the wanted addresses are listed, in one walk", async () => {
  using cable = layCable();
  const { nl, link, netns } = cable.left;
  for (const address of [publicIp, otherIp]) {
    must(addAddress(nl, { index: link.index, address, prefix: 24 }));
  }
  using _server = serve(cable.left, 7000);
  const a = await connect(cable.right, publicIp, 7000);
  const b = await connect(cable.right, otherIp, 7000);
  const c = await connect(cable.right, "10.9.0.1", 7000);
  const diagnosis = must(inNetns(netns, openSocketDiagnosis));
  const list = (...locals: (typeof publicIp)[]): string[] =>
    must(listConnections(diagnosis, locals))
      .connections.map(
        (each) => `${each.local}:${each.localPort} ${each.remote}:${each.remotePort}`,
      )
      .toSorted();
  expect(list()).toEqual([]);
  expect(list(publicIp)).toEqual([`10.9.0.50:7000 10.9.0.2:${a.port}`]);
  expect(list(testIp("10.9.0.60"), otherIp, publicIp, testIp("10.9.0.61"))).toEqual([
    `10.9.0.50:7000 10.9.0.2:${a.port}`,
    `10.9.0.51:7000 10.9.0.2:${b.port}`,
  ]);
  const many = Array.from({ length: 63 }, (_, i) => testIp(`10.7.0.${i}`));
  expect(list(...many, publicIp)).toHaveLength(1);
  expect(listConnections(diagnosis, [...many, ...many])).toMatchObject({ ok: false });
  for (const { socket } of [a, b, c]) socket.terminate();
  diagnosis.close();
});

here(
  "a destroyed connection is reset at the client at once; one that is not there is ENOENT",
  async () => {
    using cable = layCable();
    const { nl, link, netns } = cable.left;
    must(addAddress(nl, { index: link.index, address: publicIp, prefix: 24 }));
    using _server = serve(cable.left, 7000);
    const client = await connect(cable.right, publicIp, 7000);
    const bystander = await connect(cable.right, publicIp, 7000);
    const diagnosis = must(inNetns(netns, openSocketDiagnosis));
    const id = { local: publicIp, localPort: 7000, remote, remotePort: client.port };
    must(destroyConnection(diagnosis, id));
    expect(await client.closed).toBe("ECONNRESET");
    expect(destroyConnection(diagnosis, id)).toMatchObject({
      ok: false,
      error: { code: "ENOENT" },
    });
    // The listener is alive: the second order did not fall through to it.
    const late = await connect(cable.right, publicIp, 7000);
    late.socket.terminate();
    await late.closed;
    const left = must(listConnections(diagnosis, [publicIp])).connections;
    expect(left.map(({ remotePort }) => remotePort)).toEqual([bystander.port]);
    bystander.socket.terminate();
    diagnosis.close();
  },
);

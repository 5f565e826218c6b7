// The configuration server over real sockets on loopback, where every 127.x address is ours.

import { afterEach, expect, test } from "bun:test";
import { type ClientRequest, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { createLog, parseIpv4, slotId } from "../base/index.ts";
import { type Chassis, loadChassis } from "../config/index.ts";
import { refusalLinesPerSecondMax } from "./limits.ts";
import { type ProvisionServer, startProvision } from "./index.ts";

const file = `chassis: loop
version: 4
networks:
  A: { subnet: 127.1.0.0/16, ccn: 127.1.0.1, switch: sw-a }
  B: { subnet: 127.2.0.0/16, ccn: 127.2.0.1, switch: sw-b }
switches:
  sw-a: { address: 127.1.0.2, snmp: { version: 1, community: x } }
  sw-b: { address: 127.2.0.2, snmp: { version: 1, community: x } }
slots:
  7: { role: controller, portA: 7, portB: 7 }
`;

function chassis(): Chassis {
  const loaded = loadChassis(file, "loop.yaml");
  if (!loaded.ok) throw new Error("loop.yaml does not load");
  return loaded.value;
}

const open: ProvisionServer[] = [];
const lines: string[] = [];

async function start(): Promise<ProvisionServer> {
  lines.length = 0;
  const sink = (line: string): void => void lines.push(line);
  const log = createLog({
    board: "ccn",
    module: "provision",
    level: "info",
    sink,
    now: () => "now",
  });
  const [a, b] = [parseIpv4("127.1.0.1"), parseIpv4("127.2.0.1")];
  if (!a.ok || !b.ok) throw new Error("addresses");
  const addresses = { A: a.value, B: b.value };
  const started = await startProvision({
    chassis: chassis(),
    keyHex: "0a".repeat(32),
    addresses,
    port: 0,
    log,
  });
  if (!started.ok) throw new Error(started.error.code);
  open.push(started.value);
  return started.value;
}

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

type Reply = { status: number; sha256: string | undefined; body: string };

async function ask(
  server: ProvisionServer,
  from: string,
  path: string,
  body?: string,
): Promise<Reply> {
  const network = from.startsWith("127.1") ? "A" : "B";
  const host = network === "A" ? "127.1.0.1" : "127.2.0.1";
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port: server.port(network),
      localAddress: from,
      path,
      method,
      agent: false,
    };
    const request: ClientRequest = httpRequest(options, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => {
        const sha256 = response.headers["x-softset-sha256"];
        resolve({
          status: response.statusCode ?? 0,
          sha256: sha256 === undefined ? undefined : String(sha256),
          body: text,
        });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

test("a board fetches its document on both networks and reports what it runs", async () => {
  const server = await start();
  const document = server.documentFor(slotId(7));
  for (const from of ["127.1.1.7", "127.2.1.7"]) {
    const reply = await ask(server, from, "/config/v4/slot/7");
    expect(reply.status).toBe(200);
    expect(reply.sha256).toBe(document?.sha256.toHex());
    expect(reply.body).toBe(new TextDecoder().decode(document?.bytes));
  }
  expect((await ask(server, "127.1.1.7", "/config/slot/7/running", '{"version":4}')).status).toBe(
    204,
  );
  expect(server.versions().get(slotId(7))).toMatchObject({ fetched: 4, running: 4 });
});

test("another address gets 403 and one line in the log", async () => {
  const server = await start();
  expect((await ask(server, "127.1.1.8", "/config/slot/7")).status).toBe(403);
  expect(lines.filter((line) => line.includes("config-refused"))).toHaveLength(1);
  expect(lines.join("")).toContain("from=127.1.1.8");
});

test("a flood of refusals writes a bounded number of lines", async () => {
  const server = await start();
  for (let i = 0; i < 2 * refusalLinesPerSecondMax; i++) await ask(server, "127.1.1.8", "/");
  const told = lines.filter((line) => line.includes("config-refused")).length;
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThan(2 * refusalLinesPerSecondMax);
  expect(server.counters().refused).toBe(2 * refusalLinesPerSecondMax);
});

test("an endless report is refused", async () => {
  const server = await start();
  const reply = await ask(server, "127.1.1.7", "/config/slot/7/running", "1".repeat(100_000)).catch(
    () => undefined,
  );
  expect([400, undefined]).toContain(reply?.status);
  expect(server.versions().size).toBe(0);
});

test("one address cannot hold all connections", async () => {
  const server = await start();
  const closed = Promise.withResolvers<void>();
  const idle = Array.from({ length: 5 }, () => {
    const options = { host: "127.1.0.1", port: server.port("A"), localAddress: "127.1.1.9" };
    const socket = connect(options);
    socket.on("close", () => closed.resolve());
    socket.on("error", () => closed.resolve());
    return socket;
  });
  await closed.promise;
  expect((await ask(server, "127.1.1.7", "/config/self")).status).toBe(200);
  for (const socket of idle) socket.destroy();
});

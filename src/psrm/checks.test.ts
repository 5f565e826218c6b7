import { afterAll, expect, test } from "bun:test";
import { defined, parseIpv4 } from "../base/index.ts";
import { askByTcp, type Question, readStatus } from "./checks.ts";

const parsed = parseIpv4("127.0.0.1");
const address = defined(parsed.ok ? parsed.value : undefined, "127.0.0.1");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function ask(question: Question, withinMs = 5_000): Promise<string | undefined> {
  return new Promise((resolve) => askByTcp(question, withinMs, resolve));
}

/** A server that answers with this text, or never. */
function server(text: string | undefined): number {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket) => {
        if (text !== undefined) socket.end(text);
      },
    },
  });
  afterAll(() => listener.stop(true));
  return listener.port;
}

test("a port that accepts is a good answer, one that refuses is named", async () => {
  const port = server(undefined);
  expect(await ask({ by: "tcp", address, port })).toBeUndefined();
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const free = listener.port;
  listener.stop(true);
  expect(await ask({ by: "tcp", address, port: free })).toContain("ECONNREFUSED");
});

test("HTTP: 2xx and 3xx are good; the rest, silence and nonsense are not", async () => {
  const http = (text: string | undefined, withinMs?: number): Promise<string | undefined> =>
    ask({ by: "http", address, port: server(text), path: "/" }, withinMs);
  expect(await http("HTTP/1.1 200 OK\r\n\r\n")).toBeUndefined();
  expect(await http("HTTP/1.0 302 Found\r\n\r\n")).toBeUndefined();
  expect(await http("HTTP/1.1 500 Oh\r\n\r\n")).toContain("status 500");
  expect(await http("SSH-2.0-OpenSSH\r\n")).toContain("did not answer in HTTP/1");
  expect(await http("")).toContain("closed the connection");
  expect(await http("x".repeat(10_000))).toContain("without end");
  expect(await http(undefined, 20)).toContain("did not answer in 20 ms");
});

test("a status line is read when it is whole", () => {
  expect(readStatus(bytes("HTTP/1.1 20"))).toBeUndefined();
  expect(readStatus(bytes("HTTP/1.1 204\r\n"))).toEqual({ ok: true, value: 204 });
  expect(readStatus(bytes("HTTP/1.1 2000 x\r\n"))).toMatchObject({ ok: false });
  expect(readStatus(bytes("HTTP/2 200\r\n"))).toMatchObject({ ok: false });
  expect(readStatus(bytes("\n"))).toMatchObject({ ok: false });
});

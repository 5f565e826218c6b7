// Fetching over real sockets on loopback, where every 127.x address is ours.

import { afterEach, expect, test } from "bun:test";
import type { NetworkId } from "../base/index.ts";
import { type BoardDocument, documentSha256 } from "../config/index.ts";
import { type Configuration, startConfiguration } from "./configuration.ts";
import type { ConfigurationSource } from "./core/types.ts";
import { documentBytes, ip, listedLog, seenLine, type SmallCcn, smallCcn } from "./sample.test.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Trial = {
  readonly ccn: SmallCcn;
  readonly port: number;
  readonly configuration: Configuration;
  readonly lines: string[];
  /** The next document handed over. */
  next(): Promise<BoardDocument>;
  readonly taken: BoardDocument[];
};

async function trial(version: number): Promise<Trial> {
  const ccn = smallCcn(documentBytes(version));
  await new Promise<void>((resolve) => ccn.server.listen(0, "0.0.0.0", resolve));
  const bound = ccn.server.address();
  const { log, lines } = listedLog();
  const taken: BoardDocument[] = [];
  let waiting: ((document: BoardDocument) => void) | undefined;
  const configuration = startConfiguration({
    log,
    addressOf: (network) => ip(network === "A" ? "127.1.1.7" : "127.2.1.7"),
    onDocument(document) {
      taken.push(document);
      waiting?.(document);
    },
  });
  closers.push(() => {
    configuration.close();
    ccn.server.close();
  });
  const next = async (): Promise<BoardDocument> => new Promise((resolve) => (waiting = resolve));
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  return { ccn, port, configuration, lines, next, taken };
}

/** The source a lease names, for a server at 127.1.0.1 or 127.2.0.1. */
function source(
  t: Trial,
  network: NetworkId,
  version: number,
  port = t.port,
): Extract<ConfigurationSource, { kind: "url" }> {
  const url = `http://127.${network === "A" ? 1 : 2}.0.1:${port}/config/v${version}/slot/7`;
  return { kind: "url", url, sha256: documentSha256(documentBytes(version)) };
}

test("a document is fetched from the board's own address, handed over and reported", async () => {
  const t = await trial(3);
  const next = t.next();
  t.configuration.offer("A", source(t, "A", 3));
  expect([Number((await next).slot), (await next).version]).toEqual([7, 3]);
  const report = await seenLine(t.ccn, (line) => line.startsWith("POST"));
  expect(report).toBe('POST /config/slot/7/running 127.1.1.7 {"version":3}');
  expect(t.ccn.seen[0]).toBe("GET /config/v3/slot/7 127.1.1.7");
});

test("a network without an answer does not keep the other from delivering", async () => {
  const t = await trial(3);
  const next = t.next();
  t.configuration.offer("A", source(t, "A", 3, 1));
  t.configuration.offer("B", source(t, "B", 3));
  expect((await next).version).toBe(3);
  expect(t.ccn.seen[0]).toContain("127.2.1.7");
});

test("a version that is gone leads to the current document", async () => {
  const t = await trial(5);
  const next = t.next();
  t.configuration.offer("A", source(t, "A", 4));
  expect((await next).version).toBe(5);
  expect(t.ccn.seen.slice(0, 2).map((line) => line.split(" ")[1])).toEqual([
    "/config/v4/slot/7",
    "/config/self",
  ]);
});

test("a hash that no longer fits leads to the current document too", async () => {
  const t = await trial(3);
  const next = t.next();
  const sha256 = documentSha256(documentBytes(9));
  t.configuration.offer("A", { ...source(t, "A", 3), sha256 });
  expect((await next).version).toBe(3);
  expect(t.lines.join("")).toContain("config-fetch-failed");
});

test("a document with another hash is never handed over", async () => {
  const t = await trial(3);
  t.ccn.hash = "00".repeat(32);
  t.configuration.offer("A", { ...source(t, "A", 3), sha256: new Uint8Array(32) });
  await seenLine(t.ccn, (line) => line.includes("self"));
  t.ccn.hash = undefined;
  const next = t.next();
  expect((await next).version).toBe(3);
  expect(t.taken).toHaveLength(1);
});

test("a newer version that was noticed is fetched; the running or an older one is not", async () => {
  const t = await trial(3);
  const first = t.next();
  t.configuration.offer("A", source(t, "A", 3));
  await first;
  await seenLine(t.ccn, (line) => line.startsWith("POST"));
  t.configuration.noticeVersion(3);
  t.configuration.noticeVersion(2);
  t.ccn.bytes = documentBytes(4);
  const second = t.next();
  t.configuration.noticeVersion(4);
  expect((await second).version).toBe(4);
  expect(t.ccn.seen.filter((line) => line.startsWith("GET"))).toHaveLength(2);
  expect(t.configuration.current()?.document.version).toBe(4);
});

test("the same document offered again is not fetched but reported again", async () => {
  const t = await trial(3);
  const next = t.next();
  t.configuration.offer("A", source(t, "A", 3));
  await next;
  await seenLine(t.ccn, (line) => line.startsWith("POST"));
  t.ccn.seen.length = 0;
  t.configuration.offer("A", source(t, "A", 3));
  await seenLine(t.ccn, (line) => line.startsWith("POST"));
  expect(t.ccn.seen).toHaveLength(1);
});

test("while the CCN is mute what the board has is kept, and asked for again", async () => {
  const t = await trial(3);
  t.ccn.mute = true;
  t.configuration.offer("A", source(t, "A", 3));
  await seenLine(t.ccn, (line) => line.startsWith("GET"));
  const next = t.next();
  t.ccn.mute = false;
  expect((await next).version).toBe(3);
});

test("an offer that comes during a fetch is fetched too: the board was moved meanwhile", async () => {
  const t = await trial(3);
  let isFirst = true;
  t.ccn.onSeen = () => {
    if (!isFirst) return;
    isFirst = false;
    t.configuration.offer("A", source(t, "A", 4));
    // The answer that is being written is still the old document.
    queueMicrotask(() => (t.ccn.bytes = documentBytes(4)));
  };
  t.configuration.offer("A", source(t, "A", 3));
  while (t.taken.length < 2) await t.next();
  expect(t.taken.map(({ version }) => version)).toEqual([3, 4]);
});

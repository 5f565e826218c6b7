// A chassis on loopback addresses, its documents, and a small CCN that serves them in tests.

import { createServer, type Server } from "node:http";
import { createLog, type Ipv4, type Log, parseIpv4, slotId } from "../base/index.ts";
import { boardDocument, documentSha256, encodeDocument, loadChassis } from "../config/index.ts";

/** An address literal of a test. */
export function ip(text: string): Ipv4 {
  const parsed = parseIpv4(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** Slot 7's document of a chassis whose subnets begin with the given number. */
export function documentBytes(
  version: number,
  first = { A: 127, B: 127 },
  second = { A: 1, B: 2 },
): Uint8Array {
  const net = (id: "A" | "B"): string => `${first[id]}.${second[id]}.0`;
  const text = `chassis: loop
version: ${version}
networks:
  A: { subnet: ${net("A")}.0/16, ccn: ${net("A")}.1, switch: sw-a }
  B: { subnet: ${net("B")}.0/16, ccn: ${net("B")}.1, switch: sw-b }
switches:
  sw-a: { address: ${net("A")}.2, snmp: { version: 1, community: x } }
  sw-b: { address: ${net("B")}.2, snmp: { version: 1, community: x } }
slots:
  7: { role: controller, portA: 7, portB: 7 }
`;
  const loaded = loadChassis(text, "loop.yaml");
  if (!loaded.ok) throw new Error("loop.yaml does not load");
  return encodeDocument(boardDocument(loaded.value, slotId(7), "0a".repeat(32)));
}

/** A log whose lines a test can read. */
export function listedLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = (line: string): void => void lines.push(line);
  return {
    lines,
    log: createLog({ board: "b", module: "address-client", level: "info", sink, now: () => "" }),
  };
}

/** What the small CCN serves and saw. */
export type SmallCcn = {
  readonly server: Server;
  bytes: Uint8Array;
  /** Instead of the true hash. */
  hash: string | undefined;
  /** Answers nothing at all. */
  mute: boolean;
  readonly seen: string[];
  onSeen: (line: string) => void;
};

/** Serves `bytes` at any GET path with a matching version or `self`, takes any report. */
export function smallCcn(bytes: Uint8Array): SmallCcn {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const line =
        `${request.method} ${request.url} ${request.socket.remoteAddress} ${body}`.trim();
      ccn.seen.push(line);
      ccn.onSeen(line);
      if (ccn.mute) return;
      const version = /"version":(\d+)/.exec(new TextDecoder().decode(ccn.bytes))?.[1];
      const stale =
        request.url?.startsWith("/config/v") && !request.url.startsWith(`/config/v${version}/`);
      const status = request.method === "POST" ? 204 : stale ? 404 : 200;
      const hash = ccn.hash ?? documentSha256(ccn.bytes).toHex();
      response.writeHead(status, { "X-Softset-Sha256": hash, Connection: "close" });
      response.end(status === 200 ? ccn.bytes : undefined);
    });
  });
  const ccn: SmallCcn = {
    server,
    bytes,
    hash: undefined,
    mute: false,
    seen: [],
    onSeen: () => undefined,
  };
  return ccn;
}

/** Resolves with the first seen line that `wanted` accepts. */
export async function seenLine(ccn: SmallCcn, wanted: (line: string) => boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const look = (line: string): void => {
    if (wanted(line)) resolve(line);
  };
  for (const line of ccn.seen) look(line);
  ccn.onSeen = look;
  return promise;
}

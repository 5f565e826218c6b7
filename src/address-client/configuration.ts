// Fetches the board's document over whichever network answers, checks it, hands it over, reports
// the version it runs. One round at a time; between failed rounds a growing pause. What the board
// has is kept while the CCN is away.
//
// A source with URL and SHA-256 (DHCP) is fetched by its URL; if the CCN has moved on since, or only
// the CCN's address is known (RARP), or a newer version was noticed, `/config/self` gives the
// current document with its SHA-256 beside it.

import { type Ipv4, type Log, type NetworkId, networkIds } from "../base/index.ts";
import { type BoardDocument, decodeDocument, documentSha256 } from "../config/index.ts";
import type { ConfigurationSource } from "./core/types.ts";
import { ask } from "./fetch.ts";
import * as limits from "./limits.ts";

/** What fetching needs. */
export type ConfigurationOptions = {
  readonly log: Log;
  /** The board's address on a network, if it has one. */
  readonly addressOf: (network: NetworkId) => Ipv4 | undefined;
  readonly onDocument: (document: BoardDocument) => void;
};

/** The document the board runs. */
export type RunningDocument = { readonly document: BoardDocument; readonly sha256Hex: string };

/** Fetches when there is something to fetch. */
export type Configuration = {
  /** A lease named a source. */
  offer(network: NetworkId, source: ConfigurationSource): void;
  /** The CCN runs this version: read again if it is newer than ours. */
  noticeVersion(version: number): void;
  current(): RunningDocument | undefined;
  close(): void;
};

type Fetching = ConfigurationOptions & {
  readonly sources: Map<NetworkId, ConfigurationSource>;
  /** Networks whose source was not looked at yet. */
  readonly fresh: Set<NetworkId>;
  current: RunningDocument | undefined;
  versionWanted: number;
  /** Rounds for `versionWanted`, and the newest version that was beaten but never served. */
  versionTries: number;
  versionGivenUp: number;
  running: boolean;
  reportDue: boolean;
  closed: boolean;
  wake: (() => void) | undefined;
};

/** A fetcher without sources. */
export function startConfiguration(options: ConfigurationOptions): Configuration {
  const at: Fetching = {
    ...options,
    sources: new Map(),
    fresh: new Set(),
    current: undefined,
    versionWanted: 0,
    versionTries: 0,
    versionGivenUp: 0,
    running: false,
    reportDue: false,
    closed: false,
    wake: undefined,
  };
  return {
    offer(network, source) {
      at.sources.set(network, source);
      const known = source.kind === "url" && source.sha256.toHex() === at.current?.sha256Hex;
      if (!known) at.fresh.add(network);
      at.reportDue = at.current !== undefined;
      start(at);
    },
    noticeVersion(version) {
      if (version === at.current?.document.version) {
        at.reportDue = true;
        start(at);
        return;
      }
      const known = Math.max(at.current?.document.version ?? 0, at.versionGivenUp);
      if (version <= Math.max(known, at.versionWanted)) return;
      at.versionWanted = version;
      at.versionTries = 0;
      start(at);
    },
    current: () => at.current,
    close() {
      at.closed = true;
      at.wake?.();
    },
  };
}

function start(at: Fetching): void {
  at.wake?.();
  if (at.running || at.closed) return;
  at.running = true;
  void run(at).finally(() => {
    at.running = false;
  });
}

function needsDocument(at: Fetching): boolean {
  if (at.sources.size === 0) return false;
  const version = at.current?.document.version ?? 0;
  return at.current === undefined || at.fresh.size > 0 || at.versionWanted > version;
}

async function run(at: Fetching): Promise<void> {
  let failures = 0;
  let reports = 0;
  while (!at.closed) {
    const timeoutMs = grown(limits.fetchTimeoutMsFirst, failures, limits.fetchTimeoutMsMax);
    if (needsDocument(at)) {
      const taken = await fetchDocument(at, timeoutMs);
      failures = taken ? 0 : failures + 1;
    } else if (at.reportDue && reports < limits.reportTriesMax) {
      reports++;
      at.reportDue = false; // before the wait: an offer meanwhile sets it again
      const told = await report(at, timeoutMs);
      if (!told) at.reportDue = true;
      failures = told ? 0 : failures + 1;
    } else {
      at.reportDue = false;
      return;
    }
    if (failures > 0)
      await pause(at, grown(limits.fetchPauseMsFirst, failures - 1, limits.fetchPauseMsMax));
  }
}

function grown(first: number, n: number, most: number): number {
  return Math.min(first * 2 ** Math.min(n, 16), most);
}

async function pause(at: Fetching, ms: number): Promise<void> {
  if (at.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  at.wake = resolve;
  await promise;
  clearTimeout(timer);
  at.wake = undefined;
}

/** One round over both networks, the second a little later; true if a document was taken. */
async function fetchDocument(at: Fetching, timeoutMs: number): Promise<boolean> {
  const asked = new Map(at.sources);
  const taken = await firstOf(at, async (network, source, from) => {
    const urls = questions(at, network, source);
    for (const { url, sha256Hex } of urls) {
      const found = await fetchOne({ url, from, timeoutMs }, sha256Hex);
      if (typeof found !== "string") return found;
      at.log.warn("config-fetch-failed", { net: network, reason: found });
    }
    return undefined;
  });
  if (at.closed) return false;
  const settled = settleVersion(at, taken?.document.version ?? 0);
  if (taken === undefined) return false;
  // A source told meanwhile (the board was moved) was not asked yet and stays fresh.
  for (const [network, source] of asked) {
    if (at.sources.get(network) === source) at.fresh.delete(network);
  }
  if (taken.sha256Hex === at.current?.sha256Hex) return settled;
  at.current = taken;
  at.reportDue = true;
  const { slot, version } = taken.document;
  at.log.info("config-taken", { slot, version, sha256: taken.sha256Hex.slice(0, 12) });
  at.onDocument(taken.document);
  return settled;
}

/** The CCN may beat a version before it serves it: tried a few rounds, then left to the lease. */
function settleVersion(at: Fetching, version: number): boolean {
  if (at.versionWanted === 0) return true;
  if (version >= at.versionWanted) {
    at.versionWanted = 0;
    return true;
  }
  at.versionTries++;
  if (at.versionTries < limits.versionTriesMax) return false;
  at.log.warn("config-version-missing", { version: at.versionWanted });
  at.versionGivenUp = at.versionWanted;
  at.versionWanted = 0;
  return true;
}

type Attempt<T> = (
  network: NetworkId,
  source: ConfigurationSource,
  from: Ipv4,
) => Promise<T | undefined>;

/** The first defined result over the networks that have an address and a source. */
async function firstOf<T>(at: Fetching, attempt: Attempt<T>): Promise<T | undefined> {
  let done = false;
  const attempts: Promise<T>[] = [];
  for (const network of networkIds) {
    const [source, from] = [at.sources.get(network), at.addressOf(network)];
    if (source === undefined || from === undefined) continue;
    const delayMs = attempts.length * limits.fetchStaggerMs;
    attempts.push(
      (async () => {
        if (delayMs > 0) await Bun.sleep(delayMs);
        const result = done || at.closed ? undefined : await attempt(network, source, from);
        if (result === undefined) throw new NothingFound();
        done = true;
        return result;
      })(),
    );
  }
  return Promise.any(attempts).catch(() => undefined);
}

class NothingFound extends Error {}

type Url = { readonly url: string; readonly sha256Hex: string | undefined };

/** What to ask on a network, best first. */
function questions(at: Fetching, network: NetworkId, source: ConfigurationSource): Url[] {
  const self = { url: `${base(at, source)}/config/self`, sha256Hex: undefined };
  const version = at.current?.document.version ?? 0;
  if (source.kind === "server" || !at.fresh.has(network) || at.versionWanted > version)
    return [self];
  return [{ url: source.url, sha256Hex: source.sha256.toHex() }, self];
}

function base(at: Fetching, source: ConfigurationSource): string {
  if (source.kind === "url") return new URL(source.url).origin;
  const port = at.current?.document.provision.httpPort ?? limits.httpPortDefault;
  return `http://${source.server}:${port}`;
}

type Where = { readonly url: string; readonly from: Ipv4; readonly timeoutMs: number };

/** One document, checked against its hash and decoded, or the reason why not. */
async function fetchOne(
  where: Where,
  expectedHex: string | undefined,
): Promise<RunningDocument | string> {
  const answer = await ask(where);
  if (!answer.ok) return answer.error;
  const { status, bytes } = answer.value;
  if (status !== 200) return `${where.url} answered ${status}`;
  const sha256Hex = documentSha256(bytes).toHex();
  const wanted = expectedHex ?? answer.value.sha256Hex;
  if (sha256Hex !== wanted)
    return `${where.url} has SHA-256 ${sha256Hex.slice(0, 12)}..., not ${wanted?.slice(0, 12) ?? "told"}...`;
  const decoded = decodeDocument(bytes);
  return decoded.ok ? { document: decoded.value, sha256Hex } : `${where.url}: ${decoded.error}`;
}

/** Tells the CCN what we run; true when it took it. */
async function report(at: Fetching, timeoutMs: number): Promise<boolean> {
  const current = at.current;
  if (current === undefined) return true;
  const { slot, version } = current.document;
  const body = JSON.stringify({ version });
  const taken = await firstOf(at, async (network, source, from) => {
    const url = `${base(at, source)}/config/slot/${slot}/running`;
    const answer = await ask({ url, from, timeoutMs, body });
    if (answer.ok && answer.value.status === 204) return true;
    const reason = answer.ok ? `answered ${answer.value.status}` : answer.error;
    at.log.warn("config-report-failed", { net: network, reason });
    return undefined;
  });
  return taken === true;
}

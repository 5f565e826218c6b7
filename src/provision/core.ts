// What the CCN's configuration server answers, without sockets. A board may read only the document
// of the slot its address belongs to: the address was given by switch port, so the port is the
// board's credential.
//
//   GET  /config/vVERSION/slot/N    the document of that version        200, 403, 404
//   GET  /config/slot/N             the current document                200, 403, 404
//   GET  /config/self               the same for a board that does not know its slot (RARP)
//   POST /config/slot/N/running     {"version": 7}: what the board runs 204, 400, 403, 404
//   anything else                                                       404, 405

import { type MonoUs, type NetworkId, networkIds, type SlotId } from "../base/index.ts";
import { assert, ccnSlot } from "../base/index.ts";
import { boardDocument, type Chassis, encodeDocument } from "../config/index.ts";
import { z } from "zod";
import { pathCharsMax } from "./limits.ts";

/** One slot's document, ready to send. */
export type ProvisionDocument = {
  readonly sha256: Uint8Array;
  readonly bytes: Uint8Array;
  /** Where a board fetches it on one network: the URL in DHCP replies. */
  readonly url: (network: NetworkId) => string;
};

/** One slot's board: the version it was given last, the one it said it runs. */
export type BoardVersions = {
  readonly fetched: number | undefined;
  readonly running: number | undefined;
  /** When it last fetched or reported. */
  readonly atUs: MonoUs;
};

/** How often the server did what, since start. */
export type ProvisionCounters = {
  served: number;
  reported: number;
  /** Asked for by another address than the slot's. */
  forbidden: number;
  /** Unknown path, method, version or body. */
  refused: number;
};

/** The server's state; made by `provisionState`, changed by `setChassis` and `answerRequest`. */
export type ProvisionState = {
  chassis: Chassis;
  readonly keyHex: string;
  readonly documents: Map<SlotId, ProvisionDocument>;
  readonly places: Map<string, { readonly slot: SlotId; readonly network: NetworkId }>;
  readonly versions: Map<SlotId, BoardVersions>;
  readonly counters: ProvisionCounters;
};

/** SHA-256, given by the shell. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** A server for one chassis; `keyHex` is the chassis key as 64 hex digits. */
export function provisionState(chassis: Chassis, keyHex: string, sha256: Sha256): ProvisionState {
  const state: ProvisionState = {
    chassis,
    keyHex,
    documents: new Map(),
    places: new Map(),
    versions: new Map(),
    counters: { served: 0, reported: 0, forbidden: 0, refused: 0 },
  };
  setChassis(state, chassis, sha256);
  return state;
}

/** Serves another chassis file from now on; reports of slots that are gone are forgotten. */
export function setChassis(state: ProvisionState, chassis: Chassis, sha256: Sha256): void {
  state.chassis = chassis;
  state.documents.clear();
  state.places.clear();
  for (const board of chassis.boards) {
    if (board.slot === ccnSlot) continue;
    const bytes = encodeDocument(boardDocument(chassis, board.slot, state.keyHex));
    const path = `config/v${chassis.version}/slot/${board.slot}`;
    const port = chassis.provision.httpPort;
    const url = (network: NetworkId): string =>
      `http://${chassis.networks[network].ccn}:${port}/${path}`;
    state.documents.set(board.slot, { sha256: sha256(bytes), bytes, url });
    for (const network of networkIds) {
      state.places.set(board.address[network], { slot: board.slot, network });
    }
  }
  for (const slot of state.versions.keys()) {
    if (!state.documents.has(slot)) state.versions.delete(slot);
  }
  assert(state.places.size === 2 * state.documents.size, "every slot has an address per network");
}

/** A request as it arrived. */
export type ProvisionRequest = {
  readonly method: string;
  readonly path: string;
  /** Peer address of the connection. */
  readonly from: string;
  /** Network the connection came in by. */
  readonly network: NetworkId;
  readonly body: Uint8Array;
};

/** What to send back; `why` is the reason of a refusal, for the log. */
export type ProvisionAnswer = {
  readonly status: 200 | 204 | 400 | 403 | 404 | 405;
  readonly body: Uint8Array;
  /** SHA-256 of `body` as hex digits, with a document. */
  readonly sha256Hex: string | undefined;
  readonly slot: SlotId | undefined;
  readonly why: string | undefined;
};

/** Answers one request; changes `versions` and the counters. Never throws. */
export function answerRequest(
  state: ProvisionState,
  request: ProvisionRequest,
  now: MonoUs,
): ProvisionAnswer {
  const place = state.places.get(request.from);
  const target = parsePath(request.path);
  if (target === undefined) return refuse(state, 404, "no such path", place?.slot);
  const wanted = target.slot ?? place?.slot;
  if (place === undefined || place.network !== request.network || place.slot !== wanted) {
    state.counters.forbidden++;
    const whose = place === undefined ? "no slot's address" : `slot ${place.slot}'s address`;
    return refusal(403, `${request.from} on ${request.network} is ${whose}`, place?.slot);
  }
  if (request.method !== (target.report ? "POST" : "GET")) {
    return refuse(state, 405, "no such method here", place.slot);
  }
  return target.report
    ? takeReport(state, place.slot, request.body, now)
    : giveDocument(state, { slot: place.slot, version: target.version, now });
}

type Target = {
  readonly slot: number | undefined;
  readonly version: number | undefined;
  readonly report: boolean;
};

function parsePath(path: string): Target | undefined {
  if (path.length > pathCharsMax) return undefined;
  if (path === "/config/self") return { slot: undefined, version: undefined, report: false };
  const parts = /^\/config(?:\/v([0-9]{1,10}))?\/slot\/([0-9]{1,2})(\/running)?$/.exec(path);
  if (parts === null) return undefined;
  const [, version, slot, report] = parts;
  if (version !== undefined && report !== undefined) return undefined;
  return {
    slot: Number(slot),
    version: version === undefined ? undefined : Number(version),
    report: report !== undefined,
  };
}

function giveDocument(
  state: ProvisionState,
  {
    slot,
    version,
    now,
  }: { readonly slot: SlotId; readonly version: number | undefined; readonly now: MonoUs },
): ProvisionAnswer {
  const current = state.chassis.version;
  if (version !== undefined && version !== current) {
    return refuse(state, 404, `version ${version} is not the current one, ${current}`, slot);
  }
  const document = state.documents.get(slot);
  if (document === undefined) return refuse(state, 404, `no slot ${slot}`, slot);
  state.counters.served++;
  state.versions.set(slot, {
    fetched: current,
    running: state.versions.get(slot)?.running,
    atUs: now,
  });
  const { bytes, sha256 } = document;
  return { status: 200, body: bytes, sha256Hex: sha256.toHex(), slot, why: undefined };
}

const reportSchema = z.object({ version: z.number().int().min(1).max(4_294_967_295) });

function takeReport(
  state: ProvisionState,
  slot: SlotId,
  body: Uint8Array,
  now: MonoUs,
): ProvisionAnswer {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return refuse(state, 400, "report is not JSON", slot);
  }
  const report = reportSchema.safeParse(data);
  if (!report.success) return refuse(state, 400, 'report is not {"version": NUMBER}', slot);
  state.counters.reported++;
  const { fetched } = state.versions.get(slot) ?? {};
  state.versions.set(slot, { fetched, running: report.data.version, atUs: now });
  assert(state.versions.size <= state.documents.size, "only known slots report");
  return { status: 204, body: new Uint8Array(0), sha256Hex: undefined, slot, why: undefined };
}

function refuse(
  state: ProvisionState,
  status: 400 | 404 | 405,
  why: string,
  slot: SlotId | undefined,
): ProvisionAnswer {
  state.counters.refused++;
  return refusal(status, why, slot);
}

function refusal(
  status: 400 | 403 | 404 | 405,
  why: string,
  slot: SlotId | undefined,
): ProvisionAnswer {
  const body = new TextEncoder().encode(`${why}\n`);
  return { status, body, sha256Hex: undefined, slot, why };
}

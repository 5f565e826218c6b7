// The documents of the control API, version 1: one type per path, and the guards by which the
// command line believes what it reads. Names are those of BoardFacts and NETRACK. A field is
// never renamed or removed within "v":1; new ones may appear.

import type { MonoUs, NetworkId } from "../../base/index.ts";
import type { Role } from "../../config/index.ts";
import type { BoardStatus, ChassisMap, Diagnosis, Fault, PathState } from "../../netrack/index.ts";
import type {
  AlarmFact,
  ConfigFact,
  EventRecord,
  Identity,
  LeaseFact,
  NowFact,
  OwnAddress,
  RuntimeFact,
  WhereLink,
} from "../facts.ts";
import type { GroupStanding } from "../failover-facts.ts";
import { isGroupStanding } from "./failover-documents.ts";
import {
  either,
  type Guard,
  isBoolean,
  isIncarnation,
  isIpv4,
  isMac,
  isMonoUs,
  isNetwork,
  isNumber,
  isSlot,
  isText,
  listOf,
  maybe,
  numberIs,
  oneOf,
  recordOf,
  shape,
} from "./shape.ts";

/** GET /api/v1/status: the whole picture, one document. */
export type StatusDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly board: Identity;
  readonly map: ChassisMap | undefined;
  readonly alarms: readonly AlarmFact[];
  /** Undefined on boards that take no part in fail-over. */
  readonly groups?: readonly GroupStanding[] | undefined;
  readonly configs: readonly ConfigFact[];
  readonly runtime: RuntimeFact;
};

/** GET /api/v1/networks: boards and the paths between them. */
export type NetworksDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly map: ChassisMap | undefined;
};

/** GET /api/v1/leases: who got which address. `total` may exceed the list. */
export type LeasesDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly leases: readonly LeaseFact[];
  readonly total: number;
};

/** GET /api/v1/where?q=: the chain from MAC to slot, one link a network and MAC. */
export type WhereDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly query: string;
  readonly found: boolean;
  readonly links: readonly WhereLink[];
};

/** GET /api/v1/events?since=: at most one page; ask again with `since` = `next`. */
export type EventsDocument = {
  readonly v: 1;
  readonly now: NowFact;
  /** Changes when the daemon restarts; sequence numbers of two epochs don't compare. */
  readonly epoch: MonoUs;
  readonly events: readonly EventRecord[];
  readonly next: number;
  /** More are there already. */
  readonly more: boolean;
};

/** GET /api/v1/counters. */
export type CountersDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly counters: Readonly<Record<string, number>>;
};

const networkWord = oneOf<BoardStatus["network"][NetworkId]>(
  "ok",
  "down",
  "deaf",
  "mute",
  "unknown",
);
const role = oneOf<Role>("controller", "io-card", "ccn");
const now = shape<NowFact>({ atUs: isMonoUs, time: isText });

const boardStatus = shape<BoardStatus>({
  slot: isSlot,
  name: isText,
  role,
  state: oneOf<BoardStatus["state"]>("unknown", "up", "down", "leaving"),
  sinceUs: isMonoUs,
  network: shape<BoardStatus["network"]>({ A: networkWord, B: networkWord }),
  address: shape<BoardStatus["address"]>({ A: isIpv4, B: isIpv4 }),
  incarnation: maybe(isIncarnation),
  configVersion: maybe(isNumber),
  degraded: maybe(isText),
});

const pathState = shape<PathState>({
  from: isSlot,
  to: isSlot,
  network: isNetwork,
  up: isBoolean,
  damped: isBoolean,
  sinceUs: isMonoUs,
  source: oneOf<PathState["source"]>("own", "told", "derived"),
});

type FaultOf<K extends Fault["kind"]> = Extract<Fault, { readonly kind: K }>;
const fault: Guard<Fault> = either(
  either(
    shape<FaultOf<"board">>({ kind: oneOf<"board">("board"), slot: isSlot }),
    shape<FaultOf<"leaving">>({ kind: oneOf<"leaving">("leaving"), slot: isSlot }),
  ),
  either(
    either(
      shape<FaultOf<"cable">>({
        kind: oneOf<"cable">("cable"),
        slot: isSlot,
        network: isNetwork,
        port: maybe(isText),
        carrier: isBoolean,
      }),
      shape<FaultOf<"one-way">>({
        kind: oneOf<"one-way">("one-way"),
        slot: isSlot,
        network: isNetwork,
        port: maybe(isText),
        way: oneOf<"deaf" | "mute">("deaf", "mute"),
      }),
    ),
    either(
      shape<FaultOf<"switch">>({
        kind: oneOf<"switch">("switch"),
        name: isText,
        network: isNetwork,
      }),
      shape<FaultOf<"path">>({
        kind: oneOf<"path">("path"),
        from: isSlot,
        to: isSlot,
        network: isNetwork,
      }),
    ),
  ),
);

const chassisMap = shape<ChassisMap>({
  self: isSlot,
  chassis: isText,
  configVersion: isNumber,
  atUs: isMonoUs,
  boards: listOf(boardStatus),
  paths: listOf(pathState),
  faults: listOf(shape<Diagnosis>({ fault, sinceUs: isMonoUs, text: isText })),
});

const ownAddress = shape<OwnAddress>({
  network: isNetwork,
  device: isText,
  address: maybe(isIpv4),
  how: oneOf<OwnAddress["how"]>("fixed", "dhcp", "rarp", "none"),
  sinceUs: isMonoUs,
});

/** One event, as in a page of events and in the stream. */
export const isEventRecord: Guard<EventRecord> = shape<EventRecord>({
  seq: isNumber,
  time: isText,
  atUs: isMonoUs,
  level: oneOf<EventRecord["level"]>("debug", "info", "warn", "error"),
  module: isText,
  event: isText,
  fields: recordOf(maybe(either(isText, either(isNumber, isBoolean)))),
  sentence: isText,
});

/** The document of /status. */
export const isStatusDocument: Guard<StatusDocument> = shape<StatusDocument>({
  v: numberIs(1),
  now,
  board: shape<Identity>({
    role,
    name: isText,
    slot: maybe(isSlot),
    version: isText,
    startedUs: isMonoUs,
    chassis: maybe(isText),
    configVersion: maybe(isNumber),
    addresses: listOf(ownAddress),
  }),
  map: maybe(chassisMap),
  alarms: listOf(
    shape<AlarmFact>({
      id: isText,
      object: isText,
      severity: oneOf<AlarmFact["severity"]>("critical", "major", "minor", "warning"),
      sinceUs: isMonoUs,
      text: isText,
      action: isText,
      number: maybe(isNumber),
      acknowledged: maybe(isText),
    }),
  ),
  groups: maybe(listOf(isGroupStanding)),
  configs: listOf(
    shape<ConfigFact>({
      slot: isSlot,
      fetched: maybe(isNumber),
      running: maybe(isNumber),
      atUs: isMonoUs,
    }),
  ),
  runtime: shape<RuntimeFact>({
    latenessUs: isNumber,
    latenessMaxUs: isNumber,
    rssBytes: isNumber,
    cpuRatio: isNumber,
    realtime: shape<RuntimeFact["realtime"]>({ on: isBoolean, reason: isText }),
    atUs: isMonoUs,
  }),
});

/** The document of /networks. */
export const isNetworksDocument: Guard<NetworksDocument> = shape<NetworksDocument>({
  v: numberIs(1),
  now,
  map: maybe(chassisMap),
});

/** The document of /leases. */
export const isLeasesDocument: Guard<LeasesDocument> = shape<LeasesDocument>({
  v: numberIs(1),
  now,
  leases: listOf(
    shape<LeaseFact>({
      mac: isMac,
      network: isNetwork,
      switch: isText,
      port: isText,
      slot: isSlot,
      address: isIpv4,
      sinceUs: isMonoUs,
      lastUs: isMonoUs,
      kind: isText,
    }),
  ),
  total: isNumber,
});

/** The document of /where. */
export const isWhereDocument: Guard<WhereDocument> = shape<WhereDocument>({
  v: numberIs(1),
  now,
  query: isText,
  found: isBoolean,
  links: listOf(
    shape<WhereLink>({
      network: isNetwork,
      mac: maybe(isMac),
      switch: maybe(isText),
      port: maybe(isText),
      slot: maybe(isSlot),
      address: maybe(isIpv4),
      found: isBoolean,
      text: isText,
    }),
  ),
});

/** The document of /events. */
export const isEventsDocument: Guard<EventsDocument> = shape<EventsDocument>({
  v: numberIs(1),
  now,
  epoch: isMonoUs,
  events: listOf(isEventRecord),
  next: isNumber,
  more: isBoolean,
});

/** The document of /counters. */
export const isCountersDocument: Guard<CountersDocument> = shape<CountersDocument>({
  v: numberIs(1),
  now,
  counters: recordOf(isNumber),
});

// The state of one switch's lookup core, its events and its effects. Only `step` (core.ts) and
// the functions it calls (rows.ts, pass.ts, settle.ts) change a State.

import { addUs, type Mac, monoUs, type MonoUs, type Result } from "../../base/index.ts";
import type { FdbRow, FdbTable } from "./forwarding.ts";
import { resendUsFirst, resendUsMax, resendUsMin, rowVarbindsMax } from "./limits.ts";
import type { AnsweredVarbind } from "./mibs.ts";
import type { PortPlan, PortTables } from "./ports.ts";
import type { Circuit, LookupOutcome, TableRow } from "./types.ts";
import type { Walk } from "./walk.ts";

/** What the core must know of its switch; a part of `Switch`. */
export type LookupPlan = PortPlan & {
  readonly switchName: string;
  /** 1 has no GETBULK, and one missing row fails a whole GET. */
  readonly snmpVersion: 1 | 2 | 3;
};

/** How a packet asks. */
export type PacketOp = "get" | "next" | "bulk";

/** What happened. Request numbers are the shell's, packet numbers the core's. */
export type LookupEvent =
  | { readonly type: "started" }
  | { readonly type: "lookup-asked"; readonly request: number; readonly mac: Mac }
  | { readonly type: "table-asked"; readonly request: number }
  /** `columns`: per asked OID the varbinds that came back (one for get and next). */
  | {
      readonly type: "packet-answered";
      readonly packet: number;
      readonly columns: readonly (readonly AnsweredVarbind[])[];
    }
  /** The switch (or the library) said no. `lost` = nothing came, the core's own time decides. */
  | {
      readonly type: "packet-failed";
      readonly packet: number;
      readonly kind: "end" | "too-big" | "error" | "lost";
      readonly text: string;
    }
  | { readonly type: "timer-fired" }
  | { readonly type: "closed" };

/** What is to be done. */
export type LookupEffect =
  | {
      readonly type: "send-packet";
      readonly packet: number;
      readonly op: PacketOp;
      readonly oids: readonly string[];
      /** Rows wanted per OID, `bulk` only. */
      readonly repetitions: number;
    }
  | {
      readonly type: "answer-lookup";
      readonly request: number;
      readonly mac: Mac;
      readonly outcome: LookupOutcome;
    }
  | {
      readonly type: "answer-table";
      readonly request: number;
      readonly table: Result<readonly TableRow[], string>;
    }
  /** Replaces the timer set before. */
  | { readonly type: "set-timer"; readonly atUs: MonoUs }
  /** Make a new session: the old one may be stuck (an address came back, an engine restarted). */
  | { readonly type: "renew-session" }
  | { readonly type: "raise-alarm"; readonly alarm: LookupAlarm; readonly text: string };

/** Alarm names, explained in alarms.ts. */
export type LookupAlarm =
  | "switch-silent"
  | "switch-answers"
  | "switch-table-broken"
  | "switch-rows-refused"
  | "switch-ports-unmatched"
  | "switch-lookups-refused";

/** A lookup on its way: waits in `rowQueue`, is in a packet, waits for a walk, or for ports. */
export type Waiting = {
  readonly request: number;
  readonly mac: Mac;
  readonly askedUs: MonoUs;
  readonly deadlineUs: MonoUs;
  /** Row packets sent for it. */
  attempts: number;
  /** A row packet answered without its row. */
  missedRow: boolean;
  /** Rows read after it was asked, held while the port tables are read anew. */
  held: { readonly rows: readonly FdbRow[]; readonly by: "row" | "walk" } | undefined;
};

/** A table request on its way. */
export type WaitingTable = { readonly request: number; readonly deadlineUs: MonoUs };

/** A packet under way. `overdue`: asked again already; its answer is still taken. */
export type Packet = {
  readonly id: number;
  readonly sentUs: MonoUs;
  readonly overdueUs: MonoUs;
  overdue: boolean;
  readonly content:
    | { readonly type: "rows"; readonly ask: RowAsk }
    /** Belongs to question `serial` of the pass; an answer to an older one is ignored. */
    | { readonly type: "pass"; readonly serial: number };
};

/** A packet that asks for rows: per MAC `prefixes` x (port, status) OIDs, in order. */
export type RowAsk = {
  readonly op: "get" | "next";
  readonly macs: readonly { readonly mac: Mac; readonly requests: readonly number[] }[];
  readonly prefixes: readonly string[];
  /** False: the MAC can have rows that were not asked for. */
  readonly isWhole: boolean;
  readonly hasStatus: boolean;
  /** OIDs sent, and the rows' OIDs (the same for `get`). */
  readonly oids: readonly string[];
  readonly rowOids: readonly string[];
  readonly kind: FdbTable["kind"];
};

/** The one walk under way: the port tables, or the forwarding table in its one or two parts. */
export type Pass = {
  readonly kind: "ports" | "q-bridge" | "bridge";
  readonly startedUs: MonoUs;
  walk: Walk;
  /** Counts questions; see Packet. */
  serial: number;
  attempts: number;
  /** Lookups this pass answers: every row that can concern them is read after they asked. */
  members: Set<number>;
  tables: readonly WaitingTable[];
  /** The Q-BRIDGE part, once read, while the BRIDGE part is read. */
  first: FdbTable | undefined;
};

/** Counters since start; see LookupStatus. */
export type Counters = {
  requests: number;
  outcomes: Record<LookupOutcome["type"], number>;
  byRow: number;
  byWalk: number;
  packetsSent: number;
  packetsAnswered: number;
  packetsLost: number;
  packetsFailed: number;
  walks: number;
  walksBroken: number;
  refused: number;
};

/** Everything the core knows of one switch. */
export type LookupState = {
  readonly plan: LookupPlan;
  isClosed: boolean;
  ports: PortTables | undefined;
  portsReadUs: MonoUs;
  arePortsWanted: boolean;
  /** The newest complete walk: form of the rows, FDB ids, MACs per port. Never an answer. */
  fdb: FdbTable | undefined;
  /** Rows in turn that a GET missed and a walk found. */
  rowMisses: number;
  areRowsRefused: boolean;
  rowVarbinds: number;
  readonly waiting: Map<number, Waiting>;
  rowQueue: number[];
  rowQueueSinceUs: MonoUs;
  /** When the last row packet was sent. */
  rowsSentUs: MonoUs | undefined;
  walkQueue: number[];
  tables: WaitingTable[];
  pass: Pass | undefined;
  nextPassUs: MonoUs;
  readonly packets: Map<number, Packet>;
  nextPacket: number;
  /** Smoothed answer time and its deviation (RFC 6298), µs. */
  srttUs: number;
  rttvarUs: number;
  circuit: Circuit;
  circuitSinceUs: MonoUs;
  lastAnswerUs: MonoUs;
  /** Packets overdue since the last answer. */
  overdueInTurn: number;
  renewedUs: MonoUs;
  readonly alarmed: Set<LookupAlarm>;
  readonly counters: Counters;
  /** Newest latencies, a ring. */
  readonly latenciesUs: number[];
  latencyAt: number;
  lastError: string | undefined;
  timerUs: MonoUs | undefined;
};

/** A core that has asked nothing yet; give it `started` first. */
export function createLookupState(plan: LookupPlan, now: MonoUs): LookupState {
  return {
    plan,
    isClosed: false,
    ports: undefined,
    portsReadUs: monoUs(0),
    arePortsWanted: true,
    fdb: undefined,
    rowMisses: 0,
    areRowsRefused: false,
    rowVarbinds: rowVarbindsMax,
    waiting: new Map(),
    rowQueue: [],
    rowQueueSinceUs: now,
    rowsSentUs: undefined,
    walkQueue: [],
    tables: [],
    pass: undefined,
    nextPassUs: now,
    packets: new Map(),
    nextPacket: 1,
    srttUs: 0,
    rttvarUs: 0,
    circuit: "closed",
    circuitSinceUs: now,
    lastAnswerUs: now,
    overdueInTurn: 0,
    renewedUs: now,
    alarmed: new Set(),
    counters: emptyCounters(),
    latenciesUs: [],
    latencyAt: 0,
    lastError: undefined,
    timerUs: undefined,
  };
}

function emptyCounters(): Counters {
  return {
    requests: 0,
    outcomes: {
      found: 0,
      "on-uplink": 0,
      "no-slot": 0,
      self: 0,
      "not-found": 0,
      ambiguous: 0,
      "no-answer": 0,
    },
    byRow: 0,
    byWalk: 0,
    packetsSent: 0,
    packetsAnswered: 0,
    packetsLost: 0,
    packetsFailed: 0,
    walks: 0,
    walksBroken: 0,
    refused: 0,
  };
}

/** Puts a packet under way and tells how to send it. */
export function sendPacket(
  state: LookupState,
  now: MonoUs,
  what: {
    readonly content: Packet["content"];
    readonly attempt: number;
    readonly op: PacketOp;
    readonly oids: readonly string[];
    readonly repetitions: number;
  },
): LookupEffect {
  const id = state.nextPacket++;
  const overdueUs = addUs(now, resendUs(state, what.attempt));
  state.packets.set(id, { id, sentUs: now, overdueUs, overdue: false, content: what.content });
  state.counters.packetsSent++;
  const { op, oids, repetitions } = what;
  return { type: "send-packet", packet: id, op, oids, repetitions };
}

function resendUs(state: LookupState, attempt: number): number {
  const { srttUs, rttvarUs } = state;
  const adaptive = srttUs === 0 ? resendUsFirst : srttUs + 4 * rttvarUs;
  const bounded = Math.min(resendUsMax, Math.max(resendUsMin, adaptive));
  return Math.min(resendUsMax, bounded * 2 ** Math.min(4, attempt));
}

/** Raises an alarm once until it is cleared; the newest trouble stays readable in the status. */
export function raiseAlarm(state: LookupState, name: LookupAlarm, text: string): LookupEffect[] {
  state.lastError = text;
  if (state.alarmed.has(name)) return [];
  state.alarmed.add(name);
  return [{ type: "raise-alarm", alarm: name, text }];
}

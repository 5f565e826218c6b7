// A lookup core in virtual time with a switch that answers when a test says so.

import { assert, type Mac, monoUs, parseMac, slotId } from "../../base/index.ts";
import { step } from "./core.ts";
import { basePortColumn, ifNameColumn, macIndex, qPortColumn } from "./mibs.ts";
import {
  createLookupState,
  type LookupEffect,
  type LookupEvent,
  type LookupPlan,
  type LookupState,
} from "./state.ts";
import type { LookupOutcome } from "./types.ts";
import { answerPacket, type VirtualRows } from "./virtual-switch.ts";

/** A packet that the core wants sent. */
export type SentPacket = LookupEffect & { type: "send-packet" };

/** A core, its switch and its time; everything may be changed by the test. */
export type LookupWorld = {
  readonly state: LookupState;
  rows: VirtualRows;
  nowUs: number;
  timerUs: number | undefined;
  readonly sent: SentPacket[];
  readonly outcomes: Map<number, LookupOutcome>;
  readonly tables: LookupEffect[];
  readonly alarms: string[];
  happen(event: LookupEvent): void;
  /** Asks for board `n`. */
  ask(request: number, n: number): void;
  /** Answers the oldest unanswered packet, a little later, with what is known now or was then. */
  answer(known?: VirtualRows): void;
  answerAll(): void;
  /** Lets time pass to `toUs`, firing the timer whenever it is due. */
  passTo(toUs: number): void;
};

/** MAC of board `n`, 0 to 255. */
export function boardMac(n: number): Mac {
  const parsed = parseMac(`52:54:00:00:00:${n.toString(16).padStart(2, "0")}`);
  assert(parsed.ok, "board numbers make a MAC");
  return parsed.value;
}

/** Bytes of a name. */
export function nameBytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Forwarding rows: board number -> port, in one FDB id. */
export function fdbRows(ports: Record<number, number>, fdb = 1): (readonly [string, number])[] {
  return Object.entries(ports).map(
    ([n, port]) => [`${qPortColumn}.${fdb}.${macIndex(boardMac(Number(n)))}`, port] as const,
  );
}

/** How long the switch takes for an answer. */
const answerUs = 1_000;
const numbers = Array.from({ length: 24 }, (_, i) => i + 1);

/** A whole switch of 24 ports named by their numbers, in the order of its MIB. */
export function switchRows(fdb: VirtualRows): VirtualRows {
  return [
    ...numbers.map((n) => [`${basePortColumn}.${n}`, n] as const),
    ...fdb,
    ...numbers.map((n) => [`${ifNameColumn}.${n}`, nameBytes(String(n))] as const),
  ];
}

/** Boards 1 to `count`, each on the port of its number. */
export function boardsOnPorts(count: number): Record<number, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, i + 1]));
}

/** A core that has just sent its first packet; ports 1 to 22 are slots, 24 is an uplink. */
export function lookupWorld(rows: VirtualRows, differs: Partial<LookupPlan> = {}): LookupWorld {
  const slotOfPort = new Map(Array.from({ length: 22 }, (_, i) => [String(i + 1), slotId(i + 1)]));
  const plan: LookupPlan = {
    switchName: "sw-a",
    snmpVersion: 2,
    slotOfPort,
    uplinks: ["24"],
    ...differs,
  };
  const w: LookupWorld = {
    state: createLookupState(plan, monoUs(0)),
    rows,
    nowUs: 0,
    timerUs: undefined,
    sent: [],
    outcomes: new Map(),
    tables: [],
    alarms: [],
    happen(event) {
      for (const effect of step(w.state, event, monoUs(w.nowUs))) keep(w, effect);
    },
    ask: (request, n) => w.happen({ type: "lookup-asked", request, mac: boardMac(n) }),
    answer(known = w.rows) {
      const sent = w.sent.shift();
      assert(sent !== undefined, "a packet was sent");
      w.passTo(w.nowUs + answerUs);
      const columns = answerPacket(known, sent);
      w.happen({ type: "packet-answered", packet: sent.packet, columns });
    },
    answerAll() {
      while (w.sent.length > 0) w.answer();
    },
    passTo(toUs) {
      while (w.timerUs !== undefined && w.timerUs <= toUs) {
        w.nowUs = Math.max(w.nowUs, w.timerUs);
        w.timerUs = undefined;
        w.happen({ type: "timer-fired" });
      }
      w.nowUs = toUs;
    },
  };
  w.happen({ type: "started" });
  return w;
}

/** A core whose tables have been read. */
export function readyLookup(
  rows: VirtualRows = switchRows(fdbRows(boardsOnPorts(22))),
  differs: Partial<LookupPlan> = {},
): LookupWorld {
  const w = lookupWorld(rows, differs);
  w.answerAll();
  return w;
}

function keep(w: LookupWorld, effect: LookupEffect): void {
  if (effect.type === "send-packet") w.sent.push(effect);
  else if (effect.type === "answer-lookup") w.outcomes.set(effect.request, effect.outcome);
  else if (effect.type === "answer-table") w.tables.push(effect);
  else if (effect.type === "set-timer") w.timerUs = effect.atUs;
  else if (effect.type === "raise-alarm") w.alarms.push(effect.alarm);
}

/** Order of rows by OID, for `toSorted`. */
export function byOid([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const [x, y] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

// The documents of the control API about fail-over: groups, services, slots, history, alarms, what
// would be, orders; and their guards. Same rules as documents.ts: nothing is renamed within "v":1.

import type { Incarnation, MonoUs, NetworkId, SlotId } from "../../base/index.ts";
import type { Role } from "../../config/index.ts";
import type { Acknowledgement, Alarm, Episode, HistoryStep } from "../../history/index.ts";
import type { BoardStatus } from "../../netrack/index.ts";
import { reportCauses, reportStates } from "../../wire/index.ts";
import type { NowFact } from "../facts.ts";
import type { GroupStanding, ServiceStanding, SlotStanding } from "../failover-facts.ts";
import {
  type Guard,
  isBoolean,
  isIncarnation,
  isMonoUs,
  isNumber,
  isSlot,
  isText,
  listOf,
  maybe,
  numberIs,
  oneOf,
  shape,
} from "./shape.ts";

/** GET /api/v1/groups. */
export type GroupsDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly groups: readonly GroupStanding[];
};

/** GET /api/v1/services. */
export type ServicesDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly services: readonly ServiceStanding[];
};

/** A slot with the board in it, as far as it is known. */
export type SlotView = {
  readonly slot: SlotId;
  readonly name: string | undefined;
  readonly role: Role | undefined;
  readonly word: SlotStanding["word"];
  readonly sinceUs: MonoUs;
  readonly lines: SlotStanding["lines"];
  readonly readUs: MonoUs | undefined;
  readonly incarnation: Incarnation | undefined;
  readonly network: Readonly<Record<NetworkId, BoardStatus["network"][NetworkId]>>;
  /** The last fence's evidence, one line. */
  readonly lastProof: string | undefined;
  readonly alarms: readonly string[];
};

/** GET /api/v1/slots: on the CCN only. */
export type SlotsDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly slots: readonly SlotView[];
};

/** An episode without its steps. */
export type EpisodeSummary = Omit<Episode, "steps"> & {
  /** Wall-clock time of its first step, ISO 8601. */
  readonly time: string;
};

/** An episode in full. */
export type EpisodeView = EpisodeSummary & {
  /** In order; only the first `stepsPerAnswer`. */
  readonly steps: readonly HistoryStep[];
  /** How many there are. */
  readonly stepsTotal: number;
};

/** GET /api/v1/why?q=NUMBER: the newest episode, or that one, and all in short. */
export type WhyDocument = {
  readonly v: 1;
  readonly now: NowFact;
  /** Undefined: nothing happened since this board's daemon started. */
  readonly episode: EpisodeView | undefined;
  /** The oldest first. */
  readonly episodes: readonly EpisodeSummary[];
};

/** GET /api/v1/alarms. */
export type AlarmsDocument = {
  readonly v: 1;
  readonly now: NowFact;
  /** The oldest first. */
  readonly standing: readonly Alarm[];
  /** The newest first. */
  readonly cleared: readonly Alarm[];
  /** Alarms that were not raised because too many stood. */
  readonly refused: number;
};

/** GET /api/v1/what-if?q=FAULTS. */
export type WhatIfDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly faults: string;
  readonly text: string;
};

/** What an order does, before it is given. */
export type OrderEffect = {
  /** One sentence: what happens. */
  readonly will: string;
  /** One sentence: what may be lost or not answer meanwhile; undefined = nothing. */
  readonly loss: string | undefined;
  /** What a person types to confirm: `yes`, the slot's number, the group's name; undefined = nothing. */
  readonly confirm: string | undefined;
};

/** The answer to POST /api/v1/orders. */
export type OrderDocument = {
  readonly v: 1;
  readonly now: NowFact;
  readonly effect: OrderEffect;
  /** Undefined: it was only asked what would happen (`dryRun`). */
  readonly answer: { readonly done: boolean; readonly text: string } | undefined;
};

const now = shape<NowFact>({ atUs: isMonoUs, time: isText });

/** One group. */
export const isGroupStanding: Guard<GroupStanding> = shape<GroupStanding>({
  group: isText,
  model: isText,
  active: listOf(isSlot),
  epoch: isNumber,
  inSync: listOf(isSlot),
  standby: listOf(isSlot),
  entitledUntilUs: maybe(isMonoUs),
  why: isText,
  maintenance: isBoolean,
  forced: maybe(isText),
});

/** The document of /groups. */
export const isGroupsDocument: Guard<GroupsDocument> = shape<GroupsDocument>({
  v: numberIs(1),
  now,
  groups: listOf(isGroupStanding),
});

/** The document of /services. */
export const isServicesDocument: Guard<ServicesDocument> = shape<ServicesDocument>({
  v: numberIs(1),
  now,
  services: listOf(
    shape<ServiceStanding>({
      service: isText,
      group: maybe(isText),
      slot: isSlot,
      state: oneOf<ServiceStanding["state"]>(...reportStates),
      cause: oneOf<ServiceStanding["cause"]>(...reportCauses),
      why: isText,
      sinceUs: isMonoUs,
      pid: maybe(isNumber),
      start: isNumber,
      restarts: isNumber,
      againAtUs: maybe(isMonoUs),
      lastExit: maybe(isText),
      statusText: maybe(isText),
      isUp: isBoolean,
    }),
  ),
});

const networkWord = oneOf<BoardStatus["network"][NetworkId]>(
  "ok",
  "down",
  "deaf",
  "mute",
  "unknown",
);

/** The document of /slots. */
export const isSlotsDocument: Guard<SlotsDocument> = shape<SlotsDocument>({
  v: numberIs(1),
  now,
  slots: listOf(
    shape<SlotView>({
      slot: isSlot,
      name: maybe(isText),
      role: maybe(oneOf<Role>("controller", "io-card", "ccn")),
      word: oneOf<SlotView["word"]>(
        "unknown",
        "empty",
        "in-service",
        "unhealthy",
        "in-reset",
        "off",
        "out",
        "being-fenced",
        "held",
        "kept-off",
        "coming-back",
        "ordered",
      ),
      sinceUs: isMonoUs,
      lines: maybe(
        shape<NonNullable<SlotView["lines"]>>({
          present: isBoolean,
          powerGood: isBoolean,
          healthy: isBoolean,
          resetAsserted: isBoolean,
        }),
      ),
      readUs: maybe(isMonoUs),
      incarnation: maybe(isIncarnation),
      network: shape<SlotView["network"]>({ A: networkWord, B: networkWord }),
      lastProof: maybe(isText),
      alarms: listOf(isText),
    }),
  ),
});

const summaryGuards = {
  number: isNumber,
  kind: oneOf<Episode["kind"]>("move", "failure"),
  group: maybe(isText),
  epoch: maybe(isNumber),
  from: maybe(isSlot),
  to: maybe(isSlot),
  outcome: oneOf<Episode["outcome"]>("moved", "started", "recovered", "unfinished"),
  cause: isText,
  rule: maybe(isText),
  startUs: isMonoUs,
  durationUs: isNumber,
  errorUs: isNumber,
  time: isText,
};

const historyStep = shape<HistoryStep>({
  atUs: isMonoUs,
  errorUs: isNumber,
  slot: isSlot,
  life: isIncarnation,
  number: isNumber,
  about: maybe(isSlot),
  group: maybe(isText),
  epoch: maybe(isNumber),
  step: isText,
  text: isText,
});

/** The document of /why. */
export const isWhyDocument: Guard<WhyDocument> = shape<WhyDocument>({
  v: numberIs(1),
  now,
  episode: maybe(
    shape<EpisodeView>({ ...summaryGuards, steps: listOf(historyStep), stepsTotal: isNumber }),
  ),
  episodes: listOf(shape<EpisodeSummary>(summaryGuards)),
});

const isAlarm = shape<Alarm>({
  number: isNumber,
  source: isText,
  id: isText,
  object: isText,
  severity: oneOf<Alarm["severity"]>("critical", "major", "minor", "warning"),
  text: isText,
  action: isText,
  sinceUs: isMonoUs,
  sinceMs: isNumber,
  clearedMs: maybe(isNumber),
  acknowledged: maybe(shape<Acknowledgement>({ who: isText, text: isText, wallMs: isNumber })),
  raises: isNumber,
  isFlapping: isBoolean,
});

/** The document of /alarms. */
export const isAlarmsDocument: Guard<AlarmsDocument> = shape<AlarmsDocument>({
  v: numberIs(1),
  now,
  standing: listOf(isAlarm),
  cleared: listOf(isAlarm),
  refused: isNumber,
});

/** The document of /what-if. */
export const isWhatIfDocument: Guard<WhatIfDocument> = shape<WhatIfDocument>({
  v: numberIs(1),
  now,
  faults: isText,
  text: isText,
});

/** The answer to an order. */
export const isOrderDocument: Guard<OrderDocument> = shape<OrderDocument>({
  v: numberIs(1),
  now,
  effect: shape<OrderEffect>({ will: isText, loss: maybe(isText), confirm: maybe(isText) }),
  answer: maybe(shape<NonNullable<OrderDocument["answer"]>>({ done: isBoolean, text: isText })),
});

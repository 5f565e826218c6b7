// The vocabulary of the fence core: what happened, what is ordered, what is known of a slot.

import type { Incarnation, LogFields, MonoUs, SlotId } from "../../base/index.ts";
import type { LineOrder, SlotLines } from "../driver.ts";
import type { explanations } from "../explanations.ts";

/** The lines that say something about a board; true = good. */
export type LineName = "present" | "powerGood" | "healthy";

/** Lines with the moments between which they were read, on our clock. */
export type LineReading = SlotLines & {
  /** Before the driver was asked: the reading is not older. */
  readonly askedUs: MonoUs;
  /** When its answer was there: the reading is not younger. */
  readonly atUs: MonoUs;
  /** When the hardware says that a line changed, if it says so. */
  readonly edgeUs: number | undefined;
};

/** An order to fence, authorised by the lease voter (F1, F2). */
export type FenceOrder = {
  readonly slot: SlotId;
  /** The life to be proven over; a board that lives on as another one is left alone. */
  readonly incarnation: Incarnation;
  readonly group: string;
  readonly epoch: number;
  /** The candidate who asks. */
  readonly by: SlotId;
  /** What says that it is gone though it was heard just now (F2); undefined: silence alone. */
  readonly evidence?: string | undefined;
};

/** Strong: that life is over. Weak: valid only with expired grants (F4). */
export type ProofStrength = "strong" | "weak";

/** One fact of a fence, for `why`. */
export type EvidenceItem = {
  readonly atUs: MonoUs;
  readonly what:
    | "last-beat"
    | "seen-good"
    | "reset-ordered"
    | "reset-read-back"
    | "power-cut-ordered"
    | "line-bad"
    | "line-still-bad"
    | "line-still-good"
    | "found-off"
    | "found-empty"
    | "not-read-back";
  readonly line: LineName | undefined;
};

/** What a fence proved. */
export type FenceProof = {
  readonly slot: SlotId;
  readonly incarnation: Incarnation;
  readonly strength: ProofStrength;
  /** F4: by an order of ours; F5: the slot was empty or off already. */
  readonly rule: "F4" | "F5";
  /** The orders it answers, one a group. */
  readonly orders: readonly FenceOrder[];
  readonly atUs: MonoUs;
  /** In the order of time. */
  readonly evidence: readonly EvidenceItem[];
};

/** Why a fence was not begun, or proved nothing. */
export type FenceRefusal =
  | "bad-order"
  | "no-such-slot"
  | "old-epoch"
  | "another-incarnation"
  | "not-silent"
  | "too-many-groups"
  | "lines-stuck"
  | "still-beats"
  | "driver-silent";

/** What an operator can order. out: power off, to be pulled; in: back in service. */
export type SlotAction = "on" | "off" | "cycle" | "reset" | "out" | "in";

/** An operator's order. */
export type OperatorOrder = {
  /** Names the order in its answer. */
  readonly id: number;
  readonly slot: SlotId;
  readonly action: SlotAction;
  /** Who, for the log. */
  readonly by: string;
};

/** What happened. */
export type SlotEvent =
  | { readonly type: "start" }
  | { readonly type: "fence"; readonly order: FenceOrder }
  | { readonly type: "sample"; readonly slot: SlotId; readonly reading: LineReading }
  | { readonly type: "sample-failed"; readonly slot: SlotId; readonly text: string }
  | {
      readonly type: "order-failed";
      readonly slot: SlotId;
      readonly order: LineOrder;
      readonly text: string;
    }
  | {
      readonly type: "beat";
      readonly slot: SlotId;
      readonly incarnation: Incarnation;
      /** The latest moment at which it can have been sent, on our clock: its receipt. */
      readonly sentUs: MonoUs;
    }
  | { readonly type: "committed"; readonly group: string; readonly epoch: number }
  | { readonly type: "operator"; readonly order: OperatorOrder }
  | { readonly type: "timer" };

/** A line that went bad or good, told at once. */
export type LineChange = {
  readonly slot: SlotId;
  readonly line: LineName;
  readonly good: boolean;
  readonly atUs: MonoUs;
  /** Longest time since it really changed: since the edge, or since the reading before. */
  readonly delayUsMax: number;
};

/** Alarms of a slot; explained by the event of the same name. */
export type SlotAlarmId =
  | "slot-line-contradicts"
  | "slot-fence-failed"
  | "slot-kept-off"
  | "slot-two-incarnations"
  | "slot-lines-unread"
  | "slot-not-released";

/** What is to be done. */
export type SlotEffect =
  | { readonly type: LineOrder; readonly slot: SlotId }
  | { readonly type: "sample-soon"; readonly slot: SlotId; readonly atUs: MonoUs }
  | { readonly type: "proof"; readonly proof: FenceProof }
  | {
      readonly type: "refused";
      readonly order: FenceOrder;
      readonly reason: FenceRefusal;
      readonly evidence: readonly EvidenceItem[];
    }
  | { readonly type: "line-changed"; readonly change: LineChange }
  | {
      readonly type: "operator-answered";
      readonly order: OperatorOrder;
      readonly done: boolean;
      readonly text: string;
    }
  | {
      readonly type: "alarm";
      readonly slot: SlotId;
      readonly alarm: SlotAlarmId;
      readonly raised: boolean;
      readonly text: string;
    }
  | { readonly type: "set-timer"; readonly atUs: MonoUs | undefined }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly event: keyof typeof explanations;
      readonly fields: LogFields;
    };

/** Intervals of the core, us; `slotTiming` has the defaults. */
export type SlotTiming = {
  readonly silentUs: number;
  readonly resetUs: number;
  readonly fenceUs: number;
  readonly offUs: number;
  readonly holdUs: number;
  readonly holdUsMax: number;
  readonly inFlightUs: number;
};

/** What is known of one line over time. */
export type LineWatch = {
  /** First reading of the bad ones since the last good one. */
  badFrom: LineReading | undefined;
  /** The same since the present incarnation was first heard: what its heartbeats contradict. */
  badInLife: LineReading | undefined;
  /** Newest good reading. */
  goodAt: LineReading | undefined;
  /** When it was seen good between two BEATs of the present incarnation; undefined = not trusted. */
  trustedUs: MonoUs | undefined;
};

/** A running or held fence. */
export type Fence = {
  readonly incarnation: Incarnation;
  /** When RST# was ordered. */
  readonly atUs: MonoUs;
  /** When the power cut was ordered. */
  powerUs: MonoUs | undefined;
  /** By group. */
  readonly orders: Map<string, FenceOrder>;
  /** Groups whose record is not committed yet. */
  readonly pending: Set<string>;
  /** First reading after the order that confirms, by line; undone by one that does not. */
  readonly first: Map<"powerGood" | "healthy", LineReading>;
  resetReadUs: MonoUs | undefined;
  /** Last answer given; undefined while it runs. */
  answer: FenceProof | FenceRefusal | undefined;
  /** The slot was kept off when the order came. */
  readonly wasKeptOff: boolean;
  /** F8: the board does not come back by itself. */
  keepOff: boolean;
};

/** One order of an operator's and what must be read back. */
export type OperatorStep = {
  readonly order: LineOrder;
  readonly until: (lines: SlotLines) => boolean;
  /** And it stays so for this long before the next step. */
  readonly restMs: number;
};

/** What is done with a slot at present. */
export type Phase =
  | { readonly kind: "idle" }
  | { readonly kind: "fencing"; readonly fence: Fence }
  | { readonly kind: "held"; readonly fence: Fence }
  | { readonly kind: "kept-off" }
  | { readonly kind: "releasing"; readonly dueUs: MonoUs; needsPower: boolean }
  | {
      readonly kind: "ordered";
      readonly order: OperatorOrder;
      readonly steps: readonly OperatorStep[];
      /** The step that is waited for. */
      at: number;
      /** When its order was given, and when it was first read back. */
      stepUs: MonoUs;
      readUs: MonoUs | undefined;
      readonly dueUs: MonoUs;
    };

/** One slot. */
export type Slot = {
  readonly slot: SlotId;
  reading: LineReading | undefined;
  readonly lines: Readonly<Record<LineName, LineWatch>>;
  /** First of the readings in a row that show the slot in reset or unpowered, and unhealthy. */
  offFrom: LineReading | undefined;
  /** In reset without a reason of ours since then (F7). */
  strangeResetUs: MonoUs | undefined;
  /** Seen empty for `emptyMs`: the next board is another one. */
  wasEmpty: boolean;
  /** The life heard last, the one before, and whether both speak (S4). */
  incarnation: Incarnation | undefined;
  previous: Incarnation | undefined;
  hasTwoLives: boolean;
  firstBeatUs: MonoUs | undefined;
  lastBeatUs: MonoUs | undefined;
  phase: Phase;
  phaseUs: MonoUs;
  /** Fences of the last `fenceWindowMs`, oldest first. */
  fencesUs: MonoUs[];
  /** We cut its power and owe it back. */
  isCut: boolean;
  /** An operator switched it off, or it was off when we started: no fence switches it on. */
  isOffWished: boolean;
  /** Off, to be pulled. */
  isOut: boolean;
  readFailures: number;
  readonly alarms: Map<SlotAlarmId, { readonly sinceUs: MonoUs; readonly text: string }>;
  lastProof: FenceProof | undefined;
};

/** How often what happened. */
export type SlotCounters = {
  fences: number;
  proofsStrong: number;
  proofsWeak: number;
  refused: number;
  powerCuts: number;
  contradictions: number;
  samples: number;
  samplesStale: number;
  samplesFailed: number;
  ordersFailed: number;
  operatorOrders: number;
  strayBeats: number;
};

/** All slots; changed by `step` only. */
export type SlotsState = {
  readonly timing: SlotTiming;
  readonly slots: ReadonlyMap<SlotId, Slot>;
  /** Newest epoch seen of each group, with the fence order that brought it. */
  readonly newest: Map<string, { readonly epoch: number; readonly order: FenceOrder | undefined }>;
  readonly counters: SlotCounters;
  timerUs: MonoUs | undefined;
};

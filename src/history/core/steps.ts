// One step of a board's history, and the names steps have. A name says what kind of thing happened:
// evidence that leads to a move, a part of a move, the end of a holding, a service that fails or
// recovers. Names nobody here knows (of a newer board) are kept and shown as they are.

import type { Incarnation, MonoUs, SlotId } from "../../base/index.ts";

/** What a step is for the episode it belongs to. */
export type StepKind = "evidence" | "move" | "release" | "failure" | "recovery";

/** Every known name with its kind and what it says, in the order of a takeover (ARCHITECTURE). */
export const stepNames = {
  ordered: { kind: "evidence", meaning: "an operator ordered it" },
  detected: { kind: "evidence", meaning: "a board was found silent or gone" },
  evidence: { kind: "evidence", meaning: "a line, a death watch or a port said more" },
  decided: { kind: "evidence", meaning: "the rule that decided where the group goes" },
  asked: { kind: "move", meaning: "the candidate asked the voters (E1)" },
  refused: { kind: "move", meaning: "a voter refused" },
  "fence-ordered": { kind: "move", meaning: "the ccn was told to turn the old board off (F1)" },
  fenced: { kind: "move", meaning: "the old board is proven off (F4, F5)" },
  "fence-failed": { kind: "move", meaning: "nothing proves that the old board is off" },
  promised: { kind: "move", meaning: "a voter promised (V4)" },
  recorded: { kind: "move", meaning: "the record is on disk at a majority (E4)" },
  "state-complete": { kind: "move", meaning: "the replicated state is complete" },
  "neighbours-set": { kind: "move", meaning: "clients' MACs are known before they ask" },
  "address-added": { kind: "move", meaning: "the public address is here" },
  "address-failed": { kind: "move", meaning: "the public address could not be added" },
  announced: { kind: "move", meaning: "the network was told where the address is" },
  "clients-woken": { kind: "move", meaning: "old TCP clients were woken" },
  "services-started": { kind: "move", meaning: "the programs were started" },
  "service-active": { kind: "move", meaning: "the service answers its clients" },
  "first-answer": { kind: "move", meaning: "the first client was answered" },
  verified: { kind: "move", meaning: "the switches send the address's traffic here" },
  released: { kind: "release", meaning: "the holder gave the group up" },
  lost: { kind: "release", meaning: "the holder may not act any more (H1)" },
  "connections-ended": { kind: "release", meaning: "the connections of the address were ended" },
  "address-removed": { kind: "release", meaning: "the public address was taken off" },
  "services-stopped": { kind: "release", meaning: "the programs were stopped" },
  "service-died": { kind: "failure", meaning: "the program ended" },
  "service-silent": { kind: "failure", meaning: "the program does not answer" },
  "service-trouble": { kind: "failure", meaning: "the program says it is in trouble" },
  "service-cannot-start": { kind: "failure", meaning: "the program could not be started" },
  "service-failed": { kind: "failure", meaning: "the program was given up here" },
  "service-restarting": { kind: "failure", meaning: "the program is started again, after a pause" },
  "service-restarted": { kind: "recovery", meaning: "the program answers again" },
} as const satisfies Readonly<
  Record<string, { readonly kind: StepKind; readonly meaning: string }>
>;

/** A name this version knows. */
export type StepName = keyof typeof stepNames;

/** One thing that happened, as this board has it. */
export type HistoryStep = {
  /** On this board's clock. */
  readonly atUs: MonoUs;
  /** How wrong `atUs` may be, us, to either side: 0 for own steps. */
  readonly errorUs: number;
  /** Who says it, in which of its lives, the how manieth step of that life: its name for ever. */
  readonly slot: SlotId;
  readonly life: Incarnation;
  readonly number: number;
  /** The board it is about, if not (only) the one who says it: the silent one, the fenced one. */
  readonly about: SlotId | undefined;
  readonly group: string | undefined;
  readonly epoch: number | undefined;
  /** `StepName`, or the name of a newer version. */
  readonly step: string;
  /** One sentence with the evidence: which heartbeats, which lines, which rule. */
  readonly text: string;
};

/** The kind of a step; an unknown name with group and epoch is part of their move. */
export function kindOf(step: HistoryStep): StepKind {
  if (isStepName(step.step)) return stepNames[step.step].kind;
  return step.group !== undefined && step.epoch !== undefined ? "move" : "evidence";
}

/** The order of a timeline: time, and what is left of it by who said it and when. */
export function compareSteps(a: HistoryStep, b: HistoryStep): number {
  return a.atUs - b.atUs || a.slot - b.slot || a.number - b.number;
}

function isStepName(name: string): name is StepName {
  return Object.hasOwn(stepNames, name);
}

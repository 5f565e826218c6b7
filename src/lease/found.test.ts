// Faults of the core that the simulator found once, each as the smallest scenario that shows it.

import { expect, test } from "bun:test";
import {
  ccnSlot,
  defined,
  type Incarnation,
  type MonoUs,
  monoUs,
  parseIncarnation,
  slotId,
  type SlotId,
} from "../base/index.ts";
import type { LeaseConfig } from "./config.ts";
import { step, tellOf } from "./core.ts";
import { createLease, type LeaseState } from "./core/state.ts";
import type { LeaseEffect, LeaseEvent, LeaseMessage, LeaseRecord, Tell } from "./core/types.ts";
import { testTimes } from "./testing.ts";

function lifeOf(slot: number): Incarnation {
  const parsed = parseIncarnation(`${slot + 1}`.padStart(16, "0"));
  return defined(parsed.ok ? parsed.value : undefined, "an incarnation");
}

function configOf(self: number, controllers: number): LeaseConfig {
  const holders = Array.from({ length: controllers }, (_, i) => slotId(i + 1));
  const voters = controllers % 2 === 0 ? [ccnSlot, ...holders] : holders;
  return { group: "g", self: slotId(self), holders, voters, unfenced: "never", timing: testTimes };
}

/** Slot 1 held epoch 1 with everybody in sync. */
const record: LeaseRecord = {
  epoch: 1,
  version: 2,
  incarnation: lifeOf(1),
  inSync: [slotId(1), slotId(2), slotId(3)],
  bound: [],
  forced: undefined,
};

const start = monoUs(1_000_000_000);

function at(ms: number): MonoUs {
  return monoUs(start + ms * 1000);
}

function old(self: number, controllers: number): LeaseState {
  const life = { incarnation: lifeOf(self), disk: { promised: 1, record } };
  return createLease(configOf(self, controllers), life, start);
}

function message(from: number, content: LeaseMessage): LeaseEvent {
  return { type: "message", from: slotId(from), incarnation: lifeOf(from), message: content };
}

function fences(effects: readonly LeaseEffect[]): number {
  return effects.filter(({ type }) => type === "fence").length;
}

function claimOf(from: number): Tell {
  const sender = old(from, 2);
  return { ...tellOf(sender, start), entitled: true };
}

/** One board asks for what the others remember, and hears their answers. */
function askOthers(states: ReadonlyMap<SlotId, LeaseState>, asker: LeaseState, now: MonoUs): void {
  const { self } = asker.config;
  for (const question of step(asker, { type: "timer" }, now)) {
    const other = question.type === "send" ? states.get(question.to) : undefined;
    if (question.type !== "send" || other === undefined) continue;
    for (const answer of step(other, message(self, question.message), now)) {
      if (answer.type !== "send" || answer.message.type !== "state") continue;
      step(asker, message(other.config.self, answer.message), now);
    }
  }
}

test("boards of a new chassis that start one after the other all begin to vote", () => {
  const slots = [0, 1, 2];
  const states = new Map<SlotId, LeaseState>();
  const make = (slot: number): void => {
    const life = { incarnation: lifeOf(slot), disk: "blank" } as const;
    const state = createLease(configOf(slot, 2), life, start);
    states.set(slotId(slot), state);
  };
  slots.forEach(make);
  // They know each other's lives; then each asks in its turn, what others ask meanwhile is lost.
  for (const [slot, state] of states) {
    for (const other of slots.filter((each) => each !== Number(slot))) {
      const tell = { ...claimOf(other), entitled: false, promised: 0, epoch: 0, version: 0 };
      const from = { from: slotId(other), incarnation: lifeOf(other) };
      step(state, { type: "tell", ...from, echoedUs: undefined, tell }, start);
    }
  }
  for (let turn = 1; turn <= 3; turn++) {
    for (const [slot, state] of states) askOthers(states, state, at(30 * turn + 5 * slot));
  }
  const blank = [...states].filter(([, state]) => state.blank !== undefined);
  expect(blank.map(([slot]) => Number(slot))).toEqual([]);
});

test("a fence that was refused is ordered again when the candidate asks again", () => {
  const ccn = old(0, 2);
  const evidence = { type: "evidence", slot: slotId(1), what: "its death watch closed" } as const;
  step(ccn, evidence, at(100));
  const ask = message(2, { type: "ask", epoch: 2, record, proofs: [] });
  expect(fences(step(ccn, ask, at(101)))).toBe(1);
  // The slots refused it: the board was heard within T_SILENT (F9). Nothing tells the lease so.
  expect(fences(step(ccn, ask, at(121)))).toBe(1);
  const proof = { kind: "off", slot: slotId(1), incarnation: lifeOf(1), strong: true } as const;
  step(ccn, { type: "proof", proof }, at(125));
  expect(fences(step(ccn, ask, at(141)))).toBe(0);
});

test("with three controllers the CCN has no vote, and its proof is heard all the same", () => {
  const candidate = old(2, 3);
  step(candidate, { type: "able", is: true }, at(1));
  const asked = step(candidate, { type: "timer" }, at(2_000));
  const questions = asked.flatMap((effect) => (effect.type === "send" ? [Number(effect.to)] : []));
  expect(new Set(questions)).toEqual(new Set([0, 1, 3]));
  const proof = { kind: "off", slot: slotId(1), incarnation: lifeOf(1), strong: true } as const;
  const epoch = candidate.asked;
  const refusal = { type: "refuse", epoch, reason: "holder-not-proven-off" } as const;
  const answer = message(0, { ...refusal, promised: 1, record, proofs: [proof] });
  const again = step(candidate, answer, at(2_010));
  const told = again.flatMap((effect) => (effect.type === "send" ? [effect] : []));
  expect(told.map(({ to }) => Number(to))).toContain(3);
  const ask = told.find(({ to }) => to === 3)?.message;
  expect(ask?.type === "ask" ? ask.proofs : []).toEqual([proof]);
});

test("the proof that counts is not pushed out by what others remember of old", () => {
  const voter = old(3, 3);
  const proof = { kind: "off", slot: slotId(1), incarnation: lifeOf(1), strong: true } as const;
  step(voter, { type: "proof", proof }, at(100));
  const proofs = Array.from({ length: 8 }, (_, i) => {
    const life = lifeOf(100 + i);
    return { kind: "off", slot: slotId(1), incarnation: life, strong: true } as const;
  });
  step(voter, message(2, { type: "ask", epoch: 2, record, proofs }), at(101));
  expect(voter.proofs).toContainEqual(proof);
  // The same from a board's own ears: lives that came and went.
  for (const [i, each] of proofs.entries())
    step(voter, { type: "proof", proof: each }, at(110 + i));
  expect(voter.proofs).toContainEqual(proof);
  expect(voter.proofs.length).toBe(8);
});

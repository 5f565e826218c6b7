// The leases of a simulated board, by the contract of src/lease/shell.ts: tells ride on beats, packets
// go beside them, one write serves all groups, and every event ends with the gate's new deadline.

import {
  addUs,
  defined,
  type MonoUs,
  nextBelow,
  nextChance,
  type SlotId,
} from "../../../src/base/index.ts";
import {
  createLease,
  type Durable,
  entitledUntil,
  type LeaseEffect,
  type LeaseEvent,
  type LeaseState,
  stepLease,
  tellOf,
} from "../../../src/lease/index.ts";
import { leasePacketBytesMax, sentBeatsMax } from "../../../src/lease/limits.ts";
import type { NetrackEffect } from "../../../src/netrack/index.ts";
import { incarnationText } from "../../../src/netrack/core/map.ts";
import {
  type BeatExtension,
  beatExtensionLease,
  decodeLeaseMessage,
  decodeLeaseTells,
  encodeLeaseMessage,
  encodeLeaseTells,
  type GroupTell,
} from "../../../src/wire/index.ts";
import { feed, newTimer, setTimer } from "../process.ts";
import { schedule } from "../timeline.ts";
import { fold, type Life, Violation, type World } from "../world.ts";
import { clockUs, failoverOf, tellStory, trueUs, whenRunning } from "./board.ts";
import {
  activate,
  afterLease,
  beginDrain,
  hearPeerLog,
  serveClients,
  startReplicas,
  stopData,
} from "./data.ts";
import { fenceIsNeeded, gateIsAlone, noteEcho } from "./promises.ts";
import { heardByFence, orderFence, startFence, tellCommitted } from "./fence.ts";
import { sendMessage } from "./messages.ts";
import type { Board, Part } from "./types.ts";

/** A disk write of the leases takes up to this, µs: T_FSYNC and a little, mostly far less. */
const writeUs = 12_000;
/** A loop that did nothing for a beat and this much longer was stopped, µs. */
const idleSpareUs = 2_000;
/** Room for the tells in a beat, bytes. */
const tellBytesMax = 900;

/** The leases begin, before the first beat: as a standby of every group (S2). */
export function startPart(world: World, life: Life, board: Board): void {
  const incarnation = incarnationText(life.hi, life.lo);
  const now = clockUs(board, world.timeline.nowUs);
  const part: Part = {
    board,
    incarnation: defined(incarnation, "lives are not zero"),
    states: new Map(),
    replicas: new Map(),
    sentSeqs: new Float64Array(sentBeatsMax).fill(-1),
    sentLocalUs: new Float64Array(sentBeatsMax),
    sentTrueUs: new Float64Array(sentBeatsMax),
    echoes: new Map(),
    timer: newTimer(life, () => onTimer(world, life)),
    clients: newTimer(life, () => serveClients(world, life)),
    writing: undefined,
    turnUs: now,
    heard: new Set(),
    evidenceUs: new Map(),
    claims: new Map(),
    slots: undefined,
  };
  life.part = part;
  for (const { name, configs } of failoverOf(world).groups) {
    const config = configs.get(life.slot);
    if (config === undefined) continue;
    const disk: Durable | "blank" = board.memory?.get(name) ?? "blank";
    part.states.set(name, createLease(config, { incarnation: part.incarnation, disk }, now));
  }
  if (life.slot === 0) startFence(world, life);
  startReplicas(world, life, part);
  for (const group of part.states.keys()) {
    give(world, life, group, { type: "timer" });
    give(world, life, group, { type: "able", is: true });
  }
}

/** Gives one group's core an event and carries out its orders; checks the promises. */
export function give(world: World, life: Life, group: string, event: LeaseEvent): void {
  const { part } = life;
  const state = part?.states.get(group);
  if (part === undefined || state === undefined || life.isEnded) return;
  noticeStop(world, life, part);
  stepOne(world, life, part, { group, state, event });
}

function stepOne(
  world: World,
  life: Life,
  part: Part,
  what: { readonly group: string; readonly state: LeaseState; readonly event: LeaseEvent },
): void {
  const { group, state, event } = what;
  const now = clockUs(part.board, world.timeline.nowUs);
  let effects: LeaseEffect[];
  try {
    effects = stepLease(state, event, now);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const where = `lease of slot ${life.slot}, ${group}, ${event.type}: ${words}`;
    throw new Violation("cores never throw", world.timeline.nowUs, where);
  }
  world.steps++;
  fold(world, world.timeline.nowUs);
  fold(world, 3_000_000 + life.slot * 256 + effects.length);
  for (const effect of effects) carryOut(world, life, part, { group, effect, now });
  setGate(world, life, part, group);
  afterLease(world, life, group);
}

/** H4: the gate's deadline is renewed after every event. */
function setGate(world: World, life: Life, part: Part, group: string): void {
  const state = part.states.get(group);
  if (state === undefined || life.isEnded) return;
  const now = clockUs(part.board, world.timeline.nowUs);
  const wasOpen = (part.board.gates.get(group) ?? 0) > now;
  const untilUs = entitledUntil(state, now);
  part.board.gates.set(group, untilUs);
  if (untilUs > now) gateIsAlone(world, life, group, wasOpen);
}

/** V8: who was stopped tells its leases so before anything else; nobody was silent meanwhile. */
function noticeStop(world: World, life: Life, part: Part): void {
  const now = clockUs(part.board, world.timeline.nowUs);
  const idleUs = now - part.turnUs;
  part.turnUs = now;
  const { beatUs, lateUs } = world.timing;
  if (idleUs <= beatUs + lateUs + idleSpareUs) return;
  for (const [group, state] of part.states) {
    stepOne(world, life, part, { group, state, event: { type: "stopped" } });
  }
}

type Ordered = { readonly group: string; readonly effect: LeaseEffect; readonly now: MonoUs };

function carryOut(world: World, life: Life, part: Part, { group, effect, now }: Ordered): void {
  switch (effect.type) {
    case "persist":
      return writeAll(world, life, part);
    case "send": {
      const packet = encodeLeaseMessage(group, effect.message, leasePacketBytesMax);
      if (!packet.ok) throw new Error(`a lease packet does not fit: ${effect.message.type}`);
      return sendMessage(world, life, effect.to, { kind: "lease", bytes: packet.value });
    }
    case "tell-soon":
      schedule(world.timeline, world.timeline.nowUs + 1, () =>
        whenRunning(world, life, () => feed(world, life, { type: "news" })),
      );
      return;
    case "fence":
      fenceIsNeeded(world, life, group, effect);
      return orderFence(world, life, group, effect);
    case "active":
      tellStory(world, life.slot, group, `ACTIVE in epoch ${effect.epoch}`);
      return activate(world, life, group, effect.epoch);
    case "inactive":
      tellStory(world, life.slot, group, `no longer active: ${effect.why}`);
      return stopData(life, group);
    case "drain":
      return beginDrain(life, group, effect.to);
    case "note": {
      const { event, epoch, slot, why } = effect.note;
      const about = slot === undefined ? "" : ` slot ${slot}`;
      return tellStory(world, life.slot, group, `${event} epoch ${epoch}${about}: ${why}`);
    }
    case "set-timer":
      return armTimer(world, life, part, now);
    default:
      return effect satisfies never;
  }
}

/** One timer for all groups, at the earliest of theirs. */
function armTimer(world: World, life: Life, part: Part, now: MonoUs): void {
  let atUs = Number.MAX_SAFE_INTEGER;
  for (const { timerUs } of part.states.values()) {
    if (timerUs > now && timerUs < atUs) atUs = timerUs;
  }
  const at = atUs === Number.MAX_SAFE_INTEGER ? undefined : trueUs(part.board, atUs);
  setTimer(world, life, part.timer, at);
}

function onTimer(world: World, life: Life): void {
  const { part } = life;
  if (part === undefined) return;
  for (const group of part.states.keys()) give(world, life, group, { type: "timer" });
  armTimer(world, life, part, clockUs(part.board, world.timeline.nowUs));
}

/** All groups' wishes in one write; what is wished meanwhile is written next. */
function writeAll(world: World, life: Life, part: Part): void {
  if (part.writing !== undefined) return;
  const writes = new Map<string, number>();
  const memory = new Map<string, Durable>();
  for (const [group, { writing, flushed, blank }] of part.states) {
    if (blank !== undefined) continue; // what it never knew must not look like a memory (B1)
    if (writing !== undefined) writes.set(group, writing.write);
    const { promised, record } = writing ?? flushed;
    if (promised > 0 || record.epoch > 0) memory.set(group, { promised, record });
  }
  if (writes.size === 0) return;
  const { rng, timeline } = world;
  const us = nextChance(rng, 0.9) ? 300 + nextBelow(rng, 4_000) : nextBelow(rng, writeUs);
  const writing = { memory, survives: nextChance(rng, 0.5), isOver: false };
  part.writing = writing;
  schedule(timeline, timeline.nowUs + us, () => {
    if (writing.isOver) return;
    writing.isOver = true;
    part.board.memory = memory;
    whenRunning(world, life, () => {
      part.writing = undefined;
      for (const [group, write] of writes) give(world, life, group, { type: "persisted", write });
      writeAll(world, life, part);
    });
  });
}

/** A life ends: its write under way is on the disk or not, as chance had it. */
export function endPart({ part }: Life): void {
  const writing = part?.writing;
  if (part === undefined || writing === undefined || writing.isOver) return;
  writing.isOver = true;
  if (writing.survives) part.board.memory = writing.memory;
}

/** What rides on the beat of this number. */
export function extensionsFor(world: World, life: Life, seq: number): readonly BeatExtension[] {
  const { part } = life;
  if (part === undefined) return [];
  const now = clockUs(part.board, world.timeline.nowUs);
  noticeStop(world, life, part);
  const at = seq % sentBeatsMax;
  if (part.sentSeqs[at] !== seq) {
    part.sentSeqs[at] = seq;
    part.sentLocalUs[at] = now;
    part.sentTrueUs[at] = world.timeline.nowUs;
  }
  const tells = [...part.states].map(([group, state]) => ({ group, ...tellOf(state, now) }));
  if (tells.length === 0) return [];
  const bytes = encodeLeaseTells(tells, tellBytesMax);
  if (!bytes.ok) throw new Error("the tells do not fit a beat");
  return [{ type: beatExtensionLease, bytes: bytes.value }];
}

type Extensions = Extract<NetrackEffect, { type: "extensions" }>;

/** The extensions of an accepted beat. */
export function hearExtensions(world: World, life: Life, effect: Extensions): void {
  const { part } = life;
  const incarnation = incarnationText(effect.incarnationHi, effect.incarnationLo);
  if (part === undefined || incarnation === undefined) return;
  const { from, echoedSeq } = effect;
  heardByFence(world, life, from, incarnation);
  const at = (echoedSeq ?? 0) % sentBeatsMax;
  const isKnown = echoedSeq !== undefined && part.sentSeqs[at] === echoedSeq;
  const now = clockUs(part.board, world.timeline.nowUs);
  const echoedUs = isKnown ? addUs(now, (part.sentLocalUs[at] ?? 0) - now) : undefined;
  for (const { type, bytes } of effect.extensions) {
    if (type !== beatExtensionLease) continue;
    const tells = decodeLeaseTells(bytes);
    if (!tells.ok) throw new Error("tells of a simulated board cannot be read");
    for (const { group, ...tell } of tells.value) {
      if (isKnown) noteEcho(part, group, from, tell, part.sentTrueUs[at] ?? 0);
      noteClaim(world, part, { group, ...tell }, from, incarnation);
      give(world, life, group, { type: "tell", from, incarnation, echoedUs, tell });
      hearPeerLog(world, life, group, from, tell);
      if (tell.entitled) tellCommitted(world, life, group, tell.epoch);
    }
  }
}

function noteClaim(
  world: World,
  part: Part,
  tell: GroupTell,
  from: SlotId,
  incarnation: Part["incarnation"],
): void {
  const key = `${tell.group}/${from}`;
  if (tell.entitled) part.claims.set(key, { incarnation, atUs: world.timeline.nowUs });
  else part.claims.delete(key);
  part.evidenceUs.delete(from);
}

/** A packet of the link, authentic and of the sender's present life. */
export function hearPacket(
  world: World,
  life: Life,
  sender: { readonly from: SlotId; readonly origin: Life },
  bytes: Uint8Array,
): void {
  const packet = decodeLeaseMessage(bytes);
  if (!packet.ok) throw new Error("a packet of a simulated board cannot be read");
  const { group, message } = packet.value;
  const { from, origin } = sender;
  const incarnation = incarnationText(origin.hi, origin.lo);
  if (incarnation === undefined) return;
  give(world, life, group, { type: "message", from, incarnation, message });
}

/** Something other than silence says that a board is gone. */
export function hearEvidence(world: World, life: Life, slot: SlotId, what: string): void {
  whenRunning(world, life, () => {
    const { part } = life;
    if (part === undefined) return;
    part.evidenceUs.set(slot, world.timeline.nowUs);
    for (const group of part.states.keys()) {
      give(world, life, group, { type: "evidence", slot, what });
    }
  });
}

// A toy replicated log for each group, so that an acknowledged write is something that can be lost:
// the board that may act numbers writes, sends them to all that follow it, and acknowledges one once
// everybody in sync has it on disk (rules D1, D4, D5, D7, D8 of the leases).

import { nextBelow, type SlotId } from "../../../src/base/index.ts";
import { entitledUntil, ownerOf } from "../../../src/lease/index.ts";
import type { LeaseTell } from "../../../src/wire/index.ts";
import { setTimer } from "../process.ts";
import { schedule } from "../timeline.ts";
import type { Life, World } from "../world.ts";
import { clockUs, failoverOf, tellStory, whenRunning } from "./board.ts";
import { give } from "./leases.ts";
import { sendMessage } from "./messages.ts";
import { actIsValid, hasEveryWrite } from "./promises.ts";
import type { Part, Payload, Replica } from "./types.ts";

/** Writes in flight; a client waits then. */
const inFlightMax = 16;
/** A write comes every so often, µs. */
const clientUs = 24_000;
/** A flush of the log takes up to this, µs. */
const flushUs = 3_000;
/** A follower that told an old end of its log is sent the rest again after this, µs. */
const resendUs = 12_000;

/** What the disk has of every group's data. */
export function startReplicas(world: World, life: Life, part: Part): void {
  for (const group of part.states.keys()) {
    const stored = part.board.logs.get(group);
    const entries = stored?.entries.slice(0, stored.length) ?? [];
    part.replicas.set(group, {
      epoch: stored?.epoch ?? 0,
      entries,
      flushed: entries.length,
      isFlushing: false,
      acks: new Map(),
      acknowledged: 0,
      known: new Map(),
      drainTo: undefined,
    });
    const end = { epoch: stored?.epoch ?? 0, seq: entries.length };
    give(world, life, group, { type: "log", end });
  }
}

/** The group is this board's: its data go on under the new epoch, and clients write. */
export function activate(world: World, life: Life, group: string, epoch: number): void {
  const { part } = life;
  const replica = part?.replicas.get(group);
  if (part === undefined || replica === undefined) return;
  for (const each of failoverOf(world).groups) if (each.name === group) each.tenures++;
  replica.epoch = epoch;
  replica.acks.clear();
  replica.known.clear();
  replica.acknowledged = 0;
  replica.drainTo = undefined;
  hasEveryWrite(world, life, group);
  give(world, life, group, { type: "log", end: { epoch, seq: replica.entries.length } });
  flush(world, life, part, group);
  if (part.clients.entry === undefined) serveClients(world, life);
}

/** The tenure is over: what was not acknowledged stays unacknowledged. */
export function stopData({ part }: Life, group: string): void {
  const replica = part?.replicas.get(group);
  if (replica !== undefined) replica.drainTo = undefined;
}

/** D5: no new writes from now on. */
export function beginDrain({ part }: Life, group: string, to: SlotId): void {
  const replica = part?.replicas.get(group);
  if (replica !== undefined) replica.drainTo = to;
}

/** Behind every event of a lease: what may be acknowledged now is; a drained group is released. */
export function afterLease(world: World, life: Life, group: string): void {
  const { part } = life;
  const state = part?.states.get(group);
  const replica = part?.replicas.get(group);
  if (part === undefined || state?.acting?.isTold !== true || replica === undefined) return;
  const { acting, record } = state;
  if (replica.epoch !== acting.epoch) return;
  const needed = new Set([...(acting.committed?.inSync ?? []), ...record.inSync]);
  needed.delete(life.slot);
  let upTo = replica.flushed;
  for (const slot of needed) upTo = Math.min(upTo, replica.acks.get(slot) ?? 0);
  const now = clockUs(part.board, world.timeline.nowUs);
  if (upTo > replica.acknowledged && entitledUntil(state, now) > now) {
    acknowledge(world, life, group, replica, upTo);
  }
  const { drainTo } = replica;
  if (drainTo === undefined || replica.flushed < replica.entries.length) return;
  if ((replica.acks.get(drainTo) ?? -1) < replica.entries.length) return;
  replica.drainTo = undefined;
  give(world, life, group, { type: "drained" });
}

function acknowledge(
  world: World,
  life: Life,
  group: string,
  replica: Replica,
  upTo: number,
): void {
  actIsValid(world, life, group, "acknowledges a write");
  const truth = failoverOf(world).groups.find(({ name }) => name === group);
  for (let i = replica.acknowledged; i < upTo; i++) {
    const id = replica.entries[i];
    // What a former holder acknowledged, or nobody, is not news of this one.
    if (id !== undefined && id > (truth?.acked.at(-1) ?? 0)) truth?.acked.push(id);
  }
  replica.acknowledged = upTo;
}

/** Clients write to every group of this board that may act. */
export function serveClients(world: World, life: Life): void {
  const { part } = life;
  if (part === undefined) return;
  let isActing = false;
  for (const [group, state] of part.states) {
    const replica = part.replicas.get(group);
    if (state.acting?.isTold !== true || replica?.epoch !== state.acting.epoch) continue;
    isActing = true;
    const now = clockUs(part.board, world.timeline.nowUs);
    const isFull = replica.entries.length - replica.acknowledged >= inFlightMax;
    if (isFull || replica.drainTo !== undefined || entitledUntil(state, now) <= now) continue;
    write(world, life, part, group);
  }
  if (!isActing) return;
  const atUs = world.timeline.nowUs + 2_000 + nextBelow(world.rng, clientUs);
  setTimer(world, life, part.clients, atUs);
}

function write(world: World, life: Life, part: Part, group: string): void {
  const replica = part.replicas.get(group);
  const truth = failoverOf(world).groups.find(({ name }) => name === group);
  if (replica === undefined || truth === undefined) return;
  actIsValid(world, life, group, "takes a write");
  const from = replica.entries.length;
  const id = truth.nextWrite++;
  replica.entries.push(id);
  const { epoch } = replica;
  give(world, life, group, { type: "log", end: { epoch, seq: from + 1 } });
  flush(world, life, part, group);
  for (const [slot, known] of replica.known) {
    if (known.epoch !== epoch) continue;
    const payload = { kind: "append", group, epoch, from, entries: [id] } as const;
    known.sentUs = world.timeline.nowUs;
    sendTo(world, life, slot, payload);
  }
}

function sendTo(world: World, life: Life, slot: number, payload: Payload): void {
  for (const { holders } of failoverOf(world).groups) {
    const to = holders.find((each) => each === slot);
    if (to !== undefined) return sendMessage(world, life, to, payload);
  }
}

/** A beat told how far another board's data go: the holder sends what is missing. */
export function hearPeerLog(
  world: World,
  life: Life,
  group: string,
  from: SlotId,
  tell: LeaseTell,
): void {
  const { part } = life;
  const state = part?.states.get(group);
  const replica = part?.replicas.get(group);
  if (state?.acting?.isTold !== true || replica?.epoch !== state.acting.epoch) return;
  const { epoch } = state.acting;
  if (!state.config.holders.includes(from)) return;
  if (tell.epoch !== epoch || tell.promised !== epoch) return; // it does not follow us (D7)
  const { logEnd } = tell;
  const known = replica.known.get(from) ?? { ...logEnd, sentUs: 0 };
  known.epoch = logEnd.epoch;
  known.seq = logEnd.seq;
  replica.known.set(from, known);
  const isBehind = logEnd.epoch !== epoch || logEnd.seq < replica.entries.length;
  if (!isBehind) replica.acks.set(from, Math.max(replica.acks.get(from) ?? 0, logEnd.seq));
  if (!isBehind || world.timeline.nowUs < known.sentUs + resendUs) return;
  known.sentUs = world.timeline.nowUs;
  const start = logEnd.epoch === epoch ? logEnd.seq : 0;
  const entries = replica.entries.slice(start);
  sendMessage(world, life, from, { kind: "append", group, epoch, from: start, entries });
}

type Append = Extract<Payload, { kind: "append" }>;

/** D7, D8: entries of the holder this board follows; another history is replaced whole. */
export function hearAppend(world: World, life: Life, from: SlotId, append: Append): void {
  const { part } = life;
  const { group, epoch, entries } = append;
  const state = part?.states.get(group);
  const replica = part?.replicas.get(group);
  if (part === undefined || state === undefined || replica === undefined) return;
  const isFollowed = state.promised === epoch && state.flushed.record.epoch === epoch;
  if (!isFollowed || ownerOf(state.config, epoch) !== from || replica.epoch > epoch) return;
  if (replica.epoch < epoch) {
    if (append.from !== 0) return;
    const isPrefix = replica.entries.every((id, i) => entries[i] === id);
    if (!isPrefix) {
      // A resync is not atomic: until it is on disk the copy is nothing.
      tellStory(world, life.slot, group, "resyncs its data");
      replica.entries = [];
      replica.flushed = 0;
      part.board.logs.delete(group);
      give(world, life, group, { type: "log", end: { epoch: 0, seq: 0 } });
    }
    replica.epoch = epoch;
  }
  if (append.from > replica.entries.length) return; // a hole: it is sent again
  for (let i = replica.entries.length - append.from; i < entries.length; i++) {
    const id = entries[i];
    if (id !== undefined) replica.entries.push(id);
  }
  flush(world, life, part, group);
}

type Appended = Extract<Payload, { kind: "appended" }>;

/** A follower has entries of our epoch on disk. */
export function hearAppended(world: World, life: Life, from: SlotId, done: Appended): void {
  const { group, epoch, seq } = done;
  const state = life.part?.states.get(group);
  const replica = life.part?.replicas.get(group);
  if (state?.acting?.epoch !== epoch || replica?.epoch !== epoch) return;
  replica.acks.set(from, Math.max(replica.acks.get(from) ?? 0, seq));
  afterLease(world, life, group);
}

/** Brings the log to disk, one flush at a time; then it counts. */
function flush(world: World, life: Life, part: Part, group: string): void {
  const replica = part.replicas.get(group);
  if (replica === undefined || replica.isFlushing || life.isEnded) return;
  replica.isFlushing = true;
  const { epoch, entries } = replica;
  const { length } = entries;
  const { timeline, rng } = world;
  schedule(timeline, timeline.nowUs + 150 + nextBelow(rng, flushUs), () => {
    if (life.isEnded) return; // lost with the life: nobody was told of it
    const isPresent = replica.epoch === epoch && replica.entries === entries;
    if (isPresent) part.board.logs.set(group, { epoch, entries, length });
    whenRunning(world, life, () => {
      replica.isFlushing = false;
      if (isPresent && replica.entries === entries && replica.epoch === epoch) {
        onFlushed(world, life, part, group, length);
      }
      const isWhole = replica.entries === entries && replica.epoch === epoch;
      if (!isWhole || entries.length > length) flush(world, life, part, group);
    });
  });
}

function onFlushed(world: World, life: Life, part: Part, group: string, length: number): void {
  const replica = part.replicas.get(group);
  const state = part.states.get(group);
  if (replica === undefined || state === undefined) return;
  replica.flushed = length;
  const { epoch } = replica;
  if (state.acting?.epoch === epoch) return afterLease(world, life, group);
  give(world, life, group, { type: "log", end: { epoch, seq: length } });
  const owner = ownerOf(state.config, epoch);
  if (owner === undefined || owner === life.slot) return;
  sendMessage(world, life, owner, { kind: "appended", group, epoch, seq: length });
}

// A board's process: one event loop that may be late or stand still. Frames and timers that come
// while it does not run wait; when it runs again, sockets or timers come first, as chance has it.
// Carries out what the NETRACK core orders, by the contract of src/netrack/core/events.ts.

import {
  type MonoUs,
  nextBelow,
  nextChance,
  nextU32,
  nextUnit,
  networkIds,
  type NetworkId,
  type SlotId,
} from "../../src/base/index.ts";
import type { BoardDocument } from "../../src/config/index.ts";
import type { NetrackEffect, NetrackEvent } from "../../src/netrack/index.ts";
import { step } from "../../src/netrack/core.ts";
import { createNetrack } from "../../src/netrack/core/state.ts";
import { sealBeat } from "./beats.ts";
import { answerArp, onAddressItem } from "./addresses.ts";
import { onServiceFrame } from "./ccn.ts";
import { hasCarrier, transmit } from "./fabric.ts";
import { endPart, extensionsFor, hearExtensions } from "./failover/leases.ts";
import { hearMessage } from "./failover/messages.ts";
import { afterStep } from "./promises.ts";
import { cancel, schedule } from "./timeline.ts";
import { noteArrival, youthUs } from "./truth.ts";
import {
  type Body,
  fold,
  isRunning,
  type Item,
  type Life,
  newLife,
  say,
  type Timer,
  Violation,
  type World,
} from "./world.ts";
import type { Host } from "./world.ts";

/** A timer fires late by up to this, µs, mostly far less. */
const timerLateUs = 900;
/** Between netlink or the loop noticing and the event, µs. */
const carrierDelayUs = 400;
/** What a socket buffer holds; more is dropped, as the kernel does. */
const inboxMax = 4096;
/** Beats the attacker keeps. */
const capturedMax = 400;
/** Codes of events in the trace hash. */
const eventCodes: Record<NetrackEvent["type"], number> = {
  start: 1,
  beat: 2,
  timer: 3,
  drained: 4,
  carrier: 5,
  leaving: 6,
  degraded: 7,
  well: 8,
  document: 9,
  news: 10,
};

/** Powers a board's process on in the slot it is plugged into. */
export function startLife(world: World, host: Host, slot: SlotId): Life {
  const life = newLife(world, host, slot, [nextU32(world.rng), (nextU32(world.rng) | 1) >>> 0]);
  host.life = life;
  world.bySlot[slot] = life;
  say(world, `${host.name} starts in slot ${slot}, life ${life.number}`);
  return life;
}

/** Ends a process at once: no word, its queues are gone. */
export function endLife(world: World, life: Life, how: string): void {
  if (life.isEnded) return;
  life.isEnded = true;
  endPart(life);
  for (const timer of life.timers) cancel(timer.entry);
  life.inbox = [];
  for (const network of networkIds) {
    life.host.cards[network].groups.clear();
    life.host.address[network] = undefined;
  }
  if (life.host.life === life) life.host.life = undefined;
  if (world.bySlot[life.slot] === life) {
    world.bySlot[life.slot] = undefined;
    if (life.core !== undefined) world.deadUs[life.slot] = world.timeline.nowUs;
  }
  say(world, `${life.host.name} in slot ${life.slot} ${how}`);
}

/** The board has its document: NETRACK begins. */
export function startCore(world: World, life: Life, document: BoardDocument): void {
  const now = world.timeline.nowUs;
  life.document = document;
  life.coreUs = now;
  life.core = createNetrack({ document, incarnationHi: life.hi, incarnationLo: life.lo, now });
  const isHub = document.boards.some(
    ({ slot, role }) => slot === document.slot && role !== "io-card",
  );
  for (const network of networkIds) {
    const { groups } = life.host.cards[network];
    groups.add("boards");
    if (isHub) groups.add("hubs");
  }
  world.deadUs[life.slot] = -1;
  world.unrestUs = Math.max(world.unrestUs, now + youthUs(world));
  say(world, `${life.host.name} in slot ${life.slot} runs NETRACK as life ${life.number}`);
  feed(world, life, { type: "start" });
  for (const network of networkIds) {
    if (!hasCarrier(world.fabric, life.host.cards[network])) {
      feed(world, life, { type: "carrier", network, up: false });
    }
  }
}

/** A timer of this process that calls `run`, late as the loop is. */
export function newTimer(life: Life, run: () => void): Timer {
  const timer: Timer = { entry: undefined, isDue: false, run };
  life.timers.push(timer);
  return timer;
}

/** Sets a timer; replaces what it was set to. */
export function setTimer(world: World, life: Life, timer: Timer, atUs: number | undefined): void {
  cancel(timer.entry);
  timer.entry = undefined;
  timer.isDue = false;
  if (atUs === undefined || life.isEnded) return;
  const u = nextUnit(world.rng);
  const lateUs = Math.floor(u * u * u * timerLateUs);
  timer.entry = schedule(world.timeline, Math.max(atUs, world.timeline.nowUs) + lateUs, () => {
    timer.entry = undefined;
    if (life.isEnded) return;
    if (isRunning(life, world.timeline.nowUs)) timer.run();
    else timer.isDue = true;
  });
}

/** Stops a process for a while: frames queue, timers become late. */
export function pause(world: World, life: Life, us: number): void {
  const now = world.timeline.nowUs;
  if (life.isEnded || !isRunning(life, now)) return;
  life.pausedUntilUs = now + us;
  life.pausedUs = now;
  if (us > world.timing.beatUs * 1.5) world.unrestUs = Math.max(world.unrestUs, now + us);
  schedule(world.timeline, now + us, () => {
    if (life.isEnded || life.pausedUntilUs > world.timeline.nowUs) return;
    life.listenUs = world.timeline.nowUs;
    if (nextChance(world.rng, 0.5)) {
      readInbox(world, life, world.timeline.nowUs);
      runDue(life);
    } else {
      runDue(life);
      readInbox(world, life, world.timeline.nowUs);
    }
  });
}

/** A frame or a change of carrier reaches the board. */
export function arrive(world: World, host: Host, item: Item): void {
  if (item.type === "frame") answerArp(world, host, item.network, item.body);
  if (item.type === "carrier") world.disturbedUs[item.network] = world.timeline.nowUs;
  const { life } = host;
  if (life === undefined) return;
  const now = world.timeline.nowUs;
  if (item.type === "frame" && item.body.kind === "beat" && life.core !== undefined) {
    noteArrival(world, life, item.body, item.network);
    capture(world, item.body, item.network, life.slot);
  }
  if (item.type === "carrier") {
    const delayUs = 50 + nextBelow(world.rng, carrierDelayUs);
    schedule(world.timeline, now + delayUs, () => {
      if (life.isEnded) return;
      // The kernel reports the present state, so two reports are never told in the wrong order.
      const up = hasCarrier(world.fabric, host.cards[item.network]);
      if (isRunning(life, world.timeline.nowUs)) handle(world, life, { ...item, up });
      else life.inbox.push({ ...item, up });
    });
    return;
  }
  if (isRunning(life, now)) handle(world, life, item);
  else if (life.inbox.length < inboxMax) life.inbox.push(item);
}

/** Gives the core one event and carries out its orders; checks the promises. */
export function feed(world: World, life: Life, event: NetrackEvent, body?: Body): void {
  const { core } = life;
  if (core === undefined || life.isEnded) return;
  const now = world.timeline.nowUs;
  let effects: NetrackEffect[];
  try {
    effects = step(core, event, now);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Violation("cores never throw", now, `slot ${life.slot}, ${event.type}: ${words}`);
  }
  world.steps++;
  fold(world, now);
  fold(world, life.slot * 65536 + eventCodes[event.type] * 256 + effects.length);
  let isDrain = false;
  for (const effect of effects) isDrain = carryOut(world, life, effect) || isDrain;
  afterStep(world, life, { event, body }, effects);
  if (isDrain) drain(world, life);
}

/** True if the effect asks to drain, which is done behind all others. */
function carryOut(world: World, life: Life, effect: NetrackEffect): boolean {
  switch (effect.type) {
    case "send-beat": {
      const { beat } = effect;
      const isHub = beat.hub;
      const more = extensionsFor(world, life, beat.seq);
      const whole =
        more.length === 0 ? beat : { ...beat, extensions: [...beat.extensions, ...more] };
      const body = sealBeat(world, whole, life);
      const card = life.host.cards[beat.network];
      const destination = isHub ? "boards" : "hubs";
      transmit(world.fabric, card, { source: card.mac, destination, body });
      return false;
    }
    case "set-timer": {
      life.coreTimer ??= newTimer(life, () => feed(world, life, { type: "timer" }));
      setTimer(world, life, life.coreTimer, effect.atUs);
      return false;
    }
    case "drain":
      return true;
    case "changed":
    case "alarm":
    case "ccn-version":
      return false;
    case "extensions":
      hearExtensions(world, life, effect);
      return false;
    default:
      return effect satisfies never;
  }
}

/** What is queued is handed in, now or when the loop comes round; then `drained`. */
function drain(world: World, life: Life): void {
  const finish = (): void => {
    if (life.isEnded) return;
    if (!isRunning(life, world.timeline.nowUs)) {
      schedule(world.timeline, life.pausedUntilUs + 1, finish);
      return;
    }
    readInbox(world, life, world.timeline.nowUs);
    feed(world, life, { type: "drained" });
  };
  if (nextChance(world.rng, 0.5)) finish();
  else schedule(world.timeline, world.timeline.nowUs + 1 + nextBelow(world.rng, 300), finish);
}

function readInbox(world: World, life: Life, now: MonoUs): void {
  for (;;) {
    const item = life.inbox.shift();
    if (item === undefined || !isRunning(life, now)) return;
    handle(world, life, item);
  }
}

function runDue(life: Life): void {
  for (const timer of life.timers) {
    if (!timer.isDue || life.isEnded) continue;
    timer.isDue = false;
    timer.run();
  }
}

function handle(world: World, life: Life, item: Item): void {
  if (item.type === "carrier") {
    const { network, up } = item;
    onAddressItem(world, life, item);
    feed(world, life, { type: "carrier", network, up });
    return;
  }
  const { body, network } = item;
  if (body.kind === "message") return hearMessage(world, life, body);
  if (body.kind !== "beat") {
    onServiceFrame(world, life, network, body);
    onAddressItem(world, life, item);
    return;
  }
  if (body.beat !== undefined) feed(world, life, { type: "beat", network, beat: body.beat }, body);
}

function capture(world: World, body: Body, network: NetworkId, at: SlotId): void {
  if (body.kind !== "beat" || body.origin === undefined || !nextChance(world.rng, 0.02)) return;
  const { captured } = world;
  if (captured.length >= capturedMax) captured.splice(nextBelow(world.rng, capturedMax), 1);
  captured.push({ body, network, to: at });
}

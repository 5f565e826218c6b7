// The loop of NETRACK's shell: packets and the timer become events of the core, its effects become
// packets and calls. It decides nothing about boards or paths.
//
// Packets are the hot path (1200 a second on a hub of 7 boards): what is not from a configured
// board, or not sealed with the chassis key, is counted and dropped before anything is made of it.

import { assert, type MonoUs, type NetworkId, type SlotId } from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import {
  type Beat,
  beatBytesMax,
  type BeatExtension,
  beatExtensionDegraded,
  beatExtensionServices,
  beatHeaderBytes,
  beatMacBytes,
  decodeBeat,
  encodeBeat,
} from "../wire/index.ts";
import { beatKey, type BeatKey } from "./beat-key.ts";
import type { CarrierWatch } from "./carriers.ts";
import type { BeatSockets } from "./beat-sockets.ts";
import { step } from "./core.ts";
import type { Alarm, Effect, Event } from "./core/events.ts";
import { incarnationText } from "./core/map.ts";
import { createServices, hearServices, type Services, tellServices } from "./core/services.ts";
import { createNetrack, type State } from "./core/state.ts";
import type { HostRoutes } from "./host-routes.ts";
import { drainQuietTurns, drainTurnsMax, waitingEventsMax } from "./limits.ts";
import type { LocalSocket } from "./local-socket.ts";
import type { NetrackSettings } from "./surface.ts";
import type { MapChange } from "./types.ts";

/** A running NETRACK. */
export type Shell = {
  readonly settings: NetrackSettings;
  readonly state: State;
  readonly netns: number;
  key: BeatKey;
  sockets: BeatSockets | undefined;
  local: LocalSocket | undefined;
  routes: HostRoutes | undefined;
  carriers: CarrierWatch | undefined;
  /** The carriers will be read again in this turn of the loop. */
  isCheckDue: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  timerUs: number;
  /** The timer's callback, made once. */
  readonly onTimer: () => void;
  readonly onChanged: (change: MapChange) => void;
  readonly onAlarm: (alarm: Alarm) => void;
  readonly packet: Uint8Array;
  readonly subscribers: Set<(change: MapChange, seq: number) => void>;
  readonly services: Services;
  readonly counts: ShellCounts;
  seq: number;
  /** The core's effects are being carried out; events that come meanwhile wait in `waiting`. */
  isFeeding: boolean;
  readonly waiting: Event[];
  areRoutesDue: boolean;
  isClosed: boolean;
};

/** Counted by the shell, beside the core's counters. */
export type ShellCounts = {
  packets: number;
  malformed: number;
  unknownSlot: number;
  ownSlot: number;
  wrongMac: number;
  sendFailed: number;
  encodeFailed: number;
  drains: number;
  clientsDropped: number;
  servicesRefused: number;
};

/** A NETRACK that has no sockets yet; `hooks` hear of changes and alarms. */
export function newShell(
  settings: NetrackSettings,
  netns: number,
  hooks: {
    readonly onChanged: (shell: Shell, change: MapChange) => void;
    readonly onAlarm: (shell: Shell, alarm: Alarm) => void;
  },
): Shell {
  const [incarnationHi = 0, incarnationLo = 0] = crypto.getRandomValues(new Uint32Array(2));
  const { document } = settings;
  const shell: Shell = {
    settings,
    state: createNetrack({
      document,
      incarnationHi,
      incarnationLo: incarnationLo | 1,
      now: monoNowUs(),
    }),
    netns,
    key: beatKey(document.key),
    sockets: undefined,
    local: undefined,
    routes: undefined,
    carriers: undefined,
    isCheckDue: false,
    timer: undefined,
    timerUs: 0,
    onTimer: () => fire(shell),
    onChanged: (change) => hooks.onChanged(shell, change),
    onAlarm: (alarm) => hooks.onAlarm(shell, alarm),
    packet: new Uint8Array(beatBytesMax),
    subscribers: new Set(),
    services: createServices(document.slot),
    counts: {
      packets: 0,
      malformed: 0,
      unknownSlot: 0,
      ownSlot: 0,
      wrongMac: 0,
      sendFailed: 0,
      encodeFailed: 0,
      drains: 0,
      clientsDropped: 0,
      servicesRefused: 0,
    },
    seq: 0,
    isFeeding: false,
    waiting: [],
    areRoutesDue: false,
    isClosed: false,
  };
  return shell;
}

/** A datagram from a heartbeat socket. */
export function onPacket(shell: Shell, network: NetworkId, bytes: Uint8Array): void {
  const { counts, state } = shell;
  counts.packets++;
  if (shell.isClosed) return;
  if (bytes.length < beatHeaderBytes + beatMacBytes || bytes.length > beatBytesMax) {
    counts.malformed++;
    return;
  }
  const slot = bytes[4] ?? 255;
  if (slot === state.self) {
    counts.ownSlot++;
    return;
  }
  if (state.peers[slot] === undefined) {
    counts.unknownSlot++;
    return;
  }
  if (!shell.key.isSealed(bytes)) {
    counts.wrongMac++;
    return;
  }
  const decoded = decodeBeat(bytes);
  if (!decoded.ok) {
    counts.malformed++;
    return;
  }
  feed(shell, { type: "beat", network, beat: decoded.value });
}

/**
 * Gives the core an event and carries out what it orders. A subscriber may cause another event in
 * the middle of that: it waits, or its effects would be undone by older ones (the timer's).
 */
export function feed(shell: Shell, event: Event): void {
  assert(shell.waiting.length < waitingEventsMax, "subscribers cause few events");
  shell.waiting.push(event);
  if (shell.isFeeding) return;
  shell.isFeeding = true;
  for (let next = shell.waiting.shift(); next !== undefined; next = shell.waiting.shift()) {
    if (shell.isClosed) continue;
    const now = monoNowUs();
    for (const effect of step(shell.state, next, now)) carryOut(shell, effect, now);
  }
  shell.isFeeding = false;
}

function carryOut(shell: Shell, effect: Effect, now: MonoUs): void {
  switch (effect.type) {
    case "send-beat":
      return sendBeat(shell, effect.beat);
    case "set-timer":
      return setTimer(shell, effect.atUs);
    case "drain":
      shell.counts.drains++;
      return drain(shell, { turn: 0, quiet: 0, packets: shell.counts.packets });
    case "changed":
      return shell.onChanged(effect.change);
    case "alarm":
      return shell.onAlarm(effect.alarm);
    case "ccn-version":
      return shell.settings.onConfigVersion?.(effect.version);
    case "extensions": {
      const { from, network, seq, echoedSeq } = effect;
      const extensions = hear(shell, from, effect.extensions);
      const incarnation = incarnationText(effect.incarnationHi, effect.incarnationLo);
      if (extensions.length === 0 || incarnation === undefined) return;
      const received = { from, network, seq, incarnation, echoedSeq, extensions, atUs: now };
      return shell.settings.onExtensions?.(received);
    }
    default:
      return effect satisfies never;
  }
}

/** Services are NETRACK's own; the rest is other modules'. */
function hear(
  shell: Shell,
  from: SlotId,
  extensions: readonly BeatExtension[],
): readonly BeatExtension[] {
  const rest: BeatExtension[] = [];
  for (const extension of extensions) {
    if (extension.type === beatExtensionDegraded) continue; // the core has taken it over
    if (extension.type !== beatExtensionServices) rest.push(extension);
    else if (!hearServices(shell.services, from, extension.bytes)) shell.counts.malformed++;
  }
  return rest;
}

function sendBeat(shell: Shell, beat: Beat): void {
  const { settings, packet, state } = shell;
  const services = tellServices(shell.services, beat);
  // Other modules see what is in the beat already, so that they know how much room is left.
  const told =
    services === undefined ? beat : { ...beat, extensions: [...beat.extensions, services] };
  const more = settings.extend?.(told) ?? [];
  const whole = more.length === 0 ? told : { ...told, extensions: [...told.extensions, ...more] };
  let written = encodeBeat(whole, packet);
  if (!written.ok) {
    // What other modules add is too long: a beat without it is better than a board that is silent.
    shell.counts.encodeFailed++;
    written = encodeBeat(beat, packet);
    if (!written.ok) return;
  }
  shell.key.seal(packet, written.value);
  const { hubsGroup, boardsGroup } = state.document.provision;
  const bytes = packet.subarray(0, written.value + beatMacBytes);
  const isSent = shell.sockets?.send(beat.network, bytes, state.isHub ? boardsGroup : hubsGroup);
  if (isSent !== true) shell.counts.sendFailed++;
}

/** Bun's timers fire up to 0.5 ms early and count whole ms: half a ms on top saves a second wake. */
function setTimer(shell: Shell, atUs: number): void {
  clearTimeout(shell.timer);
  shell.timerUs = atUs;
  const delayMs = (atUs - monoNowUs()) / 1000;
  shell.timer = setTimeout(shell.onTimer, Math.max(0, Math.ceil(delayMs + 0.5)));
}

function fire(shell: Shell): void {
  if (monoNowUs() < shell.timerUs) setTimer(shell, shell.timerUs);
  else feed(shell, { type: "timer" });
}

/** Lets the loop read the sockets until nothing comes any more, then says so to the core. */
function drain(shell: Shell, seen: { turn: number; quiet: number; packets: number }): void {
  setImmediate(() => {
    const { packets } = shell.counts;
    const quiet = packets === seen.packets ? seen.quiet + 1 : 0;
    const isDone = quiet >= drainQuietTurns || seen.turn >= drainTurnsMax;
    if (isDone) feed(shell, { type: "drained" });
    else drain(shell, { turn: seen.turn + 1, quiet, packets });
  });
}

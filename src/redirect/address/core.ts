// Which step of a public address comes when, as a pure state machine (design paragraphs 47-51;
// net.md sections 4 and 5). `step` is given what happened and orders effects.
//
// state      event             -> state, effects
// absent     acquire           -> held: open gate, neighbours, address, route, announce, wake
// held       acquire           -> held: the same again (adding what is there is harmless)
// releasing  acquire           -> held: the same; the rest of the release is forgotten
// held       release           -> releasing: shut gate, end connections; then remove address, route
// absent     release           -> absent: shut gate, remove address (a predecessor's may be there)
// releasing  release           -> releasing: nothing, it is under way
// held       address-failed    -> absent: shut gate, remove what was added, report
// held       arp-heard, foreign-> held: announce (at most every 100 ms), report (every s); nothing
//                                 in the first 100 ms: what the board before said is still on its way
// held       network-changed   -> held: route, and an own MAC's address, to a usable network; announce
// held       announce-again    -> held: announce burst
// held       verified          -> held: report
// any        timer-fired       -> what is due: announcements, wakes, ended connections
// Every other pair does nothing: late and doubled facts are normal.
//
// The gate is shut *before* connections are ended, so no RST reaches a client then. That is wanted:
// a client that is told while nobody has the address would connect into the void and wait 1 s. It
// is told by the next holder, whose tickle makes it connect to the right board.

import {
  addUs,
  assert,
  defined,
  type Ipv4,
  type Mac,
  type MonoUs,
  type NetworkId,
  networkIds,
  unreachable,
} from "../../base/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import type { AddressEffect, AddressEvent } from "./events.ts";
import {
  addressesMax,
  announceAgainUs,
  announceRefreshUs,
  claimGraceUs,
  clientsMax,
  defendGapUs,
  destroysPerTurn,
  duplicateTellUs,
  neighboursMax,
  wakeAgainUs,
  wakesPerTurn,
} from "./limits.ts";
import { subnetOf } from "./subnet.ts";
import type { AddressStep, PublicAddressSetting } from "./types.ts";

type Held = {
  readonly setting: PublicAddressSetting;
  readonly sinceUs: MonoUs;
  /** Network of the subnet's route; with an own MAC also the only one the address is on. */
  home: NetworkId;
  readonly clients: readonly PublicClient[];
  /** Moments of announcements to come, ascending; the last is the refresh. */
  announceAtUs: MonoUs[];
  /** Moments at which rounds of waking begin, ascending. */
  wakeAtUs: MonoUs[];
  /** Clients to be asked and connections to be woken in the running round. */
  asks: PublicClient[];
  wakes: PublicClient[];
  firstRoundTold: boolean;
  defendedAtUs: MonoUs | undefined;
  toldAtUs: MonoUs | undefined;
  claims: number;
};

type Releasing = {
  readonly setting: PublicAddressSetting;
  readonly count: number;
  left: readonly PublicClient[];
};

/** All addresses of one board; changed by `step` only. */
export type AddressState = {
  readonly settings: ReadonlyMap<Ipv4, PublicAddressSetting>;
  /** MACs of this board's devices and of public addresses: their claims are not foreign. */
  readonly ownMacs: ReadonlySet<Mac>;
  readonly usable: Record<NetworkId, boolean>;
  readonly held: Map<Ipv4, Held>;
  readonly releasing: Map<Ipv4, Releasing>;
};

/** A board that holds nothing; both networks count as usable until something else is told. */
export function createAddressState(
  settings: readonly PublicAddressSetting[],
  ownMacs: readonly Mac[],
): AddressState {
  assert(settings.length <= addressesMax, `at most ${addressesMax} public addresses`);
  const virtual = settings.flatMap(({ mac }) => (mac === undefined ? [] : [mac]));
  return {
    settings: new Map(settings.map((setting) => [setting.address, setting])),
    ownMacs: new Set([...ownMacs, ...virtual]),
    usable: { A: true, B: true },
    held: new Map(),
    releasing: new Map(),
  };
}

/** Does this board hold the address, its release not begun? */
export function isHeld(state: AddressState, address: Ipv4): boolean {
  return state.held.has(address);
}

/** The one place where the state changes. The last effect sets the timer if anything is to come. */
export function stepAddresses(
  state: AddressState,
  event: AddressEvent,
  now: MonoUs,
): AddressEffect[] {
  const effects = react(state, event, now);
  const atUs = nextDue(state, now);
  if (atUs !== undefined) effects.push({ type: "set-timer", atUs });
  assert(state.held.size <= state.settings.size, "only configured addresses are held");
  return effects;
}

function react(state: AddressState, event: AddressEvent, now: MonoUs): AddressEffect[] {
  switch (event.type) {
    case "acquire":
      return onAcquire(state, event, now);
    case "release":
      return onRelease(state, event);
    case "address-failed":
      return onFailed(state, event, now);
    case "arp-heard":
      return onArp(state, event, now);
    case "network-changed":
      return onNetwork(state, event, now);
    case "announce-again":
      return [...state.held.values()].flatMap((held) => announceBurst(state, held, now));
    case "verified":
      return state.held.has(event.address) ? [done(event.address, "verified", 1)] : [];
    case "timer-fired":
      return [
        ...[...state.held.values()].flatMap((held) => onDue(state, held, now)),
        ...[...state.releasing.values()].flatMap((releasing) => endSome(state, releasing)),
      ];
    default:
      return unreachable(event);
  }
}

function onAcquire(
  state: AddressState,
  event: Extract<AddressEvent, { type: "acquire" }>,
  now: MonoUs,
): AddressEffect[] {
  const { address, untilUs } = event;
  const setting = defined(state.settings.get(address), `the setting of ${address}`);
  const clients = event.clients.filter((each) => each.address === address).slice(0, clientsMax);
  const neighbours = neighboursOf(clients);
  const held: Held = {
    setting,
    sinceUs: now,
    home: homeNow(state, siblingOf(state, setting)?.home ?? "A"),
    clients,
    announceAtUs: [],
    wakeAtUs: [now, ...wakeAgainUs.map((us) => addUs(now, us))],
    asks: [],
    wakes: [],
    firstRoundTold: false,
    defendedAtUs: undefined,
    toldAtUs: undefined,
    claims: 0,
  };
  state.releasing.delete(address);
  state.held.set(address, held);
  // Through a router nobody is asked; an own MAC must not be seen on the other network.
  const isAsked = (each: PublicClient): boolean =>
    each.nextHop === each.client && placesOf(held).includes(each.network);
  held.asks = neighbours.filter(isAsked);
  const first = neighbours.slice(0, neighboursMax);
  return [
    { type: "open-gate", address, untilUs },
    { type: "set-neighbours", setting, clients: first },
    done(address, "neighbours-set", first.length),
    { type: "add-address", setting, on: placesOf(held), isNeeded: true },
    { type: "set-route", setting, network: held.home },
    done(address, "address-added", placesOf(held).length),
    ...announceBurst(state, held, now),
    done(address, "announced", spokenOn(state, held).length),
    ...onDue(state, held, now),
  ];
}

function onRelease(
  state: AddressState,
  { address, clients }: Extract<AddressEvent, { type: "release" }>,
): AddressEffect[] {
  const setting = defined(state.settings.get(address), `the setting of ${address}`);
  if (state.releasing.has(address)) return [];
  state.held.delete(address);
  const own = clients.filter((each) => each.address === address).slice(0, clientsMax);
  const releasing = { setting, count: own.length, left: own };
  state.releasing.set(address, releasing);
  return [{ type: "shut-gate", address }, ...endSome(state, releasing)];
}

/** Ends some connections; after the last one the address goes. */
function endSome(state: AddressState, releasing: Releasing): AddressEffect[] {
  const { setting, left, count } = releasing;
  const { address } = setting;
  const some = left.slice(0, destroysPerTurn);
  releasing.left = left.slice(destroysPerTurn);
  const effects: AddressEffect[] = [];
  if (some.length > 0) effects.push({ type: "end-connections", clients: some });
  if (releasing.left.length > 0) return effects;
  state.releasing.delete(address);
  return [
    ...effects,
    done(address, "connections-ended", count),
    { type: "remove-address", setting, on: networkIds },
    ...routeWithout(state, setting),
    done(address, "address-removed", 1),
  ];
}

function onFailed(
  state: AddressState,
  { address, reason }: Extract<AddressEvent, { type: "address-failed" }>,
  now: MonoUs,
): AddressEffect[] {
  const held = state.held.get(address);
  if (held === undefined) return [];
  state.held.delete(address);
  const { setting } = held;
  return [
    { type: "shut-gate", address },
    { type: "remove-address", setting, on: networkIds },
    ...routeWithout(state, setting),
    { type: "report", report: { type: "failed", address, reason, atUs: now } },
  ];
}

/** RFC 5227 §2.4 (c): it is this board's address by lease, so it is defended, within a rate. */
function onArp(
  state: AddressState,
  { address, network, mac }: Extract<AddressEvent, { type: "arp-heard" }>,
  now: MonoUs,
): AddressEffect[] {
  const held = state.held.get(address);
  if (held === undefined || state.ownMacs.has(mac)) return [];
  if (now < addUs(held.sinceUs, claimGraceUs)) return [];
  held.claims++;
  const effects: AddressEffect[] = [];
  if (held.defendedAtUs === undefined || now >= addUs(held.defendedAtUs, defendGapUs)) {
    held.defendedAtUs = now;
    effects.push({ type: "announce", setting: held.setting, on: spokenOn(state, held) });
  }
  if (held.toldAtUs === undefined || now >= addUs(held.toldAtUs, duplicateTellUs)) {
    const { claims } = held;
    held.toldAtUs = now;
    held.claims = 0;
    const report = { type: "duplicate", address, network, mac, claims, atUs: now } as const;
    effects.push({ type: "report", report });
  }
  return effects;
}

function onNetwork(
  state: AddressState,
  { network, usable }: Extract<AddressEvent, { type: "network-changed" }>,
  now: MonoUs,
): AddressEffect[] {
  if (state.usable[network] === usable) return [];
  state.usable[network] = usable;
  return [...state.held.values()].flatMap((held) => {
    const { setting } = held;
    const before = held.home;
    held.home = homeNow(state, before);
    const effects: AddressEffect[] = [];
    if (held.home !== before) {
      if (setting.mac !== undefined) {
        effects.push({ type: "remove-address", setting, on: [before] });
        effects.push({ type: "add-address", setting, on: [held.home], isNeeded: true });
      }
      effects.push({ type: "set-route", setting, network: held.home });
    } else if (usable && placesOf(held).includes(network)) {
      // If its device was taken out and put in again, address and route went with it.
      effects.push({ type: "add-address", setting, on: [network], isNeeded: false });
      if (held.home === network) effects.push({ type: "set-route", setting, network });
    }
    return [...effects, ...announceBurst(state, held, now)];
  });
}

/** Announces now and plans the repeats; what was planned before is replaced. */
function announceBurst(state: AddressState, held: Held, now: MonoUs): AddressEffect[] {
  held.announceAtUs = [...announceAgainUs, announceRefreshUs].map((us) => addUs(now, us));
  return [{ type: "announce", setting: held.setting, on: spokenOn(state, held) }];
}

function onDue(state: AddressState, held: Held, now: MonoUs): AddressEffect[] {
  const effects: AddressEffect[] = [];
  const { setting } = held;
  if ((held.announceAtUs[0] ?? Infinity) <= now) {
    // A late loop sends one announcement for all that are due: they say the same.
    held.announceAtUs = held.announceAtUs.filter((atUs) => atUs > now);
    if (held.announceAtUs.length === 0) held.announceAtUs.push(addUs(now, announceRefreshUs));
    effects.push({ type: "announce", setting, on: spokenOn(state, held) });
  }
  if ((held.wakeAtUs[0] ?? Infinity) <= now && held.wakes.length === 0) {
    held.wakeAtUs = held.wakeAtUs.filter((atUs) => atUs > now);
    held.wakes = [...held.clients];
  }
  const asks = held.asks.splice(0, wakesPerTurn);
  const wakes = held.wakes.splice(0, wakesPerTurn - asks.length);
  if (asks.length > 0) effects.push({ type: "ask-clients", setting, clients: asks });
  if (wakes.length > 0) effects.push({ type: "wake-clients", clients: wakes });
  const isOver = held.asks.length + held.wakes.length === 0;
  if (isOver && !held.firstRoundTold) {
    held.firstRoundTold = true;
    effects.push(done(setting.address, "clients-woken", held.clients.length));
  }
  return effects;
}

/** When something is due next; `now` while a turn's work is left over. */
function nextDue(state: AddressState, now: MonoUs): MonoUs | undefined {
  if (state.releasing.size > 0) return now;
  let next: MonoUs | undefined;
  for (const held of state.held.values()) {
    if (held.asks.length + held.wakes.length > 0) return now;
    for (const atUs of [held.announceAtUs[0], held.wakeAtUs[0]]) {
      if (atUs !== undefined && (next === undefined || atUs < next)) next = atUs;
    }
  }
  return next;
}

/** Stays where it is while that network is usable or none is; else the other one. */
function homeNow(state: AddressState, current: NetworkId): NetworkId {
  const other = current === "A" ? "B" : "A";
  return !state.usable[current] && state.usable[other] ? other : current;
}

function placesOf(held: Held): readonly NetworkId[] {
  return held.setting.mac === undefined ? networkIds : [held.home];
}

function spokenOn(state: AddressState, held: Held): readonly NetworkId[] {
  return placesOf(held).filter((network) => state.usable[network]);
}

/**
 * After an address has gone the subnet's route is that of another one there (it may have used the
 * gone one's MAC), and goes with the last.
 */
function routeWithout(state: AddressState, setting: PublicAddressSetting): AddressEffect[] {
  const other = siblingOf(state, setting);
  if (other !== undefined) {
    return [{ type: "set-route", setting: other.setting, network: other.home }];
  }
  return [{ type: "remove-route", setting }];
}

/** A held address of the same subnet, itself included: they share a route, so also a network. */
function siblingOf(state: AddressState, setting: PublicAddressSetting): Held | undefined {
  const subnet = subnetOf(setting);
  return [...state.held.values()].find((held) => subnetOf(held.setting) === subnet);
}

/** One entry per next hop whose MAC is known. */
function neighboursOf(clients: readonly PublicClient[]): PublicClient[] {
  const byHop = new Map<Ipv4, PublicClient>();
  for (const client of clients) {
    if (client.mac !== undefined) byHop.set(client.nextHop, client);
  }
  return [...byHop.values()];
}

function done(address: Ipv4, step: AddressStep, count: number): AddressEffect {
  return { type: "step-done", address, step, count };
}

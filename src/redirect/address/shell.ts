// Carries out what the machine of public addresses orders (core.ts): gate, neighbours, addresses,
// routes, ARP frames, tickles. Everything on the way of a takeover is a synchronous system call of
// 10 to 300 µs, so that no other work of the loop comes between two steps.

import {
  assert,
  type Ipv4,
  type Log,
  type MonoUs,
  type NetworkId,
  networkIds,
  ok,
  type Result,
} from "../../base/index.ts";
import {
  type Gate,
  inNetns,
  monoNowUs,
  openNetlink,
  openRawIp,
  openSocketDiagnosis,
  type SysError,
} from "../../kernel/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import { addressOf, carryOut, type Hands } from "./carry-out.ts";
import { createAddressState, isHeld, stepAddresses } from "./core.ts";
import { type DeviceNames, deviceNames, prepareDevices } from "./devices.ts";
import type { AddressEvent } from "./events.ts";
import { waitingEventsMax } from "./limits.ts";
import { openSpeaker, type Speaker } from "./speaker.ts";
import type { AddressReport, PublicAddressSetting } from "./types.ts";

/** What public addresses need on a board. */
export type PublicAddressOptions = {
  /** Descriptor of the board's network namespace. */
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, string>>;
  /** All public addresses of the chassis. */
  readonly addresses: readonly PublicAddressSetting[];
  /** Guards these addresses on these devices (leases.md H4). */
  readonly gate: Gate;
  readonly log: Log;
  readonly onReport: (report: AddressReport) => void;
};

/** The public addresses of a board. */
export type PublicAddresses = {
  /** Takes the address: returns when it answers; clients are woken in this and the next turns. */
  readonly acquire: (of: {
    readonly address: Ipv4;
    /** Who was connected to the board before; from its client list. */
    readonly clients: readonly PublicClient[];
    /** End of the lease (H2, H3). */
    readonly untilUs: MonoUs;
  }) => void;
  /** A longer lease: one store into memory, no system call. Nothing if the address is not held. */
  readonly renew: (address: Ipv4, untilUs: MonoUs) => void;
  /** Gives it up: when it returns nothing of it leaves this board any more; the rest follows. */
  readonly release: (address: Ipv4, clients: readonly PublicClient[]) => void;
  /** Is a network usable for this board, as NETRACK sees it (fig. 12, faults 1 and 2)? */
  readonly networkChanged: (network: NetworkId, usable: boolean) => void;
  /** A split has healed, a switch came back: all held addresses are announced again. */
  readonly announceAgain: () => void;
  /** The new place was seen in a switch's table, or answered from outside. */
  readonly verified: (address: Ipv4) => void;
  readonly isHeld: (address: Ipv4) => boolean;
  /** Devices by network and address, for who looks a device's network up. */
  readonly names: DeviceNames;
  /** Gives everything up and ends; the gate is its owner's to close. */
  readonly close: () => void;
};

/**
 * Prepares devices and sockets; the gate guards every address from here on. Error: a socket that
 * nothing works without, or a full gate; trouble with a single device is logged.
 */
export async function openPublicAddresses(
  options: PublicAddressOptions,
): Promise<Result<PublicAddresses, SysError>> {
  const { netns, addresses, gate, log } = options;
  for (const { address } of addresses) {
    const guarded = gate.guard(address);
    if (!guarded.ok) return guarded;
  }
  const sockets = openSockets(netns);
  if (!sockets.ok) return sockets;
  const trouble = (reason: string): void => log.warn("public-address-trouble", { reason });
  const names = deviceNames(options.devices, addresses);
  inNetns(netns, () => prepareDevices(sockets.value.netlink, names, addresses, trouble));
  const speakers = new Map<string, Speaker>();
  const hands: Hands = {
    ...sockets.value,
    netns,
    gate,
    names,
    speakers,
    trouble,
    indexes: new Map(),
  };
  let onClaim: (claim: Extract<AddressEvent, { type: "arp-heard" }>) => void = () => {};
  for (const network of networkIds) {
    const heard = addresses.map(({ address }) => address);
    const common = { netns, network, onTrouble: trouble };
    const claim = (of: Omit<Extract<AddressEvent, { type: "arp-heard" }>, "type">): void =>
      onClaim({ type: "arp-heard", ...of });
    const base = names.base[network];
    const listening = { ...common, device: base, addresses: heard, onClaim: claim };
    speakers.set(base, await openSpeaker(listening));
    for (const own of names.own.values()) {
      const device = own[network];
      const silent = { ...common, device, addresses: [], onClaim: claim };
      speakers.set(device, await openSpeaker(silent));
    }
  }
  const macs = [...speakers.values()].flatMap((speaker) => speaker.mac() ?? []);
  const state = createAddressState(addresses, macs);
  const loop = eventLoop(options, hands, state);
  onClaim = loop.take;
  return ok(surface(options, hands, state, loop));
}

type Loop = { readonly take: (event: AddressEvent) => void; readonly stop: () => void };

/** Events in, effects out, one timer. */
function eventLoop(
  options: PublicAddressOptions,
  hands: Hands,
  state: ReturnType<typeof createAddressState>,
): Loop {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let isBusy = false;
  const waiting: AddressEvent[] = [];
  const report = (what: AddressReport): void => {
    logReport(options.log, what);
    options.onReport(what);
  };
  const carryOutAll = (event: AddressEvent): void => {
    hands.indexes.clear();
    const failed = new Set<Ipv4 | undefined>();
    for (const effect of stepAddresses(state, event, monoNowUs())) {
      if (effect.type === "set-timer") {
        clearTimeout(timer);
        const waitMs = Math.max(0, (effect.atUs - monoNowUs()) / 1000);
        timer = setTimeout(() => take({ type: "timer-fired" }), waitMs);
      } else if (failed.has(addressOf(effect))) {
        continue; // it was ordered in the belief that what failed would work
      } else if (effect.type === "report") report(effect.report);
      else if (effect.type === "step-done") {
        const { address, step, count } = effect;
        report({ type: "step", address, step, count, atUs: monoNowUs() });
      } else {
        const told = carryOut(hands, effect);
        if (told === undefined) continue;
        failed.add(addressOf(effect));
        waiting.unshift(told); // before what else waits
      }
    }
  };
  /** What a listener orders in the middle of a step waits until that step is done. */
  const take = (event: AddressEvent): void => {
    if (stopped) return;
    assert(waiting.length < waitingEventsMax, "listeners cause a bounded number of events");
    waiting.push(event);
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        carryOutAll(next);
      }
    } finally {
      isBusy = false;
    }
  };
  return {
    take,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function surface(
  options: PublicAddressOptions,
  hands: Hands,
  state: ReturnType<typeof createAddressState>,
  { take, stop }: Loop,
): PublicAddresses {
  return {
    acquire: (of) => take({ type: "acquire", ...of }),
    renew(address, untilUs) {
      if (isHeld(state, address)) options.gate.open(address, untilUs);
    },
    release(address, clients) {
      options.gate.shut(address); // now, even if the rest has to wait for a step under way
      take({ type: "release", address, clients });
    },
    networkChanged: (network, usable) => take({ type: "network-changed", network, usable }),
    announceAgain: () => take({ type: "announce-again" }),
    verified: (address) => take({ type: "verified", address }),
    isHeld: (address) => isHeld(state, address),
    names: hands.names,
    close() {
      for (const { address } of options.addresses) take({ type: "release", address, clients: [] });
      stop();
      for (const speaker of hands.speakers.values()) speaker.close();
      hands.raw.close();
      hands.diagnosis.close();
      hands.netlink.close();
    },
  };
}

function openSockets(
  netns: number,
): Result<Pick<Hands, "netlink" | "diagnosis" | "raw">, SysError> {
  return inNetns(netns, () => {
    const netlink = openNetlink();
    if (!netlink.ok) return netlink;
    const diagnosis = openSocketDiagnosis();
    if (!diagnosis.ok) {
      netlink.value.close();
      return diagnosis;
    }
    const raw = openRawIp();
    if (raw.ok) return ok({ netlink: netlink.value, diagnosis: diagnosis.value, raw: raw.value });
    netlink.value.close();
    diagnosis.value.close();
    return raw;
  });
}

function logReport(log: Log, report: AddressReport): void {
  const { address, atUs } = report;
  if (report.type === "step") {
    const { step, count } = report;
    log.debug("public-address-step", { address, step, count, atUs });
  } else if (report.type === "failed") {
    log.error("public-address-failed", { address, reason: report.reason, atUs });
  } else {
    const { network, mac, claims } = report;
    log.warn("public-address-duplicate", { address, net: network, mac, claims, atUs });
  }
}

// Raw frames, lookups, timers and configurations in random order through codec and core together.
// SEED=n repeats one run, ROUNDS=n makes more of them.

import { expect, test } from "bun:test";
import {
  addUs,
  type Ipv4,
  type Mac,
  type MonoUs,
  nextBelow,
  nextChance,
  nextOf,
  nextU32,
  type Prng,
  prng,
  slotId,
} from "../base/index.ts";
import {
  arpFrame,
  broadcastMac,
  dhcpFields,
  type DhcpMessage,
  dhcpMessageTypes,
  dhcpOption,
  dhcpValue,
  encodeDhcp,
  encodeUdpFrame,
  rarpFrame,
  udpFrameHeaderBytes,
  zeroIpv4,
} from "../wire/index.ts";
import { createState, step } from "./core.ts";
import type { Effect, Event, State } from "./core/types.ts";
import {
  readArpFrame,
  readDhcpFrame,
  readRarpFrame,
  replyFrameBytesMax,
  writeReplyFrame,
  writeReplyPayload,
} from "./frames.ts";
import {
  clientsMax,
  givenMax,
  holdersMax,
  pendingMax,
  pendingUsMax,
  conflictSilentUs,
} from "./limits.ts";
import type { LookupOutcome } from "./lookup/types.ts";
import {
  boardMac,
  ccnAddress,
  ccnMac,
  chassisOf,
  configOf,
  message,
  slotAddress,
} from "./testing.ts";

const seed = Number(process.env["SEED"] ?? nextU32(prng(Date.now())));
const rounds = Number(process.env["ROUNDS"] ?? 60);
const stepsPerRound = 1500;
/** Effects of one event: every address and every request in flight can end at once, a few each. */
const effectsMax = 16 * 200;

const chassis = chassisOf({}, 12);
const config = configOf({ chassis });

function randomMac(rng: Prng): Mac {
  return nextChance(rng, 0.02)
    ? nextOf(rng, [broadcastMac, ccnMac])
    : boardMac(1 + nextBelow(rng, 40));
}

function randomAddress(rng: Prng): Ipv4 {
  return nextChance(rng, 0.8)
    ? slotAddress(1 + nextBelow(rng, 14))
    : nextOf(rng, [zeroIpv4, ccnAddress]);
}

function randomDhcp(rng: Prng): DhcpMessage {
  const options = [];
  if (nextChance(rng, 0.6))
    options.push(dhcpOption(dhcpFields.requestedAddress, randomAddress(rng)));
  if (nextChance(rng, 0.4)) {
    const at = nextChance(rng, 0.8) ? ccnAddress : randomAddress(rng);
    options.push(dhcpOption(dhcpFields.serverIdentifier, at));
  }
  if (nextChance(rng, 0.3)) options.push(dhcpOption(dhcpFields.vendorClass, "softset"));
  if (nextChance(rng, 0.3)) options.push({ code: 61, bytes: new Uint8Array(nextBelow(rng, 300)) });
  if (nextChance(rng, 0.2)) options.push({ code: 82, bytes: new Uint8Array(nextBelow(rng, 400)) });
  if (nextChance(rng, 0.2))
    options.push(dhcpOption(dhcpFields.maxMessageSize, nextBelow(rng, 2000)));
  const type = nextChance(rng, 0.03) ? undefined : nextOf(rng, Object.values(dhcpMessageTypes));
  const fields = {
    xid: nextU32(rng),
    flags: nextOf(rng, [0, 0x8000]),
    ciaddr: nextChance(rng, 0.3) ? randomAddress(rng) : zeroIpv4,
    giaddr: nextChance(rng, 0.1) ? randomAddress(rng) : zeroIpv4,
  };
  return message(type, randomMac(rng), fields, options);
}

function dhcpFrame(rng: Prng): Uint8Array {
  const dhcp = randomDhcp(rng);
  const into = new Uint8Array(replyFrameBytesMax);
  const length = encodeDhcp(dhcp, into.subarray(udpFrameHeaderBytes), 1472);
  if (!length.ok) return into;
  const frame = {
    srcMac: nextChance(rng, 0.9) ? dhcp.chaddr : randomMac(rng),
    dstMac: broadcastMac,
    src: dhcp.ciaddr,
    dst: ccnAddress,
    srcPort: 68,
    dstPort: 67,
    payload: into.subarray(udpFrameHeaderBytes, udpFrameHeaderBytes + length.value),
  };
  const total = encodeUdpFrame(frame, into);
  const bytes = into.slice(0, total.ok ? total.value : 0);
  if (nextChance(rng, 0.2)) mutate(rng, bytes);
  return bytes;
}

function mutate(rng: Prng, bytes: Uint8Array): void {
  for (let n = nextBelow(rng, 8); n >= 0; n--) bytes[nextBelow(rng, bytes.length)] = nextU32(rng);
  // No UDP checksum: damaged bytes reach the DHCP codec.
  bytes[40] = 0;
  bytes[41] = 0;
}

function randomOutcome(rng: Prng): LookupOutcome {
  const slot = 1 + nextBelow(rng, 14);
  return nextOf<LookupOutcome>(rng, [
    { type: "found", port: String(slot), slot: slotId(slot) },
    { type: "found", port: String(slot), slot: slotId(slot) },
    { type: "found", port: String(slot), slot: slotId(slot) },
    { type: "not-found" },
    { type: "on-uplink", port: "24" },
    { type: "no-answer", reason: "silence" },
  ]);
}

function randomEvent(rng: Prng, state: State): Event {
  const waiting = [...state.pending.keys()];
  const kind = nextBelow(rng, 100);
  if (kind < 40) return readDhcpFrame(dhcpFrame(rng));
  if (kind < 50) {
    const packet = { sha: randomMac(rng), spa: zeroIpv4, tha: randomMac(rng), tpa: zeroIpv4 };
    return readRarpFrame(rarpFrame({ ...packet, op: nextChance(rng, 0.9) ? 3 : 4 }));
  }
  if (kind < 62) {
    const packet = { sha: randomMac(rng), spa: randomAddress(rng), tha: ccnMac, tpa: zeroIpv4 };
    return readArpFrame(arpFrame({ ...packet, op: 2 }));
  }
  if (kind < 84 && waiting.length > 0) {
    return { type: "lookup-finished", mac: nextOf(rng, waiting), outcome: randomOutcome(rng) };
  }
  if (kind < 85) {
    return {
      type: "configured",
      config: { ...config, chassis: chassisOf({}, 1 + nextBelow(rng, 14)) },
    };
  }
  if (kind < 87) {
    const bytes = Uint8Array.from({ length: nextBelow(rng, 600) }, () => nextU32(rng));
    return nextOf(rng, [readDhcpFrame, readRarpFrame, readArpFrame])(bytes);
  }
  return { type: "timer-fired" };
}

/** What must hold for every order that leaves the core. */
function checkEffect(state: State, effect: Effect, into: Uint8Array): void {
  if (effect.type !== "send-dhcp") return;
  const server = { mac: ccnMac, address: ccnAddress };
  const type = dhcpValue(effect.message, dhcpFields.messageType);
  const bytes =
    effect.to.kind === "relay"
      ? writeReplyPayload(effect, into)
      : writeReplyFrame(effect, server, into);
  // Echoes of a client's own long options may leave no room; nothing else may fail.
  if (!bytes.ok) expect(bytes.error.got).toContain("no room for option");
  if (type === dhcpMessageTypes.nak) return expect(effect.message.yiaddr).toBe(zeroIpv4);
  if (effect.message.yiaddr !== zeroIpv4) {
    const place = state.clients.get(effect.message.chaddr)?.place;
    expect(place?.kind === "found" && place.address === effect.message.yiaddr).toBe(true);
  }
}

function checkBounds(state: State): void {
  expect(state.pending.size).toBeLessThanOrEqual(pendingMax);
  expect(state.clients.size).toBeLessThanOrEqual(clientsMax);
  expect(state.given.size).toBeLessThanOrEqual(givenMax);
  let places = 0;
  for (const used of state.senders.values()) places += used;
  const counted = [...state.pending.values()].filter(({ sender }) => sender !== undefined).length;
  expect(places).toBe(counted);
  for (const page of state.addresses.values()) {
    expect(page.holders.length).toBeLessThanOrEqual(holdersMax);
    const { conflict } = page;
    if (conflict !== undefined) expect(conflict.holder).not.toBe(conflict.claimant);
  }
}

function playRound(rng: Prng, into: Uint8Array): void {
  let now: MonoUs = addUs(createState(config, slotTime).lines.secondUs, 0);
  const state = createState(config, now);
  for (let n = 0; n < stepsPerRound; n++) {
    now = addUs(now, nextOf(rng, [0, 10, 500, 20_000, 80_000, 300_000]));
    const effects = step(state, randomEvent(rng, state), now);
    expect(effects.length).toBeLessThan(effectsMax);
    for (const effect of effects) checkEffect(state, effect, into);
    checkBounds(state);
  }
  // When everybody falls silent, nothing stays open: no request, no conflict, no timer.
  for (let n = 0; state.timerUs !== undefined; n++) {
    expect(n).toBeLessThan(2000);
    now = addUs(state.timerUs, 0);
    step(state, { type: "timer-fired" }, now);
  }
  expect(state.pending.size).toBe(0);
  for (const { conflict, probe } of state.addresses.values()) {
    expect([conflict, probe]).toEqual([undefined, undefined]);
  }
  expect(pendingUsMax).toBeGreaterThan(conflictSilentUs);
}

const slotTime = addUs(0 as MonoUs, 1_000_000);

test(`random frames, lookups and timers neither break nor bloat the server (SEED=${seed})`, () => {
  const rng = prng(seed);
  const into = new Uint8Array(replyFrameBytesMax);
  for (let round = 0; round < rounds; round++) playRound(rng, into);
}, 60_000);

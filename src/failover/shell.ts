// Failover on a board: who may act (lease), what runs (psrm), where it should be (redirect), the
// public addresses and their gate, the link between boards, the death watches; on the CCN the slots
// and the fence. Each decides for itself in its own room; here they are made, in an order in which
// nothing is told before it is true, and joined.

import { join } from "node:path";
import { ccnSlot, err, msToUs, ok, parseMac, type Result, type SlotId } from "../base/index.ts";
import { votersOf } from "../config/index.ts";
import { createTimeline } from "../history/index.ts";
import { closeNetns, currentNetns, sysErrorText, writeSysctl } from "../kernel/index.ts";
import { type LeaseConfig, startLeases } from "../lease/index.ts";
import { openLink } from "../link/index.ts";
import { startPsrm } from "../psrm/index.ts";
import {
  devicesOfNetworks,
  openPublicAddresses,
  openPublicRoutes,
  type PublicAddressSetting,
} from "../redirect/address/index.ts";
import { startSlots } from "../slots/index.ts";
import { surfaceOf } from "./answers.ts";
import { startClients } from "./clients.ts";
import { createObserved } from "./core/observed.ts";
import { startCourier } from "./courier.ts";
import { startDeathWatch } from "./death-watch.ts";
import { drainSockets } from "./evidence.ts";
import { startFencing } from "./fencing.ts";
import { openBoardGate } from "./gate.ts";
import { hearEvidence, hearMessage, hearTells } from "./hear.ts";
import { onEntitled, onHolder, onLeaseNote } from "./leases.ts";
import { channels, reportEveryMs } from "./limits.ts";
import { carryOut, factsNow, look, onPlaced } from "./look.ts";
import { carryOutOrder } from "./operator.ts";
import { startRedirect } from "./redirect-shell.ts";
import { hearWishes, ownReport, tellReport } from "./report.ts";
import { onAddressReport, onMoveAsked, onServiceChange } from "./services.ts";
import { setAlarm, type State } from "./state.ts";
import { note } from "./story.ts";
import type { Failover, FailoverOptions } from "./surface.ts";
import { startTenures } from "./tenures.ts";
import { lookAtWaiting } from "./waiting.ts";
import { openWishes } from "./wishes.ts";

/** Starts failover for the board of the document. The error is a sentence; nothing runs then. */
export async function startFailover(options: FailoverOptions): Promise<Result<Failover, string>> {
  const netns = currentNetns();
  if (!netns.ok) return err(sysErrorText(netns.error));
  const state = newState(options, netns.value);
  const started = await startAll(state);
  if (started !== undefined) {
    await close(state);
    return err(started);
  }
  return ok(surfaceOf(state, () => close(state)));
}

function newState(options: FailoverOptions, netns: number): State {
  const { document } = options;
  const { slot: self, groups, services, timing } = document;
  const life = options.netrack.lifeOf(self);
  const names = groups.map(({ name }) => name);
  return {
    options,
    self,
    netns,
    ownGroups: groups.filter(({ on }) => on.includes(self)),
    ownServices: services.filter(({ on }) => on.includes(self)),
    mates: matesOf(options),
    leaseConfigs: leaseConfigs(options),
    observed: createObserved(names, msToUs(timing.silentMs)),
    reports: new Map(),
    asking: new Set(),
    alarms: new Map(),
    able: new Map(),
    waitingSinceUs: new Map(),
    heardUntilUs: new Map(),
    entitled: new Set(),
    notes: new Map(),
    timeline: life && createTimeline({ slot: self, life }),
    untold: [],
    verified: new Map(),
    timers: new Set(),
    gate: undefined,
    addresses: undefined,
    routes: undefined,
    clients: undefined,
    psrm: undefined,
    link: undefined,
    leases: undefined,
    tenures: undefined,
    redirect: undefined,
    deathWatch: undefined,
    slots: undefined,
    fencing: undefined,
    wishes: undefined,
    courier: undefined,
    electionsOff: false,
    out: new Set(),
    isReportDue: false,
    isClosed: false,
  };
}

/** Other I/O cards of this I/O card's groups; hubs are heard by their beats. */
function matesOf({ document, role }: FailoverOptions): SlotId[] {
  if (role !== "io-card") return [];
  const { slot: self, boards, groups } = document;
  const own = groups.filter(({ on, model }) => on.includes(self) && model !== "all-active");
  const mates = new Set(own.flatMap(({ on }) => on));
  const isCard = (slot: SlotId): boolean =>
    boards.some((board) => board.slot === slot && board.role === "io-card");
  return [...mates].filter((slot) => slot !== self && isCard(slot));
}

/** The groups in which this board votes or which it may hold, with the times of the file. */
function leaseConfigs({ document }: FailoverOptions): Map<string, LeaseConfig> {
  const { slot: self, boards, groups, timing } = document;
  const { lease } = timing;
  const configs = new Map<string, LeaseConfig>();
  for (const group of groups) {
    if (group.model === "all-active") continue;
    const holders = [...group.on].toSorted((a, b) => a - b);
    const voters = votersOf(boards, group.on);
    // The CCN is asked for the fence also where it has no vote.
    if (!holders.includes(self) && !voters.includes(self) && self !== ccnSlot) continue;
    configs.set(group.name, {
      group: group.name,
      self,
      holders,
      voters,
      unfenced: group.unfenced,
      timing: {
        silentUs: msToUs(timing.silentMs),
        leaseUs: msToUs(lease.leaseMs),
        grantUs: msToUs(lease.grantMs),
        replicaUs: msToUs(lease.replMs),
        coldUs: msToUs(lease.coldMs),
        askAgainUs: msToUs(lease.fenceMs),
      },
    });
  }
  return configs;
}

/** Makes everything; a sentence if the board cannot have failover. */
async function startAll(state: State): Promise<string | undefined> {
  const addresses = await startAddresses(state);
  if (addresses !== undefined) return addresses;
  const programs = await startPrograms(state);
  if (programs !== undefined) return programs;
  const { options, self } = state;
  const { netrack, document, nowUs } = options;
  state.tenures = startTenures({
    self,
    groups: state.ownGroups,
    services: state.ownServices,
    psrm: state.psrm,
    addresses: state.addresses,
    clients: state.clients,
    nowUs,
    graceMs: document.timing.lease.answerMs,
    onDrained: (group) => state.leases?.give({ type: "drained" }, group),
    onStep: (step) => note(state, step),
    onPhase: () => look(state),
  });
  state.tenures.begin();
  state.link = await openLink({
    netns: state.netns,
    devices: options.devices,
    port: document.provision.linkPort,
    keyHex: document.key,
    self,
    ownLife: () => netrack.lifeOf(self),
    lifeOf: (slot) => {
      const board = document.boards.find((each) => each.slot === slot);
      return board && netrack.lifeOf(board.slot);
    },
    addressOf: (slot, network) =>
      document.boards.find((board) => board.slot === slot)?.address[network],
    onMessage: (message) => hearMessage(state, message),
    onTrouble: (network, reason) => options.log.warn("link-trouble", { net: network, reason }),
  });
  state.courier = startCourier({
    send: (to, channel, bytes) => void state.link?.send(to, channel, bytes),
    carryOut: (order) => carryOutOrder(state, order),
  });
  const leases = startTheLeases(state);
  if (leases !== undefined) return leases;
  startCcnParts(state);
  startWatching(state);
  state.redirect = startRedirect({
    config: document,
    nowUs,
    facts: () => factsNow(state),
    onEffect: (effect) => carryOut(state, effect),
    onPlaced: () => onPlaced(state),
  });
  state.timers.add(
    setInterval(() => {
      tellReport(state);
      lookAtWaiting(state);
      look(state);
    }, reportEveryMs),
  );
  look(state);
  return undefined;
}

async function startAddresses(state: State): Promise<string | undefined> {
  const { options, self, netns, ownGroups } = state;
  const { log, devices, document } = options;
  const trouble = (reason: string): void => log.warn("public-address-trouble", { reason });
  const all = document.groups.flatMap(({ addresses }) => addresses);
  if (all.length === 0) return undefined;
  state.routes = openPublicRoutes({
    netns,
    devices,
    addresses: all.map(({ address }) => address),
    onTrouble: trouble,
  });
  const own = ownGroups.flatMap(({ addresses }) => addresses);
  if (own.length === 0) return undefined;
  const { gate, missing } = openBoardGate(netns, Object.values(devices));
  state.gate = gate;
  if (missing !== undefined) {
    log.error("gate-missing", { reason: missing });
    const text = `no kernel gate: a stopped board would go on answering: ${missing}`;
    const alarm = { id: "gate-missing", object: `slot ${self}`, severity: "major", text } as const;
    setAlarm(state, alarm, true, options.nowUs());
  }
  // Programs may bind an address that is not here yet.
  const nonlocal = writeSysctl("net/ipv4/ip_nonlocal_bind", 1);
  if (!nonlocal.ok) trouble(sysErrorText(nonlocal.error));
  const opened = await openPublicAddresses({
    netns,
    devices,
    addresses: own.map(({ address, prefix, mac }): PublicAddressSetting => {
      const parsed = mac === undefined ? undefined : parseMac(mac);
      return { address, prefix, mac: parsed?.ok === true ? parsed.value : undefined };
    }),
    gate,
    log: log.module("address"),
    onReport: (report) => onAddressReport(state, report),
  });
  if (!opened.ok) return sysErrorText(opened.error);
  state.addresses = opened.value;
  const others = new Set(
    ownGroups.filter(({ addresses }) => addresses.length > 0).flatMap(({ on }) => on),
  );
  others.delete(self);
  state.clients = startClients({
    netns,
    devices: devicesOfNetworks(opened.value.names),
    others: [...others],
    send: (to, channel, bytes) => void state.link?.send(to, channel, bytes),
    onTrouble: (reason) => log.warn("public-clients-trouble", { reason }),
  });
  return undefined;
}

async function startPrograms(state: State): Promise<string | undefined> {
  const { options, ownServices } = state;
  if (ownServices.length === 0) return undefined;
  const started = await startPsrm({
    services: ownServices,
    runDir: options.runDir,
    logDir: join(options.stateDir, "log"),
    log: options.log.module("psrm"),
    guard: options.guard,
    onChange: (change) => onServiceChange(state, change),
    onMoveAsked: (asked) => onMoveAsked(state, asked),
    isOtherChild: options.isOtherChild,
  });
  if (!started.ok) return started.error;
  state.psrm = started.value;
  return undefined;
}

function startTheLeases(state: State): string | undefined {
  const { options, self, leaseConfigs: configs } = state;
  const { netrack } = options;
  const incarnation = netrack.lifeOf(self);
  if (incarnation === undefined) return "this board has no life yet";
  const started = startLeases({
    configs: [...configs.values()],
    incarnation,
    stateDir: options.stateDir,
    log: options.log.module("lease"),
    nowUs: options.nowUs,
    send: (to, bytes) => void state.link?.send(to, channels.lease, bytes),
    beatSoon: () => netrack.beatSoon(),
    fence: (order) => state.fencing?.fence(order),
    onHolder: (change) => onHolder(state, change),
    onEntitled: (group, untilUs) => onEntitled(state, group, untilUs),
    onDrain: (group, to) => state.tenures?.onDrain(group, to),
    onTells: (from, tells) => hearTells(state, from, tells),
    onNote: (note) => onLeaseNote(state, note),
  });
  if (!started.ok) return started.error;
  state.leases = started.value;
  return undefined;
}

function startCcnParts(state: State): void {
  const { options, self } = state;
  if (self !== ccnSlot) return;
  const { document, log, netrack, driver, nowUs } = options;
  state.wishes = openWishes(options.stateDir, (reason) => log.error("wishes-lost", { reason }));
  hearWishes(state, ownReport(state));
  const id = "no-fence";
  if (driver === undefined) {
    const text = "no slot hardware: a silent board cannot be fenced, so nothing takes over from it";
    if (state.leaseConfigs.size === 0) return;
    setAlarm(state, { id, object: "ccn", severity: "critical", text }, true, nowUs());
    log.error("no-slot-hardware", { text });
    return;
  }
  state.slots = startSlots({
    driver,
    slots: document.boards.map(({ slot }) => slot).filter((slot) => slot !== ccnSlot),
    timing: document.timing,
    log: log.module("slots"),
  });
  state.fencing = startFencing({
    slots: state.slots,
    configs: state.leaseConfigs,
    leases: () => state.leases,
    drained: () => drainSockets(() => netrack.counters()["packets"] ?? 0),
    lifeOf: netrack.lifeOf,
    onEvidence: (slot, life, what) => hearEvidence(state, { slot, life, what }, true),
    onStep: (step) => note(state, step),
  });
}

function startWatching(state: State): void {
  const { options, self } = state;
  const { document, netrack, log } = options;
  const mayHold = new Set(
    document.groups.filter(({ model }) => model !== "all-active").flatMap(({ on }) => on),
  );
  if (mayHold.size === 0) return;
  const watches = self === ccnSlot || mayHold.has(self) || state.leaseConfigs.size > 0;
  state.deathWatch = startDeathWatch({
    self,
    port: document.provision.watchPort,
    keyHex: document.key,
    boards: watches ? document.boards.filter(({ slot }) => mayHold.has(slot)) : [],
    isWatched: mayHold.has(self),
    ownLife: () => netrack.lifeOf(self),
    lifeOf: netrack.lifeOf,
    onDeath: (slot, life, network) => {
      const what = `its kernel closed the death watch on ${network}`;
      hearEvidence(state, { slot, life, what }, false);
    },
    onTrouble: (reason) => log.warn("death-watch-trouble", { reason }),
  });
}

/** Ends everything, what others hear first. */
async function close(state: State): Promise<void> {
  if (state.isClosed) return;
  state.isClosed = true;
  for (const timer of state.timers) clearInterval(timer);
  state.courier?.close();
  state.redirect?.close();
  state.deathWatch?.close();
  state.tenures?.close();
  state.addresses?.close();
  state.gate?.close();
  state.leases?.close();
  state.fencing?.close();
  state.slots?.close();
  state.clients?.close();
  state.routes?.close();
  await state.psrm?.close();
  state.link?.close();
  closeNetns(state.netns);
}

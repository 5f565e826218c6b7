// The surface of a running failover: what it answers and which orders it takes.

import type { Ipv4 } from "../base/index.ts";
import { parseFaults, whatIf, whatIfText } from "../redirect/index.ts";
import type { Beat, BeatExtension } from "../wire/index.ts";
import { beatExtensionRoom } from "../wire/index.ts";
import { hearBeat, onMapChange } from "./hear.ts";
import { channels, leaveMs } from "./limits.ts";
import { factsNow } from "./look.ts";
import { order } from "./operator.ts";
import { ownReport } from "./report.ts";
import type { State } from "./state.ts";
import type { Failover, GroupStatus, ServicePlace } from "./surface.ts";

/** The surface. */
export function surfaceOf(state: State, close: () => Promise<void>): Failover {
  return {
    extend: (beat) => extend(state, beat),
    heardBeat: (received) => hearBeat(state, received),
    onChange: (change) => onMapChange(state, change),
    groups: () => groups(state),
    services: () => services(state),
    electionsOff: () => state.electionsOff,
    slots: () => state.slots?.report(),
    slotAlarms: () => state.slots?.alarms() ?? [],
    alarms: () => [...state.alarms.values()],
    counters: () => counters(state),
    whatIf: (text) => ask(state, text),
    order: (given) => order(state, given),
    timeline: () => state.timeline,
    held: () => held(state),
    isPsrmChild: (pid) => state.psrm?.isChild(pid) === true,
    leave: () => leave(state),
    close,
  };
}

function extend(state: State, beat: Beat): ReturnType<Failover["extend"]> {
  if (state.leases === undefined || state.leaseConfigs.size === 0) return [];
  const used = beat.extensions.reduce(
    (sum, { bytes }) => sum + bytes.length + extensionHeaderBytes,
    0,
  );
  const room = beatExtensionRoom(beat.peers.length) - used - extensionHeaderBytes;
  const extensions = state.leases.extensionFor(beat.seq, room);
  if (beat.network === "A") tellMates(state, extensions);
  return extensions;
}

/** I/O cards hear hubs only: those that may hold the same group tell each other over the link. */
function tellMates(state: State, extensions: readonly BeatExtension[]): void {
  for (const { bytes } of extensions) {
    for (const slot of state.mates) state.link?.send(slot, channels.tells, bytes);
  }
}

/** Type and length of an extension: at most so many bytes. */
const extensionHeaderBytes = 4;

function groups(state: State): GroupStatus[] {
  const facts = factsNow(state);
  const reports = state.leases?.report() ?? [];
  const placements = state.redirect?.placements() ?? [];
  return state.options.document.groups.map(({ name }) => ({
    group: name,
    active: facts.groups.find(({ group }) => group === name)?.active ?? [],
    record: state.observed.groups.get(name)?.record,
    phase: state.tenures?.phaseOf(name),
    lease: reports.find(({ group }) => group === name),
    placement: placements.find(({ group }) => group === name),
  }));
}

function services(state: State): ServicePlace[] {
  const { self, psrm, options } = state;
  const own = psrm?.status() ?? [];
  const groupOf = (service: string): string | undefined =>
    options.document.services.find(({ name }) => name === service)?.group;
  const mine = ownReport(state).services.map((each): ServicePlace => ({
    ...each,
    slot: self,
    group: groupOf(each.service),
    own: own.find(({ service }) => service === each.service),
  }));
  const theirs = [...state.reports].flatMap(([slot, { life, report }]) =>
    options.netrack.lifeOf(slot) !== life
      ? []
      : report.services.map((each): ServicePlace => ({
          ...each,
          slot,
          group: groupOf(each.service),
          own: undefined,
        })),
  );
  return [...mine, ...theirs];
}

function counters(state: State): Record<string, number> {
  const { link, clients, deathWatch, slots } = state;
  const all: Record<string, number> = {};
  const parts = { link: link?.counters(), clients: clients?.counters() };
  const more = { watch: deathWatch?.counters(), slots: slots?.counters() };
  for (const [name, counts] of Object.entries({ ...parts, ...more })) {
    for (const [key, value] of Object.entries(counts ?? {})) all[`${name}.${key}`] = value;
  }
  return all;
}

function ask(state: State, text: string): { readonly ok: boolean; readonly text: string } {
  const { document } = state.options;
  const faults = parseFaults(text, document);
  if (!faults.ok) return { ok: false, text: faults.error };
  return { ok: true, text: whatIfText(whatIf(document, factsNow(state), faults.value)).join("\n") };
}

function held(state: State): Ipv4[] {
  return state.ownGroups
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    .filter((address) => state.addresses?.isHeld(address) === true);
}

/** Every group that another board in sync can take, in the time there is. */
async function leave(state: State): Promise<void> {
  const { leases, tenures, options } = state;
  for (const { group, holder, record } of leases?.report() ?? []) {
    const to = record.inSync.find(
      (slot) => slot !== state.self && options.netrack.lifeOf(slot) !== undefined,
    );
    if (holder && to !== undefined) leases?.give({ type: "hand-over", to }, group);
  }
  const isHolding = (): boolean => leases?.report().some(({ holder }) => holder) === true;
  const endUs = options.nowUs() + leaveMs * 1000;
  while (isHolding() && options.nowUs() < endUs) await Bun.sleep(2);
  for (const { name } of state.ownGroups) {
    if (tenures?.phaseOf(name) === "draining") await Bun.sleep(2);
  }
}

// The surface of a running failover: what it answers and which orders it takes.

import { type Ipv4, type SlotId } from "../base/index.ts";
import { parseFaults, whatIf, whatIfText } from "../redirect/index.ts";
import type { Beat } from "../wire/index.ts";
import { beatExtensionRoom } from "../wire/index.ts";
import { hearBeat, onMapChange } from "./hear.ts";
import { leaveMs } from "./limits.ts";
import { factsNow } from "./look.ts";
import { hearWishes, ownReport, reportSoon } from "./report.ts";
import type { State } from "./state.ts";
import type { Failover, FailoverAnswer, GroupStatus, ServicePlace } from "./surface.ts";

/** The surface. */
export function surfaceOf(state: State, close: () => Promise<void>): Failover {
  return {
    extend: (beat) => extend(state, beat),
    heardBeat: (received) => hearBeat(state, received),
    onChange: (change) => onMapChange(state, change),
    groups: () => groups(state),
    services: () => services(state),
    slots: () => state.slots?.report() ?? [],
    alarms: () => [...state.alarms.values()],
    counters: () => counters(state),
    whatIf: (text) => ask(state, text),
    move: (group, to) => move(state, group, to),
    orderService: (service, what, by) => orderService(state, service, what, by),
    operate: (slot, action, by) => operate(state, slot, action, by),
    promote: (group, who, reason) => promote(state, group, who, reason),
    attestRemoved: (slot, by) => attestRemoved(state, slot, by),
    setMaintenance: (on) => setElections(state, on),
    timeline: () => state.timeline,
    held: () => held(state),
    isPsrmChild: (pid) => state.psrm?.isChild(pid) === true,
    leave: () => leave(state),
    close,
  };
}

function extend(state: State, beat: Beat): ReturnType<Failover["extend"]> {
  if (state.leases === undefined || state.leaseConfigs.size === 0) return [];
  const used = beat.extensions.reduce((sum, { bytes }) => sum + bytes.length + 2, 0);
  const room = beatExtensionRoom(beat.peers.length) - used - servicesRoom;
  return state.leases.extensionFor(beat.seq, room);
}

/** NETRACK adds the services beside ours, bytes. */
const servicesRoom = 4;

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

/** To another board by REDIRECT's word; this board must be the active one. */
async function move(state: State, group: string, to: SlotId | undefined): Promise<FailoverAnswer> {
  const { redirect, alarms, leaseConfigs, tenures } = state;
  if (!leaseConfigs.has(group)) return { done: false, text: `no group ${group} that can move` };
  if (tenures?.phaseOf(group) !== "active") {
    return { done: false, text: `group ${group} is not active on slot ${state.self}` };
  }
  redirect?.move(group, to);
  const refused = alarms.get(`move-refused:${group}`);
  if (refused !== undefined) return { done: false, text: refused.text };
  const endUs = state.options.nowUs() + leaveMs * 1000;
  while (tenures.phaseOf(group) !== "standby" && state.options.nowUs() < endUs) await Bun.sleep(2);
  const isGone = tenures.phaseOf(group) === "standby";
  const target = redirect?.placements().find((each) => each.group === group)?.active[0];
  const text = isGone
    ? `group ${group} was handed over to slot ${target}`
    : `group ${group} is still here: slot ${target} is not in sync, or a service does not end`;
  return { done: isGone, text };
}

function orderService(
  state: State,
  service: string,
  what: "start" | "stop" | "restart",
  by: string,
): FailoverAnswer {
  const { psrm, self, tenures, ownServices } = state;
  const group = ownServices.find(({ name }) => name === service)?.group;
  const isHere = group === undefined || tenures?.phaseOf(group) !== "standby";
  const isCold = ownServices.find(({ name }) => name === service)?.standby === "stopped";
  if (what !== "stop" && !isHere && isCold) {
    return {
      done: false,
      text: `slot ${self} stands by for group ${group}; order it where it is active`,
    };
  }
  const ordered = psrm?.[what](service, `ordered by ${by}`);
  if (ordered === undefined) return { done: false, text: `slot ${self} runs no services` };
  return ordered.ok
    ? { done: true, text: `${service} on slot ${self}: ${what} ordered` }
    : { done: false, text: ordered.error };
}

/** Out: first everything is handed over, then the power goes; in: the other way round. */
async function operate(
  state: State,
  ...[slot, action, by]: Parameters<Failover["operate"]>
): ReturnType<Failover["operate"]> {
  const { slots, wishes, options } = state;
  if (slots === undefined || wishes === undefined) {
    return { done: false, text: "only the ccn with slot hardware drives slots" };
  }
  const { out } = wishes.get();
  const want = async (next: ReadonlySet<SlotId>): Promise<string | undefined> => {
    const saved = wishes.set({ ...wishes.get(), out: next });
    hearWishes(state, ownReport(state));
    reportSoon(state);
    state.redirect?.look();
    return await saved;
  };
  if (action === "out") {
    const wrong = await want(new Set([...out, slot]));
    if (wrong !== undefined) return { done: false, text: `the wish could not be kept: ${wrong}` };
    const endUs = options.nowUs() + outMs * 1000;
    while (isBusy(state, slot) && options.nowUs() < endUs) await Bun.sleep(5);
    if (isBusy(state, slot)) {
      await want(out);
      return { done: false, text: `slot ${slot} is still active for ${busyWith(state, slot)}` };
    }
  }
  const answer = await slots.operate({ slot, action, by });
  if (action === "in" && answer.done) {
    const next = new Set(wishes.get().out);
    next.delete(slot);
    await want(next);
  }
  return answer;
}

/** `slot N out` waits so long for everything to be handed over, ms. */
const outMs = 10_000;

function isBusy(state: State, slot: SlotId): boolean {
  return busyWith(state, slot) !== "";
}

function busyWith(state: State, slot: SlotId): string {
  return groups(state)
    .filter(({ active }) => active.includes(slot))
    .map(({ group }) => group)
    .join(", ");
}

function promote(state: State, group: string, who: string, reason: string): FailoverAnswer {
  const config = state.leaseConfigs.get(group);
  if (config?.holders.includes(state.self) !== true) {
    return { done: false, text: `slot ${state.self} cannot hold group ${group}` };
  }
  state.leases?.give({ type: "promote", forced: { who, reason } }, group);
  return { done: true, text: `slot ${state.self} stands for group ${group} whatever it lacks` };
}

/** O3: a person has seen that the board is out; that is as good as the lines. */
function attestRemoved(state: State, slot: SlotId, by: string): FailoverAnswer {
  const lives = new Set<string>();
  for (const { record } of groups(state)) {
    if (record === undefined) continue;
    const proof = { kind: "off", slot, incarnation: record.incarnation, strong: true } as const;
    lives.add(record.incarnation);
    state.leases?.give({ type: "proof", proof });
  }
  const text = `slot ${slot} counts as removed, by the word of ${by}`;
  return { done: lives.size > 0, text };
}

function setElections(state: State, off: boolean): void {
  const { wishes } = state;
  if (wishes === undefined) return;
  void wishes.set({ ...wishes.get(), electionsOff: off });
  hearWishes(state, ownReport(state));
  reportSoon(state);
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

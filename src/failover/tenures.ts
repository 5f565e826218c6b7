// The groups of this board at work: what the leases grant becomes services, addresses and roles, in
// the order of core/tenure.ts. Everything between the grant and the address on the cable is one turn
// of the loop when the group's services run already.

import { type Ipv4, type MonoUs, monoUs, msToUs, type SlotId } from "../base/index.ts";
import type { Group, Service } from "../config/index.ts";
import type { OwnStep } from "../history/index.ts";
import type { HolderChange } from "../lease/index.ts";
import type { GroupRole, Psrm, ServiceChange } from "../psrm/index.ts";
import type { PublicAddresses } from "../redirect/address/index.ts";
import type { Clients } from "./clients.ts";
import {
  createTenure,
  stepTenure,
  type TenureEffect,
  type TenureEvent,
  type TenurePhase,
  type TenureState,
} from "./core/tenure.ts";

/** What the tenures of a board need. */
export type TenureOptions = {
  readonly self: SlotId;
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  /** Undefined: no service may run on this board. */
  readonly psrm: Psrm | undefined;
  /** Undefined: no public address may be here. */
  readonly addresses: PublicAddresses | undefined;
  readonly clients: Clients | undefined;
  readonly nowUs: () => MonoUs;
  /** How long addresses wait for services that start, ms. */
  readonly graceMs: number;
  readonly onDrained: (group: string) => void;
  readonly onStep: (step: OwnStep) => void;
  /** A group began or ended here. */
  readonly onPhase: (group: string, phase: TenurePhase) => void;
};

/** The groups this board may be active for. */
export type Tenures = {
  /** Starts the services that run on standbys too. */
  readonly begin: () => void;
  readonly onHolder: (change: HolderChange) => void;
  /** A new end of the lease; every address of the group answers until then. */
  readonly onEntitled: (group: string, untilUs: MonoUs) => void;
  readonly onDrain: (group: string, to: SlotId) => void;
  readonly onService: (change: ServiceChange) => void;
  /** A group without a lease begins or ends here. */
  readonly setActive: (group: string, isActive: boolean, why: string) => void;
  readonly phaseOf: (group: string) => TenurePhase | undefined;
  readonly epochOf: (group: string) => number | undefined;
  readonly untilUs: (group: string) => MonoUs;
  /** Group and epoch an address belongs to. */
  readonly groupOf: (
    address: Ipv4,
  ) => { readonly group: string; readonly epoch: number } | undefined;
  readonly close: () => void;
};

type Tenure = {
  readonly group: Group;
  readonly state: TenureState;
  untilUs: MonoUs;
  timer: ReturnType<typeof setTimeout> | undefined;
};

type Run = { readonly options: TenureOptions; readonly tenures: Map<string, Tenure> };

/** Begins as a standby of every group. */
export function startTenures(options: TenureOptions): Tenures {
  const run: Run = { options, tenures: new Map() };
  for (const group of options.groups) run.tenures.set(group.name, newTenure(options, group));
  return {
    begin() {
      for (const { state } of run.tenures.values()) {
        const { group, hot } = state.setting;
        for (const service of hot) options.psrm?.start(service, `group ${group} may be here`);
      }
    },
    onHolder(change) {
      if (change.active) give(run, change.group, { type: "active", epoch: change.epoch });
      else give(run, change.group, { type: "inactive", why: change.why });
    },
    onEntitled: (group, untilUs) => renew(run, group, untilUs),
    onDrain: (group, to) => give(run, group, { type: "drain", to }),
    onService: (change) => onService(run, change),
    setActive(group, isActive, why) {
      give(run, group, isActive ? { type: "active", epoch: 0 } : { type: "inactive", why });
    },
    phaseOf: (group) => run.tenures.get(group)?.state.phase,
    epochOf: (group) => run.tenures.get(group)?.state.epoch,
    untilUs: (group) => run.tenures.get(group)?.untilUs ?? monoUs(0),
    groupOf: (address) => groupOf(run, address),
    close() {
      for (const { group, timer } of run.tenures.values()) {
        clearTimeout(timer);
        give(run, group.name, { type: "inactive", why: "the board stops" });
      }
      run.tenures.clear();
    },
  };
}

function newTenure({ services, graceMs }: TenureOptions, group: Group): Tenure {
  const own = services.filter((service) => service.group === group.name);
  const named = (standby: Service["standby"]): string[] =>
    own.filter((service) => service.standby === standby).map(({ name }) => name);
  const state = createTenure({
    group: group.name,
    hasAddresses: group.addresses.length > 0,
    cold: named("stopped"),
    hot: named("running"),
    graceUs: msToUs(graceMs),
  });
  return { group, state, untilUs: monoUs(0), timer: undefined };
}

function give(run: Run, name: string, event: TenureEvent): void {
  const tenure = run.tenures.get(name);
  if (tenure === undefined) return;
  const before = tenure.state.phase;
  for (const effect of stepTenure(tenure.state, event, run.options.nowUs())) {
    carryOut(run, tenure, effect);
  }
  if (tenure.state.phase !== before) run.options.onPhase(name, tenure.state.phase);
}

function carryOut(run: Run, tenure: Tenure, effect: TenureEffect): void {
  const { psrm, nowUs, onStep, onDrained } = run.options;
  const { group, state } = tenure;
  switch (effect.type) {
    case "start":
    case "stop":
    case "kill":
      psrm?.[effect.type](effect.service, effect.why);
      return;
    case "role":
      psrm?.setRole(group.name, effect.role satisfies GroupRole);
      return;
    case "acquire":
      return acquire(run, tenure);
    case "release":
      return release(run, tenure);
    case "drained":
      // Not in the middle of the step of the lease that ordered the drain.
      return queueMicrotask(() => onDrained(group.name));
    case "step":
      return onStep({
        group: group.name,
        epoch: state.epoch,
        step: effect.step,
        text: effect.text,
      });
    case "set-timer":
      clearTimeout(tenure.timer);
      tenure.timer = setTimeout(
        () => {
          if (nowUs() < effect.atUs) carryOut(run, tenure, effect);
          else give(run, group.name, { type: "timer" });
        },
        Math.max(1, (effect.atUs - nowUs()) / 1000),
      );
      return;
    default:
      effect satisfies never;
  }
}

function acquire(run: Run, { group, untilUs }: Tenure): void {
  const { addresses, clients } = run.options;
  for (const { address } of group.addresses) {
    addresses?.acquire({ address, clients: clients?.known(address) ?? [], untilUs });
  }
  followClients(run);
}

function release(run: Run, { group }: Tenure): void {
  const { addresses, clients } = run.options;
  for (const { address } of group.addresses) {
    if (addresses?.isHeld(address) === true)
      addresses.release(address, clients?.own(address) ?? []);
  }
  followClients(run);
}

function followClients(run: Run): void {
  const { addresses, clients } = run.options;
  const held = [...run.tenures.values()]
    .flatMap(({ group }) => group.addresses.map(({ address }) => address))
    .filter((address) => addresses?.isHeld(address) === true);
  clients?.follow(held);
}

/** One store into the kernel's memory an address; nothing if none is held. */
function renew(run: Run, name: string, untilUs: MonoUs): void {
  const tenure = run.tenures.get(name);
  if (tenure === undefined) return;
  tenure.untilUs = untilUs;
  const { phase } = tenure.state;
  if (phase !== "active" && phase !== "draining") return;
  for (const { address } of tenure.group.addresses) {
    run.options.addresses?.renew(address, untilUs);
  }
}

function onService(run: Run, { service, group, isUp, state }: ServiceChange): void {
  if (group === undefined) return;
  const isGone = state === "stopped" || state === "failed" || state === "done";
  give(run, group, { type: "service", service, isUp, isGone: isGone || state === "waiting" });
}

function groupOf(
  run: Run,
  address: Ipv4,
): { readonly group: string; readonly epoch: number } | undefined {
  for (const { group, state } of run.tenures.values()) {
    const isHere = group.addresses.some((each) => each.address === address);
    if (isHere) return { group: group.name, epoch: state.epoch };
  }
  return undefined;
}

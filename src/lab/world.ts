// Everything that exists in one lab, and how a switch or a board comes into being and goes.
// orders.ts changes it; chassis.ts is its door.

import { join } from "node:path";
import {
  assert,
  ccnSlot,
  type Mac,
  type NetworkId,
  networkIds,
  ok,
  type Prng,
  type Result,
  type SlotId,
} from "../base/index.ts";
import type { Board, Chassis } from "../config/index.ts";
import { type BoardProcess, killBoardProcess, startBoardProcess } from "./board-process.ts";
import { type LabError, labError, labSystemError } from "./errors.ts";
import { type CableCut, type KillManner, orderOf, type SwitchPower, wholeCable } from "./faults.ts";
import { boardsMax } from "./limits.ts";
import { type CablePlan, type LabSwitch, planCables, randomMac } from "./plan.ts";
import { endOutside, type OutsideUnit } from "./outside.ts";
import {
  type AgentManner,
  promptManner,
  startSwitchProcess,
  type SwitchProcess,
} from "./switch-process.ts";
import { isSlotHeldOff, looksAlive, type SlotBank, tellEdge } from "./slot-bank.ts";
import { slotSocketDirectory } from "./slot-server.ts";
import {
  closeLabNetns,
  darkenBoard,
  type LabNetns,
  makeLabNetns,
  makeSwitchNet,
  plugCable,
  setPort,
  type SwitchNet,
  unplugCable,
  wakeBoard,
} from "./wiring.ts";

/** Everything that exists in one lab. */
export type LabWorld = {
  readonly chassis: Chassis;
  readonly dir: string;
  readonly plans: readonly LabSwitch[];
  readonly rng: Prng;
  readonly switches: Map<string, SwitchUnit>;
  /** Boards by the slot they sit in. */
  readonly boards: Map<SlotId, BoardUnit>;
  /** Reset, power and health lines of the slots. */
  readonly slots: SlotBank;
  /** Router and client outside; undefined if the chassis has no public addresses, or is not up. */
  outside: OutsideUnit | undefined;
  /** Number of the next board made. */
  nextSerial: number;
};

/** A switch. */
export type SwitchUnit = {
  readonly net: SwitchNet;
  readonly agent: SwitchProcess;
  power: SwitchPower;
  manner: AgentManner;
};

/** A board: the thing one holds in the hand, wherever it sits. */
export type BoardUnit = {
  /** Tells it from every other board this lab ever had. */
  readonly serial: number;
  readonly hostName: string;
  readonly macs: Readonly<Record<NetworkId, Mac>>;
  readonly netns: LabNetns;
  /** Log and state; they go with the board. */
  readonly directory: string;
  readonly command: readonly string[];
  /** The slot it sits in. */
  place: Board;
  cables: Cable[];
  /** Undefined while it is killed. */
  process: BoardProcess | undefined;
  /** Its links are down: stopped by its slot's lines, to boot when they let it, or by its `death`. */
  isDark: boolean;
  /** How it was killed, while that differs from a board that just ended; undefined = it does not. */
  death: Exclude<KillManner, "all"> | undefined;
};

/** A board's cable on one network. */
export type Cable = { readonly plan: CablePlan; cut: CableCut };

/** What a board is made of. */
export type BoardParts = {
  readonly macs?: Partial<Readonly<Record<NetworkId, Mac>>>;
  readonly command: readonly string[];
};

/** Makes a switch and starts its agent. */
export async function addSwitch(world: LabWorld, plan: LabSwitch): Promise<Result<void, LabError>> {
  assert(!world.switches.has(plan.name), `switch ${plan.name} is made once`);
  const net = makeSwitchNet(plan, randomMac(world.rng));
  if (!net.ok) return labSystemError(net.error);
  const agent = await startSwitchProcess(net.value, world.dir);
  if (!agent.ok) {
    closeLabNetns(net.value);
    return agent;
  }
  world.switches.set(plan.name, {
    net: net.value,
    agent: agent.value,
    power: "on",
    manner: promptManner,
  });
  return ok(undefined);
}

/** Puts a new board into an empty slot and starts it. Nothing is left of one that can't start. */
export async function addBoard(
  world: LabWorld,
  place: Board,
  parts: BoardParts,
): Promise<Result<BoardUnit, LabError>> {
  assert(!world.boards.has(place.slot), `slot ${place.slot} is empty`);
  if (world.nextSerial > boardsMax) {
    return labError("refused", `this lab has made ${boardsMax} boards; take it down and up again`);
  }
  const netns = makeLabNetns();
  if (!netns.ok) return labSystemError(netns.error);
  const serial = world.nextSerial++;
  const unit: BoardUnit = {
    serial,
    hostName: place.name,
    macs: {
      A: parts.macs?.A ?? randomMac(world.rng),
      B: parts.macs?.B ?? randomMac(world.rng),
    },
    netns: netns.value,
    directory: join(world.dir, "boards", `${serial}`),
    command: parts.command,
    place,
    cables: [],
    process: undefined,
    isDark: false,
    death: undefined,
  };
  world.boards.set(place.slot, unit);
  const plugged = plugBoard(world, unit);
  const started = plugged.ok ? await startBoard(world, unit) : plugged;
  tellEdge(world, place.slot);
  if (started.ok) return ok(unit);
  await removeBoard(world, unit);
  return started;
}

/** Starts the board's program; a slot in reset or without power keeps it dark instead. */
export async function startBoard(
  world: LabWorld,
  unit: BoardUnit,
): Promise<Result<void, LabError>> {
  assert(unit.process?.isRunning() !== true, `board ${unit.serial} runs once`);
  const { slot } = unit.place;
  unit.death = undefined;
  if (isSlotHeldOff(world, slot)) return keepDark(unit);
  if (unit.isDark) {
    const awake = wakeBoard(unit.netns);
    if (!awake.ok) return labSystemError(awake.error);
    unit.isDark = false;
  }
  const started = await startBoardProcess({
    name: unit.hostName,
    netns: unit.netns.fd,
    directory: unit.directory,
    command: unit.command,
    slots: slot === ccnSlot ? slotSocketDirectory(world.dir) : undefined,
    onEnd: () => {
      if (!looksAlive(unit)) tellEdge(world, unit.place.slot);
    },
  });
  if (!started.ok) return started;
  unit.process = started.value;
  tellEdge(world, unit.place.slot);
  if (!isSlotHeldOff(world, unit.place.slot)) return ok(undefined);
  // Its slot was switched off while it started.
  const killed = await killBoardProcess(started.value);
  unit.process = undefined;
  return killed.ok ? keepDark(unit) : killed;
}

function keepDark(unit: BoardUnit): Result<void, LabError> {
  unit.isDark = true;
  const dark = darkenBoard(unit.netns);
  return dark.ok ? ok(undefined) : labSystemError(dark.error);
}

/** Takes the board out: cables first, so that nobody hears its last words, then its processes. */
export async function removeBoard(
  world: LabWorld,
  unit: BoardUnit,
): Promise<Result<void, LabError>> {
  unplugBoard(world, unit);
  const killed = unit.process === undefined ? ok(undefined) : await killBoardProcess(unit.process);
  unit.process = undefined;
  closeLabNetns(unit.netns);
  world.boards.delete(unit.place.slot);
  tellEdge(world, unit.place.slot);
  return killed;
}

/** Connects the board to the ports of its slot. */
export function plugBoard(world: LabWorld, unit: BoardUnit): Result<void, LabError> {
  assert(unit.cables.length === 0, `board ${unit.serial} has no cables yet`);
  for (const plan of planCables(world.chassis, world.plans, unit.place)) {
    const own = world.switches.get(plan.switchName);
    if (own === undefined) continue;
    const { network } = plan;
    const mac = unit.macs[network];
    const plugged = plugCable(own.net, plan.port, { netns: unit.netns, network, mac });
    if (!plugged.ok) return labSystemError(plugged.error);
    unit.cables.push({ plan, cut: wholeCable });
    const was = orderOf(wholeCable, "on");
    const to = orderOf(wholeCable, own.power);
    const set = setPort(own.net, plan.port, { was, to });
    if (!set.ok) return labSystemError(set.error);
  }
  return ok(undefined);
}

/** Takes the board's cables away, with all that was broken in them. */
export function unplugBoard(world: LabWorld, unit: BoardUnit): void {
  const ends = unit.cables.flatMap(({ plan, cut }) => {
    const own = world.switches.get(plan.switchName);
    return own === undefined ? [] : [{ own, port: plan.port, was: orderOf(cut, own.power) }];
  });
  // Deleting a link takes 15 ms, setting it down 0.1: both networks are gone at one moment.
  for (const { own, port, was } of ends) {
    setPort(own.net, port, { was, to: { up: false, drop: was.drop } });
  }
  for (const { own, port } of ends) unplugCable(own.net, port); // absent = what is wished
  unit.cables = [];
}

/** Ends everything: processes first, then the namespaces, and the kernel takes the links with them. */
export async function endWorld(world: LabWorld): Promise<void> {
  const boards = [...world.boards.values()];
  const switches = [...world.switches.values()];
  const { outside } = world;
  world.boards.clear();
  world.switches.clear();
  world.outside = undefined;
  await Promise.all([
    outside === undefined ? undefined : endOutside(outside),
    ...boards.map((unit) => (unit.process ? killBoardProcess(unit.process) : undefined)),
    ...switches.map((own) => own.agent.stop()),
  ]);
  for (const unit of boards) closeLabNetns(unit.netns);
  for (const own of switches) closeLabNetns(own.net);
}

/** Everything with cables: the boards, and the router outside. */
export function cabled(world: LabWorld): { readonly cables: readonly Cable[] }[] {
  const router = world.outside === undefined ? [] : [world.outside.router];
  return [...world.boards.values(), ...router];
}

/** The networks it has cables on. */
export function networksOf(unit: { readonly cables: readonly Cable[] }): NetworkId[] {
  return networkIds.filter((network) =>
    unit.cables.some((cable) => cable.plan.network === network),
  );
}

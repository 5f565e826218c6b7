// The faults and changes one can order in a lab. Each returns the moments between which the kernel
// made it so: `atUs` just before it was asked, `doneUs` when it had answered, so a latency counted
// from `atUs` is never too short.

import type { Mac, MonoUs, NetworkId, SlotId } from "../base/index.ts";
import { assert, ok, type Result } from "../base/index.ts";
import { monoNowUs, type SysError } from "../kernel/index.ts";
import { killBoardProcess } from "./board-process.ts";
import { type LabError, labError, labSystemError } from "./errors.ts";
import {
  type CutManner,
  cutFurther,
  type KillManner,
  orderOf,
  type SwitchPower,
  wholeCable,
} from "./faults.ts";
import { outsideNames } from "./outside.ts";
import { boardOfSlot, planCables } from "./plan.ts";
import { breakSlotLine, isSlotHeldOff, settleSlot, tellEdge } from "./slot-bank.ts";
import type { LabLine, LineFault } from "./slot-lines.ts";
import {
  addBoard,
  type BoardParts,
  type BoardUnit,
  type Cable,
  cabled,
  type LabWorld,
  networksOf,
  removeBoard,
  startBoard,
  type SwitchUnit,
} from "./world.ts";
import { darkenBoard, replugCable, setForwarding, setPort } from "./wiring.ts";

/** When a change was asked of the kernel and when it was done (CLOCK_BOOTTIME). */
export type LabMoment = { readonly atUs: MonoUs; readonly doneUs: MonoUs };

/** The board with this name or slot number. */
export function findBoard(world: LabWorld, name: string): Result<BoardUnit, LabError> {
  for (const unit of world.boards.values()) {
    if (unit.place.name === name || `${unit.place.slot}` === name) return ok(unit);
  }
  const names = [...world.boards.values()].map((unit) => unit.place.name).join(", ");
  return labError("unknown", `no board "${name}" in the chassis; there are ${names || "none"}`);
}

/** SIGKILL for everything on the board; what else of it goes, and what shows, says `manner`. */
export async function kill(
  world: LabWorld,
  name: string,
  manner: KillManner,
): Promise<Result<LabMoment, LabError>> {
  const found = findBoard(world, name);
  if (!found.ok) return found;
  const unit = found.value;
  const running = unit.process;
  if (running?.isRunning() !== true) return labError("refused", `board ${name} runs no program`);
  const atUs = monoNowUs();
  unit.death = manner === "all" ? undefined : manner;
  if (manner === "hang" || manner === "power-loss") {
    unit.isDark = true;
    const dark = darkenBoard(unit.netns);
    if (!dark.ok) return labSystemError(dark.error);
  }
  if (manner === "power-loss") tellEdge(world, unit.place.slot);
  const killed = await killBoardProcess(running);
  if (!killed.ok) return killed;
  unit.process = undefined;
  return ok({ atUs, doneUs: monoNowUs() });
}

/** Starts a killed board again: same MACs, same state. */
export async function start(world: LabWorld, name: string): Promise<Result<LabMoment, LabError>> {
  const unit = findBoard(world, name);
  if (!unit.ok) return unit;
  if (unit.value.process?.isRunning()) return labError("refused", `board ${name} runs already`);
  const atUs = monoNowUs();
  const { slot } = unit.value.place;
  if (isSlotHeldOff(world, slot)) {
    if (unit.value.death === "power-loss") {
      unit.value.death = undefined; // it boots when its slot lets it
      tellEdge(world, slot);
      return ok({ atUs, doneUs: monoNowUs() });
    }
    return labError("refused", `slot ${slot} is in reset or without power; its CCN holds it`);
  }
  const started = await startBoard(world, unit.value);
  return started.ok ? ok({ atUs, doneUs: monoNowUs() }) : started;
}

/** Boots the board of a slot whose lines let it; nothing if there is none, or it runs. */
export async function boot(world: LabWorld, slot: SlotId): Promise<Result<LabMoment, LabError>> {
  const atUs = monoNowUs();
  const unit = world.boards.get(slot);
  const isMeant = unit?.isDark === true && unit.death === undefined;
  if (!isMeant || isSlotHeldOff(world, slot)) {
    return ok({ atUs, doneUs: atUs });
  }
  if (unit.process !== undefined) {
    const gone = await killBoardProcess(unit.process);
    if (!gone.ok) return gone;
    unit.process = undefined;
  }
  const started = await startBoard(world, unit);
  return started.ok ? ok({ atUs, doneUs: monoNowUs() }) : started;
}

/** Breaks or repairs a line of a slot, for the CCN who reads and orders it. */
export function line(
  world: LabWorld,
  slot: SlotId,
  fault: { readonly line: LabLine; readonly fault: LineFault },
): Result<LabMoment, LabError> {
  const atUs = monoNowUs();
  if (breakSlotLine(world, slot, fault)) return ok({ atUs, doneUs: monoNowUs() });
  const slots = [...world.slots.lines.keys()].join(", ");
  return labError("unknown", `no lines lead to slot ${slot}; there are ${slots || "none"}`);
}

/** Pulls the board out of its slot: both links go, then its programs; the board is gone for good. */
export async function pull(world: LabWorld, slot: SlotId): Promise<Result<LabMoment, LabError>> {
  const unit = world.boards.get(slot);
  if (unit === undefined) return labError("refused", `slot ${slot} is empty`);
  const atUs = monoNowUs();
  const removed = await removeBoard(world, unit);
  return removed.ok ? ok({ atUs, doneUs: monoNowUs() }) : removed;
}

/** Puts a new board into an empty slot: its MACs are new unless given, its state is empty. */
export async function insert(
  world: LabWorld,
  slot: SlotId,
  parts: BoardParts,
): Promise<Result<LabMoment & { readonly macs: Readonly<Record<NetworkId, Mac>> }, LabError>> {
  const place = emptySlot(world, slot);
  if (!place.ok) return place;
  const atUs = monoNowUs();
  const added = await addBoard(world, place.value, parts);
  return added.ok ? ok({ atUs, doneUs: monoNowUs(), macs: added.value.macs }) : added;
}

/** Takes the running board of one slot to another, empty one: links down there, up here. */
export function move(world: LabWorld, from: SlotId, to: SlotId): Result<LabMoment, LabError> {
  const unit = world.boards.get(from);
  if (unit === undefined) return labError("refused", `slot ${from} is empty`);
  const place = emptySlot(world, to);
  if (!place.ok) return place;
  const role = unit.place.role;
  if (place.value.role !== role) {
    return labError("refused", `slot ${to} is for a ${place.value.role}, this board is a ${role}`);
  }
  const atUs = monoNowUs();
  const cables: Cable[] = [];
  for (const plan of planCables(world.chassis, world.plans, place.value)) {
    const old = unit.cables.find((cable) => cable.plan.network === plan.network);
    const own = world.switches.get(plan.switchName);
    if (old === undefined || own === undefined) continue;
    if (old.plan.switchName !== plan.switchName) {
      return labError("refused", `slots ${from} and ${to} are on different switches`);
    }
    const was = orderOf(old.cut, own.power);
    const moved = replugCable(own.net, { port: old.plan.port, was }, plan.port);
    if (!moved.ok) return labSystemError(moved.error);
    cables.push({ plan, cut: wholeCable });
  }
  // All links are down before the first comes up, as when a hand carries the board.
  for (const { plan } of cables) {
    const own = switchOf(world, plan.switchName);
    const was = { up: false, drop: [] };
    const set = setPort(own.net, plan.port, { was, to: orderOf(wholeCable, own.power) });
    if (!set.ok) return labSystemError(set.error);
  }
  world.boards.delete(from);
  unit.cables = cables;
  unit.place = place.value;
  world.boards.set(to, unit);
  tellEdge(world, from);
  settleSlot(world, to);
  return ok({ atUs, doneUs: monoNowUs() });
}

/** What to cut: a board's cables (one network or both), or a switch. */
export type CutTarget = { readonly name: string; readonly network?: NetworkId };

/** Cuts cables of a board, or a whole switch; cuts add up until `heal`. */
export function cut(
  world: LabWorld,
  target: CutTarget,
  manner: CutManner,
): Result<LabMoment, LabError> {
  const own = world.switches.get(target.name);
  if (own !== undefined) {
    if (manner.oneway !== undefined || target.network !== undefined) {
      return labError("refused", `a switch is cut whole; name a board to cut one cable or one way`);
    }
    return setPower(world, own, manner.silent === true ? "silent" : "off");
  }
  const unit = findCabled(world, target.name);
  if (!unit.ok) return unit;
  const networks = target.network === undefined ? networksOf(unit.value) : [target.network];
  const atUs = monoNowUs();
  if (!unit.value.cables.some(({ plan }) => networks.includes(plan.network))) {
    return labError("refused", `board ${target.name} has no cable on ${networks.join(", ")}`);
  }
  for (const cable of unit.value.cables) {
    if (!networks.includes(cable.plan.network)) continue;
    const set = setCable(world, cable, cutFurther(cable.cut, manner));
    if (!set.ok) return labSystemError(set.error);
  }
  return ok({ atUs, doneUs: monoNowUs() });
}

function findCabled(
  world: LabWorld,
  name: string,
): Result<{ readonly cables: readonly Cable[] }, LabError> {
  const board = findBoard(world, name);
  const isRouter = !board.ok && name === outsideNames.router;
  return isRouter && world.outside !== undefined ? ok(world.outside.router) : board;
}

/** Undoes all cuts and repairs all lines. */
export function heal(world: LabWorld): Result<LabMoment, LabError> {
  const atUs = monoNowUs();
  for (const own of world.switches.values()) {
    const on = setPower(world, own, "on");
    if (!on.ok) return on;
  }
  for (const unit of cabled(world)) {
    for (const cable of unit.cables) {
      const set = setCable(world, cable, wholeCable);
      if (!set.ok) return labSystemError(set.error);
    }
  }
  for (const slot of world.slots.lines.keys()) {
    for (const each of ["reset", "power", "health"] as const) {
      breakSlotLine(world, slot, { line: each, fault: "ok" });
    }
  }
  return ok({ atUs, doneUs: monoNowUs() });
}

/** Off: forwarding stops at one moment, then the links go down (0.1 ms each). On: in reverse. */
function setPower(
  world: LabWorld,
  own: SwitchUnit,
  power: SwitchPower,
): Result<LabMoment, LabError> {
  const atUs = monoNowUs();
  const was = own.power;
  if (was === power) return ok({ atUs, doneUs: atUs });
  if (power !== "on") {
    const stopped = setForwarding(own.net, false);
    if (!stopped.ok) return labSystemError(stopped.error);
  }
  own.power = power;
  for (const unit of cabled(world)) {
    for (const { plan, cut: broken } of unit.cables) {
      if (plan.switchName !== own.net.plan.name) continue;
      const order = { was: orderOf(broken, was), to: orderOf(broken, power) };
      const set = setPort(own.net, plan.port, order);
      if (!set.ok) return labSystemError(set.error);
    }
  }
  if (power === "on") {
    const forwards = setForwarding(own.net, true);
    if (!forwards.ok) return labSystemError(forwards.error);
  }
  return ok({ atUs, doneUs: monoNowUs() });
}

function setCable(world: LabWorld, cable: Cable, to: Cable["cut"]): Result<void, SysError> {
  const own = switchOf(world, cable.plan.switchName);
  const order = { was: orderOf(cable.cut, own.power), to: orderOf(to, own.power) };
  const set = setPort(own.net, cable.plan.port, order);
  if (set.ok) cable.cut = to;
  return set;
}

function switchOf(world: LabWorld, name: string): SwitchUnit {
  const own = world.switches.get(name);
  assert(own !== undefined, `a cable leads to a switch that exists (${name})`);
  return own;
}

function emptySlot(world: LabWorld, slot: SlotId): ReturnType<typeof slotOf> {
  if (world.boards.has(slot)) return labError("refused", `slot ${slot} is occupied; pull it first`);
  return slotOf(world, slot);
}

function slotOf(world: LabWorld, slot: SlotId): Result<BoardUnit["place"], LabError> {
  const place = boardOfSlot(world.chassis, slot);
  if (place !== undefined) return ok(place);
  const slots = world.chassis.boards.map((board) => board.slot).join(", ");
  return labError("unknown", `the chassis file has no slot ${slot}; it has ${slots}`);
}

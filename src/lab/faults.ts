// What a cut does to a switch port. A cable and a switch can be broken at the same time and in more
// than one way; the port's state is what all of it together leaves over. Pure.

import type { TrafficDirection } from "../kernel/index.ts";

/** What is broken in one cable; directions as the board sees them. */
export type CableCut = {
  /** The link is down: both ends lose their carrier. */
  readonly carrier: boolean;
  /** Nothing reaches the board, and its link stays up. */
  readonly in: boolean;
  /** Nothing leaves the board, and its link stays up. */
  readonly out: boolean;
};

/** A switch: working, without power (all links down), or silent (links up, nothing forwarded). */
export type SwitchPower = "on" | "off" | "silent";

/** How a port is to be. */
export type PortOrder = { readonly up: boolean; readonly drop: readonly TrafficDirection[] };

/** How a cable is to be cut. */
export type CutManner = { readonly oneway?: "in" | "out"; readonly silent?: boolean };

/**
 * How a board dies. `all`: its programs end and its slot's lines say so. `crash`: the same, and
 * HEALTHY# stays good: the kernel lives and only the programs' connections tell. `hang`: dark
 * before it is dead, as a kernel that stops: no FIN leaves it, HEALTHY# and power-good stay good until
 * its slot is put in reset or off. `power-loss`: dark and dead at once, both lines go bad with an
 * edge; only `start` brings it back.
 */
export type KillManner = "all" | "crash" | "hang" | "power-loss";

/** All of them, for the command line. */
export const killManners: readonly KillManner[] = ["all", "crash", "hang", "power-loss"];

/** A whole cable. */
export const wholeCable: CableCut = { carrier: false, in: false, out: false };

/** The cable after one more cut: cuts add up until they are healed. */
export function cutFurther(cable: CableCut, manner: CutManner): CableCut {
  const { oneway, silent = false } = manner;
  if (oneway !== undefined) return { ...cable, [oneway]: true };
  if (silent) return { ...cable, in: true, out: true };
  return { ...cable, carrier: true };
}

/** The port's state; what comes in at the board goes out of the port. */
export function orderOf(cable: CableCut, power: SwitchPower): PortOrder {
  const drop: TrafficDirection[] = [];
  if (cable.in) drop.push("egress");
  if (cable.out) drop.push("ingress");
  return { up: !cable.carrier && power !== "off", drop };
}

/** A cut in words, for `status`; undefined for a whole cable. */
export function cutText(cable: CableCut): string | undefined {
  if (cable.carrier) return "cut";
  if (cable.in && cable.out) return "silent";
  if (cable.in) return "one-way: hears nothing";
  return cable.out ? "one-way: is not heard" : undefined;
}

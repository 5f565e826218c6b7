// The outside as callers of the lab see it: two hosts to run programs in, and the addresses that lead
// to the public ones.

import { err, type Ipv4, ok, type Result } from "../base/index.ts";
import { type BoardProcess, enterBoardCommand } from "./board-process.ts";
import { cutText } from "./faults.ts";
import { type LabError, labError } from "./errors.ts";
import type { OutsideSubnet } from "./outside-plan.ts";
import { type OutsideHost, outsideNames } from "./outside.ts";
import type { OutsideStatus } from "./status.ts";
import type { LabWorld } from "./world.ts";

/** A host outside. */
export type OutsidePlace = {
  /** Descriptor of its network namespace, for sockets made by inNetns. */
  readonly netns: number;
  /** The command line that runs a program there. */
  readonly enter: (command: readonly string[]) => string[];
};

/** Router and client outside the chassis. */
export type Outside = {
  readonly router: OutsidePlace;
  readonly client: OutsidePlace;
  /** Public subnets; what the client asks there comes from its own address in it. */
  readonly subnets: readonly OutsideSubnet[];
  /** The client's address in a network of its own, for boards that have a route outwards. */
  readonly clientAddress: Ipv4;
  /** The router's address in each private network; undefined where no host number is free. */
  readonly routerPrivate: Readonly<Record<"A" | "B", Ipv4 | undefined>>;
};

/** The outside of this lab; refused if its chassis has no public addresses or it is not up. */
export function outsideOf(world: LabWorld, dist: string): Result<Outside, LabError> {
  const { outside } = world;
  if (outside === undefined) {
    const why = "the lab is not up, or its chassis file has no group with addresses";
    return labError("refused", `there is no router outside: ${why}`);
  }
  const place = ({ netns, process: running }: OutsideHost): OutsidePlace => ({
    netns: netns.fd,
    enter: (command) => enterBoardCommand(running, command, dist),
  });
  const { subnets, link, routerPrivate } = outside.plan;
  return ok({
    router: place(outside.router),
    client: place(outside.client),
    subnets,
    clientAddress: link.client,
    routerPrivate: { A: routerPrivate.A.address, B: routerPrivate.B.address },
  });
}

/** The host outside with this name; undefined if there is none. */
export function outsideHost(world: LabWorld, name: string): OutsideHost | undefined {
  const { outside } = world;
  if (name === outsideNames.router) return outside?.router;
  return name === outsideNames.client ? outside?.client : undefined;
}

/** Its running program; an error if it was killed from outside the lab. */
export function runningHost(host: OutsideHost, name: string): Result<BoardProcess, LabError> {
  if (host.process.isRunning()) return ok(host.process);
  return err({ kind: "refused", text: `host ${name} was killed; take the lab down and up again` });
}

/** The outside for `status`. */
export function outsideStatus(world: LabWorld): OutsideStatus | undefined {
  const { outside } = world;
  if (outside === undefined) return undefined;
  const { router, client, plan } = outside;
  return {
    router: {
      pid: router.process.initPid,
      addresses: plan.subnets.flatMap(({ router: own }) => own ?? []),
      cables: router.cables.map(({ plan: { network, switchName, port }, cut }) => ({
        network,
        switchName,
        port: port.name,
        cut: cutText(cut),
      })),
    },
    client: {
      pid: client.process.initPid,
      addresses: [plan.link.client, ...plan.subnets.flatMap(({ client: own }) => own ?? [])],
    },
  };
}

// Worlds as values: copies that share what never changes, and one text per world.

import type { LeaseState } from "../../src/lease/index.ts";
import { type Node, type World } from "./world.ts";

const texts = new WeakMap<object, string>();

/** The text of a value that is never changed once made; made once. */
export function textOf(value: object): string {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  texts.set(value, text);
  return text;
}

/** By text, for lists whose order says nothing. */
export function byText(a: object, b: object): number {
  const [x, y] = [textOf(a), textOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A copy that can be changed on its own. */
export function copyOf(world: World): World {
  return {
    ...world,
    nodes: world.nodes.map((node) => ({ ...node, state: copyOfState(node.state) })),
    packets: [...world.packets],
    beats: [...world.beats],
    said: [...world.said],
    fences: [...world.fences],
    sync: { ...world.sync },
    dataAcks: { ...world.dataAcks },
    acked: [...world.acked],
  };
}

function copyOfState(state: LeaseState): LeaseState {
  const { asking, acting, blank } = state;
  const peers: LeaseState["peers"] = {};
  for (const slot in state.peers) {
    const peer = state.peers[slot];
    if (peer !== undefined) peers[slot] = { ...peer };
  }
  return {
    ...state,
    peers,
    asking: asking && { ...asking, promises: { ...asking.promises } },
    acting: acting && { ...acting, leases: { ...acting.leases } },
    blank: blank && { ...blank, states: { ...blank.states } },
  };
}

/** One text per world; what every world has alike between two steps is left out. */
export function keyOf(world: World): string {
  const { crashes, wipes, forced, nextWrite } = world;
  return [
    ...world.nodes.map(keyOfNode),
    world.packets.map(textOf).join(),
    world.beats
      .map(({ from, boot, tell, life }) => `${from}/${boot}/${life}/${textOf(tell)}`)
      .join(),
    world.said.join(),
    world.fences.map(textOf).join(),
    JSON.stringify([world.sync, world.dataAcks, world.acked]),
    `${crashes},${wipes},${forced},${nextWrite}`,
  ].join("\n");
}

function keyOfNode({ state, boot, log, logEpoch, echo }: Node): string {
  const { writing, asking, acting, blank, pending, fencing } = state;
  const lives = Object.values(state.peers).map(({ incarnation }) => incarnation ?? "-");
  return [
    boot,
    state.promised,
    textOf(state.record),
    state.flushed.promised,
    textOf(state.flushed.record),
    writing && `${writing.promised}${textOf(writing.record)}`,
    state.grantUntilUs,
    state.proofs.map(textOf).join(),
    pending && textOf(pending),
    fencing && textOf(fencing),
    asking && `${asking.epoch}${JSON.stringify(asking.promises)}${JSON.stringify(asking.forced)}`,
    acting && keyOfActing(acting),
    blank && JSON.stringify(blank.states),
    state.asked,
    `${state.logEnd.epoch}.${state.logEnd.seq}`,
    lives.join(),
    log.join(),
    logEpoch,
    echo,
  ].join("|");
}

function keyOfActing(acting: NonNullable<LeaseState["acting"]>): string {
  const { epoch, committed, accepted, leases, isTold, successor } = acting;
  const record = committed === undefined ? "" : textOf(committed);
  return `${epoch}${record}${accepted.join()}${JSON.stringify(leases)}${isTold}${successor}`;
}

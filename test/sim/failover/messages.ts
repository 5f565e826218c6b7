// What boards send each other beside beats, by the contract of src/link: on both networks at once,
// once where it arrives, from the present life of one board to the present life of another as the
// two know each other by NETRACK; nobody repeats what is lost.

import { networkIds, type SlotId } from "../../../src/base/index.ts";
import { transmit } from "../fabric.ts";
import { hostIn } from "../hosts.ts";
import type { Life, World } from "../world.ts";
import { failoverOf } from "./board.ts";
import { hearAppend, hearAppended } from "./data.ts";
import { hearPacket } from "./leases.ts";
import type { Message, Payload } from "./types.ts";

/** Numbers remembered to take a message once. */
const heardMax = 512;

/** Sends to the life that NETRACK knows in that slot; nothing if it knows none. */
export function sendMessage(world: World, life: Life, to: SlotId, payload: Payload): void {
  const target = lifeKnown(world, life, to);
  const host = hostIn(world, to);
  if (target === undefined || host === undefined || life.isEnded) return;
  const failover = failoverOf(world);
  const number = failover.nextMessage++;
  const body: Message = {
    kind: "message",
    number,
    from: life.slot,
    origin: life,
    target,
    payload,
  };
  for (const network of networkIds) {
    const card = life.host.cards[network];
    transmit(world.fabric, card, {
      source: card.mac,
      destination: host.cards[network].mac,
      body,
    });
  }
}

/** A message reached a process. */
export function hearMessage(world: World, life: Life, message: Message): void {
  const { part } = life;
  if (part === undefined || message.target !== life) return;
  if (lifeKnown(world, life, message.from) !== message.origin) return;
  if (part.heard.has(message.number)) return;
  part.heard.add(message.number);
  if (part.heard.size > heardMax) {
    for (const oldest of part.heard) {
      part.heard.delete(oldest);
      break;
    }
  }
  const { payload, from, origin } = message;
  switch (payload.kind) {
    case "lease":
      return hearPacket(world, life, { from, origin }, payload.bytes);
    case "append":
      return hearAppend(world, life, from, payload);
    case "appended":
      return hearAppended(world, life, from, payload);
    default:
      return payload satisfies never;
  }
}

/** The life that NETRACK has proven in a slot. */
function lifeKnown(world: World, life: Life, slot: SlotId): Life | undefined {
  const peer = life.core?.peers[slot];
  if (peer === undefined || !peer.isProven) return undefined;
  const present = world.bySlot[slot];
  if (present?.hi === peer.hi && present.lo === peer.lo) return present;
  return world.livesBorn.find(({ hi, lo }) => hi === peer.hi && lo === peer.lo);
}

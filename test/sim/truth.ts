// What really happened, kept beside the boards: which beats reached whom. The promises compare the
// boards' verdicts with it.

import type { NetworkId, SlotId } from "../../src/base/index.ts";
import type { Beat } from "../../src/wire/index.ts";
import { cellAt, indexOf } from "../../src/netrack/core/state.ts";
import { startGraceBeats } from "../../src/netrack/limits.ts";
import { isOpen } from "./fabric.ts";
import type { Body, Life, Link, World } from "./world.ts";

/** Longest run back that is looked at, in beats: enough for a path to be believed again. */
const steadyBeats = 8;

/** A frame reached a process's card; counts if it is a genuine beat of a life it has met. */
export function noteArrival(world: World, life: Life, body: Body, network: NetworkId): void {
  if (body.kind !== "beat" || body.beat === undefined || body.origin === undefined) return;
  const { beat, origin } = body;
  const known = life.known[beat.slot];
  const link = linkOf(life, beat.slot, network);
  if (known === undefined || link === undefined || beat.network !== network) return;
  if (known.life !== origin.number) {
    if (known.life > origin.number) return;
    known.life = origin.number;
    known.isAnswered = false;
    for (const id of ["A", "B"] as const) {
      const other = linkOf(life, beat.slot, id);
      if (other !== undefined) other.seq = -1;
      if (other !== undefined) other.goodUs = Number.MAX_SAFE_INTEGER;
    }
  }
  if (beat.seq <= link.seq) return;
  link.seq = beat.seq;
  if (!known.isAnswered) known.isAnswered = answers(beat, life);
  if (!known.isAnswered) return;
  const now = world.timeline.nowUs;
  if (now - link.lastUs >= world.timing.silentUs || link.goodUs > now) link.goodUs = now;
  link.beforeUs = link.lastUs;
  link.lastUs = now;
}

/** What came from `slot` on a network. */
export function linkOf(life: Life, slot: SlotId, network: NetworkId): Link | undefined {
  return life.links[slot * 2 + (network === "A" ? 0 : 1)];
}

/** Has `life` heard `slot` for long enough, without a gap that could be a silence, up to now? */
export function isSteady(world: World, life: Life, slot: SlotId, network: NetworkId): boolean {
  const link = linkOf(life, slot, network);
  const { silentUs, upAfterUs, beatUs } = world.timing;
  const now = world.timeline.nowUs;
  if (link === undefined || now - link.lastUs >= silentUs - beatUs) return false;
  if (link.goodUs > now - silentUs - upAfterUs - steadyBeats * beatUs) return false;
  const { core } = life;
  const path = core?.peers[slot]?.paths[indexOf(network)];
  if (core === undefined || path === undefined) return false;
  // No carrier at either end: what came until now will not go on.
  if (core.ownLost[indexOf(network)] || path.peerLost) return false;
  // Held down because it flapped: the beats are heard and on purpose not believed.
  return path.dampedUntilUs < link.goodUs;
}

/** Has it believed this path for long enough that all who hear it know? */
export function hasToldHearing(
  world: World,
  life: Life,
  slot: SlotId,
  network: NetworkId,
): boolean {
  const { core } = life;
  if (core?.peers[slot]?.paths[indexOf(network)].up !== true) return false;
  const sinceUs = core.picture.cellSinceUs[cellAt(slot, life.slot, indexOf(network))] ?? 0;
  return sinceUs < world.timeline.nowUs - 3 * world.timing.beatUs;
}

/** Is the way between two slots open on a network now, by the cables and switches alone? */
export function isWayOpen(world: World, from: SlotId, to: SlotId, network: NetworkId): boolean {
  const a = portOf(world, from, network);
  const b = portOf(world, to, network);
  return a !== undefined && b !== undefined && isOpen(world.fabric, network, a, b);
}

/** The port a running slot's board is on. */
export function portOf(world: World, slot: SlotId, network: NetworkId): number | undefined {
  return world.bySlot[slot]?.host.cards[network].port;
}

function answers(beat: Beat, life: Life): boolean {
  return beat.peers.some(
    ({ slot, incarnationHi, incarnationLo }) =>
      slot === life.slot && incarnationHi === life.hi && incarnationLo === life.lo,
  );
}

/** How long a board may have no opinion after its start, µs: proof of a life takes some beats. */
export function youthUs(world: World): number {
  return world.timing.silentUs + startGraceBeats * world.timing.beatUs;
}

// Which services run on which boards, as far as this board was told. A board's own services come
// from its local programs; others' come with heartbeats (wire/services.ts): from the board itself
// if we hear it, else from the lowest hub that is up. Told again every `tellEveryBeats`, and at once
// after a change, so that a lost packet costs a sixth of a second.

import type { SlotId } from "../../base/index.ts";
import {
  beatExtensionServices,
  type Beat,
  type BeatExtension,
  decodeServices,
  encodeServices,
  beatExtensionRoom,
  beatReasonBytesMax,
  serviceNameBytesMax,
  slotServicesMax,
  type SlotServices,
} from "../../wire/index.ts";
import { servicesBytesMax, tellEveryBeats, tellSoonBeats } from "../limits.ts";
import type { ChassisMap } from "../types.ts";

const encoder = new TextEncoder();

/** What one board knows of services; plain data. */
export type Services = {
  readonly self: SlotId;
  readonly own: Set<string>;
  /** By who told it, then by slot. */
  readonly told: Map<SlotId, Map<SlotId, readonly string[]>>;
  /** Beats left that tell of a change. */
  soon: number;
  /** First slot of the next telling, when the list is too long for one beat. */
  cursor: number;
  last: { seq: number; extension: BeatExtension | undefined };
};

/** A board without services that was told of none. */
export function createServices(self: SlotId): Services {
  return {
    self,
    own: new Set(),
    told: new Map(),
    soon: tellSoonBeats, // clears what our former life ran
    cursor: 0,
    last: { seq: -1, extension: undefined },
  };
}

/** A local program says that a service is up or down here; false if it is one too many or its name
 * is not 1 to `serviceNameBytesMax` bytes: such a name would spoil the whole list for its hearers. */
export function setService(services: Services, name: string, up: boolean): boolean {
  const bytes = encoder.encode(name).length;
  if (bytes < 1 || bytes > serviceNameBytesMax) return false;
  if (up && !services.own.has(name) && services.own.size >= slotServicesMax) return false;
  if (up) services.own.add(name);
  else services.own.delete(name);
  services.soon = tellSoonBeats;
  return true;
}

/** What this beat tells of services; undefined for most beats. */
export function tellServices(services: Services, beat: Beat): BeatExtension | undefined {
  if (beat.seq === services.last.seq) return services.last.extension; // the copy on the other network
  services.last = { seq: beat.seq, extension: nextTelling(services, beat) };
  return services.last.extension;
}

function nextTelling(services: Services, beat: Beat): BeatExtension | undefined {
  if (services.soon > 0) services.soon--;
  else if (beat.seq % tellEveryBeats !== 0) return undefined;
  const all = listOf(services, beat.hub);
  const from = services.cursor < all.length ? services.cursor : 0;
  // Two headers and the reason of a degraded board have their place first.
  const room = beatExtensionRoom(beat.peers.length) - 8 - beatReasonBytesMax;
  const { bytes, written } = encodeServices(all.slice(from), Math.min(servicesBytesMax, room));
  services.cursor = from + Math.max(1, written);
  return { type: beatExtensionServices, bytes };
}

/** Takes over what `from` told; false if its bytes are not a list of services. */
export function hearServices(services: Services, from: SlotId, bytes: Uint8Array): boolean {
  const list = decodeServices(bytes);
  if (!list.ok) return false;
  const known = services.told.get(from) ?? new Map<SlotId, readonly string[]>();
  services.told.set(from, known);
  for (const { slot, names } of list.value) {
    const before = known.get(slot);
    known.set(slot, names);
    // A hub passes a card's news on at once, not at its next regular telling.
    const isNews = slot === from && before?.join("\0") !== names.join("\0");
    if (isNews) services.soon = tellSoonBeats;
  }
  return true;
}

/** Slots of boards that are up and run a service, ascending. */
export function slotsOfService(services: Services, name: string, map: ChassisMap): SlotId[] {
  return map.boards
    .filter(({ state }) => state === "up")
    .map(({ slot }) => slot)
    .filter((slot) => namesOf(services, slot, map).includes(name));
}

/** The services of a slot by the best source there is: itself, else the lowest hub that is up. */
function namesOf(services: Services, slot: SlotId, map: ChassisMap): readonly string[] {
  if (slot === services.self) return [...services.own];
  const direct = services.told.get(slot)?.get(slot);
  if (direct !== undefined) return direct;
  for (const hub of map.boards) {
    if (hub.role === "io-card" || hub.state !== "up") continue;
    const names = services.told.get(hub.slot)?.get(slot);
    if (names !== undefined) return names;
  }
  return [];
}

/** Own services, and for a hub those every other board told of itself; empty lists clear. */
function listOf(services: Services, isHub: boolean): SlotServices[] {
  const list: SlotServices[] = [{ slot: services.self, names: [...services.own] }];
  if (isHub) {
    for (const [from, known] of services.told) {
      const names = known.get(from);
      if (names !== undefined) list.push({ slot: from, names });
    }
  }
  return list.toSorted((a, b) => a.slot - b.slot);
}

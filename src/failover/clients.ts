// Who is connected to the public addresses, known before it is needed: the active board reads its
// connections in a Worker and tells every other slot of the group what changed; a board that takes
// over sets neighbours and wakes these clients by it (design 50, 51).

import type { Ipv4, NetworkId, SlotId } from "../base/index.ts";
import {
  applyClients,
  type ClientCopy,
  clientsOf,
  createClientCopy,
  type Gatherer,
  startGathering,
} from "../redirect/address/index.ts";
import { decodePublicClients, type PublicClient } from "../wire/index.ts";
import { channels } from "./limits.ts";

/** What the replication of clients needs. */
export type ClientOptions = {
  readonly netns: number;
  readonly devices: Readonly<Record<NetworkId, readonly string[]>>;
  /** Slots that may take these addresses over; this board left out. */
  readonly others: readonly SlotId[];
  readonly send: (to: SlotId, channel: number, bytes: Uint8Array) => void;
  readonly onTrouble: (reason: string) => void;
};

/** Clients of this board and of the boards it stands by for. */
export type Clients = {
  /** Public addresses this board holds now. */
  readonly follow: (addresses: readonly Ipv4[]) => void;
  /** Of an address, by whoever told of it: own connections, else the copies of others. */
  readonly known: (address: Ipv4) => PublicClient[];
  readonly own: (address: Ipv4) => PublicClient[];
  readonly heard: (from: SlotId, bytes: Uint8Array) => void;
  /** A board asks for the whole list, or has come (back). */
  readonly tellWhole: () => void;
  /** A board began a new life: what it told before is void. */
  readonly forget: (slot: SlotId) => void;
  readonly counters: () => Readonly<Record<string, number>>;
  readonly close: () => void;
};

const nothing = new Uint8Array();

/** Starts the reader; it rests until addresses are followed. */
export function startClients(options: ClientOptions): Clients {
  const { others, send, onTrouble } = options;
  const copies = new Map<SlotId, ClientCopy>();
  const counters = { told: 0, heard: 0, missed: 0 };
  const gatherer: Gatherer = startGathering({
    netns: options.netns,
    devices: options.devices,
    onMessages(messages) {
      for (const to of others) {
        for (const bytes of messages) send(to, channels.clients, bytes);
      }
      counters.told += messages.length;
    },
    onTrouble,
  });
  return {
    follow: (addresses) => gatherer.follow(addresses),
    own: (address) => gatherer.clients(address),
    known(address) {
      const own = gatherer.clients(address);
      if (own.length > 0) return own;
      return [...copies.values()].flatMap((copy) => clientsOf(copy, address));
    },
    heard(from, bytes) {
      const message = decodePublicClients(bytes);
      if (!message.ok) return;
      counters.heard++;
      const copy = copies.get(from) ?? createClientCopy();
      copies.set(from, copy);
      if (applyClients(copy, message.value)) return;
      counters.missed++;
      send(from, channels.clientsAsked, nothing);
    },
    tellWhole: () => gatherer.tellWhole(),
    forget: (slot) => copies.delete(slot),
    counters: () => ({ ...counters, ...gatherer.counters() }),
    close: () => gatherer.close(),
  };
}

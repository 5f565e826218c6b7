// The list of clients on both sides: the active turns each reading of its connections into changes,
// a standby turns changes back into the list. Pure. The transport may lose messages: the standby
// sees the gap and asks for the whole list, and keeps what it has until that has come.

import { assert, type Ipv4 } from "../../base/index.ts";
import {
  type PublicClient,
  type PublicClientChange,
  type PublicClients,
  publicClientsMax,
} from "../../wire/index.ts";
import { clientsMax } from "./limits.ts";

/** The active's side. */
export type ClientSource = {
  readonly clients: Map<string, PublicClient>;
  /** Sequence of the next message. */
  sequence: number;
  /** Connections that had no room in the newest reading. */
  untold: number;
};

/** A standby's side. */
export type ClientCopy = {
  clients: Map<string, PublicClient>;
  /** Sequence awaited; undefined until a list has begun. */
  awaited: number | undefined;
};

/** An active that has told nothing yet. */
export function createClientSource(): ClientSource {
  return { clients: new Map(), sequence: 0, untold: 0 };
}

/** A standby that knows nobody. */
export function createClientCopy(): ClientCopy {
  return { clients: new Map(), awaited: undefined };
}

/**
 * Takes a reading of all connections; the messages that tell the changes. None if there are none,
 * but one without changes for a beat: by it a standby notices that it missed the last one.
 */
export function readClients(
  source: ClientSource,
  reading: readonly PublicClient[],
  isBeat = false,
): PublicClients[] {
  const present = new Map<string, PublicClient>();
  const changes: PublicClientChange[] = [];
  let untold = 0;
  for (const client of reading) {
    const key = keyOf(client);
    if (present.size >= clientsMax && !present.has(key)) {
      untold++;
      continue;
    }
    present.set(key, client);
    const known = source.clients.get(key);
    // A MAC that is not known for a moment (the entry is being asked for) is not news.
    const isSame =
      known !== undefined &&
      known.network === client.network &&
      known.nextHop === client.nextHop &&
      (client.mac === undefined || known.mac === client.mac);
    if (isSame) present.set(key, known);
    else changes.push({ added: true, client });
  }
  for (const [key, client] of source.clients) {
    if (!present.has(key)) changes.push({ added: false, client });
  }
  source.untold = untold;
  source.clients.clear();
  for (const [key, client] of present) source.clients.set(key, client);
  assert(source.clients.size <= clientsMax, "the list keeps its bound");
  return changes.length === 0 && !isBeat ? [] : inMessages(source, changes, false);
}

/** The whole list anew, for a standby that came or missed something; at least one message. */
export function wholeList(source: ClientSource): PublicClients[] {
  const changes = [...source.clients.values()].map((client) => ({ added: true, client }));
  return inMessages(source, changes, true);
}

/** Takes a message; false = something was missed, ask for the whole list. */
export function applyClients(copy: ClientCopy, message: PublicClients): boolean {
  if (message.isFirst) copy.clients = new Map();
  else if (copy.awaited === undefined || message.sequence !== copy.awaited) return false;
  copy.awaited = (message.sequence + 1) >>> 0;
  for (const { added, client } of message.changes) {
    const key = keyOf(client);
    if (!added) copy.clients.delete(key);
    else if (copy.clients.has(key) || copy.clients.size < clientsMax) copy.clients.set(key, client);
  }
  assert(copy.clients.size <= clientsMax, "the copy keeps its bound");
  return true;
}

/** The clients of one public address. */
export function clientsOf(
  list: { readonly clients: ReadonlyMap<string, PublicClient> },
  address: Ipv4,
): PublicClient[] {
  return [...list.clients.values()].filter((client) => client.address === address);
}

function inMessages(
  source: ClientSource,
  changes: readonly PublicClientChange[],
  isFirst: boolean,
): PublicClients[] {
  const messages: PublicClients[] = [];
  for (let at = 0; at === 0 || at < changes.length; at += publicClientsMax) {
    messages.push({
      isFirst: isFirst && at === 0,
      sequence: source.sequence,
      changes: changes.slice(at, at + publicClientsMax),
    });
    source.sequence = (source.sequence + 1) >>> 0;
  }
  return messages;
}

function keyOf(client: PublicClient): string {
  return `${client.address} ${client.port} ${client.client} ${client.clientPort}`;
}

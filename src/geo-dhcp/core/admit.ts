// Who may ask, and how often. Everything a client can make grow is bounded here: one bucket a MAC,
// one place in flight a MAC, few places for a sender that speaks for others.

import { addUs, assert, type Mac, type MonoUs } from "../../base/index.ts";
import {
  burstMax,
  clientsMax,
  messagesPerSecondMax,
  pendingMax,
  pendingPerSenderMax,
} from "../limits.ts";
import { note, type Run } from "./note.ts";
import type { Client, Pending } from "./types.ts";

/** The asking MAC's record if its message is to be worked on; else counted and undefined. */
export function admit(run: Run, mac: Mac): Client | undefined {
  const { macs } = run.state.tables;
  if (mac === run.state.config.mac) return undefined;
  if (macs !== "any" && !macs.has(mac)) {
    note(run, "mac-not-listed", { mac });
    return undefined;
  }
  const client = clientOf(run, mac);
  const passedUs = run.now - client.refilledUs;
  client.tokens = Math.min(burstMax, client.tokens + (passedUs * messagesPerSecondMax) / 1_000_000);
  client.refilledUs = run.now;
  if (client.tokens < 1) {
    note(run, "mac-too-often", { mac });
    return undefined;
  }
  client.tokens--;
  return client;
}

/** May this MAC have a place in flight? If not, counted. */
export function hasRoom(run: Run, mac: Mac, sender: Mac | undefined): boolean {
  const { pending, senders } = run.state;
  if (pending.size >= pendingMax) {
    note(run, "requests-full", { mac });
    return false;
  }
  if (sender !== undefined && (senders.get(sender) ?? 0) >= pendingPerSenderMax) {
    note(run, "sender-for-too-many", { mac, fields: { sender } });
    return false;
  }
  return true;
}

/** Takes a place in flight; the caller has asked `hasRoom`. */
export function enter(run: Run, entry: Pending): void {
  const { pending, senders } = run.state;
  assert(!pending.has(entry.mac), "one place in flight a MAC");
  assert(pending.size < pendingMax, "there is room in flight");
  pending.set(entry.mac, entry);
  const { sender } = entry;
  if (sender !== undefined) senders.set(sender, (senders.get(sender) ?? 0) + 1);
}

/** Gives a place in flight back; harmless if it was never taken. */
export function leave(run: Run, entry: Pending): void {
  const { pending, senders } = run.state;
  if (!pending.delete(entry.mac)) return;
  const { sender } = entry;
  if (sender === undefined) return;
  const left = (senders.get(sender) ?? 0) - 1;
  assert(left >= 0, "a sender leaves no more often than it entered");
  if (left === 0) senders.delete(sender);
  else senders.set(sender, left);
}

/** Remembers a MAC's last lookup. */
export function clientOf(run: Run, mac: Mac): Client {
  const { clients } = run.state;
  const known = clients.get(mac);
  if (known !== undefined) return known;
  forgetOldest(clients, clientsMax);
  const client: Client = {
    tokens: burstMax,
    refilledUs: run.now,
    place: undefined,
    placedUs: run.now,
    isOffered: false,
  };
  clients.set(mac, client);
  return client;
}

/** Makes room for one more entry. */
export function forgetOldest<K, V>(map: Map<K, V>, max: number): void {
  while (map.size >= max) {
    const first = map.keys().next();
    if (first.done === true) return;
    map.delete(first.value);
  }
}

/** Is `atUs` at most `ageUs` old? */
export function isYoung(atUs: MonoUs, ageUs: number, now: MonoUs): boolean {
  return now <= addUs(atUs, ageUs);
}

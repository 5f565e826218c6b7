// The line protocol of the local socket as values: one command a line in, one JSON object a line
// out. README.md is its reference. Lines come from any program on the board: nothing is believed.

import { err, ok, parseSlotId, type Result, type SlotId } from "../../base/index.ts";
import { serviceNameBytesMax } from "../../wire/index.ts";
import type { MapChange } from "../types.ts";

/** What a program wants to hear of. */
export type Subscription =
  | { readonly type: "all" }
  | { readonly type: "board"; readonly slot: SlotId }
  /** Any direction from or to the slot, or between the two. */
  | { readonly type: "path"; readonly slot: SlotId; readonly other: SlotId | undefined }
  | { readonly type: "fault" };

/** A line that makes sense. */
export type Command =
  | { readonly type: "best"; readonly target: SlotId | string }
  | { readonly type: "status" }
  | { readonly type: "counters" }
  | { readonly type: "subscribe"; readonly subscription: Subscription }
  | { readonly type: "leaving" }
  | { readonly type: "degraded"; readonly reason: string }
  | { readonly type: "ok" }
  | { readonly type: "service"; readonly name: string; readonly up: boolean };

const usages = {
  best: "best SLOT, or best NAME of a board or service",
  status: "status",
  counters: "counters",
  subscribe: "subscribe all | board SLOT | path SLOT [SLOT] | fault",
  leaving: "leaving",
  degraded: "degraded TEXT",
  ok: "ok",
  service: `service NAME up|down (NAME of at most ${serviceNameBytesMax} bytes)`,
} as const;

/** Reads one line without its end. The error says what would be right. */
export function parseCommand(line: string): Result<Command, string> {
  const words = line.trim().split(/\s+/);
  const [name = "", first = "", second = ""] = words;
  const count = words.length - 1;
  switch (name) {
    case "best":
      return count === 1 ? ok({ type: "best", target: targetOf(first) }) : usage("best");
    case "status":
    case "counters":
    case "leaving":
    case "ok":
      return count === 0 ? ok({ type: name }) : usage(name);
    case "degraded": {
      const reason = line.trim().slice(name.length).trim();
      return reason.length > 0 ? ok({ type: "degraded", reason }) : usage("degraded");
    }
    case "service": {
      const isWord = second === "up" || second === "down";
      if (count !== 2 || !isWord || new TextEncoder().encode(first).length > serviceNameBytesMax)
        return usage("service");
      return ok({ type: "service", name: first, up: second === "up" });
    }
    case "subscribe": {
      const subscription = subscriptionOf(words.slice(1));
      return subscription === undefined ? usage(name) : ok({ type: name, subscription });
    }
    default:
      return err(
        `no command "${name.slice(0, 40)}"; there are: ${Object.values(usages).join("; ")}`,
      );
  }
}

/** Does this subscriber want to hear of this change? */
export function wants(subscription: Subscription, change: MapChange): boolean {
  switch (subscription.type) {
    case "all":
      return true;
    case "board":
      return change.type === "board" && change.slot === subscription.slot;
    case "fault":
      return change.type === "fault";
    case "path": {
      if (change.type !== "path") return false;
      const { slot, other } = subscription;
      const isOne = change.from === slot || change.to === slot;
      return isOne && (other === undefined || change.from === other || change.to === other);
    }
    default:
      return subscription satisfies never;
  }
}

function subscriptionOf(words: readonly string[]): Subscription | undefined {
  const [kind, first, second] = words;
  if (kind === "all" || kind === "fault") return words.length === 1 ? { type: kind } : undefined;
  const slot = slotOf(first);
  if (slot === undefined) return undefined;
  if (kind === "board") return words.length === 2 ? { type: "board", slot } : undefined;
  if (kind !== "path" || words.length > 3) return undefined;
  const other = slotOf(second);
  if (second !== undefined && other === undefined) return undefined;
  return { type: "path", slot, other };
}

function targetOf(word: string): SlotId | string {
  return slotOf(word) ?? word;
}

function slotOf(word: string | undefined): SlotId | undefined {
  if (word === undefined || !/^\d{1,2}$/.test(word)) return undefined;
  const slot = parseSlotId(Number(word));
  return slot.ok ? slot.value : undefined;
}

function usage(name: keyof typeof usages): Result<never, string> {
  return err(`use: ${usages[name]}`);
}

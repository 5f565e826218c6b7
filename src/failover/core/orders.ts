// Orders of operators, from the board they were given at to the board that carries them out: as JSON
// in one packet of the link. Read with suspicion, like everything that comes from outside.

import { err, ok, parseSlotId, type Result, type SlotId } from "../../base/index.ts";
import { orderBytesMax, orderTextCharacters } from "../limits.ts";

/** What can be done with a slot. */
const slotActions = ["on", "off", "cycle", "reset", "out", "in"] as const;
const serviceVerbs = ["service-stop", "service-start", "service-restart"] as const;

/** What can be ordered; `to` and `slot` undefined: the board chooses. */
export type FailoverVerb =
  | { readonly verb: "service-move"; readonly service: string; readonly to: SlotId | undefined }
  | {
      readonly verb: (typeof serviceVerbs)[number];
      readonly service: string;
      readonly slot: SlotId | undefined;
    }
  | {
      readonly verb: "slot";
      readonly slot: SlotId;
      readonly action: (typeof slotActions)[number];
    }
  /** O1: skips D3 only; still needs proof about the best record's holder. */
  | { readonly verb: "promote"; readonly group: string; readonly reason: string }
  /** O3: a human as proof that the slot's board is gone. */
  | { readonly verb: "attest-removed"; readonly slot: SlotId; readonly reason: string }
  /** O4: this board votes for the group although B1 cannot be met. */
  | { readonly verb: "admit-blank"; readonly group: string; readonly reason: string }
  /** O5: no elections in the whole chassis. */
  | { readonly verb: "maintenance"; readonly on: boolean };

/** An order with who gave it. */
export type FailoverOrder = FailoverVerb & { readonly by: string };

/** How an order ended; `text` is a sentence. */
export type OrderAnswer = { readonly done: boolean; readonly text: string };

/** An order on its way. */
export type SentOrder = { readonly id: number; readonly order: FailoverOrder };

/** An answer on its way back. */
export type SentAnswer = { readonly id: number; readonly answer: OrderAnswer };

/** Bytes of an order. Who and why are cut to fit; names are not: a cut name is another name. */
export function encodeOrder({ id, order }: SentOrder): Uint8Array {
  return fitted((characters) => {
    const by = order.by.slice(0, characters);
    if (!("reason" in order)) return { v: 1, id, order: { ...order, by } };
    return { v: 1, id, order: { ...order, by, reason: order.reason.slice(0, characters) } };
  });
}

/** Bytes of an answer; a longer text is cut. */
export function encodeAnswer({ id, answer }: SentAnswer): Uint8Array {
  const { done, text } = answer;
  return fitted((characters) => ({ v: 1, id, done, text: text.slice(0, characters) }));
}

/** JSON with its texts as long as fits: a character takes 1 to 6 bytes, so characters alone do not say. */
function fitted(make: (characters: number) => unknown): Uint8Array {
  for (let characters = orderTextCharacters; ; characters = Math.floor(characters / 2)) {
    const bytes = new TextEncoder().encode(JSON.stringify(make(characters)));
    if (bytes.length <= orderBytesMax || characters === 0) return bytes;
  }
}

/** Reads an order; the error says what is wrong with it. Never throws. */
export function decodeOrder(bytes: Uint8Array): Result<SentOrder, string> {
  const read = readObject(bytes);
  if (!read.ok) return read;
  const { id, order } = read.value;
  if (!isId(id)) return err("no order number");
  if (!isObject(order)) return err("no order");
  const by = text(order["by"]);
  const verb = verbOf(order);
  if (by === undefined || verb === undefined) return err("an order that is none of ours");
  return ok({ id, order: { ...verb, by } });
}

/** Reads an answer. Never throws. */
export function decodeAnswer(bytes: Uint8Array): Result<SentAnswer, string> {
  const read = readObject(bytes);
  if (!read.ok) return read;
  const { id, done, text: said } = read.value;
  const words = text(said);
  if (!isId(id) || typeof done !== "boolean" || words === undefined) return err("no answer");
  return ok({ id, answer: { done, text: words } });
}

function verbOf(order: Readonly<Record<string, unknown>>): FailoverVerb | undefined {
  const { verb, on } = order;
  const [service, group, reason] = ["service", "group", "reason"].map((key) => text(order[key]));
  const [slot, to] = [slotOf(order["slot"]), slotOf(order["to"])];
  // "The board chooses" is said by leaving the slot out, never by a slot that cannot be.
  if (slot === "none" || to === "none") return undefined;
  if (verb === "service-move") {
    return service === undefined ? undefined : { verb, service, to };
  }
  const named = serviceVerbs.find((each) => each === verb);
  if (named !== undefined)
    return service === undefined ? undefined : { verb: named, service, slot };
  const action = slotActions.find((each) => each === order["action"]);
  if (verb === "slot" && slot !== undefined && action !== undefined) return { verb, slot, action };
  if (verb === "maintenance" && typeof on === "boolean") return { verb, on };
  if (reason === undefined) return undefined;
  if (verb === "attest-removed" && slot !== undefined) return { verb, slot, reason };
  if (group === undefined) return undefined;
  return verb === "promote" || verb === "admit-blank" ? { verb, group, reason } : undefined;
}

function readObject(bytes: Uint8Array): Result<Readonly<Record<string, unknown>>, string> {
  if (bytes.length > orderBytesMax) return err(`longer than ${orderBytesMax} bytes`);
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) && value["v"] === 1 ? ok(value) : err("not version 1");
  } catch {
    return err("not JSON");
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= orderTextCharacters ? value : undefined;
}

function slotOf(value: unknown): SlotId | "none" | undefined {
  if (value === undefined) return undefined;
  const slot = typeof value === "number" ? parseSlotId(value) : undefined;
  return slot?.ok === true ? slot.value : "none";
}

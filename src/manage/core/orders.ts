// The body of POST /api/v1/orders, read strictly: a JSON object with one verb, exactly the fields of
// that verb, and who orders. A misspelt field is refused, never ignored: half an order is worse than
// none. Never throws.
//
// {"verb":"service-move","service":"web","to":2,"by":"ops"}    "dryRun":true says what it would do

import {
  ccnSlot,
  err,
  nearestName,
  ok,
  parseSlotId,
  type Result,
  type SlotId,
} from "../../base/index.ts";
import type { FailoverOrder } from "../../failover/index.ts";
import { orderCharacters } from "../limits.ts";
import { isObject } from "./shape.ts";
import { cleanText } from "./text.ts";

/** An acknowledgement: carried out by the alarm book, not by the fail-over. */
export type AlarmOrder = {
  readonly verb: "alarm-ack";
  readonly alarm: number;
  readonly text: string;
  readonly by: string;
};

/** What was posted. */
export type OrderRequest = {
  readonly order: FailoverOrder | AlarmOrder;
  /** Only say what it would do. */
  readonly dryRun: boolean;
};

/** An order's verb. */
export type OrderVerb = OrderRequest["order"]["verb"];

/** Fields of each verb beside `verb`, `by` and `dryRun`. */
const fieldsOf: Readonly<Record<OrderVerb, readonly string[]>> = {
  "service-move": ["service", "to"],
  "service-stop": ["service", "slot"],
  "service-start": ["service", "slot"],
  "service-restart": ["service", "slot"],
  slot: ["slot", "action"],
  promote: ["group", "reason"],
  "attest-removed": ["slot", "reason"],
  "admit-blank": ["group", "reason"],
  maintenance: ["on"],
  "alarm-ack": ["alarm", "text"],
};

/** What can be done with a slot's board. */
export const slotActions = ["on", "off", "cycle", "reset", "out", "in"] as const;

/** Reads the text of a body; the error is a sentence. */
export function parseOrderBody(text: string): Result<OrderRequest, string> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return err("the body is no JSON; send one object with a verb");
  }
  if (!isObject(body)) return err("the body is no JSON object; send one with a verb");
  const verb = verbOf(body["verb"]);
  if (!verb.ok) return verb;
  const known = ["verb", "by", "dryRun", ...fieldsOf[verb.value]];
  for (const key of Object.keys(body)) {
    if (known.includes(key)) continue;
    const near = nearestName(key, known);
    const hint = near === undefined ? `known: ${known.join(", ")}` : `did you mean ${near}?`;
    return err(`${verb.value} has no field ${cleanText(key.slice(0, 40))}; ${hint}`);
  }
  const { dryRun = false } = body;
  if (typeof dryRun !== "boolean") return err("dryRun is true or false");
  const by = textOf(body, "by", orderCharacters.by);
  if (!by.ok) return by;
  const order = orderOf(verb.value, body, by.value);
  return order.ok ? ok({ order: order.value, dryRun }) : order;
}

type Body = Readonly<Record<string, unknown>>;

function verbOf(value: unknown): Result<OrderVerb, string> {
  const verbs = Object.keys(fieldsOf);
  for (const verb of verbs) if (verb === value && isVerb(verb)) return ok(verb);
  const shown = typeof value === "string" ? value.slice(0, 40) : "";
  const near = nearestName(shown, verbs);
  const hint = near === undefined ? `known: ${verbs.join(", ")}` : `did you mean ${near}?`;
  return err(`verb "${cleanText(shown)}" is unknown; ${hint}`);
}

function isVerb(text: string): text is OrderVerb {
  return Object.hasOwn(fieldsOf, text);
}

function orderOf(verb: OrderVerb, body: Body, by: string): Result<OrderRequest["order"], string> {
  switch (verb) {
    case "service-move":
      return joined(name(body, "service"), maybeSlot(body, "to"), (service, to) => {
        return { verb, service, to, by };
      });
    case "service-stop":
    case "service-start":
    case "service-restart":
      return joined(name(body, "service"), maybeSlot(body, "slot"), (service, slot) => {
        return { verb, service, slot, by };
      });
    case "slot":
      return joined(boardSlot(body), actionOf(body["action"]), (slot, action) => {
        return { verb, slot, action, by };
      });
    case "promote":
    case "admit-blank":
      return joined(name(body, "group"), reasonOf(body), (group, reason) => {
        return { verb, group, reason, by };
      });
    case "attest-removed":
      return joined(boardSlot(body), reasonOf(body), (slot, reason) => {
        return { verb, slot, reason, by };
      });
    case "maintenance": {
      const { on } = body;
      return typeof on === "boolean" ? ok({ verb, on, by }) : err("on is true or false");
    }
    case "alarm-ack": {
      const { alarm } = body;
      const isNumber = typeof alarm === "number" && Number.isSafeInteger(alarm) && alarm > 0;
      if (!isNumber) return err("alarm is its number, from 1 on");
      const text = textOf(body, "text", orderCharacters.note);
      return text.ok ? ok({ verb, alarm, text: text.value, by }) : text;
    }
    default:
      return verb satisfies never;
  }
}

function joined<A, B, T>(
  a: Result<A, string>,
  b: Result<B, string>,
  make: (a: A, b: B) => T,
): Result<T, string> {
  if (!a.ok) return a;
  return b.ok ? ok(make(a.value, b.value)) : b;
}

function name(body: Body, field: string): Result<string, string> {
  return textOf(body, field, orderCharacters.name);
}

function reasonOf(body: Body): Result<string, string> {
  const reason = textOf(body, "reason", orderCharacters.reason);
  return reason.ok ? reason : err(`${reason.error}; an override needs its reason, for the record`);
}

/** Text of 1 to `max` characters that is not only blanks. */
function textOf(body: Body, field: string, max: number): Result<string, string> {
  const value = body[field];
  const isText = typeof value === "string" && value.trim() !== "" && value.length <= max;
  return isText ? ok(value) : err(`${field} is a text of 1 to ${max} characters`);
}

function maybeSlot(body: Body, field: string): Result<SlotId | undefined, string> {
  return body[field] === undefined ? ok(undefined) : slotOf(body[field], field);
}

/** A slot that a board can be put into: not the CCN's. */
function boardSlot(body: Body): Result<SlotId, string> {
  const slot = slotOf(body["slot"], "slot");
  if (slot.ok && slot.value === ccnSlot)
    return err("slot 0 is the ccn itself; it has no such line");
  return slot;
}

function slotOf(value: unknown, field: string): Result<SlotId, string> {
  if (typeof value !== "number") return err(`${field} is a slot number`);
  const slot = parseSlotId(value);
  return slot.ok ? slot : err(`${field}: ${slot.error}`);
}

function actionOf(value: unknown): Result<(typeof slotActions)[number], string> {
  const action = slotActions.find((word) => word === value);
  return action === undefined ? err(`action is one of ${slotActions.join(", ")}`) : ok(action);
}

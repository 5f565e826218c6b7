// From the words of `service`, `slot`, `group`, `alarm` and `maintenance` to the body of an order.
// Pure. What is missing or does not fit is a sentence, for exit code 2; whether the names exist is the
// daemon's to say.

import { err, nearestName, ok, parseSlotId, type Result } from "../../base/index.ts";
import { slotActions } from "./orders.ts";
import { cleanText } from "./text.ts";

/** An order as it is posted, but for who orders. */
export type OrderBody = Readonly<Record<string, string | number | boolean>>;

type Words = readonly string[];
type Options = ReadonlyMap<string, string>;

/** Reads the words after the command's name. */
export function orderBody(
  command: "service" | "slot" | "group" | "alarm" | "maintenance",
  words: Words,
  options: Options,
): Result<OrderBody, string> {
  switch (command) {
    case "service":
      return serviceBody(words);
    case "slot":
      return slotBody(words, options);
    case "group":
      return groupBody(words, options);
    case "alarm":
      return alarmBody(words, options);
    case "maintenance":
      return maintenanceBody(words);
    default:
      return command satisfies never;
  }
}

/** A slot number as typed. */
export function parseSlotWord(text: string): Result<number, string> {
  const slot = /^\d{1,3}$/.test(text) ? parseSlotId(Number(text)) : err("");
  return slot.ok ? slot : err(`"${shown(text)}" is no slot number; slots are 1 to 63`);
}

function shown(text: string): string {
  return cleanText(text.slice(0, 40));
}

function unknownVerb(command: string, verb: string, known: Words): Result<never, string> {
  const near = nearestName(verb, known);
  const hint = near === undefined ? `one of ${known.join(", ")}` : `did you mean ${near}?`;
  return err(`${command} has no verb "${shown(verb)}"; ${hint}`);
}

const serviceVerbs = ["move", "stop", "start", "restart"];

function serviceBody([service = "", verb = "", slotText]: Words): Result<OrderBody, string> {
  if (!serviceVerbs.includes(verb)) return unknownVerb("service", verb, serviceVerbs);
  const order = { verb: `service-${verb}`, service };
  if (slotText === undefined) return ok(order);
  const slot = parseSlotWord(slotText);
  if (!slot.ok) return slot;
  return ok(verb === "move" ? { ...order, to: slot.value } : { ...order, slot: slot.value });
}

function slotBody([slotText = "", verb = ""]: Words, options: Options): Result<OrderBody, string> {
  const slot = parseSlotWord(slotText);
  if (!slot.ok) return slot;
  if (verb === "attest-removed") {
    const reason = needed(options, "reason", "attest-removed");
    return reason.ok ? ok({ verb, slot: slot.value, reason: reason.value }) : reason;
  }
  if (options.has("reason")) return err("--reason goes with attest-removed only");
  const action = slotActions.find((each) => each === verb);
  if (action === undefined) return unknownVerb("slot", verb, [...slotActions, "attest-removed"]);
  return ok({ verb: "slot", slot: slot.value, action });
}

function groupBody([group = "", verb = ""]: Words, options: Options): Result<OrderBody, string> {
  if (verb !== "promote" && verb !== "admit") {
    return unknownVerb("group", verb, ["promote", "admit"]);
  }
  const [flag, other] = verb === "promote" ? ["accept-loss", "blank"] : ["blank", "accept-loss"];
  if (!options.has(flag)) return err(`${verb} needs --${flag}, which says what is overridden`);
  if (options.has(other)) return err(`--${other} does not go with ${verb}`);
  const reason = needed(options, "reason", verb);
  if (!reason.ok) return reason;
  return ok({
    verb: verb === "promote" ? "promote" : "admit-blank",
    group,
    reason: reason.value,
  });
}

function alarmBody([text = "", verb = ""]: Words, options: Options): Result<OrderBody, string> {
  if (verb !== "ack") return unknownVerb("alarm", verb, ["ack"]);
  if (!/^[1-9]\d{0,9}$/.test(text)) {
    return err(`"${shown(text)}" is no alarm's number; \`alarms\` shows them`);
  }
  const message = needed(options, "message", "ack");
  if (!message.ok) return message;
  return ok({ verb: "alarm-ack", alarm: Number(text), text: message.value });
}

function maintenanceBody([word = ""]: Words): Result<OrderBody, string> {
  if (word !== "on" && word !== "off") return unknownVerb("maintenance", word, ["on", "off"]);
  return ok({ verb: "maintenance", on: word === "on" });
}

function needed(options: Options, name: string, verb: string): Result<string, string> {
  const text = options.get(name)?.trim() ?? "";
  return text === "" ? err(`${verb} needs --${name} TEXT`) : ok(text);
}

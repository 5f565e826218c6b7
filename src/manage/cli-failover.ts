// The reading commands about fail-over: `groups`, `services`, `slots`, `slot N`, `why`, `alarms`,
// `what-if`. What a document looks like as text is core/*-view.ts's.

import { type CliCall, printLines, tellRefusal, usageMistake } from "./call.ts";
import { showDocument } from "./cli-reading.ts";
import { askBoard } from "./client.ts";
import { alarmsLines } from "./core/alarms-view.ts";
import { exitCodes } from "./core/exit-codes.ts";
import {
  isAlarmsDocument,
  isGroupsDocument,
  isServicesDocument,
  isSlotsDocument,
  isWhatIfDocument,
  isWhyDocument,
} from "./core/failover-documents.ts";
import { groupsLines, servicesLines, slotLines, slotsLines } from "./core/failover-view.ts";
import { parseSlotWord } from "./core/order-words.ts";
import { cleanText } from "./core/text.ts";
import { whyLines, whyListLines } from "./core/why-view.ts";
import { screenOf } from "./terminal.ts";

/** `groups`. */
export async function groupsCommand(call: CliCall): Promise<number> {
  return await showDocument(call, { path: "groups", guard: isGroupsDocument, view: groupsLines });
}

/** `services`. */
export async function servicesCommand(call: CliCall): Promise<number> {
  return await showDocument(call, {
    path: "services",
    guard: isServicesDocument,
    view: servicesLines,
  });
}

/** `slots`. */
export async function slotsCommand(call: CliCall): Promise<number> {
  return await showDocument(call, { path: "slots", guard: isSlotsDocument, view: slotsLines });
}

/** `alarms`. */
export async function alarmsCommand(call: CliCall): Promise<number> {
  return await showDocument(call, { path: "alarms", guard: isAlarmsDocument, view: alarmsLines });
}

/** `why [N]`, `why --list`. No such episode is exit code 3. */
export async function whyCommand(call: CliCall): Promise<number> {
  const [number] = call.order.words;
  const isList = call.order.options.has("list");
  if (number !== undefined && !/^[1-9]\d{0,9}$/.test(number)) {
    const text = `"${cleanText(number.slice(0, 40))}" is no episode's number; see why --list`;
    return usageMistake(call.cli, call.terminal, text, call.order.command);
  }
  if (number !== undefined && isList) {
    const text = "a number and --list do not go together";
    return usageMistake(call.cli, call.terminal, text, call.order.command);
  }
  return await showDocument(call, {
    path: number === undefined ? "why" : `why?q=${number}`,
    guard: isWhyDocument,
    view: isList ? whyListLines : whyLines,
  });
}

/** `slot N` without a verb. A slot without lines is exit code 3. */
export async function slotCommand(call: CliCall): Promise<number> {
  const [word = ""] = call.order.words;
  const slot = parseSlotWord(word);
  if (!slot.ok) return usageMistake(call.cli, call.terminal, slot.error, call.order.command);
  const answered = await askBoard(call.daemon, "slots", isSlotsDocument);
  if (!answered.ok) return tellRefusal(call, answered.error);
  const { slots, ...head } = answered.value;
  const lines = slotLines(answered.value, slot.value, screenOf(call.terminal));
  if (lines === undefined) {
    const known = slots.map((each) => each.slot).join(", ") || "none";
    const text = `the ccn has no lines to slot ${slot.value}; it has them to: ${known}`;
    return tellRefusal(call, { exit: exitCodes.noSuchThing, text });
  }
  const found = slots.find((each) => each.slot === slot.value);
  printLines(call, call.json ? [JSON.stringify({ ...head, slot: found })] : lines);
  return exitCodes.done;
}

/** `what-if FAULTS`: from the present on. Faults that are none are exit code 2. */
export async function whatIfCommand(call: CliCall): Promise<number> {
  const faults = call.order.words.join(" ");
  const path = `what-if?q=${encodeURIComponent(faults)}`;
  const answered = await askBoard(call.daemon, path, isWhatIfDocument);
  if (!answered.ok) return tellRefusal(call, answered.error);
  const lines = call.json
    ? [JSON.stringify(answered.value)]
    : answered.value.text.trimEnd().split("\n").map(cleanText);
  printLines(call, lines);
  return exitCodes.done;
}

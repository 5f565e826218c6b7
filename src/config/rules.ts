// The rules of a chassis file (design 45): "when this holds for so long, do that". Each has one
// condition and one action; both are told apart by the keys they have.

import { err, ok, type SlotId } from "../base/index.ts";
import type { z } from "zod";
import { checkSlots } from "./groups.ts";
import { alarmTextChars, rulesMax } from "./limits.ts";
import type { Report } from "./report.ts";
import { anything, keys, mapSchema, ms } from "./schema.ts";
import type { Group, Rule, RuleAction, RuleCondition } from "./service-types.ts";
import { commandValue, decimalValue, slotValue } from "./service-values.ts";
import type { Board } from "./types.ts";
import { nameValue, value, word } from "./values.ts";

const boardStates = ["down", "degraded", "leaving"] as const;
const serviceStates = ["failed", "silent", "trouble", "restarted-too-often"] as const;

const ruleSchema = keys("a rule: { when, do }", {
  when: anything,
  forMs: ms(86_400_000, 0),
  do: anything,
});

const alarmText = value("an alarm's text", (text) =>
  text.length > 0 && text.length <= alarmTextChars && !/\p{Cc}/u.test(text)
    ? ok(text)
    : err(`not a text for an alarm; one line of 1 to ${alarmTextChars} characters`),
);
const measureName = value("the name of a measured value", (text) =>
  /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(text)
    ? ok(text)
    : err("not the name of a measured value; letters, digits, _ . and -, a letter first"),
);

const boardCondition = keys("a condition: { board: 3, is: down }", {
  board: slotValue,
  is: word("a state of a board", boardStates),
});
const networkCondition = keys("a condition: { network: A } or { network: A, slot: 3 }", {
  network: word("a network", ["A", "B"]),
  slot: slotValue.optional(),
});
const serviceCondition = keys("a condition: { service: web, is: failed }", {
  service: nameValue,
  is: word("a state of a service", serviceStates),
});
const alarmCondition = keys("a condition: { alarm: fan-failed }", { alarm: measureName });
const valueCondition = keys("a condition: { value: temperature, slot: 3, above: 80 }", {
  value: measureName,
  slot: slotValue.optional(),
  above: decimalValue.optional(),
  below: decimalValue.optional(),
});

const moveAction = keys("an action: { move: web, to: 2 }", {
  move: nameValue,
  to: slotValue.optional(),
});
const alarmAction = keys("an action: { alarm: TEXT }", { alarm: alarmText });
const powerAction = keys("an action: { powerCycle: 3 }", { powerCycle: slotValue });
const runAction = keys("an action: { run: /usr/bin/page ops }", { run: commandValue });
const serviceActions = {
  stop: keys("an action: { stop: web }", { stop: nameValue }).transform(({ stop }) => stop),
  start: keys("an action: { start: web }", { start: nameValue }).transform(({ start }) => start),
  restart: keys("an action: { restart: web }", { restart: nameValue }).transform(
    ({ restart }) => restart,
  ),
};

type Surroundings = {
  readonly groups: readonly Group[];
  /** Also of groups and services with mistakes of their own. */
  readonly groupNames: readonly string[];
  readonly serviceNames: readonly string[];
  readonly boards: readonly Board[];
};

/** Reads `rules`, in the file's order; none if the section is left out. */
export function readRules(report: Report, input: unknown, around: Surroundings): Rule[] {
  if (input === undefined) return [];
  const all = report.check(mapSchema("a map of rules"), input, ["rules"]);
  if (all === undefined) return [];
  if (Object.keys(all).length > rulesMax) {
    report.add(["rules"], `${Object.keys(all).length} rules; at most ${rulesMax}`, "key");
    return [];
  }
  const rules: Rule[] = [];
  for (const [name, section] of Object.entries(all)) {
    const path = ["rules", name];
    if (!nameValue.safeParse(name).success) {
      report.add(path, "not a rule name; use letters, digits and dashes, a letter first", "key");
    }
    const read = report.check(ruleSchema, section, path);
    if (read === undefined) continue;
    const reader: Reader = { report, around, path };
    const when = readCondition(reader, read.when);
    const act = readAction(reader, read.do);
    if (when !== undefined && act !== undefined) {
      rules.push({ name, when, forMs: read.forMs ?? 0, act });
    }
  }
  return rules;
}

type Reader = {
  readonly report: Report;
  readonly around: Surroundings;
  readonly path: readonly string[];
};

function mapOf(
  { report, path }: Reader,
  { key, input, forms }: { key: string; input: unknown; forms: string },
): { has: (name: string) => boolean } | undefined {
  const map = mapSchema("").safeParse(input);
  if (map.success) return { has: (name) => Object.hasOwn(map.data, name) };
  const message = input === undefined ? `missing; write ${forms}` : `not a map; write ${forms}`;
  report.add(input === undefined ? path : [...path, key], message);
  return undefined;
}

function readCondition(reader: Reader, input: unknown): RuleCondition | undefined {
  const at = [...reader.path, "when"];
  const forms = "{ board: 3, is: down }, or one with network, service, alarm or value";
  const map = mapOf(reader, { key: "when", input, forms });
  if (map === undefined) return undefined;
  const read = <T>(schema: z.ZodType<T>): T | undefined => reader.report.check(schema, input, at);
  if (map.has("board")) {
    const found = read(boardCondition);
    if (found === undefined) return undefined;
    knownSlot(reader, found.board, [...at, "board"]);
    return { about: "board", slot: found.board, is: found.is };
  }
  if (map.has("network")) {
    const found = read(networkCondition);
    if (found === undefined) return undefined;
    knownSlot(reader, found.slot, [...at, "slot"]);
    return { about: "network", network: found.network, slot: found.slot };
  }
  if (map.has("service")) {
    const found = read(serviceCondition);
    if (found === undefined) return undefined;
    knownService(reader, found.service, [...at, "service"]);
    return { about: "service", service: found.service, is: found.is };
  }
  if (map.has("alarm")) {
    const found = read(alarmCondition);
    return found === undefined ? undefined : { about: "alarm", id: found.alarm };
  }
  if (map.has("value")) return readValueCondition(reader, read(valueCondition), at);
  reader.report.add(at, `nothing to look at; write ${forms}`);
  return undefined;
}

function readValueCondition(
  reader: Reader,
  found: z.output<typeof valueCondition> | undefined,
  at: readonly string[],
): RuleCondition | undefined {
  if (found === undefined) return undefined;
  knownSlot(reader, found.slot, [...at, "slot"]);
  const { value: name, slot, above, below } = found;
  if (above !== undefined && below === undefined) {
    return { about: "value", name, slot, op: "above", limit: above };
  }
  if (below !== undefined && above === undefined) {
    return { about: "value", name, slot, op: "below", limit: below };
  }
  reader.report.add(at, "give above or below, one of the two");
  return undefined;
}

function readAction(reader: Reader, input: unknown): RuleAction | undefined {
  const at = [...reader.path, "do"];
  const forms = "{ move: web }, or one with stop, start, restart, alarm, powerCycle or run";
  const map = mapOf(reader, { key: "do", input, forms });
  if (map === undefined) return undefined;
  const read = <T>(schema: z.ZodType<T>): T | undefined => reader.report.check(schema, input, at);
  if (map.has("move")) {
    const found = read(moveAction);
    return found === undefined ? undefined : checkedMove(reader, found, at);
  }
  if (map.has("alarm")) {
    const found = read(alarmAction);
    return found === undefined ? undefined : { do: "alarm", text: found.alarm };
  }
  if (map.has("powerCycle")) {
    const found = read(powerAction);
    if (found === undefined) return undefined;
    knownSlot(reader, found.powerCycle, [...at, "powerCycle"]);
    return { do: "power-cycle", slot: found.powerCycle };
  }
  if (map.has("run")) {
    const found = read(runAction);
    return found === undefined ? undefined : { do: "run", run: found.run };
  }
  for (const verb of ["stop", "start", "restart"] as const) {
    if (!map.has(verb)) continue;
    const service = read(serviceActions[verb]);
    if (service === undefined) return undefined;
    knownService(reader, service, [...at, verb]);
    return { do: verb, service };
  }
  reader.report.add(at, `nothing to do; write ${forms}`);
  return undefined;
}

function checkedMove(
  { report, around }: Reader,
  found: z.output<typeof moveAction>,
  at: readonly string[],
): RuleAction {
  const group = around.groups.find((each) => each.name === found.move);
  if (group === undefined) {
    if (!around.groupNames.includes(found.move)) {
      const known = around.groupNames.slice(0, 8).join(", ");
      const right = known === "" ? "give one in groups" : `there are ${known}`;
      report.add([...at, "move"], `no group ${found.move}; ${right}`);
    }
  } else if (group.model === "all-active" || group.on.length < 2) {
    report.add(
      [...at, "move"],
      `group ${found.move} has nowhere to move to; it is on one board or all`,
    );
  } else if (found.to !== undefined && !group.on.includes(found.to)) {
    const message = `group ${group.name} may not be on slot ${found.to}; its on has`;
    report.add([...at, "to"], `${message} ${group.on.join(", ")}`);
  }
  return { do: "move", group: found.move, to: found.to };
}

function knownSlot(
  { report, around }: Reader,
  slot: SlotId | undefined,
  at: readonly string[],
): void {
  if (slot !== undefined) checkSlots(report, [slot], around.boards, at);
}

function knownService({ report, around }: Reader, name: string, at: readonly string[]): void {
  if (around.serviceNames.includes(name)) return;
  const known = around.serviceNames.slice(0, 8).join(", ");
  const right = known === "" ? "give one in services" : `there are ${known}`;
  report.add(at, `no service ${name}; ${right}`);
}

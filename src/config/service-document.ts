// Groups, services and rules as a board document carries them, checked on arrival: the same bounds
// as in the chassis file, and no name that leads nowhere (a board acts on them without asking).

import type { Ipv4, SlotId } from "../base/index.ts";
import { z } from "zod";
import {
  alarmTextChars,
  commandWordChars,
  commandWordsMax,
  environmentMax,
  environmentValueChars,
  groupAddressesMax,
  groupsMax,
  nameChars,
  pathChars,
  rulesMax,
  serviceBytesMax,
  servicesMax,
  userChars,
} from "./limits.ts";
import type { Group, Rule, RuleCondition, Service, ServiceLimits } from "./service-types.ts";

/** The branded values of a document, made by base's constructors. */
export type DocumentBrands = {
  readonly address: z.ZodType<Ipv4>;
  readonly slot: z.ZodType<SlotId>;
};

const name = z.string().min(1).max(nameChars);
const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);
const dayMs = 86_400_000;
const names = (max: number) => z.array(name).max(max);
const action = z.enum(["restart", "move", "nothing"]);
const command = z.array(z.string().max(commandWordChars)).min(1).max(commandWordsMax);
const measure = z.string().min(1).max(64);
const port = whole(1, 65_535);
const httpPath = z.string().min(1).max(pathChars);

const bytes = whole(1, serviceBytesMax).optional();
const limits = z
  .object({
    openFiles: whole(3, 1_048_576).optional(),
    processes: whole(1, 1_048_576).optional(),
    memoryBytes: bytes,
    troubleMemoryBytes: bytes,
  })
  .transform((input): ServiceLimits => ({
    openFiles: input.openFiles,
    processes: input.processes,
    memoryBytes: input.memoryBytes,
    troubleMemoryBytes: input.troubleMemoryBytes,
  }));

const ready = z.discriminatedUnion("by", [
  z.object({ by: z.literal("alive") }),
  z.object({ by: z.literal("notify") }),
  z.object({ by: z.literal("tcp"), port }),
  z.object({ by: z.literal("http"), port, path: httpPath }),
  z.object({ by: z.literal("command"), run: command }),
]);

const alive = z.discriminatedUnion("by", [
  z.object({ by: z.literal("alive") }),
  z.object({ by: z.literal("watchdog"), everyMs: whole(1, dayMs) }),
  z.object({
    by: z.enum(["tcp", "http", "command"]),
    port: whole(0, 65_535),
    path: httpPath,
    run: z.array(z.string().max(commandWordChars)).max(commandWordsMax),
    everyMs: whole(10, dayMs),
    withinMs: whole(1, dayMs),
    failures: whole(1, 100),
  }),
]);

const restart = z.object({
  backoffMs: whole(0, dayMs),
  backoffMaxMs: whole(0, dayMs),
  calmMs: whole(1, dayMs),
  max: whole(0, 1000),
  windowMs: whole(1, dayMs),
  byExitCode: z.record(
    z.string().regex(/^(0|[1-9][0-9]{0,2})$/),
    z.enum(["restart", "move", "nothing", "done"]),
  ),
});

/** Services of a document. */
export function servicesDocument({ slot }: DocumentBrands): z.ZodType<readonly Service[]> {
  const service = z
    .object({
      name,
      run: command,
      user: z.string().min(1).max(userChars).optional(),
      directory: z.string().startsWith("/").max(pathChars),
      environment: z
        .record(z.string().min(1).max(128), z.string().max(environmentValueChars))
        .refine((variables) => Object.keys(variables).length <= environmentMax),
      limits,
      group: name.optional(),
      standby: z.enum(["running", "stopped"]),
      on: z.array(slot).min(1).max(63),
      after: names(servicesMax),
      ready,
      readyMs: whole(1, dayMs),
      alive,
      stop: z.object({ signal: z.string().regex(/^SIG[A-Z0-9]{1,8}$/), ms: whole(1, dayMs) }),
      restart,
      onFailure: z.object({ dead: action, silent: action, trouble: action }),
      log: z.object({ bytesMax: whole(1, serviceBytesMax), files: whole(1, 100) }),
    })
    .transform((input): Service => ({ ...input, user: input.user, group: input.group }));
  return z.array(service).max(servicesMax);
}

/** Groups of a document. */
export function groupsDocument({ address, slot }: DocumentBrands): z.ZodType<readonly Group[]> {
  const publicAddress = z
    .object({ address, prefix: whole(8, 32), mac: z.string().max(17).optional() })
    .transform((input) => ({ ...input, mac: input.mac }));
  return z
    .array(
      z.object({
        name,
        services: names(servicesMax),
        addresses: z.array(publicAddress).max(groupAddressesMax),
        model: z.enum(["none", "2N", "N+1", "N+M", "all-active"]),
        on: z.array(slot).min(1).max(63),
        apart: names(groupsMax),
        together: names(groupsMax),
        failback: z.enum(["never", "when-calm"]),
        unfenced: z.enum(["never", "after-lease"]),
      }),
    )
    .max(groupsMax);
}

/** Rules of a document. */
export function rulesDocument({ slot }: DocumentBrands): z.ZodType<readonly Rule[]> {
  const when: z.ZodType<RuleCondition> = z.discriminatedUnion("about", [
    z.object({
      about: z.literal("board"),
      slot,
      is: z.enum(["down", "degraded", "leaving"]),
    }),
    z
      .object({ about: z.literal("network"), network: z.enum(["A", "B"]), slot: slot.optional() })
      .transform((input) => ({ ...input, slot: input.slot })),
    z.object({
      about: z.literal("service"),
      service: name,
      is: z.enum(["failed", "silent", "trouble", "restarted-too-often"]),
    }),
    z.object({ about: z.literal("alarm"), id: measure }),
    z
      .object({
        about: z.literal("value"),
        name: measure,
        slot: slot.optional(),
        op: z.enum(["above", "below"]),
        limit: z.number(),
      })
      .transform((input) => ({ ...input, slot: input.slot })),
  ]);
  const act = z.discriminatedUnion("do", [
    z
      .object({ do: z.literal("move"), group: name, to: slot.optional() })
      .transform((input) => ({ ...input, to: input.to })),
    z.object({ do: z.enum(["stop", "start", "restart"]), service: name }),
    z.object({ do: z.literal("alarm"), text: z.string().min(1).max(alarmTextChars) }),
    z.object({ do: z.literal("power-cycle"), slot }),
    z.object({ do: z.literal("run"), run: command }),
  ]);
  return z.array(z.object({ name, when, forMs: whole(0, dayMs), act })).max(rulesMax);
}

type Redirected = {
  readonly boards: readonly { readonly slot: SlotId }[];
  readonly groups: readonly Group[];
  readonly services: readonly Service[];
  readonly rules: readonly Rule[];
};

/** True if every name is unique and leads to something, and every slot has a board. */
export function isConnected({ boards, groups, services, rules }: Redirected): boolean {
  const slots = new Set(boards.map((each) => each.slot));
  const groupNames = new Set(groups.map((each) => each.name));
  const serviceNames = new Set(services.map((each) => each.name));
  if (groupNames.size !== groups.length || serviceNames.size !== services.length) return false;
  if (new Set(rules.map((each) => each.name)).size !== rules.length) return false;
  const areSlots = (on: readonly SlotId[]): boolean =>
    new Set(on).size === on.length && on.every((slot) => slots.has(slot));
  const areServices = (list: readonly string[]): boolean =>
    list.every((each) => serviceNames.has(each));
  return (
    groups.every(
      ({ on, services: own, apart, together }) =>
        areSlots(on) && areServices(own) && [...apart, ...together].every((g) => groupNames.has(g)),
    ) &&
    services.every(
      ({ on, group, after }) =>
        areSlots(on) && areServices(after) && (group === undefined || groupNames.has(group)),
    ) &&
    rules.every((rule) => isRuleConnected(rule, { slots, groupNames, serviceNames }))
  );
}

type Known = {
  readonly slots: ReadonlySet<SlotId>;
  readonly groupNames: ReadonlySet<string>;
  readonly serviceNames: ReadonlySet<string>;
};

function isRuleConnected({ act, when }: Rule, known: Known): boolean {
  const slots = [
    "slot" in when ? when.slot : undefined,
    "slot" in act ? act.slot : undefined,
    "to" in act ? act.to : undefined,
  ];
  return (
    slots.every((slot) => slot === undefined || known.slots.has(slot)) &&
    (act.do !== "move" || known.groupNames.has(act.group)) &&
    (!("service" in act) || known.serviceNames.has(act.service)) &&
    (when.about !== "service" || known.serviceNames.has(when.service))
  );
}

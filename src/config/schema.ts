// The shape of a chassis file, section by section. `boards/examples/full.yaml` explains every key
// for people; this file says the same to zod. Relations between sections are in checks.ts.

import {
  ccnSlot,
  err,
  type Mac,
  ok,
  type Result,
  type SlotId,
  slotId,
  slotMax,
} from "../base/index.ts";
import { z } from "zod";
import * as limits from "./limits.ts";
import type { SnmpAccess } from "./types.ts";
import {
  addressValue,
  macValue,
  nameValue,
  portsValue,
  portValue,
  type ReadSecret,
  secretValue,
  subnetValue,
  value,
  wholeNumber,
  word,
} from "./values.ts";

/** Names the keys a map may have; the issue's message carries them, divided by spaces. */
export function keys<Shape extends z.ZodRawShape>(what: string, shape: Shape): z.ZodObject<Shape> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return Object.keys(shape).join(" ");
      if (issue.code !== "invalid_type") return undefined;
      return issue.input === undefined ? `missing; give ${what}` : `not ${what}`;
    },
  });
}

/** Any value; sections are checked one by one, so that one mistake hides no other. */
export const anything = z.unknown().optional();

/** The keys of the whole file. */
export const fileSchema = keys("a chassis file: a map with the key chassis and others", {
  chassis: anything,
  version: anything,
  networks: anything,
  switches: anything,
  slots: anything,
  macs: anything,
  timing: anything,
  provision: anything,
  groups: anything,
  services: anything,
  rules: anything,
});

/** `chassis: demo`. */
export const chassisSchema = nameValue;
/** `version: 1`, counts up with every change. */
export const versionSchema = wholeNumber("a version", 1, 4_294_967_295);

/** Both networks by their letter. */
export const networksSchema = keys("a map of the networks A and B", { A: anything, B: anything });

/** `A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }`. */
export const networkSchema = keys("a network: { subnet, ccn, switch }", {
  subnet: subnetValue,
  ccn: addressValue,
  switch: nameValue,
});
/** What networkSchema gives. */
export type NetworkSection = z.output<typeof networkSchema>;

/** A map whose keys are checked one by one. */
export function mapSchema(what: string): z.ZodType<Record<string, unknown>> {
  return z.record(z.string(), z.unknown(), {
    error: (issue) => (issue.input === undefined ? `missing; give ${what}` : `not ${what}`),
  });
}

/** One switch, without its SNMP access. */
export const switchSchema = keys("a switch: { address, snmp, ... }", {
  address: addressValue,
  port: wholeNumber("a UDP port", 1, 65_535).optional(),
  snmp: anything,
  ports: portsValue.optional(),
  uplinks: portsValue.optional(),
  ccnPort: portValue.optional(),
  trustOption82From: z
    .array(addressValue, { error: () => "not a list of relay addresses; write [10.1.0.2]" })
    .max(limits.relaysMax, { error: () => `more than ${limits.relaysMax} relay addresses` })
    .optional(),
});
/** What switchSchema gives. */
export type SwitchSection = z.output<typeof switchSchema>;

/** The schema for one switch's `snmp`, chosen by its version; v3 means keys unless `none` is said. */
export function snmpSchema(input: unknown, readSecret: ReadSecret): z.ZodType<SnmpAccess> {
  const version = z.looseObject({ version: z.string() }).safeParse(input);
  switch (version.success ? version.data.version : "") {
    case "1":
      return communitySchema(1, readSecret);
    case "2":
    case "2c":
      return communitySchema(2, readSecret);
    case "3":
      return userSchema(readSecret);
    default:
      return keys("SNMP access: { version: 2c, community }", {
        version: word("an SNMP version", ["1", "2c", "3"]),
        community: anything,
        user: anything,
        authProtocol: anything,
        authKey: anything,
        privProtocol: anything,
        privKey: anything,
      }).transform(() => z.NEVER);
  }
}

function communitySchema(version: 1 | 2, readSecret: ReadSecret): z.ZodType<SnmpAccess> {
  const community = secretValue("an SNMP community", readSecret);
  return keys("SNMP access: { version: 2c, community }", {
    version: z.string(),
    community,
  }).transform((input): SnmpAccess => ({ version, community: input.community }));
}

function userSchema(readSecret: ReadSecret): z.ZodType<SnmpAccess> {
  const key = secretValue("an SNMP key", readSecret).refine(
    (text) => text.length >= limits.snmpKeyCharsMin,
    { error: () => `key too short; SNMP v3 needs at least ${limits.snmpKeyCharsMin} characters` },
  );
  const user = value("an SNMP user", (text) =>
    text.length > 0 && text.length <= 32 ? ok(text) : err("not an SNMP user; 1 to 32 characters"),
  );
  return keys("SNMP access: { version: 3, user, authKey, privKey }", {
    version: z.string(),
    user,
    authProtocol: word("an authProtocol", ["none", "md5", "sha", "sha256", "sha512"]).optional(),
    authKey: key.optional(),
    privProtocol: word("a privProtocol", ["none", "des", "aes", "aes256b", "aes256r"]).optional(),
    privKey: key.optional(),
  }).transform((input, context): SnmpAccess => {
    const authProtocol = input.authProtocol ?? "sha";
    const privProtocol = input.privProtocol ?? (authProtocol === "none" ? "none" : "aes");
    const { authKey = "", privKey = "" } = input;
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    const pair = (name: string, protocol: string, text: string): void => {
      if (protocol !== "none" && text === "") {
        complain(`${name}Key`, `missing; give a key, or ${name}Protocol: none to go without`);
      } else if (protocol === "none" && text !== "") {
        complain(`${name}Key`, `a key, but ${name}Protocol is none; take one of them away`);
      }
    };
    pair("auth", authProtocol, authKey);
    pair("priv", privProtocol, privKey);
    if (authProtocol === "none" && privProtocol !== "none") {
      complain("privProtocol", "privacy needs authentication; give authProtocol too");
    }
    return { version: 3, user: input.user, authProtocol, authKey, privProtocol, privKey };
  });
}

/** `3: { role: io-card, portA: 3, portB: 3 }`. */
export const slotSchema = keys("a slot: { role, portA, portB }", {
  role: word("a role", ["controller", "io-card"]),
  name: nameValue.optional(),
  portA: portValue,
  portB: portValue,
  addressA: addressValue.optional(),
  addressB: addressValue.optional(),
});
/** What slotSchema gives. */
export type SlotSection = z.output<typeof slotSchema>;

/** A key of `slots`. */
export function parseSlotKey(key: string): Result<SlotId, string> {
  const number = /^(0|[1-9][0-9]{0,3})$/.test(key) ? Number(key) : Number.NaN;
  if (number === ccnSlot) return err(`slot 0 is the CCN itself; slots are 1 to ${slotMax}`);
  if (number >= 1 && number <= slotMax) return ok(slotId(number));
  return err(`not a slot number; slots are 1 to ${slotMax}`);
}

/** The schema for `macs`: the word any, or a list. */
export function macsSchema(input: unknown): z.ZodType<"any" | readonly Mac[]> {
  if (typeof input === "string") return word("a list of MACs or the word any", ["any"]);
  const wrong = `not any and not a list of at most ${limits.macsMax} MACs; write any, or [MAC, MAC]`;
  return z.array(macValue, { error: () => wrong }).max(limits.macsMax, { error: () => wrong });
}

/** A time in whole milliseconds, optional. */
export const ms = (max: number, min = 1): z.ZodOptional<z.ZodType<number, string>> =>
  wholeNumber("a time in milliseconds", min, max).optional();

/** `timing`, all keys optional. */
export const timingSchema = keys("timing: a map such as { beatMs: 10 }", {
  beatMs: ms(1000),
  silentMs: ms(10_000),
  lateMs: ms(500),
  netMs: ms(500),
  upAfterMs: ms(10_000),
  flapMax: wholeNumber("a number of falls", 1, 100).optional(),
  flapWindowMs: ms(600_000),
  flapHoldMs: ms(600_000, 0),
  lease: anything,
});

/** `timing.lease`, all keys optional. */
export const leaseTimingSchema = keys("lease timers: a map such as { leaseMs: 60 }", {
  leaseMs: ms(10_000),
  grantMs: ms(10_000),
  stopMs: ms(1000),
  driftPpm: wholeNumber("a drift in parts per million", 0, 100_000).optional(),
  rstMs: ms(1000),
  fenceMs: ms(10_000),
  fsyncMs: ms(10_000),
  flushMs: ms(10_000),
  addrMs: ms(1000),
  offMs: ms(10_000),
  replMs: ms(10_000),
  holdMs: ms(60_000),
  holdMaxMs: ms(600_000),
  coldMs: ms(600_000),
  answerMs: ms(60_000),
});

/** `provision`, all keys optional. */
export const provisionSchema = keys("provision: a map such as { httpPort: 8067 }", {
  httpPort: wholeNumber("a TCP port", 1, 65_535).optional(),
  beatPort: wholeNumber("a UDP port", 1, 65_535).optional(),
  linkPort: wholeNumber("a UDP port", 1, 65_535).optional(),
  watchPort: wholeNumber("a TCP port", 1, 65_535).optional(),
  hubsGroup: addressValue.optional(),
  boardsGroup: addressValue.optional(),
  bootFile: value("a boot file name", (text) =>
    text.length > 0 && text.length <= limits.bootFileChars && /^[\x21-\x7e]+$/.test(text)
      ? ok(text)
      : err(`not a boot file name; 1 to ${limits.bootFileChars} ASCII characters without spaces`),
  ).optional(),
});

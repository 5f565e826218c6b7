// The kinds of values a chassis file holds, as zod schemas over text: each says what is wrong and
// what would be right. Messages of secret values never repeat them.

import {
  err,
  nearestName,
  ok,
  parseIpv4,
  parseMac,
  type Ipv4,
  type Mac,
  type Result,
} from "../base/index.ts";
import { z } from "zod";
import { nameChars, snmpTextChars } from "./limits.ts";
import { parsePorts } from "./ports.ts";

/** Text made into `T`, or a message "what is wrong; what would be right". */
export function value<T>(
  what: string,
  parse: (text: string) => Result<T, string>,
): z.ZodType<T, string> {
  const wrongType = (issue: { input?: unknown }): string =>
    issue.input === undefined ? `missing; give ${what}` : `this is a list or a map; give ${what}`;
  return z.string({ error: wrongType }).transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    context.addIssue({ code: "custom", message: parsed.error });
    return z.NEVER;
  });
}

/** A whole number from `min` to `max`, in decimal digits. */
export function wholeNumber(what: string, min: number, max: number): z.ZodType<number, string> {
  return value(`${what}, a whole number from ${min} to ${max}`, (text) => {
    const number = /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return ok(number);
    return err(`${quoted(text)} is not ${what}; give a whole number from ${min} to ${max}`);
  });
}

/** One of a few words. */
export function word<const T extends string>(
  what: string,
  words: readonly T[],
): z.ZodType<T, string> {
  const list = words.join(", ");
  return value(`${what}: ${list}`, (text) => {
    const found = words.find((candidate) => candidate === text);
    if (found !== undefined) return ok(found);
    // Repeated only if it is nearly one of the words: else it may be a secret on the wrong line.
    const said = nearestName(text, words) === undefined ? "this" : quoted(text);
    return err(`${said} is not ${what}; give ${list}`);
  });
}

/** A name people and commands use: letters, digits, dashes; begins with a letter. */
export const nameValue: z.ZodType<string, string> = value("a name such as sw-a", (text) => {
  if (text.length <= nameChars && /^[A-Za-z][A-Za-z0-9-]*$/.test(text)) return ok(text);
  const right = `letters, digits and dashes, a letter first, at most ${nameChars}`;
  return err(`${quoted(text)} is not a name; use ${right}`);
});

/** An IPv4 address. */
export const addressValue: z.ZodType<Ipv4, string> = value(
  "an address such as 10.1.1.7",
  parseIpv4,
);

/** A MAC address. */
export const macValue: z.ZodType<Mac, string> = value("a MAC such as 52:54:00:12:34:56", parseMac);

/** `10.1.0.0/16`, prefix 8 to 28. */
export const subnetValue: z.ZodType<{ subnet: Ipv4; prefix: number }, string> = value(
  "a subnet such as 10.1.0.0/16",
  (text) => {
    const [base = "", length = "", more] = text.split("/");
    const subnet = parseIpv4(base);
    const prefix = /^[0-9]{1,2}$/.test(length) ? Number(length) : Number.NaN;
    if (!subnet.ok || more !== undefined || !(prefix >= 8 && prefix <= 28)) {
      return err(`${quoted(text)} is not a subnet of prefix 8 to 28; write it as 10.1.0.0/16`);
    }
    return ok({ subnet: subnet.value, prefix });
  },
);

/** One port name. */
export const portValue: z.ZodType<string, string> = value("a port name such as 7", (text) =>
  text === "" ? err("an empty port name; give one such as 7 or 1/0/7") : ok(text),
);

/** Port names: one text with ranges and commas, or a list of such texts. */
export const portsValue: z.ZodType<string[]> = z
  .union([z.string(), z.array(z.string())], {
    error: () => "not a port list; write 1-24 or [1-20, 24]",
  })
  .transform((input, context): string[] => {
    const ports: string[] = [];
    for (const part of typeof input === "string" ? [input] : input) {
      const parsed = parsePorts(part);
      if (parsed.ok) ports.push(...parsed.value);
      else context.addIssue({ code: "custom", message: parsed.error });
    }
    return ports;
  });

/** Reads a secret from a file beside the chassis file; the error names the path, never content. */
export type ReadSecret = (path: string) => Result<string, string>;

/** A secret: text, or `{ file: path }`. Messages never contain it. */
export function secretValue(what: string, readSecret: ReadSecret): z.ZodType<string> {
  const wrong = `not ${what}; give text, or { file: path }`;
  const file = z.strictObject({ file: z.string() });
  return z
    .union([z.string(), file], {
      error: (issue) => (issue.input === undefined ? `missing; give ${what}` : wrong),
    })
    .transform((input, context): string => {
      const read = typeof input === "string" ? ok(input) : readSecret(input.file);
      if (!read.ok) {
        context.addIssue({ code: "custom", message: read.error });
        return z.NEVER;
      }
      const text = read.value;
      if (text.length > 0 && text.length <= snmpTextChars) return text;
      const message = `${what} has ${text.length} characters; use 1 to ${snmpTextChars}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
}

/** A text from the file for a message: quoted, and short. */
export function quoted(text: string): string {
  return text.length > 40 ? `"${text.slice(0, 37)}..."` : `"${text}"`;
}

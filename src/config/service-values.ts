// The kinds of values that groups, services and rules hold, as zod schemas over text (values.ts has
// those of the rest of the file).

import { err, type Ipv4, ok, parseIpv4, type Result, type SlotId } from "../base/index.ts";
import { z } from "zod";
import {
  commandWordChars,
  commandWordsMax,
  environmentMax,
  environmentValueChars,
  pathChars,
  serviceBytesMax,
  userChars,
} from "./limits.ts";
import { parseSlotKey } from "./schema.ts";
import { nameValue, quoted, value } from "./values.ts";

/** Control characters never belong into a word, a path or a variable. */
const control = /\p{Cc}/u;
/** What a shell would act on; a blank-separated line with one of these means something else here. */
const shellCharacter = /[|&;<>()$`\\"'*?]/;

/**
 * A program and its arguments: a list of words, or one line split at spaces. There is no shell, so
 * a line with a shell character is refused; in a list every character stands for itself.
 */
export const commandValue: z.ZodType<string[]> = z
  .union([z.string(), z.array(z.string())], {
    error: (issue) =>
      issue.input === undefined
        ? "missing; give a program and its arguments, /usr/bin/web --port 80"
        : "not a command; write /usr/bin/web --port 80, or a list of words",
  })
  .transform((input, context): string[] => {
    const words = typeof input === "string" ? splitLine(input) : commandOf(input);
    if (words.ok) return words.value;
    context.addIssue({ code: "custom", message: words.error });
    return z.NEVER;
  });

function splitLine(line: string): Result<string[], string> {
  const found = shellCharacter.exec(line)?.[0];
  if (found !== undefined) {
    const right = "write a list of words, or [/bin/sh, -c, LINE]";
    return err(`the shell character ${found} in a command, but no shell reads it; ${right}`);
  }
  return commandOf(line.split(/\s+/).filter((word) => word !== ""));
}

function commandOf(words: readonly string[]): Result<string[], string> {
  const [program = ""] = words;
  if (words.length > commandWordsMax) return err(`more than ${commandWordsMax} words in a command`);
  if (words.some((word) => word.length > commandWordChars || control.test(word))) {
    return err(`a word longer than ${commandWordChars} or with a control character`);
  }
  if (!/^\/[^/]/.test(program)) {
    return err(`${quoted(program)} is not an absolute path of a program; write /usr/bin/web`);
  }
  return ok([...words]);
}

/** Slots 1 to 63, best first, each once; one number alone is a list of one. */
export const slotsValue: z.ZodType<SlotId[]> = z
  .union([z.string(), z.array(z.string())], {
    error: (issue) =>
      issue.input === undefined
        ? "missing; give slots such as [1, 2]"
        : "not a list of slots; write [1, 2]",
  })
  .transform((input, context): SlotId[] => {
    const given = typeof input === "string" ? [input] : input;
    const slots: SlotId[] = [];
    const complain = (message: string, i: number): void =>
      context.addIssue({
        code: "custom",
        message,
        ...(typeof input === "string" ? {} : { path: [i] }),
      });
    for (const [i, text] of given.entries()) {
      const slot = parseSlotKey(text);
      if (!slot.ok) complain(`${quoted(text)}: ${slot.error}`, i);
      else if (slots.includes(slot.value)) complain(`slot ${slot.value} twice; name it once`, i);
      else slots.push(slot.value);
    }
    if (given.length === 0) {
      context.addIssue({ code: "custom", message: "an empty list; give slots such as [1, 2]" });
    }
    return slots;
  });

/** One slot. */
export const slotValue: z.ZodType<SlotId, string> = value("a slot such as 1", parseSlotKey);

/** Names of groups or services, each once; one name alone is a list of one. */
export function namesValue(what: string, max: number): z.ZodType<string[]> {
  const one = nameValue.transform((name) => [name]);
  const wrong = (): string => `not a list of ${what}; write [web, files]`;
  return z
    .union([z.string(), z.array(z.unknown())], { error: wrong })
    .transform((input, context): string[] => {
      if (typeof input === "string") return readNames([input], context, one);
      if (input.length <= max) return readNames(input, context, one);
      context.addIssue({ code: "custom", message: `more than ${max} ${what}` });
      return z.NEVER;
    });
}

function readNames(
  input: readonly unknown[],
  context: z.RefinementCtx,
  one: z.ZodType<string[]>,
): string[] {
  const names: string[] = [];
  for (const each of input) {
    const name = one.safeParse(each);
    const message = name.success
      ? names.some((known) => name.data.includes(known))
        ? `${quoted(String(each))} twice; name it once`
        : undefined
      : (name.error.issues[0]?.message ?? "not a name");
    if (message !== undefined) context.addIssue({ code: "custom", message });
    else if (name.success) names.push(...name.data);
  }
  return names;
}

/** A size in bytes: 1048576, 512K, 256M, 4G (powers of 1024). */
export const bytesValue: z.ZodType<number, string> = value("a size such as 256M", (text) => {
  const match = /^([1-9][0-9]{0,12})([KMG]?)$/.exec(text);
  const unit = { "": 1, K: 1024, M: 1_048_576, G: 1_073_741_824 }[match?.[2] ?? ""] ?? 1;
  const bytes = match === null ? Number.NaN : Number(match[1]) * unit;
  if (bytes <= serviceBytesMax) return ok(bytes);
  return err(`${quoted(text)} is not a size; give bytes, or a number with K, M or G, up to 1024G`);
});

/** An absolute path. */
export const pathValue: z.ZodType<string, string> = value("an absolute path", (text) =>
  text.startsWith("/") && text.length <= pathChars && !control.test(text)
    ? ok(text)
    : err(`${quoted(text)} is not an absolute path of at most ${pathChars} characters`),
);

/** A user by name or number. */
export const userValue: z.ZodType<string, string> = value("a user", (text) =>
  text.length <= userChars && /^([a-z_][a-z0-9_-]*\$?|0|[1-9][0-9]{0,9})$/.test(text)
    ? ok(text)
    : err(`${quoted(text)} is not a user name or number; write www-data or 33`),
);

/** Variables: `{ LANG: C }`. */
export const environmentValue: z.ZodType<Record<string, string>> = z
  .record(z.string(), z.string({ error: () => "not a text; give one" }), {
    error: () => "not a map of variables; write { LANG: C }",
  })
  .superRefine((variables, context) => {
    const names = Object.keys(variables);
    if (names.length > environmentMax) {
      context.addIssue({ code: "custom", message: `more than ${environmentMax} variables` });
    }
    for (const [name, text] of Object.entries(variables)) {
      const isGood =
        /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) &&
        text.length <= environmentValueChars &&
        !text.includes("\0");
      if (isGood) continue;
      const right = `letters, digits and _; at most ${environmentValueChars} characters of text`;
      context.addIssue({ code: "custom", path: [name], message: `not a variable; use ${right}` });
    }
  });

/** A public address with its prefix: `192.168.1.10/24`. */
export const publicAddressValue: z.ZodType<{ address: Ipv4; prefix: number }, string> = value(
  "a public address such as 192.168.1.10/24",
  (text) => {
    const [base = "", length = "", more] = text.split("/");
    const address = parseIpv4(base);
    const prefix = /^[0-9]{1,2}$/.test(length) ? Number(length) : Number.NaN;
    if (address.ok && more === undefined && prefix >= 8 && prefix <= 32) {
      return ok({ address: address.value, prefix });
    }
    return err(`${quoted(text)} is not an address with a prefix of 8 to 32; write 192.168.1.10/24`);
  },
);

/** A measured value's limit: a decimal number. */
export const decimalValue: z.ZodType<number, string> = value("a number", (text) =>
  /^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$/.test(text)
    ? ok(Number(text))
    : err(`${quoted(text)} is not a number; write 80 or 11.5`),
);

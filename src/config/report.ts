// Collects mistakes while the loader goes through a file, each with its place; turns zod's issues
// into our wording.

import type { z } from "zod";
import { nearestName } from "../base/index.ts";
import type { ConfigError } from "./errors.ts";
import { configErrorsMax } from "./limits.ts";
import type { PathStep, YamlFile } from "./yaml.ts";

/** What checks write to. */
export type Report = {
  /** A mistake at the value (or key) of `path`. */
  readonly add: (path: readonly PathStep[], message: string, of?: "key" | "value") => void;
  /** `value` as the schema says, or undefined with every mistake reported. */
  readonly check: <T>(
    schema: z.ZodType<T>,
    value: unknown,
    path: readonly PathStep[],
  ) => T | undefined;
  /** All mistakes in the order of the file, at most `configErrorsMax`. */
  readonly errors: () => ConfigError[];
};

/** An empty report on one file. */
export function createReport(file: string, yaml: YamlFile): Report {
  const found: ConfigError[] = [];
  const add: Report["add"] = (path, message, of = "value") => {
    found.push({ file, ...yaml.position(path, of), path: path.join("."), message });
  };
  const check: Report["check"] = (schema, value, path) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const inside = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
      const where = [...path, ...inside];
      if (issue.code !== "unrecognized_keys") {
        add(where, issue.message);
        continue;
      }
      const known = issue.message.split(" ");
      for (const key of issue.keys) {
        const shown = shownKey(key, known, path.includes("snmp"));
        const place = yaml.position([...where, key], "key");
        const named = shown === undefined ? where : [...where, shown];
        found.push({
          file,
          ...place,
          path: named.join("."),
          message: unknownKeyText(shown, known),
        });
      }
    }
    return undefined;
  };
  return { add, check, errors: () => inOrder(found) };
}

/** An unknown key as it may be shown: one beside credentials may itself be the secret. */
function shownKey(key: string, known: readonly string[], secret: boolean): string | undefined {
  if (!/^[A-Za-z0-9_.-]{1,40}$/.test(key)) return undefined;
  return secret && nearestName(key, known) === undefined ? undefined : key;
}

function unknownKeyText(key: string | undefined, known: readonly string[]): string {
  const list = `known here: ${known.join(", ")}`;
  if (key === undefined) return `unknown key; ${list}`;
  const near = nearestName(key, known);
  return near === undefined ? `unknown key; ${list}` : `unknown key; did you mean ${near}?`;
}

function inOrder(found: readonly ConfigError[]): ConfigError[] {
  const sorted = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const rest = sorted.length - configErrorsMax;
  const last = sorted[configErrorsMax - 1];
  if (rest <= 0 || last === undefined) return sorted;
  const message = `and ${rest} more mistakes; mend those above first`;
  return [...sorted.slice(0, configErrorsMax), { ...last, path: "", message }];
}

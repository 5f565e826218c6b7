// Checks that a parsed JSON value has the shape of a type, without casts: small guards that
// compose. The compiler insists that a record's guard names every key of its type. A guard that
// fails leaves the path of the culprit in `trail`, innermost key first.

import {
  type Incarnation,
  type Ipv4,
  type Mac,
  type MonoUs,
  type NetworkId,
  parseIncarnation,
  parseIpv4,
  parseMac,
  parseSlotId,
  type SlotId,
} from "../../base/index.ts";
import { listElements } from "../limits.ts";

/** Says whether a value is a T; on failure the names of the bad keys are pushed to `trail`. */
export type Guard<T> = (value: unknown, trail: string[]) => value is T;

/** Any JSON object with these keys; more keys are allowed, a newer daemon may say more. */
export function shape<T extends object>(guards: {
  readonly [K in keyof T]-?: Guard<T[K]>;
}): Guard<T> {
  const entries: [string, Guard<unknown>][] = Object.entries(guards);
  return (value, trail): value is T => {
    if (!isObject(value)) return false;
    for (const [key, guard] of entries) {
      if (guard(value[key], trail)) continue;
      trail.push(key);
      return false;
    }
    return true;
  };
}

/** A list of at most `listElements` values that all pass `guard`. */
export function listOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value, trail): value is readonly T[] => {
    if (!Array.isArray(value) || value.length > listElements) return false;
    for (const [index, element] of value.entries()) {
      if (guard(element, trail)) continue;
      trail.push(String(index));
      return false;
    }
    return true;
  };
}

/** An object whose values all pass `guard`, whatever its keys. */
export function recordOf<T>(guard: Guard<T>): Guard<Readonly<Record<string, T>>> {
  return (value, trail): value is Readonly<Record<string, T>> => {
    if (!isObject(value)) return false;
    for (const [key, element] of Object.entries(value)) {
      if (guard(element, trail)) continue;
      trail.push(key);
      return false;
    }
    return true;
  };
}

/** The value or nothing: JSON leaves out what is undefined. */
export function maybe<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value, trail): value is T | undefined => value === undefined || guard(value, trail);
}

/** One of these words. */
export function oneOf<T extends string>(...words: readonly T[]): Guard<T> {
  return (value): value is T => words.some((word) => word === value);
}

/** One of these numbers. */
export function numberIs<T extends number>(number: T): Guard<T> {
  return (value): value is T => value === number;
}

/** Passes what one of two guards passes. */
export function either<A, B>(first: Guard<A>, second: Guard<B>): Guard<A | B> {
  return (value, trail): value is A | B => first(value, []) || second(value, trail);
}

/** Any string. */
export const isText: Guard<string> = (value): value is string => typeof value === "string";
/** Any finite number. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);
/** True or false. */
export const isBoolean: Guard<boolean> = (value): value is boolean => typeof value === "boolean";
/** A MAC as `Mac` writes it. */
export const isMac: Guard<Mac> = (value): value is Mac =>
  typeof value === "string" && parseMac(value).ok;
/** An IPv4 address in dotted decimal. */
export const isIpv4: Guard<Ipv4> = (value): value is Ipv4 =>
  typeof value === "string" && parseIpv4(value).ok;
/** A slot number, 0 to 63. */
export const isSlot: Guard<SlotId> = (value): value is SlotId =>
  typeof value === "number" && parseSlotId(value).ok;
/** 16 hex digits. */
export const isIncarnation: Guard<Incarnation> = (value): value is Incarnation =>
  typeof value === "string" && parseIncarnation(value).ok;
/** Microseconds of a monotonic clock. */
export const isMonoUs: Guard<MonoUs> = (value): value is MonoUs =>
  typeof value === "number" && value >= 0 && value < Number.MAX_SAFE_INTEGER;
/** A network's letter. */
export const isNetwork: Guard<NetworkId> = oneOf<NetworkId>("A", "B");

/** Any JSON object that is not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

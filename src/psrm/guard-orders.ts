// What a board tells its guard, one order a line, and what the guard then holds. Pure; the lines come
// through a pipe from the board itself, and are checked all the same: the guard kills by them.
//
//   + cgroup PATH             - cgroup PATH
//   + group PGID              - group PGID
//   + mark TEXT               - mark TEXT       SOFTSET_START values that begin so
//   + descendants PID         - descendants PID
//   + address INDEX IPV4 LEN  - address INDEX IPV4 LEN

import { err, ok, parseIpv4, type Ipv4, type Result } from "../base/index.ts";
import { guardHoldsMax, guardLineBytesMax } from "./limits.ts";

/** One thing that the guard takes away when the board is gone. */
export type GuardHold =
  | { readonly kind: "cgroup"; readonly path: string }
  | { readonly kind: "group"; readonly group: number }
  | { readonly kind: "mark"; readonly mark: string }
  | { readonly kind: "descendants"; readonly pid: number }
  | {
      readonly kind: "address";
      readonly index: number;
      readonly address: Ipv4;
      readonly prefix: number;
    };

/** Everything a guard holds, by the text of its order. */
export type GuardHolds = Map<string, GuardHold>;

/** Takes one line. The error says what is wrong with it; nothing has changed then. */
export function takeGuardOrder(holds: GuardHolds, line: string): Result<void, string> {
  if (line.length > guardLineBytesMax) return err(`longer than ${guardLineBytesMax} bytes`);
  const sign = line.slice(0, 2);
  const text = line.slice(2);
  if (sign !== "+ " && sign !== "- ") return err(`begins with neither + nor -: ${quoted(line)}`);
  const hold = parseGuardHold(text);
  if (!hold.ok) return hold;
  if (sign === "- ") {
    holds.delete(text);
    return ok(undefined);
  }
  if (holds.size >= guardHoldsMax && !holds.has(text)) return err(`holds ${guardHoldsMax} already`);
  holds.set(text, hold.value);
  return ok(undefined);
}

/** Reads the words after the sign. */
export function parseGuardHold(text: string): Result<GuardHold, string> {
  const [kind, first = "", second = "", third = "", ...more] = text.split(" ");
  const count = [first, second, third, ...more].filter((word) => word !== "").length;
  const wrong = err(`not an order: ${quoted(text)}`);
  if (kind === "cgroup") {
    const path = text.slice("cgroup ".length);
    // The base folder of a board and below, never the file system's own root.
    const isBelow = /^\/.+\/softset-[^/]+/.test(path) && !path.split("/").includes("..");
    return isBelow ? ok({ kind, path }) : wrong;
  }
  if (kind === "group") {
    const group = Number(first);
    return count === 1 && /^\d{1,10}$/.test(first) && group > 1 ? ok({ kind, group }) : wrong;
  }
  if (kind === "mark") {
    return count === 1 && /^[\w.-]{8,128}$/.test(first) ? ok({ kind, mark: first }) : wrong;
  }
  if (kind === "descendants") {
    const pid = Number(first);
    return count === 1 && /^\d{1,10}$/.test(first) && pid > 0 ? ok({ kind, pid }) : wrong;
  }
  if (kind !== "address" || count !== 3) return wrong;
  const address = parseIpv4(second);
  const prefix = Number(third);
  const isIndex = /^\d{1,9}$/.test(first) && Number(first) > 0;
  if (!address.ok || !isIndex || !/^\d{1,2}$/.test(third) || prefix > 32) return wrong;
  return ok({ kind, index: Number(first), address: address.value, prefix });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

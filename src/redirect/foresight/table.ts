// End states as text for people: one line a single fault, and of the pairs only those after which
// a group is not served; the others are counted. `--json` has them all.

import { type EndState, type EndStates } from "./end-states.ts";
import { faultsText, type RedirectFault } from "./faults.ts";
import type { GroupEnd } from "./what-if.ts";

/** The table of `config check`, line by line. Empty for a chassis without groups. */
export function endStatesText({ states, pairsLeftOut }: EndStates): string[] {
  const groups = states[0]?.groups.map(({ group }) => group) ?? [];
  if (groups.length === 0) return [];
  const singles = states.filter(({ faults }) => faults.length < 2);
  const pairs = states.filter(({ faults }) => faults.length === 2);
  const waiting = pairs.filter((state) => state.groups.some(isNone));
  // A switch fails like its network; one of the two lines is enough.
  const shown = [...singles, ...waiting.filter(({ faults }) => !faults.some(isSwitch))];
  const lines = groups.length <= columnsMax ? gridOf(groups, shown) : changesOf(shown);
  const served = pairs.length - waiting.length;
  lines.push(`two faults: ${served} of ${pairs.length} orders leave every group served`);
  if (pairsLeftOut > 0) lines.push(`${pairsLeftOut} more orders were not computed: too many`);
  for (const reason of new Set(waiting.flatMap(reasonsOf))) lines.push(`none: ${reason}`);
  return lines;
}

/** More groups than this do not fit beside each other; then each line names what differs. */
const columnsMax = 8;

function gridOf(groups: readonly string[], shown: readonly EndState[]): string[] {
  const rows = shown.map((state) => [faultsText(state.faults), ...state.groups.map(cellOf)]);
  return columns([["AFTER", ...groups.map((name) => name.toUpperCase())], ...rows]);
}

/** The first state whole, of every other one the groups that end elsewhere. */
function changesOf(shown: readonly EndState[]): string[] {
  const calm = new Map((shown[0]?.groups ?? []).map((end) => [end.group, cellOf(end)]));
  const rows = shown.map(({ faults, groups }) => {
    const told = groups.filter((end) => faults.length === 0 || cellOf(end) !== calm.get(end.group));
    const cells = told.map((end) => `${end.group} ${cellOf(end)}`);
    return [faultsText(faults), cells.length === 0 ? "as before" : cells.join("  ")];
  });
  return columns([["AFTER", "GROUPS"], ...rows]);
}

const isSwitch = ({ kind }: RedirectFault): boolean => kind === "switch";
const isNone = ({ active }: GroupEnd): boolean => active.length === 0;

/** `1 (2)`: active on 1, 2 stands by in sync. */
function cellOf({ active, standby }: GroupEnd): string {
  if (active.length === 0) return "none";
  return standby.length === 0 ? active.join(",") : `${active.join(",")} (${standby.join(",")})`;
}

function reasonsOf({ groups }: EndState): string[] {
  return groups.flatMap(({ waits }) => waits ?? []);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

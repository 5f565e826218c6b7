// A chassis for the detect bench: brought up, watched by its boards' own control sockets, and a
// wait for "every board's map is right" that is read from the boards' own time stamps, so that
// looking rarely does not make the figures worse.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkId, SlotId } from "../../../src/base/index.ts";
import { createLab, type Lab } from "../../../src/lab/index.ts";
import { allWell } from "../../../src/lab/story/expectations.ts";
import { agree, type BoardView } from "../../../src/lab/story/observer.ts";
import type { ChassisMap } from "../../../src/netrack/index.ts";
import type { BenchContext } from "../bench.ts";

const root = join(import.meta.dir, "..", "..", "..");
/** A chassis boots in two seconds; a loaded machine takes longer. */
const bootMs = 60_000;
/** Longest wait for a fault to be on every map. */
const detectMs = 3_000;

/** Brings a chassis up and waits until every board sees every other; `more` is put behind the file. */
export async function bootChassis(context: BenchContext, file: string, more = ""): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), "softset-detect-"));
  const chassisFile = join(dir, file);
  writeFileSync(chassisFile, `${readFileSync(join(root, "boards", file), "utf8")}\n${more}`);
  context.onStop(() => rmSync(dir, { recursive: true, force: true }));
  const made = await createLab({ chassisFile, dist: join(root, "dist"), dir: join(dir, "lab") });
  if (!made.ok) throw new Error(made.error.text);
  const lab = made.value;
  context.onStop(() => lab.down());
  const up = await lab.up();
  if (!up.ok) throw new Error(up.error.text);
  await settle(lab);
  return lab;
}

/** Waits until all is well on every map and no path is held down. */
export async function settle(lab: Lab): Promise<void> {
  const expectation = allWell(lab.chassis.boards.length);
  const agreed = await agree(lab, { expectation, since: () => 0, timeoutMs: bootMs });
  if (!agreed.ok) throw new Error(`the chassis is not well: ${agreed.error}`);
}

/** A cell of the map that a fault must turn down. */
export type Cell = (path: ChassisMap["paths"][number]) => boolean;

/** Every path of a slot on a network (or both), in one or both directions. */
export function pathsOf(
  slot: SlotId,
  options: { readonly network?: NetworkId; readonly way?: "to" | "from" } = {},
): Cell {
  return ({ from, to, network }) => {
    if (options.network !== undefined && network !== options.network) return false;
    if (options.way === "to") return to === slot;
    if (options.way === "from") return from === slot;
    return from === slot || to === slot;
  };
}

/**
 * From `fromUs` until the last board had every cell down, ms. A dead board's own map isn't asked;
 * `only` asks some boards.
 */
export async function untilDown(
  lab: Lab,
  wanted: {
    readonly fromUs: number;
    readonly cell: Cell;
    readonly only?: readonly SlotId[];
  },
): Promise<number> {
  const all = lab.chassis.boards.map(({ slot }) => slot);
  const { only } = wanted;
  const agreed = await agree(lab, {
    expectation: (view) => stillUp(view, wanted.cell),
    since: (view) => lastFall(view, wanted.cell),
    timeoutMs: detectMs,
    except: only === undefined ? [] : all.filter((slot) => !only.includes(slot)),
    firstLookMs: 120,
  });
  if (!agreed.ok) throw new Error(agreed.error);
  return (agreed.value.atUs - wanted.fromUs) / 1000;
}

function stillUp({ status }: BoardView, cell: Cell): string | undefined {
  const paths = status.map?.paths.filter(cell) ?? [];
  if (paths.length === 0) return "no such path on the map";
  const up = paths.find((path) => path.up);
  return up && `slot ${up.to} hears slot ${up.from} on ${up.network}`;
}

function lastFall({ status }: BoardView, cell: Cell): number {
  return Math.max(...(status.map?.paths ?? []).filter(cell).map(({ sinceUs }) => sinceUs));
}

// What the boards of a lab say: asks every running board's control API, through its /proc root so
// that nothing has to be started on the board, and waits until all of them agree on something.

import { existsSync } from "node:fs";
import { err, type MonoUs, monoUs, ok, type Result, type SlotId } from "../../base/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import { askStatus, type StatusDocument } from "../../manage/index.ts";
import type { Lab } from "../chassis.ts";

/** One board's answer. */
export type BoardView = { readonly slot: SlotId; readonly status: StatusDocument };

/** What is waited for: `undefined` once a board's view is right, else what is still wrong. */
export type Expectation = (view: BoardView) => string | undefined;

/** When the last board was right, by the boards' own clocks (one CLOCK_BOOTTIME for all). */
export type Agreement = { readonly atUs: MonoUs; readonly boards: number };

/** Time of one look at all boards, ms. */
const lookEveryMs = 15;
/** A board that does not answer within this is asked again, ms. */
const answerMs = 1_000;

/** The control socket of a running board, seen from the lab. */
export function apiSocket(pid: number): string {
  return `/proc/${pid}/root/run/softset/api.sock`;
}

/** Asks every running board; boards whose daemon is not there yet are left out. */
export async function viewsOf(lab: Lab): Promise<BoardView[]> {
  const asked = lab.status().slots.map(async ({ slot, board }): Promise<BoardView[]> => {
    if (board?.pid === undefined) return [];
    const path = apiSocket(board.pid);
    if (!existsSync(path)) return [];
    const status = await askStatus(path, answerMs);
    return status.ok ? [{ slot, status: status.value }] : [];
  });
  return (await Promise.all(asked)).flat();
}

/**
 * Waits until every running board in `lab` meets the expectation; `since` reads from a right view
 * when it became right. The error names the first board that is still wrong after `timeoutMs`.
 */
export async function agree(
  lab: Lab,
  wanted: {
    readonly expectation: Expectation;
    readonly since: (view: BoardView) => number;
    readonly timeoutMs: number;
    /** Boards that are not asked: they cannot know. */
    readonly except?: readonly SlotId[];
    /** Leave the boards in peace for so long first, ms. */
    readonly firstLookMs?: number;
  },
): Promise<Result<Agreement, string>> {
  const running = lab
    .status()
    .slots.filter(({ board }) => board?.running === true)
    .map(({ slot }) => slot)
    .filter((slot) => wanted.except?.includes(slot) !== true);
  const endUs = monoNowUs() + wanted.timeoutMs * 1000;
  if (wanted.firstLookMs !== undefined) await Bun.sleep(wanted.firstLookMs);
  for (;;) {
    const views = (await viewsOf(lab)).filter(({ slot }) => running.includes(slot));
    const wrong = firstWrong(running, views, wanted.expectation);
    if (wrong === undefined) {
      return ok({ atUs: monoUs(Math.max(...views.map(wanted.since))), boards: views.length });
    }
    if (monoNowUs() > endUs) return err(`after ${wanted.timeoutMs} ms ${wrong}`);
    await Bun.sleep(lookEveryMs);
  }
}

function firstWrong(
  running: readonly SlotId[],
  views: readonly BoardView[],
  expectation: Expectation,
): string | undefined {
  for (const slot of running) {
    const view = views.find((each) => each.slot === slot);
    if (view === undefined) return `the board in slot ${slot} does not answer yet`;
    const wrong = expectation(view);
    if (wrong !== undefined) return `the board in slot ${slot} says: ${wrong}`;
  }
  return undefined;
}

// `--watch`: asks again and again. With --json one line per change (clocks and moving figures are
// no change); on a terminal the screen is redrawn in place; into a file a new screen per change.
// A daemon that stops answering is shown as unknown with the age of the last picture.

import { type CliCall, printLines, tellRefusal } from "./call.ts";
import { askBoard, type ClientError } from "./client.ts";
import { changeKey } from "./core/change-key.ts";
import { exitCodes } from "./core/exit-codes.ts";
import type { Guard } from "./core/shape.ts";
import { ageText, fitText, type Screen } from "./core/text.ts";
import type { NowFact } from "./facts.ts";
import { watchIntervalMs } from "./limits.ts";
import { screenOf } from "./terminal.ts";

/** A question and how its answer is shown. */
export type DocumentView<T> = {
  /** Below /api/v1/. */
  readonly path: string;
  readonly guard: Guard<T>;
  readonly view: (document: T, screen: Screen) => string[];
};

/** Shows a document until stopped (exit code 0). If the first question fails, that is the end. */
export async function watchDocument<T extends { readonly now: NowFact }>(
  call: CliCall,
  reading: DocumentView<T>,
): Promise<number> {
  const { stop } = call.terminal;
  let shownKey = "";
  let answeredAtMs = performance.now();
  for (let round = 0; !stop.aborted; round++) {
    const answered = await askBoard(call.daemon, reading.path, reading.guard);
    if (stop.aborted) break;
    if (!answered.ok && round === 0) return tellRefusal(call, answered.error);
    if (answered.ok) answeredAtMs = performance.now();
    const key = answered.ok ? changeKey(answered.value) : `no answer: ${answered.error.exit}`;
    const isChange = key !== shownKey;
    shownKey = key;
    const ageUs = (performance.now() - answeredAtMs) * 1000;
    if (call.json && isChange) {
      printLines(call, [
        JSON.stringify(answered.ok ? answered.value : lost(answered.error, ageUs)),
      ]);
    }
    if (!call.json) {
      const screen = screenOf(call.terminal);
      const lines = answered.ok
        ? reading.view(answered.value, screen)
        : [fitText(`UNKNOWN for ${ageText(ageUs)}: ${answered.error.text}`, screen.columns)];
      draw(call, lines, { isFirst: round === 0, isChange });
    }
    await pause(watchIntervalMs, stop);
  }
  return exitCodes.done;
}

function lost(error: ClientError, ageUs: number): object {
  return { v: 1, unreachable: true, exit: error.exit, detail: error.text, ageUs };
}

function draw(
  call: CliCall,
  lines: readonly string[],
  frame: { readonly isFirst: boolean; readonly isChange: boolean },
): void {
  const size = call.terminal.size();
  if (size === undefined) {
    if (frame.isChange) printLines(call, frame.isFirst ? lines : ["", ...lines]);
    return;
  }
  // A terminal that does not know its size (0 by 0) gets everything.
  const room = size.rows > 0 ? Math.max(2, size.rows - 1) : lines.length;
  const fits = lines.length <= room;
  const hidden = `… ${lines.length - room + 1} more lines; make the window taller`;
  const shown = fits
    ? lines
    : [...lines.slice(0, room - 1), fitText(hidden, screenOf(call.terminal).columns)];
  // Home, clear the rest of every line and of the screen: no flicker, nothing old stays.
  const body = shown.map((line) => `${line}\u001b[K\n`).join("");
  call.terminal.stdout(`${frame.isFirst ? "\u001b[2J" : ""}\u001b[H${body}\u001b[J`);
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
  });
}

// One trial: a client that is well served, one fault, and what the client saw until it was well
// served again.

import { outsideOf, type Pair, publicAddress, servicePort, waitUntil } from "./side.ts";
import { type Meter, meterCommand, startMeter } from "./meter-process.ts";
import { type ClientReport, longestGapMs } from "./record.ts";
import type { Row } from "./rows.ts";

/** What one fault cost. */
export type Trial = {
  /** Longest silence between two good answers, ms; 0 = shorter than the meter counts. */
  readonly gapMs: number;
  readonly report: ClientReport;
  /** What must not be: two boards at once, or an address that went back by itself. */
  readonly wrong: string | undefined;
};

/** Answers before a fault: the meter's code is compiled and the client's ARP entry is there. */
const warmAnswers = 300;
/** Served again = an answer within `freshUs` at each of so many looks. */
const calmLooks = 20;
const freshUs = 30_000;
/** Longest outage waited for, ms; it is the figure of a fault that nobody repairs. */
export const outageMsMax = 15_000;
/** Until a client is served at all, ms. */
const firstMs = 30_000;
/** A fault comes at any phase of heartbeats and advertisements: up to so many ms later. */
const phaseMs = 1000;

/** Runs it; the pair is whole again afterwards. */
export async function tryOnce(pair: Pair, row: Row, fifo: boolean): Promise<Trial> {
  await pair.settle();
  const { client } = outsideOf(pair);
  const target = { kind: row.kind, address: publicAddress, port: servicePort, fifo };
  const meter = startMeter(client.enter(meterCommand(target)));
  try {
    const active = await firstServed(meter);
    await Bun.sleep(Math.random() * phaseMs);
    const atUs = await row.breakIt(pair, active);
    const isServed = await servedAgain(meter, atUs);
    const report = await meter.stop();
    const healed = await pair.lab.heal();
    if (!healed.ok) throw new Error(healed.error.text);
    await row.mend(pair, active);
    const gapMs = isServed ? longestGapMs(report.gaps, atUs) : outageMsMax;
    return { gapMs, report, wrong: wrongIn(report, row, isServed) };
  } finally {
    await meter.kill();
  }
}

async function firstServed(meter: Meter): Promise<string> {
  let board = "";
  await waitUntil(async () => {
    const now = await meter.status();
    board = now.board ?? "";
    return now.acknowledged >= warmAnswers ? undefined : `${now.acknowledged} answers`;
  }, firstMs);
  return board;
}

/** Waits until the outage is over; false if it lasts longer than `outageMsMax`. */
async function servedAgain(meter: Meter, atUs: number): Promise<boolean> {
  for (let calm = 0; calm < calmLooks;) {
    await Bun.sleep(30);
    const { nowUs, lastAnswerUs = 0 } = await meter.status();
    calm = nowUs - lastAnswerUs < freshUs ? calm + 1 : 0;
    if (calm === 0 && nowUs - atUs > outageMsMax * 1000) return false;
  }
  return true;
}

function wrongIn(report: ClientReport, { moves }: Row, isServed: boolean): string | undefined {
  const turns = report.turns.map(({ board, answers }) => `${board} (${answers})`).join(", ");
  if (report.isOverlap) return `two boards answered at once: ${turns}`;
  if (!isServed) return `no answer within ${outageMsMax} ms`;
  if (report.turns.length > (moves ? 2 : 1)) return `the address moved too often: ${turns}`;
  if (report.strays > 0) return `${report.strays} answers to nothing`;
  return undefined;
}

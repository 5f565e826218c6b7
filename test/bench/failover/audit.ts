// Was anything acknowledged and lost, and were two boards ever active at once? Compares what clients
// saw with what each board's responder logged before it answered; used after many faults.
//
//   bun audit.ts --client REPORT.json ... --board NAME=LOG ...
//
// - missing: acknowledged to a client, and in no board's log. A log is written before the answer, so
//   this is lost data: a responder that acknowledged what it had not written, or a log that is gone.
// - overlap: two boards answered in the same time, by the answers that clients received. A board whose
//   gate is shut may log requests it still heard; their answers never left it and prove nothing.
// Exit codes: 0 all is well, 1 something is wrong, 2 usage.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { decodeLog, type LogLine } from "./protocol.ts";
import type { ClientReport } from "./record.ts";

/** What a client says, as far as it is audited. */
export type AuditedClient = Pick<ClientReport, "client" | "ranges" | "turns" | "isOverlap">;

/** What was found. */
export type Findings = {
  readonly acknowledged: number;
  /** At most `missingShown` of them. */
  readonly missing: readonly { readonly client: string; readonly number: number }[];
  readonly missingCount: number;
  /** In words. */
  readonly overlaps: readonly string[];
  /** Lives of responders: one a start of the service. */
  readonly lives: number;
};

/** Missing requests named; more are only counted. */
const missingShown = 20;

/** Audits clients against the logs of boards. */
export function audit(
  clients: readonly AuditedClient[],
  logs: ReadonlyMap<string, readonly LogLine[]>,
): Findings {
  const logged = new Map<string, Set<number>>();
  const lives = new Set<string>();
  for (const [board, lines] of logs) {
    for (const { client, number, startedUs } of lines) {
      const key = client.toString(16);
      const numbers = logged.get(key) ?? new Set<number>();
      logged.set(key, numbers.add(number));
      lives.add(`${board} ${startedUs}`);
    }
  }
  const missing: { client: string; number: number }[] = [];
  let acknowledged = 0;
  let missingCount = 0;
  for (const { client, ranges } of clients) {
    for (const { first, last } of ranges) {
      for (let number = first; number <= last; number++) {
        acknowledged++;
        if (logged.get(client)?.has(number) === true) continue;
        missingCount++;
        if (missing.length < missingShown) missing.push({ client, number });
      }
    }
  }
  return { acknowledged, missing, missingCount, overlaps: overlapsOf(clients), lives: lives.size };
}

/** Turns of different boards that share time, whichever clients saw them. */
function overlapsOf(clients: readonly AuditedClient[]): string[] {
  const found = clients
    .filter(({ isOverlap }) => isOverlap)
    .map(({ client }) => `client ${client} saw answers of two boards mixed`);
  const turns = clients.flatMap((each) => each.turns).toSorted((a, b) => a.firstUs - b.firstUs);
  let latest = turns[0];
  for (const turn of turns.slice(1)) {
    if (latest !== undefined && turn.board !== latest.board && turn.firstUs <= latest.lastUs) {
      found.push(
        `${latest.board} answered until ${latest.lastUs}, ${turn.board} from ${turn.firstUs}`,
      );
    }
    if (latest === undefined || turn.lastUs >= latest.lastUs) latest = turn;
  }
  return found;
}

const reportSchema = z.object({
  client: z.string(),
  ranges: z.array(z.object({ first: z.number(), last: z.number() })),
  turns: z.array(
    z.object({ board: z.string(), answers: z.number(), firstUs: z.number(), lastUs: z.number() }),
  ),
  isOverlap: z.boolean(),
});

function main(argv: string[]): number {
  const options = {
    client: { type: "string", multiple: true },
    board: { type: "string", multiple: true },
  } as const;
  const { values } = parseArgs({ args: argv, options });
  const { client = [], board = [] } = values;
  if (client.length === 0 || board.length === 0) {
    process.stderr.write("usage: audit.ts --client REPORT.json ... --board NAME=LOG ...\n");
    return 2;
  }
  const logs = new Map<string, LogLine[]>();
  for (const each of board) {
    const at = each.indexOf("=");
    logs.set(each.slice(0, at), decodeLog(readFileSync(each.slice(at + 1))));
  }
  const reports = client.map((file) => reportSchema.parse(JSON.parse(readFileSync(file, "utf8"))));
  const findings = audit(reports, logs);
  process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  return findings.missingCount === 0 && findings.overlaps.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(main(process.argv.slice(2)));

// A meter as the bench holds it: started in the client's namespace, asked how it goes, stopped for its
// report. What it answers is checked: it is a process, and may have died.

import { join } from "node:path";
import { z } from "zod";
import type { ClientReport } from "./record.ts";
import type { MeterStatus } from "./meter.ts";

/** A running meter. */
export type Meter = {
  readonly status: () => Promise<MeterStatus>;
  /** Ends it; what it saw. */
  readonly stop: () => Promise<ClientReport>;
  /** Ends it without a report; for what must be undone. */
  readonly kill: () => Promise<void>;
};

/** Until it answers, ms: a Bun process starts in 30 on an idle machine. */
const answerMs = 10_000;

const status = z.object({
  nowUs: z.number(),
  acknowledged: z.number(),
  lastAnswerUs: z.number().optional(),
  board: z.string().optional(),
});

const span = z.object({ fromUs: z.number(), toUs: z.number() });
const report = z.object({
  client: z.string(),
  sent: z.number(),
  acknowledged: z.number(),
  failed: z.number(),
  reconnects: z.number(),
  gaps: z.array(span),
  gapsDropped: z.number(),
  lastAnswerUs: z.number().optional(),
  turns: z.array(
    z.object({ board: z.string(), answers: z.number(), firstUs: z.number(), lastUs: z.number() }),
  ),
  isOverlap: z.boolean(),
  ranges: z.array(z.object({ first: z.number(), last: z.number() })),
  strays: z.number(),
  lateUsMax: z.number(),
});

/** What a meter asks. */
export type MeterTarget = {
  readonly kind: "udp" | "tcp";
  readonly address: string;
  readonly port: number;
  readonly fifo: boolean;
};

/** The meter's own command line. */
export function meterCommand({ kind, address, port, fifo }: MeterTarget): string[] {
  const file = join(import.meta.dir, "meter.ts");
  return [process.execPath, file, kind, address, `${port}`, ...(fifo ? ["fifo"] : [])];
}

/** Starts a meter by the command line that leads to it (`enter` of the outside client). */
export function startMeter(command: readonly string[]): Meter {
  const child = Bun.spawn([...command], { stdio: ["pipe", "pipe", "inherit"] });
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const line = async (): Promise<string> => {
    while (!text.includes("\n")) {
      const part = await reader.read();
      if (part.done) throw new Error("the meter ended by itself; its words are above");
      text += decoder.decode(part.value, { stream: true });
    }
    const end = text.indexOf("\n");
    const first = text.slice(0, end);
    text = text.slice(end + 1);
    return first;
  };
  const ask = async (word: string): Promise<unknown> => {
    await child.stdin.write(`${word}\n`);
    await child.stdin.flush();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`the meter did not answer "${word}" in ${answerMs} ms`)),
      answerMs,
    );
    try {
      return JSON.parse(await Promise.race([line(), late.promise]));
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    status: async () => {
      const { lastAnswerUs, board, ...rest } = status.parse(await ask("status"));
      return { ...rest, lastAnswerUs, board };
    },
    stop: async () => {
      const { lastAnswerUs, ...rest } = report.parse(await ask("stop"));
      await child.exited;
      return { ...rest, lastAnswerUs };
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

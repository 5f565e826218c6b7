// The control socket of a lab daemon: one JSON line asks, one JSON line answers, then it closes.
// Here: where labs live, what can be asked, and the asking side.

import { join } from "node:path";
import { z } from "zod";
import { err, ok, type Result } from "../base/index.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { killManners } from "./faults.ts";
import { controlLineBytesMax, controlMs, latencyMsMax } from "./limits.ts";
import { isAlive, readRecord } from "./record.ts";

/** Where a lab of this name keeps its files. */
export type LabPlace = {
  readonly name: string;
  /** Removed by `down`. */
  readonly dir: string;
  readonly socket: string;
  /** Stderr of the daemon; beside the directory, because the daemon makes that anew. */
  readonly daemonLog: string;
};

const board = z.string().min(1).max(80);
const slot = z.number().int().min(0).max(63);

/** What a daemon can be asked. */
export const controlRequestSchema = z.discriminatedUnion("order", [
  z.strictObject({ order: z.literal("status") }),
  z.strictObject({ order: z.literal("down") }),
  z.strictObject({ order: z.literal("heal") }),
  z.strictObject({ order: z.literal("kill"), board, manner: z.enum(killManners) }),
  z.strictObject({ order: z.literal("start"), board }),
  z.strictObject({ order: z.literal("log"), board }),
  z.strictObject({
    order: z.literal("enter"),
    board,
    command: z.array(z.string()).min(1).max(1000),
  }),
  z.strictObject({ order: z.literal("pull"), slot }),
  z.strictObject({
    order: z.literal("insert"),
    slot,
    macs: z.array(z.string().max(40)).max(2),
    empty: z.boolean(),
  }),
  z.strictObject({ order: z.literal("move"), from: slot, to: slot }),
  z.strictObject({
    order: z.literal("line"),
    slot,
    line: z.enum(["reset", "power", "health"]),
    fault: z.enum(["ok", "stuck", "lying"]),
  }),
  z.strictObject({
    order: z.literal("cut"),
    name: board,
    network: z.enum(["A", "B"]).optional(),
    oneway: z.enum(["in", "out"]).optional(),
    silent: z.boolean(),
  }),
  z.strictObject({
    order: z.literal("agent"),
    switchName: board,
    latencyMs: z.number().int().min(0).max(latencyMsMax).optional(),
    silent: z.boolean().optional(),
  }),
]);

/** An order to a daemon. */
export type ControlRequest = z.infer<typeof controlRequestSchema>;

const answerSchema = z.union([
  z.object({ ok: z.literal(true), value: z.unknown().optional() }),
  z.object({
    ok: z.literal(false),
    error: z.object({
      kind: z.enum([
        "usage",
        "unknown",
        "refused",
        "system",
        "permission",
        "config",
        "unreachable",
        "timeout",
      ]),
      text: z.string(),
    }),
  }),
]);

/** Where labs live: SOFTSET_LAB_DIR; else /run for root, the user's own run folder for others. */
export function labPlace(name: string): Result<LabPlace, LabError> {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/i.test(name)) {
    const text = `"${name.slice(0, 40)}" is no lab name; use letters, digits and dashes`;
    return labError("usage", text);
  }
  const uid = process.getuid?.() ?? 0;
  const run = process.env["XDG_RUNTIME_DIR"];
  const own = run === undefined ? `/tmp/softset-lab-${uid}` : join(run, "softset-lab");
  const root = process.env["SOFTSET_LAB_DIR"] ?? (uid === 0 ? "/run/softset-lab" : own);
  const dir = join(root, name);
  return ok({ name, dir, socket: join(dir, "control"), daemonLog: join(root, `${name}.log`) });
}

/** Reads an answer line. */
export function parseAnswer(line: string): Result<unknown, LabError> {
  try {
    const answer = answerSchema.parse(JSON.parse(line));
    return answer.ok ? ok(answer.value) : err(answer.error);
  } catch (thrown) {
    return labError("unreachable", `the lab daemon answered nonsense: ${thrownText(thrown)}`);
  }
}

/** Asks the daemon of a lab. `unreachable` if none is there, `timeout` if it says nothing. */
export async function askDaemon(
  place: LabPlace,
  request: ControlRequest,
  timeoutMs = controlMs,
): Promise<Result<unknown, LabError>> {
  const record = readRecord(place.dir);
  if (record === undefined || !isAlive(record.owner)) {
    const left = record === undefined ? "" : " (it was killed; `down` clears what it left)";
    return labError("unreachable", `lab ${place.name} is not up${left}; start it with: up FILE`);
  }
  const answer = Promise.withResolvers<Result<unknown, LabError>>();
  const timer = setTimeout(() => {
    const text = `lab ${place.name} did not answer within ${timeoutMs} ms; its state is unknown`;
    answer.resolve(labError("timeout", text));
  }, timeoutMs);
  let text = "";
  const decoder = new TextDecoder();
  try {
    const socket = await Bun.connect({
      unix: place.socket,
      socket: {
        data(_socket, bytes) {
          text += decoder.decode(bytes, { stream: true });
          const end = text.indexOf("\n");
          if (end >= 0) answer.resolve(parseAnswer(text.slice(0, end)));
          else if (text.length > controlLineBytesMax) answer.resolve(parseAnswer(""));
        },
        close: () => answer.resolve(labError("unreachable", `lab ${place.name} closed`)),
      },
    });
    socket.write(`${JSON.stringify(request)}\n`);
    const got = await answer.promise;
    socket.end();
    return got;
  } catch (thrown) {
    const words = thrownText(thrown);
    return labError("unreachable", `cannot ask lab ${place.name} at ${place.socket}: ${words}`);
  } finally {
    clearTimeout(timer);
  }
}

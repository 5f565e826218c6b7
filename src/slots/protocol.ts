// The line protocol of a driver on a UNIX socket: the virtual chassis speaks it, and any external
// program that drives real hardware can. One JSON object a line. Requests have a number, answers
// carry it; edges come unasked. Requests of one connection are carried out in their order.
//
//   -> {"id":1,"read":[1,2]}                    <- {"id":1,"lines":[{"slot":1,"present":true,..}]}
//   -> {"id":2,"slot":1,"set":"assert-reset"}   <- {"id":2,"lines":[..]}
//                                               <- {"id":2,"error":{"kind":"no-such-slot","text":".."}}
//                                               <- {"edge":1,"edgeUs":123456}

import { z } from "zod";
import { err, ok, type Result, slotMax } from "../base/index.ts";
import { socketLineBytesMax } from "./limits.ts";

const id = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const slot = z.number().int().min(0).max(slotMax);
const order = z.enum(["assert-reset", "release-reset", "power-off", "power-on"]);

const requestSchema = z.union([
  z.strictObject({ id, read: z.array(slot).max(slotMax + 1) }),
  z.strictObject({ id, slot, set: order }),
]);

const linesSchema = z.object({
  slot,
  present: z.boolean(),
  powerGood: z.boolean(),
  healthy: z.boolean(),
  resetAsserted: z.boolean(),
});

const answerSchema = z.union([
  z.object({ id, lines: z.array(linesSchema).max(slotMax + 1) }),
  z.object({
    id,
    error: z.object({
      kind: z.enum(["timeout", "no-such-slot", "failed"]),
      text: z.string().max(300),
    }),
  }),
  z.object({
    edge: slot,
    edgeUs: z
      .number()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER - 1)
      .optional(),
  }),
]);

/** What a driver is asked over its socket. */
export type SlotRequest = z.infer<typeof requestSchema>;
/** What it says. */
export type SlotAnswer = z.infer<typeof answerSchema>;

/** Reads a request line; the error says what is wrong with it. */
export function parseSlotRequest(line: string): Result<SlotRequest, string> {
  return parse(line, requestSchema);
}

/** Reads an answer line; the error says what is wrong with it. */
export function parseSlotAnswer(line: string): Result<SlotAnswer, string> {
  return parse(line, answerSchema);
}

/** A message as its line. */
export function slotMessageLine(message: SlotRequest | SlotAnswer): string {
  return `${JSON.stringify(message)}\n`;
}

function parse<T>(line: string, schema: z.ZodType<T>): Result<T, string> {
  if (line.length > socketLineBytesMax) return err(`a line of ${line.length} bytes`);
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch {
    return err(`not JSON: ${line.slice(0, 60)}`);
  }
  const parsed = schema.safeParse(data);
  return parsed.success ? ok(parsed.data) : err(`not a message: ${line.slice(0, 60)}`);
}

/** Cuts a byte stream into lines; `undefined` once a line is longer than allowed. */
export function lineSplitter(): (bytes: Uint8Array) => readonly string[] | undefined {
  const decoder = new TextDecoder();
  let rest = "";
  return (bytes) => {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    return rest.length > socketLineBytesMax ? undefined : lines;
  };
}

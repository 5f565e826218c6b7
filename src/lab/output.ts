// Output of programs, bounded: log files that are cut when they grow too large, and the captured
// output of one command.

import { copyFileSync, statSync, truncateSync } from "node:fs";
import { ok, type Result } from "../base/index.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { execOutputBytesMax, logBytesMax } from "./limits.ts";

/** What a command did. */
export type CommandOutput = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a command to its end; both outputs are cut at `execOutputBytesMax`. */
export async function runCommand(
  command: readonly string[],
): Promise<Result<CommandOutput, LabError>> {
  try {
    const child = Bun.spawn([...command], { stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([bounded(child.stdout), bounded(child.stderr)]);
    return ok({ code: await child.exited, stdout, stderr });
  } catch (thrown) {
    return labError("system", `cannot run ${command.join(" ")}: ${thrownText(thrown)}`);
  }
}

/** A log over its size becomes FILE.1; the writer appends, so it goes on in the emptied file. */
export function boundLog(file: string): void {
  try {
    if (statSync(file).size <= logBytesMax) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file, 0);
  } catch {
    return; // gone with its board between two looks
  }
}

async function bounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes <= execOutputBytesMax) text += decoder.decode(part, { stream: true });
  }
  return bytes <= execOutputBytesMax ? text : `${text}[cut: ${bytes} bytes in all]\n`;
}

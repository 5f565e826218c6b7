// What NETRACK on one board answers to "the best address of that slot now", asked over the same
// local socket that programs on the board use.

import { connect } from "node:net";
import type { SlotId } from "../../base/index.ts";
import type { Lab } from "../chassis.ts";

/** Longest wait for one line, ms. */
const answerMs = 1_000;

/** The address, or undefined if there is none or nobody answers. */
export async function bestAddressOf(
  lab: Lab,
  ask: { readonly asker: SlotId; readonly target: SlotId },
): Promise<string | undefined> {
  const seat = lab.status().slots.find(({ slot }) => slot === ask.asker);
  const pid = seat?.board?.pid;
  if (pid === undefined) return undefined;
  const line = await firstLine(
    `/proc/${pid}/root/run/softset/netrack.sock`,
    `best ${ask.target}\n`,
  );
  const answer: unknown = line === undefined ? undefined : JSON.parse(line);
  if (typeof answer !== "object" || answer === null || !("address" in answer)) return undefined;
  return typeof answer.address === "string" ? answer.address : undefined;
}

function firstLine(path: string, question: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = "";
    const finish = (line: string | undefined): void => {
      socket.destroy();
      resolve(line);
    };
    socket.setTimeout(answerMs, () => finish(undefined));
    socket.on("error", () => finish(undefined));
    socket.on("connect", () => socket.write(question));
    socket.on("data", (chunk) => {
      text += chunk.toString();
      const end = text.indexOf("\n");
      if (end >= 0) finish(text.slice(0, end));
    });
  });
}

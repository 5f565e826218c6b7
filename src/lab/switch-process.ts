// A switch's agent as the lab holds it: a process in the switch's namespace, told its plan on
// stdin (credentials stay off the command line), answering each line with one line on stdout. It
// ends with us: parent death signal, and end of file on stdin.

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../base/index.ts";
import { inNetns } from "../kernel/index.ts";
import { diesWithUs, within } from "./board-process.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { agentLineBytesMax, agentReadyMs, killMs } from "./limits.ts";
import type { SwitchNet } from "./wiring.ts";

/** How an agent answers: changed at run time, for tests and benches. */
export type AgentManner = {
  /** Every answer leaves this much later. */
  readonly latencyMs: number;
  /** No answers at all. */
  readonly silent: boolean;
};

/** A running agent. */
export type SwitchProcess = {
  readonly pid: number;
  /** Sets how it answers; returns when it does so. */
  readonly setManner: (manner: AgentManner) => Promise<Result<void, LabError>>;
  /** Kills it and waits until it is gone. */
  readonly stop: () => Promise<void>;
};

/** An agent that answers at once. */
export const promptManner: AgentManner = { latencyMs: 0, silent: false };

/** Starts the agent of a switch; returns when it listens. Its stderr goes to DIR/NAME.log. */
export async function startSwitchProcess(
  sw: SwitchNet,
  dir: string,
): Promise<Result<SwitchProcess, LabError>> {
  const { name } = sw.plan;
  const log = openSync(join(dir, `${name}.log`), "a", 0o600);
  const script = join(import.meta.dir, "switch-agent.ts");
  const argv = [...diesWithUs, process.execPath, script];
  let child: Bun.Subprocess<"pipe", "pipe", number>;
  try {
    child = inNetns(sw.fd, () => Bun.spawn(argv, { stdio: ["pipe", "pipe", log], detached: true }));
  } catch (thrown) {
    return labError("system", `cannot start the agent of ${name}: ${thrownText(thrown)}`);
  } finally {
    closeSync(log);
  }
  const { stdin } = child;
  const answers = lineReader(child.stdout);
  // One order at a time: the answers have no numbers.
  let last: Promise<unknown> = Promise.resolve();
  const ask = (order: object): Promise<Result<void, LabError>> => {
    const asked = last.then(async () => {
      void stdin.write(`${JSON.stringify(order)}\n`);
      await stdin.flush();
      return answerOf(name, answers());
    });
    last = asked.catch(() => undefined);
    return asked.catch((thrown) => labError("system", `agent of ${name}: ${thrownText(thrown)}`));
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await within(child.exited, killMs);
  };
  const ready = await ask({ plan: sw.plan });
  if (!ready.ok) {
    await stop();
    return ready;
  }
  return ok({ pid: child.pid, setManner: (manner) => ask({ manner }), stop });
}

/** `ok`, or the agent's words. */
async function answerOf(
  name: string,
  line: Promise<string | undefined>,
): Promise<Result<void, LabError>> {
  let text: string | undefined;
  const inTime = await within(
    line.then((got) => {
      text = got;
    }),
    agentReadyMs,
  );
  if (text === "ok") return ok(undefined);
  const found = inTime ? (text ?? "it ended") : `no answer within ${agentReadyMs} ms`;
  return err({ kind: "system", text: `agent of switch ${name}: ${found}; see its log` });
}

/** A function that gives the next line each time; undefined at the end. */
function lineReader(stream: ReadableStream<Uint8Array>): () => Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return async () => {
    for (;;) {
      const end = text.indexOf("\n");
      if (end >= 0) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        return line;
      }
      const part = await reader.read();
      if (part.done || text.length > agentLineBytesMax) return undefined;
      text += decoder.decode(part.value, { stream: true });
    }
  };
}

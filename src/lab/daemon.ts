// The lab daemon: holds one lab between calls of the command line. `main.ts up` starts it detached;
// its first line on stdout says whether the chassis is up, afterwards it only listens on its
// control socket. SIGTERM, SIGINT and `down` end it with everything in it.
//
//   bun src/lab/daemon.ts NAME FILE DIST [BOARD-COMMAND]

import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { assert, ok, parseMac, type Result, slotId } from "../base/index.ts";
import { createLab, type InsertOptions, type Lab } from "./chassis.ts";
import { type ControlRequest, controlRequestSchema, labPlace, type LabPlace } from "./control.ts";
import { type LabError, labError, thrownText } from "./errors.ts";
import { controlLineBytesMax } from "./limits.ts";
import { nextMac } from "./plan.ts";

/** Carries out one order; `down` is the caller's. */
async function carryOut(lab: Lab, request: ControlRequest): Promise<Result<unknown, LabError>> {
  switch (request.order) {
    case "status":
      return ok(lab.status());
    case "down":
      return ok({});
    case "heal":
      return lab.heal();
    case "kill":
      return lab.kill(request.board, request.manner);
    case "start":
      return lab.start(request.board);
    case "log":
      return lab.logFile(request.board);
    case "enter":
      return lab.enter(request.board, request.command);
    case "pull":
      return lab.pull(slotId(request.slot));
    case "insert":
      return insert(lab, request);
    case "move":
      return lab.move(slotId(request.from), slotId(request.to));
    case "line": {
      const { slot, line, fault } = request;
      return lab.line(slotId(slot), { line, fault });
    }
    case "cut": {
      const { name, network, oneway, silent } = request;
      const target = network === undefined ? { name } : { name, network };
      return lab.cut(target, oneway === undefined ? { silent } : { silent, oneway });
    }
    case "agent": {
      const { switchName, latencyMs, silent } = request;
      return lab.setAgent(switchName, {
        ...(latencyMs === undefined ? {} : { latencyMs }),
        ...(silent === undefined ? {} : { silent }),
      });
    }
  }
}

/** One MAC given: the second interface has the next one, as on a bought card. */
async function insert(
  lab: Lab,
  request: Extract<ControlRequest, { order: "insert" }>,
): Promise<Result<unknown, LabError>> {
  const macs = [];
  for (const text of request.macs) {
    const mac = parseMac(text);
    if (!mac.ok) return labError("usage", mac.error);
    macs.push(mac.value);
  }
  const [a, b] = macs;
  const options: InsertOptions = { empty: request.empty };
  if (a === undefined) return lab.insert(slotId(request.slot), options);
  return lab.insert(slotId(request.slot), { ...options, macs: { A: a, B: b ?? nextMac(a) } });
}

function parseRequest(line: string): Result<ControlRequest, LabError> {
  try {
    const parsed = controlRequestSchema.safeParse(JSON.parse(line));
    if (parsed.success) return ok(parsed.data);
    const issue = parsed.error.issues[0];
    return labError("usage", `not an order: ${issue?.path.join(".")}: ${issue?.message}`);
  } catch (thrown) {
    return labError("usage", `not an order: ${thrownText(thrown)}`);
  }
}

function serve(lab: Lab, place: LabPlace, end: () => Promise<void>): void {
  Bun.listen<{ text: string }>({
    unix: place.socket,
    socket: {
      open(socket) {
        socket.data = { text: "" };
      },
      async data(socket, bytes) {
        socket.data.text += new TextDecoder().decode(bytes);
        const { text } = socket.data;
        const at = text.indexOf("\n");
        if (at < 0) {
          if (text.length > controlLineBytesMax) socket.terminate();
          return;
        }
        const request = parseRequest(text.slice(0, at));
        const isDown = request.ok && request.value.order === "down";
        if (isDown) await lab.down();
        const answer = request.ok ? await carryOut(lab, request.value) : request;
        socket.end(`${JSON.stringify(answer)}\n`);
        if (isDown) await end();
      },
    },
  });
}

/** Brings the lab up, tells the starter, serves until the end. */
async function main(words: readonly string[]): Promise<number | undefined> {
  const [name = "", chassisFile = "", dist = "", command] = words;
  const place = labPlace(name);
  assert(place.ok, "main.ts has checked the name");
  const { dir, daemonLog } = place.value;
  mkdirSync(dirname(dir), { recursive: true, mode: 0o700 });
  const say = (answer: Result<unknown, LabError>): void => {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  };
  const log = (line: string): void => {
    process.stderr.write(`time=${new Date().toISOString()} lab=${name} ${line}\n`);
  };
  const made = await createLab({
    chassisFile,
    dist,
    dir,
    name,
    log,
    ...(command === undefined ? {} : { boardCommand: () => ["sh", "-c", command] }),
  });
  if (!made.ok) {
    say(made);
    return 1;
  }
  const lab = made.value;
  const end = async (): Promise<void> => {
    await lab.down();
    rmSync(daemonLog, { force: true });
    process.exit(0);
  };
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  process.on("SIGHUP", () => {}); // the terminal that started us is gone, which is intended
  const up = await lab.up();
  if (up.ok) serve(lab, place.value, end);
  else await lab.down();
  say(up.ok ? ok({ ...up.value, ...lab.status() }) : up);
  return up.ok ? undefined : 1;
}

const code = await main(process.argv.slice(2));
if (code !== undefined) process.exit(code);

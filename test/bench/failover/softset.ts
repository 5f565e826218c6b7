// Our side: the executables as built, two controllers and the CCN, one group with the address and the
// service in it. Everything is asked by the boards' own command line.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { monoNowUs } from "../../../src/kernel/index.ts";
import { createLab, type Lab } from "../../../src/lab/index.ts";
import type { BenchContext } from "../bench.ts";
import { buildResponder } from "./responder/build.ts";
import {
  type BoardName,
  chassisText,
  type Pair,
  servicePort,
  type Side,
  waitUntil,
} from "./side.ts";

const dist = join(import.meta.dir, "..", "..", "..", "dist");
const boards: readonly BoardName[] = ["c1", "c2"];
/** From power to a group that is active on one board and stands by on the other, ms. */
const settleMs = 60_000;

/** What of `controller services --json` is needed; slots number the boards as their names do. */
const servicesDocument = z.object({
  services: z.array(
    z.object({
      service: z.string(),
      slot: z.number(),
      pid: z.number().optional(),
      isUp: z.boolean(),
    }),
  ),
});

/** What of `controller groups --json` is needed. */
const groupsDocument = z.object({
  groups: z.array(
    z.object({
      group: z.string(),
      active: z.array(z.number()),
      inSync: z.array(z.number()),
    }),
  ),
});

/** Our side. `onFailure` says what a dead program leads to. */
export function softset(onFailure: "restart" | "move"): Side {
  return {
    name: "softset",
    version: "",
    open: (context, folder) => openPair(context, folder, onFailure),
  };
}

/**
 * Our pair. With `isLogged` each board's answers are appended to `FOLDER/log-BOARD` before they leave,
 * and a board that was fenced for nothing waits 3 s instead of 30, for many faults follow each other.
 */
export async function openPair(
  context: BenchContext,
  folder: string,
  onFailure: "restart" | "move",
  isLogged = false,
): Promise<Pair> {
  if (!existsSync(join(dist, "controller"))) {
    throw new Error(`${join(dist, "controller")} is not there; run npm run build`);
  }
  const responder = buildResponder(folder);
  const chassisFile = join(folder, "chassis.yaml");
  const log = isLogged ? ` ${join(folder, "log")}-$(hostname)` : "";
  const program = `exec ${responder} $(hostname) ${servicePort}${log}`;
  const service = [
    // No damping: a path that falls a hundred times in ten seconds is what is measured.
    ...(isLogged ? ["timing: { flapMax: 100, lease: { holdMaxMs: 3000 } }"] : []),
    "services:",
    "  web:",
    `    run: ["/bin/sh", "-c", ${JSON.stringify(program)}]`,
    "    group: web",
    "    ready: notify",
    `    standby: ${onFailure === "restart" ? "running" : "stopped"}`,
    `    onFailure: { dead: ${onFailure} }`,
    "    restart: { max: 1000, calmMs: 500 }", // trials follow each other within seconds
  ];
  writeFileSync(chassisFile, chassisText(service));
  const made = await createLab({ chassisFile, dist, dir: join(folder, "lab") });
  if (!made.ok) throw new Error(made.error.text);
  const lab = made.value;
  context.onStop(() => lab.down());
  const up = await lab.up();
  if (!up.ok) throw new Error(up.error.text);
  const move = async (board: BoardName): Promise<number> => {
    const atUs = monoNowUs();
    await controller(lab, board, ["service", "web", "move", "--yes"]);
    return atUs;
  };
  return {
    lab,
    settle: () => waitUntil(() => unsettled(lab), settleMs),
    async killService(board) {
      const asked: unknown = JSON.parse(await controller(lab, board, ["services", "--json"]));
      const { services } = servicesDocument.parse(asked);
      const own = services.find(({ service, slot }) => service === "web" && `c${slot}` === board);
      const pid = own?.pid;
      if (pid === undefined) throw new Error(`${board} does not say that web runs there`);
      const atUs = monoNowUs();
      await run(lab, board, ["kill", "-KILL", `${pid}`]); // pids of the board's own namespace
      return atUs;
    },
    handOver: move,
    takeBack: () => Promise.resolve(), // the next trial starts from the other board
    close: () => lab.down(),
  };
}

async function unsettled(lab: Lab): Promise<string | undefined> {
  const down = lab.status().slots.find((slot) => slot.board?.running !== true);
  if (down !== undefined) {
    // Three fences in ten minutes keep a slot off (F8); whoever breaks boards for a living says so.
    await lab.exec("ccn", [join(dist, "ccn"), "slot", `${down.slot}`, "on", "--yes"]);
    return `${down.name} is down`;
  }
  let said = "no board says who is active";
  for (const board of boards) {
    const asked = await lab.exec(board, [join(dist, "controller"), "groups", "--json"]);
    if (!asked.ok || asked.value.code !== 0) continue;
    const document: unknown = JSON.parse(asked.value.stdout);
    const web = groupsDocument.parse(document).groups.find(({ group }) => group === "web");
    if (web?.active.length === 1 && web.inSync.length === boards.length) return undefined;
    said = `${board} says: active ${web?.active.join(", ")}, in sync ${web?.inSync.join(", ")}`;
  }
  return said;
}

function controller(lab: Lab, board: BoardName, words: readonly string[]): Promise<string> {
  return run(lab, board, [join(dist, "controller"), ...words]);
}

async function run(lab: Lab, board: BoardName, command: readonly string[]): Promise<string> {
  const done = await lab.exec(board, command);
  if (!done.ok) throw new Error(done.error.text);
  if (done.value.code !== 0) {
    throw new Error(`${board}: ${command.join(" ")} gave ${done.value.code}: ${done.value.stderr}`);
  }
  return done.value.stdout;
}

// The second part of the story: a service with a public address, and a client behind the router. Each
// step breaks or moves something, waits until the group is where it should be and the client is
// served again, and shows the longest time the client was without an answer.

import { defined, type MonoUs, type Result, slotId, type SlotId } from "../../base/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import type { Lab } from "../chassis.ts";
import type { LabError } from "../errors.ts";
import { storyService } from "./chassis-file.ts";
import type { OutsideClient } from "./outside-client.ts";
import type { StepResult } from "./steps.ts";

/** One step of this part. */
export type FailoverStep = {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<StepResult>;
};

/** What the steps play on. */
export type Stage = { readonly lab: Lab; readonly client: OutsideClient; readonly dist: string };

/** This part in order. */
export const failoverSteps: readonly FailoverStep[] = [
  { name: "a client outside is served by a group of two controllers", run: served },
  { name: "service killed: restarted on the spot", run: serviceKilled },
  { name: "service killed too often: moved to the other controller", run: killedTooOften },
  { name: "active controller killed with its links: fenced, taken over", run: controllerKilled },
  { name: "network A of the active controller cut", run: (stage) => cut(stage, "cable") },
  { name: "switch B off", run: (stage) => cut(stage, "switch") },
  { name: "planned hand-over", run: handOver },
  { name: "active controller drained, pulled, put back", run: drainAndPull },
  { name: "ccn restarted: nothing happens", run: ccnRestarted },
  { name: "ccn dead, then the active controller dead: no unsafe take-over", run: noUnsafe },
];

/** A boot and a resync at most. */
const settleMs = 30_000;
/** Two looks at a group's place. */
const lookMs = 20;
/** A client is served again when it had an answer within this, ms. */
const freshMs = 50;

async function served(stage: Stage): Promise<StepResult> {
  const settled = await settle(stage, () => true);
  if (settled !== undefined) return failed("served", settled);
  const { board } = await placeOf(stage);
  return done(
    "served",
    undefined,
    `group ${storyService.name} is active on ${board}, both in sync`,
  );
}

async function serviceKilled(stage: Stage): Promise<StepResult> {
  const step = "service killed";
  const { board: before } = await placeOf(stage);
  const fromUs = await killService(stage, before);
  if (typeof fromUs === "string") return failed(step, fromUs);
  const settled = await settle(stage, (board) => board === before);
  if (settled !== undefined) return failed(step, settled);
  return gap(stage, step, fromUs, `runs again on ${before}`);
}

async function killedTooOften(stage: Stage): Promise<StepResult> {
  const step = "killed too often";
  const { board: before } = await placeOf(stage);
  let fromUs = monoNowUs();
  for (let time = 0; time <= storyService.restartsMax; time++) {
    const killedUs = await killService(stage, before);
    // It moved while we asked for it: that is what is waited for.
    if (typeof killedUs === "string") break;
    fromUs = killedUs;
    await Bun.sleep(150);
    if ((await placeOf(stage)).board !== before) break;
  }
  const settled = await settle(stage, (board) => board !== before);
  if (settled !== undefined) return failed(step, settled);
  const { board } = await placeOf(stage);
  return gap(stage, step, fromUs, `moved from ${before} to ${board}`);
}

async function controllerKilled(stage: Stage): Promise<StepResult> {
  const step = "controller killed";
  const { board: before } = await placeOf(stage);
  const killed = await stage.lab.kill(before, "hang");
  if (!killed.ok) return failed(step, killed.error.text);
  const { atUs } = killed.value;
  const taken = await untilServed(stage, (board) => board !== before);
  if (taken !== undefined) return failed(step, taken);
  const result = gap(stage, step, atUs, await why(stage));
  const again = await startAgain(stage, before);
  return again === undefined ? result : failed(step, again);
}

async function cut(stage: Stage, what: "cable" | "switch"): Promise<StepResult> {
  const step = what === "cable" ? "network cut" : "switch off";
  const { lab } = stage;
  const { board: before } = await placeOf(stage);
  const target =
    what === "cable"
      ? ({ name: before, network: "A" } as const)
      : { name: lab.chassis.networks.B.switchName };
  const made = await lab.cut(target);
  if (!made.ok) return failed(step, made.error.text);
  await Bun.sleep(300);
  const stays = await untilServed(stage, (board) => board === before);
  if (stays !== undefined) return failed(step, stays);
  const result = gap(stage, step, made.value.atUs, `served by ${before} all the time`);
  const healed = await lab.heal();
  if (!healed.ok) return failed(step, healed.error.text);
  const settled = await settle(stage, (board) => board === before);
  return settled === undefined ? result : failed(step, settled);
}

async function handOver(stage: Stage): Promise<StepResult> {
  const step = "hand-over";
  const { board: before } = await placeOf(stage);
  const fromUs = monoNowUs();
  const ordered = await order(stage, "ccn", ["service", storyService.name, "move", "--yes"]);
  if (!ordered.ok) return failed(step, ordered.text);
  const settled = await settle(stage, (board) => board !== before);
  return settled === undefined ? gap(stage, step, fromUs, ordered.text) : failed(step, settled);
}

async function drainAndPull(stage: Stage): Promise<StepResult> {
  const step = "drained and pulled";
  const { lab } = stage;
  const { board: before, slot } = await placeOf(stage);
  const fromUs = monoNowUs();
  const out = await order(stage, "ccn", ["slot", `${slot}`, "out", "--yes"]);
  if (!out.ok) return failed(step, out.text);
  const pulled = await lab.pull(slot);
  if (!pulled.ok) return failed(step, pulled.error.text);
  const taken = await untilServed(stage, (board) => board !== before);
  if (taken !== undefined) return failed(step, taken);
  const result = gap(stage, step, fromUs, `slot ${slot} was out, pulled, and is back in sync`);
  const inserted = await lab.insert(slot);
  if (!inserted.ok) return failed(step, inserted.error.text);
  const back = await order(stage, "ccn", ["slot", `${slot}`, "in", "--yes"]);
  if (!back.ok) return failed(step, back.text);
  const settled = await settle(stage, (board) => board !== before);
  return settled === undefined ? result : failed(step, settled);
}

async function ccnRestarted(stage: Stage): Promise<StepResult> {
  const step = "ccn restarted";
  const { board: before } = await placeOf(stage);
  const fromUs = monoNowUs();
  const again = await restart(stage, "ccn");
  if (again !== undefined) return failed(step, again);
  const settled = await settle(stage, (board) => board === before);
  if (settled !== undefined) return failed(step, settled);
  return gap(stage, step, fromUs, `${before} served all the time`);
}

async function noUnsafe(stage: Stage): Promise<StepResult> {
  const step = "no unsafe take-over";
  const { lab } = stage;
  const { board: before } = await placeOf(stage);
  const other = before === "c1" ? "c2" : "c1";
  const ccn = await lab.kill("ccn", "hang");
  if (!ccn.ok) return failed(step, ccn.error.text);
  const killed = await lab.kill(before, "hang");
  if (!killed.ok) return failed(step, killed.error.text);
  await Bun.sleep(2_500);
  if (stage.client.lastUs() > killed.value.doneUs) return failed(step, "somebody answered");
  const alarms = await order(stage, other, ["alarms"]);
  const started = await lab.start("ccn");
  if (!started.ok) return failed(step, started.error.text);
  const taken = await untilServed(stage, (board) => board === other);
  if (taken !== undefined) return failed(step, taken);
  const again = await startAgain(stage, before);
  if (again !== undefined) return failed(step, again);
  const said =
    alarms.text.split("\n").find((line) => line.includes("active nowhere")) ?? "no alarm";
  const text = `${other} waits (${said.trim()}); with the ccn back it fences ${before} and takes over`;
  return done(step, stage.client.gapMs(killed.value.atUs), text);
}

/** Kills the service's process; when, or why not. */
async function killService(stage: Stage, board: string): Promise<MonoUs | string> {
  const asked = await stage.lab.exec(board, [...controllerOf(stage, board), "services", "--json"]);
  if (!asked.ok) return asked.error.text;
  const slot = slotOf(stage.lab, board);
  const pid = pidIn(asked.value.stdout, slot);
  if (pid === undefined) return `${board} does not run ${storyService.name}`;
  const fromUs = monoNowUs();
  const killed = await stage.lab.exec(board, ["kill", "-KILL", `${pid}`]);
  return killed.ok ? fromUs : killed.error.text;
}

function pidIn(text: string, slot: SlotId): number | undefined {
  const document: unknown = JSON.parse(text);
  if (typeof document !== "object" || document === null || !("services" in document))
    return undefined;
  const { services } = document;
  if (!Array.isArray(services)) return undefined;
  for (const each of services as readonly unknown[]) {
    if (typeof each !== "object" || each === null) continue;
    if (!("slot" in each) || !("pid" in each) || each.slot !== slot) continue;
    if (typeof each.pid === "number") return each.pid;
  }
  return undefined;
}

/** Where the group is by the word of a controller that runs. */
async function placeOf(
  stage: Stage,
): Promise<{ readonly board: string; readonly slot: SlotId; readonly inSync: number }> {
  for (const name of ["c1", "c2"]) {
    const asked = await stage.lab.exec(name, [...controllerOf(stage, name), "groups", "--json"]);
    if (!asked.ok || asked.value.code !== 0) continue;
    const found = groupIn(asked.value.stdout);
    if (found !== undefined) return { ...found, board: nameOf(stage.lab, found.slot) };
  }
  return { board: "nobody", slot: slotId(0), inSync: 0 };
}

function groupIn(text: string): { readonly slot: SlotId; readonly inSync: number } | undefined {
  const document: unknown = JSON.parse(text);
  if (typeof document !== "object" || document === null || !("groups" in document))
    return undefined;
  const { groups } = document;
  const [group] = Array.isArray(groups) ? (groups as readonly unknown[]) : [];
  if (typeof group !== "object" || group === null) return undefined;
  if (!("active" in group) || !("inSync" in group)) return undefined;
  const { active, inSync } = group;
  if (!Array.isArray(active) || !Array.isArray(inSync) || active.length !== 1) return undefined;
  return { slot: slotId(Number(active[0])), inSync: inSync.length };
}

/** Waits until the client is served, by a board of which `is` holds; what is wrong otherwise. */
async function untilServed(
  stage: Stage,
  is: (board: string) => boolean,
): Promise<string | undefined> {
  const endUs = monoNowUs() + settleMs * 1000;
  while (monoNowUs() < endUs) {
    const board = stage.client.board();
    const isFresh = monoNowUs() - stage.client.lastUs() < freshMs * 1000;
    if (isFresh && board !== undefined && is(board)) return undefined;
    await Bun.sleep(lookMs);
  }
  return `the client is served by ${stage.client.board() ?? "nobody"} after ${settleMs} ms`;
}

/** Waits until the client is served as wanted and both controllers are in sync again. */
async function settle(stage: Stage, is: (board: string) => boolean): Promise<string | undefined> {
  const wrong = await untilServed(stage, is);
  if (wrong !== undefined) return wrong;
  const endUs = monoNowUs() + settleMs * 1000;
  let said = "";
  while (monoNowUs() < endUs) {
    const { board, inSync } = await placeOf(stage);
    if (inSync === 2 && is(board)) return undefined;
    said = `${board} is active, ${inSync} in sync`;
    await Bun.sleep(lookMs);
  }
  return `after ${settleMs} ms ${said}`;
}

async function startAgain(stage: Stage, board: string): Promise<string | undefined> {
  // The slot lets a fenced board boot by itself; a board that only hung is started.
  await Bun.sleep(500);
  const started = await stage.lab.start(board);
  if (!started.ok && started.error.kind !== "refused") return started.error.text;
  return await settle(stage, () => true);
}

async function restart({ lab }: Stage, board: string): Promise<string | undefined> {
  const steps: readonly (() => Promise<Result<unknown, LabError>>)[] = [
    () => lab.kill(board),
    () => lab.start(board),
  ];
  for (const each of steps) {
    const result = await each();
    if (!result.ok) return result.error.text;
  }
  return undefined;
}

/** One command of a board's own command line. */
async function order(
  stage: Stage,
  board: string,
  words: readonly string[],
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const ordered = await stage.lab.exec(board, [...controllerOf(stage, board), ...words]);
  if (!ordered.ok) return { ok: false, text: ordered.error.text };
  const { code, stdout, stderr } = ordered.value;
  return { ok: code === 0, text: `${stdout}${stderr}`.trim() };
}

async function why(stage: Stage): Promise<string> {
  const told = await order(stage, "ccn", ["why"]);
  const [first = "", second = ""] = told.text.split("\n");
  return `${first.replace(/ {2,}/g, " ")}; ${second}`;
}

function controllerOf({ dist }: Stage, board: string): readonly string[] {
  return [`${dist}/${board === "ccn" ? "ccn" : "controller"}`];
}

function slotOf(lab: Lab, board: string): SlotId {
  const found = lab.chassis.boards.find(({ name }) => name === board);
  return defined(found, `board ${board} of the story's chassis`).slot;
}

function nameOf(lab: Lab, slot: SlotId): string {
  return lab.chassis.boards.find((board) => board.slot === slot)?.name ?? `slot ${slot}`;
}

function gap(stage: Stage, step: string, fromUs: MonoUs, text: string): StepResult {
  return done(step, stage.client.gapMs(fromUs), text);
}

function done(step: string, ms: number | undefined, text: string): StepResult {
  return { step, ok: true, ms, boards: 0, text };
}

function failed(step: string, text: string): StepResult {
  return { step, ok: false, ms: undefined, boards: 0, text };
}

// A virtual chassis for one test file: the executables as built, switches and boards in namespaces,
// a folder of its own, gone afterwards whatever happened. And what tests ask of it: every board's
// status and counters, the kernel's addresses, the CCN's command line.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAll, distFolder, isStale } from "../../build/build.ts";
import { defined, type NetworkId, type Result, type SlotId, slotId } from "../../src/base/index.ts";
import {
  canMakeNamespaces,
  findLink,
  inNetns,
  listAddresses,
  monoNowUs,
  openNetlink,
} from "../../src/kernel/index.ts";
import {
  type CommandOutput,
  createLab,
  deviceOf,
  type Lab,
  type LabStatus,
  roleCommand,
} from "../../src/lab/index.ts";
import { apiSocket } from "../../src/lab/story/observer.ts";
import {
  askEvents,
  askStatus,
  type EventRecord,
  type StatusDocument,
} from "../../src/manage/index.ts";

/** The executables of this machine. */
export const dist = distFolder("x64");
/** A boot on a machine with two busy cores takes seconds; more than this is a fault, ms. */
export const bootMs = 30_000;
/** Everything but a boot, ms. */
export const soonMs = 10_000;
/** Of a board that does not do what is waited for. */
const logLinesShown = 15;
/** How often a condition is looked at, ms. */
const lookEveryMs = 20;

/** A chassis file's parts that tests change; the rest is that of boards/demo.yaml. */
export type ChassisFile = {
  readonly version?: number;
  /** Slots, the first two of them controllers. */
  readonly slots?: number;
  /** Lines of the file, `macs: any`. */
  readonly more?: readonly string[];
};

/** A chassis file in words. */
export function chassisText({ version = 1, slots = 6, more = [] }: ChassisFile): string {
  const network = (id: NetworkId, first: number): string[] => [
    `  sw-${id.toLowerCase()}:`,
    `    address: ${first}.1.0.2`,
    "    snmp: { version: 2c, community: softset }",
    "    ports: 1-24",
    "    uplinks: [24]",
    "    ccnPort: 23",
  ];
  const slot = (_: unknown, i: number): string =>
    `  ${i + 1}: { role: ${i < 2 ? "controller" : "io-card"}, portA: ${i + 1}, portB: ${i + 1} }`;
  return [
    "chassis: net-test",
    `version: ${version}`,
    "networks:",
    "  A: { subnet: 10.1.0.0/16, ccn: 10.1.0.1, switch: sw-a }",
    "  B: { subnet: 20.1.0.0/16, ccn: 20.1.0.1, switch: sw-b }",
    "switches:",
    ...network("A", 10),
    ...network("B", 20),
    "slots:",
    ...Array.from({ length: slots }, slot),
    ...more,
    "",
  ].join("\n");
}

/** Why no chassis can be had here, printed for `test`; undefined if it can. */
export function chassisMissing(test: string): string | undefined {
  const rights = canMakeNamespaces();
  if (rights.root) return undefined;
  const reason = rights.missing ?? "run as root, or: unshare -Urnm npm test";
  console.error(`skipped: ${test}: ${reason}`);
  return reason;
}

/** True, and said for `test`, if a program is not installed here. */
export function isMissing(program: string, test: string): boolean {
  if (Bun.which(program) !== null) return false;
  console.error(`skipped: ${test}: ${program} is not installed`);
  return true;
}

/** A chassis of one test file. */
export type TestChassis = {
  readonly lab: Lab;
  /** Of this file alone; removed by `down`. */
  readonly folder: string;
  readonly chassisFile: string;
  readonly down: () => Promise<void>;
};

/** Brings a chassis up; `empty` slots have no board. Nothing is left of one that cannot. */
export async function chassisUp(wanted: {
  readonly file: ChassisFile | string;
  /** Slots without a board. */
  readonly empty?: readonly number[];
}): Promise<TestChassis> {
  await built();
  const folder = mkdtempSync(join(tmpdir(), "softset-net-test-"));
  const { file, empty = [] } = wanted;
  const chassisFile = join(folder, "chassis.yaml");
  writeFileSync(chassisFile, typeof file === "string" ? file : chassisText(file));
  const command = roleCommand(dist, chassisFile);
  const made = await createLab({
    chassisFile,
    dist,
    dir: join(folder, "lab"),
    boardCommand: (board, state) =>
      empty.includes(board.slot) ? undefined : command(board, state),
  });
  const lab = valueOf(made);
  const down = async (): Promise<void> => {
    await lab.down();
    rmSync(folder, { recursive: true, force: true });
  };
  const up = await lab.up();
  if (!up.ok) await down();
  valueOf(up);
  return { lab, folder, chassisFile, down };
}

/** Builds the executables if they are older than their sources. */
export async function built(): Promise<void> {
  if (isStale()) await buildAll("x64");
}

/** The value of a Result that must be good. */
export function valueOf<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

/**
 * Looks until `wrong` is undefined; what it said last becomes the error after `timeoutMs`. The
 * moment of truth comes back, us.
 */
export async function until(
  wrong: () => Promise<string | undefined> | string | undefined,
  timeoutMs: number = soonMs,
): Promise<number> {
  const endUs = monoNowUs() + timeoutMs * 1000;
  for (;;) {
    const said = await wrong();
    const nowUs = monoNowUs();
    if (said === undefined) return nowUs;
    if (nowUs > endUs) throw new Error(`after ${timeoutMs} ms: ${said}`);
    await Bun.sleep(lookEveryMs);
  }
}

/** The board in a slot. */
export function seatOf(lab: Lab, slot: number): NonNullable<LabStatus["slots"][number]["board"]> {
  const seat = lab.status().slots.find((each) => each.slot === slot);
  return defined(seat?.board, `a board in slot ${slot}`);
}

/** The pid of a board's program, seen from here. */
export function pidOf(lab: Lab, slot: number): number {
  return defined(seatOf(lab, slot).pid, `slot ${slot} runs`);
}

/** What the daemon in a slot says; undefined while it cannot be asked. */
export async function statusOf(lab: Lab, slot: number): Promise<StatusDocument | undefined> {
  const pid = seatOf(lab, slot).pid;
  if (pid === undefined) return undefined;
  const answered = await askStatus(apiSocket(pid), 1000);
  return answered.ok ? answered.value : undefined;
}

/** Counters of the daemon in a slot. */
export async function countersOf(lab: Lab, slot: number): Promise<Record<string, number>> {
  const unix = apiSocket(pidOf(lab, slot));
  const response = await fetch("http://daemon/api/v1/counters", { unix });
  const body = (await response.json()) as { counters: Record<string, number> };
  return body.counters;
}

/** What happened on the board in a slot, all that its daemon remembers. */
export async function eventsOf(lab: Lab, slot: number): Promise<EventRecord[]> {
  const events: EventRecord[] = [];
  for (;;) {
    const page = valueOf(
      await askEvents(apiSocket(pidOf(lab, slot)), events.at(-1)?.seq ?? 0, 1000),
    );
    events.push(...page.events);
    if (!page.more) return events;
  }
}

/** A counter that must be there. */
export async function counterOf(lab: Lab, slot: number, name: string): Promise<number> {
  return defined((await countersOf(lab, slot))[name], `counter ${name} of slot ${slot}`);
}

/** Waits until each of these slots' boards sees all of them up, on both networks. */
export async function allUp(
  lab: Lab,
  slots: readonly number[],
  timeoutMs: number = bootMs,
): Promise<void> {
  let asked = slots[0] ?? 0;
  try {
    await until(async () => {
      for (const asker of slots) {
        asked = asker;
        const wrong = notUp(await statusOf(lab, asker), slots);
        if (wrong !== undefined) return `slot ${asker} says: ${wrong}`;
      }
      return undefined;
    }, timeoutMs);
  } catch (late) {
    throw new Error(`${String(late)}; its log ends with\n${logEnd(lab, asked)}`);
  }
}

/** The last lines a board printed, for people who look for what went wrong. */
function logEnd(lab: Lab, number: number): string {
  const file = lab.logFile(`${number}`);
  if (!file.ok) return file.error.text;
  return readFileSync(file.value, "utf8").trimEnd().split("\n").slice(-logLinesShown).join("\n");
}

/** What is still wrong with these slots on a board's map. */
export function notUp(
  status: StatusDocument | undefined,
  slots: readonly number[],
): string | undefined {
  if (status === undefined) return "nothing yet";
  if (status.map === undefined) return "no map yet";
  for (const slot of slots) {
    const board = status.map.boards.find((each) => each.slot === slot);
    if (board?.state !== "up") return `slot ${slot} is ${board?.state}`;
    const { A, B } = board.network;
    if (A !== "ok" || B !== "ok") return `slot ${slot} is ${A} on A, ${B} on B`;
  }
  return undefined;
}

/** The address the chassis file gives a slot. */
export function addressOf(lab: Lab, slot: number, network: NetworkId = "A"): string {
  const board = lab.chassis.boards.find((each) => each.slot === slot);
  return defined(board, `slot ${slot} of the chassis file`).address[network];
}

/** The addresses the kernel has on a board's interface. */
export function kernelAddresses(lab: Lab, slot: number, network: NetworkId): string[] {
  return inNetns(valueOf(lab.netnsOf(`${slot}`)), () => {
    const netlink = valueOf(openNetlink());
    const { index } = valueOf(findLink(netlink, deviceOf[network]));
    const all = valueOf(listAddresses(netlink));
    netlink.close();
    return all.filter((each) => each.index === index).map(({ address }) => address);
  });
}

/** Runs the executable of a board's role there, as a person would. */
export async function cli(
  lab: Lab,
  board: string,
  command: readonly string[],
): Promise<CommandOutput> {
  return valueOf(await lab.exec(board, command));
}

/** The same of the CCN, with its `--json` document. */
export async function ccnJson<T>(lab: Lab, words: readonly string[]): Promise<T> {
  const done = await cli(lab, "ccn", [join(dist, "ccn"), ...words, "--json"]);
  if (done.code !== 0) throw new Error(`ccn ${words.join(" ")} gave ${done.code}: ${done.stderr}`);
  return JSON.parse(done.stdout) as T;
}

/** Slots by number, for callers of Lab. */
export const slot = (value: number): SlotId => slotId(value);

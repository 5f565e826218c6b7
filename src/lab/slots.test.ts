// The slots of the virtual chassis for real: boards that run programs, lines over the socket, the
// fence core of src/slots on top. What a fence takes is measured here.

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ccnSlot,
  createLog,
  defined,
  type Incarnation,
  incarnationFromBytes,
  parseIpv4,
  type Result,
  slotId,
} from "../base/index.ts";
import {
  addAddress,
  createMacvlan,
  findLink,
  inNetns,
  listAddresses,
  monoNowUs,
  type Netlink,
  openNetlink,
} from "../kernel/index.ts";
import {
  type FenceAnswer,
  type FenceProof,
  socketDriver,
  type SlotDriver,
  type SlotNews,
  type Slots,
  startSlots,
} from "../slots/index.ts";
import { createLab, type Lab } from "./chassis.ts";
import { slotSocketInBoard } from "./slot-server.ts";
import { markProcess } from "./record.ts";
import { chassisText, namespacesMissing, temporaryFolder } from "./testing.ts";

setDefaultTimeout(60_000); // real processes on a machine that may be busy
const skip = namespacesMissing() !== undefined;
const folder = temporaryFolder();
const target = slotId(1);
const other = slotId(2);

let lab: Lab;
let driver: SlotDriver;
let slots: Slots;
let epoch = 0;
let lives = 0;
const lines: string[] = [];
const news: SlotNews[] = [];

function value<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function newLife(): Incarnation {
  lives++;
  return incarnationFromBytes(new Uint8Array([7, 0, 0, 0, 0, 0, lives >> 8, lives & 255]));
}

function startCore(): Slots {
  const sink = (line: string): void => void lines.push(line);
  const log = createLog({ board: "ccn", module: "slots", level: "info", sink, now: () => "now" });
  const started = startSlots({ driver, slots: [target, other], log });
  started.subscribe((each) => {
    news.push(each);
  });
  return started;
}

/** Waits until it is so; looks at each turn of the loop. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(1);
}

beforeAll(async () => {
  if (skip) return;
  const chassisFile = join(folder, "slots.yaml");
  writeFileSync(chassisFile, chassisText({ boards: 2 }));
  // Real-time as boards' daemons are, where that is allowed; with children of the usual kind.
  const program = [
    'if chrt -f 50 true 2>/dev/null; then rt="chrt -f 50"; fi',
    "sleep 1000 & sleep 1000 &",
    "exec $rt sleep infinity",
  ].join("\n");
  const boardCommand = () => ["sh", "-c", program];
  const dir = join(folder, "lab");
  lab = value(await createLab({ chassisFile, dist: "dist", dir, boardCommand, seed: 7 }));
  value(await lab.up());
  driver = socketDriver(lab.slotSocket, (text) => {
    throw new Error(text);
  });
  slots = startCore();
});

afterEach(async () => {
  if (skip) return;
  value(await lab.heal());
  await bringBack();
});

afterAll(async () => {
  slots?.close();
  driver?.close();
  await lab?.down();
  rmSync(folder, { recursive: true });
});

/** Waits until the slot's board runs and its lines say so. */
async function bringBack(): Promise<void> {
  slots.close();
  slots = startCore();
  value(await driver.set(target, "power-on", 1000));
  value(await driver.set(target, "release-reset", 1000));
  value(await lab.heal()); // in its turn, after the boot
  await until(() => slots.report()[0]?.lines?.healthy === true);
}

/** Heartbeats of a new life until the lines are trusted, then silence long enough for a fence. */
async function beatThenSilence(): Promise<Incarnation> {
  const incarnation = newLife();
  let lastUs = monoNowUs();
  const readUs = (): number => slots.report()[0]?.readUs ?? 0;
  for (let beats = 0; beats < 3; beats++) {
    lastUs = monoNowUs();
    slots.heardBeat(target, incarnation, lastUs);
    await until(() => readUs() > lastUs);
  }
  await until(() => monoNowUs() > lastUs + 38_000); // T_SILENT is time itself
  return incarnation;
}

async function fenceNow(incarnation: Incarnation): Promise<FenceAnswer> {
  epoch++;
  return slots.fence({ slot: target, incarnation, group: "files", epoch, by: other });
}

/** Fences and waits for the strong proof; on a busy machine a board takes longer than T_FENCE to die. */
async function fenceStrongly(incarnation: Incarnation): Promise<FenceProof> {
  news.length = 0;
  await fenceNow(incarnation);
  const strong = (): FenceProof | undefined =>
    news
      .flatMap((each) => (each.type === "proof" ? [each.proof] : []))
      .find(({ strength }) => strength === "strong");
  await until(() => strong() !== undefined);
  return defined(strong(), "the proof that was waited for");
}

async function strengthNow(incarnation: Incarnation): Promise<string> {
  const answer = await fenceNow(incarnation);
  return answer.kind === "proof" ? answer.proof.strength : answer.reason;
}

const isRunning = (): boolean => lab.status().slots[1]?.board?.running === true;

function onBoard<T>(run: (nl: Netlink) => T): T {
  return inNetns(value(lab.netnsOf("1")), () => {
    const nl = value(openNetlink());
    const got = run(nl);
    nl.close();
    return got;
  });
}

const carrier = (): boolean => onBoard((nl) => value(findLink(nl, "eth-a")).carrier);

test.skipIf(skip)(
  "a fence kills everything on the board, at once, with a strong proof",
  async () => {
    const processes = async (): Promise<number> =>
      value(await lab.exec("1", ["sh", "-c", "echo /proc/[0-9]*"])).stdout.split(" ").length;
    while ((await processes()) < 4) await Bun.sleep(1); // three of its own, and the one that counts
    const pid = lab.status().slots[1]?.board?.pid ?? 0;
    expect(markProcess(pid)).toBeDefined();
    const proof = await fenceStrongly(await beatThenSilence());
    // Everything below PID 1 ends before it, so its end is the end of all.
    expect(markProcess(pid)).toBeUndefined();
    expect(proof.rule).toBe("F4");
    expect(carrier()).toBe(false);
    expect(lab.status().slots[1]?.lines).toContain("in reset");
    expect(await lab.start("1")).toMatchObject({ ok: false, error: { kind: "refused" } });
  },
);

test.skipIf(skip)("from the order to a strong proof: 40 fences", async () => {
  const tookUs: number[] = [];
  let cuts = 0;
  let late = 0;
  for (let i = 0; i < 40; i++) {
    const incarnation = await beatThenSilence();
    const atUs = monoNowUs();
    const proof = await fenceStrongly(incarnation);
    tookUs.push(proof.atUs - atUs);
    if (proof.evidence.some(({ what }) => what === "power-cut-ordered")) cuts++;
    if (proof.atUs - atUs > 20_000) late++;
    await bringBack();
  }
  const sorted = tookUs.toSorted((a, b) => a - b);
  const at = (share: number): number => (sorted[Math.floor(share * sorted.length)] ?? 0) / 1000;
  const text = `p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, power cut in ${cuts}, after T_FENCE in ${late}`;
  process.stderr.write(`fence, order to strong proof, ${sorted.length} times: ${text}\n`);
  expect(at(0.5)).toBeLessThan(100); // T_FENCE is 20; a busy machine takes longer to kill
});

test.skipIf(skip)(
  "a held board boots again once its record is committed, knowing nothing",
  async () => {
    value(await lab.exec("1", ["touch", "/run/state/kept"]));
    onBoard((nl) => {
      const { index } = value(findLink(nl, "eth-a"));
      const address = value(parseIpv4("10.1.9.9"));
      value(addAddress(nl, { index, address, prefix: 16 }));
      value(createMacvlan(nl, { name: "service", lower: index }));
    });
    const incarnation = await beatThenSilence();
    const orderedUs = monoNowUs();
    await fenceStrongly(incarnation);
    slots.committed("files", epoch);
    await until(() => slots.report()[0]?.lines?.healthy === true);
    expect(monoNowUs() - orderedUs).toBeGreaterThanOrEqual(250_000); // T_HOLD
    expect([isRunning(), carrier()]).toEqual([true, true]);
    expect(onBoard((nl) => value(listAddresses(nl)).map(({ address }) => String(address)))).toEqual(
      ["127.0.0.1"],
    );
    expect(onBoard((nl) => findLink(nl, "service").ok)).toBe(false);
    expect(value(await lab.exec("1", ["ls", "/run/state"])).stdout).toBe("kept\n");
  },
);

test.skipIf(skip)(
  "a stuck RST# is overcome by the power cut; with a stuck power, refused",
  async () => {
    value(await lab.line(target, { line: "reset", fault: "stuck" }));
    await fenceStrongly(await beatThenSilence());
    expect(isRunning()).toBe(false);
    await bringBack();
    value(await lab.line(target, { line: "reset", fault: "stuck" }));
    value(await lab.line(target, { line: "power", fault: "stuck" }));
    expect(lab.status().slots[1]?.lines).toEqual(["reset stuck", "power stuck"]);
    expect(await strengthNow(await beatThenSilence())).toBe("lines-stuck");
    expect(isRunning()).toBe(true);
    expect(slots.alarms().map(({ id }) => id)).toEqual(["slot-fence-failed"]);
  },
);

test.skipIf(skip)("lying lines give no strong proof of a board that runs", async () => {
  value(await lab.line(target, { line: "reset", fault: "lying" }));
  value(await lab.line(target, { line: "power", fault: "lying" }));
  expect(await strengthNow(await beatThenSilence())).toBe("weak");
  expect(isRunning()).toBe(true);
});

test.skipIf(skip)("a lying HEALTHY# is found out by heartbeats and proves nothing", async () => {
  value(await lab.line(target, { line: "health", fault: "lying" }));
  value(await lab.line(target, { line: "power", fault: "stuck" }));
  await until(() => slots.report()[0]?.lines?.healthy === false);
  const incarnation = await beatThenSilence();
  expect(slots.alarms().map(({ id }) => id)).toEqual(["slot-line-contradicts"]);
  expect(await strengthNow(incarnation)).toBe("weak");
});

test.skipIf(skip)("HEALTHY# stuck at good: the proof stays weak", async () => {
  value(await lab.line(target, { line: "health", fault: "stuck" }));
  expect(await strengthNow(await beatThenSilence())).toBe("weak");
  await until(() => !isRunning());
  expect(slots.counters().proofsStrong).toBe(0);
});

test.skipIf(skip)("a CCN that restarts touches nothing, held boards included", async () => {
  await fenceStrongly(await beatThenSilence());
  const { pid } = lab.status().slots[2]?.board ?? {};
  const held = lab.status().slots[1]?.lines ?? [];
  expect(held).toContain("in reset");
  for (let restarts = 0; restarts < 3; restarts++) {
    slots.close();
    slots = startCore();
    await until(() => slots.report().every(({ lines: read }) => read !== undefined));
    expect(lab.status().slots[1]?.lines).toEqual(held);
    expect(lab.status().slots[2]?.board?.pid).toBe(pid);
    expect(lab.status().slots[2]?.lines).toEqual([]);
  }
  // F5: the interrupted fence, asked again.
  const sinceUs = monoNowUs();
  await until(() => monoNowUs() > sinceUs + 25_000); // T_OFF is time itself
  const answer = await fenceNow(newLife());
  expect(answer).toMatchObject({ kind: "proof", proof: { strength: "weak", rule: "F5" } });
});

test.skipIf(skip)("a program that dies is fast evidence: HEALTHY# goes bad at once", async () => {
  const delays: number[] = [];
  // A line that was not seen good since the last boot cannot go bad.
  await until(() => slots.report()[0]?.lines?.healthy === true);
  for (let i = 0; i < 10; i++) {
    news.length = 0;
    value(await lab.kill("1"));
    const change = (): SlotNews | undefined =>
      news.find((each) => each.type === "line-changed" && each.change.line === "healthy");
    await until(() => change() !== undefined);
    const found = change();
    if (found?.type === "line-changed") delays.push(found.change.delayUsMax / 1000);
    value(await lab.start("1"));
    await until(() => slots.report()[0]?.lines?.healthy === true);
  }
  const sorted = delays.toSorted((a, b) => a - b);
  process.stderr.write(`HEALTHY# bad told after, ms: ${sorted.join(" ")}\n`);
  expect(sorted[5]).toBeLessThan(20);
});

test.skipIf(skip)("a board put into a slot that is held starts when it is released", async () => {
  value(await lab.pull(target));
  await until(() => slots.report()[0]?.lines?.present === false);
  value(await driver.set(target, "assert-reset", 1000));
  value(await lab.insert(target));
  expect([isRunning(), carrier()]).toEqual([false, false]);
  value(await driver.set(target, "release-reset", 1000));
  await until(() => slots.report()[0]?.lines?.healthy === true);
  expect([isRunning(), carrier()]).toEqual([true, true]);
});

test.skipIf(skip)(
  "an operator's orders are read back; power by hand boots and stops the board",
  async () => {
    const operate = (action: "off" | "on" | "reset") =>
      slots.operate({ slot: target, action, by: "ops" });
    expect(await operate("off")).toEqual({ done: true, text: "read back" });
    await until(() => !isRunning());
    expect((await operate("on")).done).toBe(true);
    await until(() => slots.report()[0]?.lines?.healthy === true);
    const pid = lab.status().slots[1]?.board?.pid;
    expect((await operate("reset")).done).toBe(true);
    value(await lab.heal()); // in its turn, after the boot
    expect(isRunning()).toBe(true);
    expect(lab.status().slots[1]?.board?.pid).not.toBe(pid);
  },
);

test.skipIf(skip)("only the CCN sees the lines, in its own /run", async () => {
  const ls = ["ls", "/run"];
  expect(value(await lab.exec(`${ccnSlot}`, ls)).stdout).toBe("slots\nstate\n");
  expect(value(await lab.exec(`${ccnSlot}`, ["test", "-S", "/run/slots/socket"])).code).toBe(0);
  expect(value(await lab.exec("1", ls)).stdout).toBe("state\n");
  const script = [
    `import { socketDriver } from "${join(import.meta.dir, "..", "slots", "index.ts")}";`,
    `const driver = socketDriver("${slotSocketInBoard}", console.error);`,
    "let read = await driver.read([1, 2], 1000);",
    "while (!read.ok) { await Bun.sleep(1); read = await driver.read([1, 2], 1000); }",
    "console.log(JSON.stringify([...read.value]));",
    "process.exit(0);",
  ].join("\n");
  const onCcn = value(await lab.exec(`${ccnSlot}`, [process.execPath, "-e", script]));
  const lines = { present: true, powerGood: true, healthy: true, resetAsserted: false };
  expect(JSON.parse(onCcn.stdout)).toEqual([
    [1, lines],
    [2, lines],
  ]);
});

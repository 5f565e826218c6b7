// For this room's tests: the leases of several boards in one process, with beats and packets by
// hand instead of NETRACK and the link. Time is real, disks are folders.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createLog,
  defined,
  type Incarnation,
  parseIncarnation,
  type SlotId,
  slotId,
} from "../base/index.ts";
import { monoNowUs } from "../kernel/index.ts";
import type { LeaseConfig, LeaseTimes } from "./config.ts";
import { type HolderChange, type Leases, startLeases } from "./shell.ts";

/** The times of the rules, leases.md section 5; a cold start waits a second. */
export const testTimes: LeaseTimes = {
  silentUs: 37_000,
  leaseUs: 60_000,
  grantUs: 75_000,
  replicaUs: 45_000,
  coldUs: 1_000_000,
  askAgainUs: 20_000,
};

/** A board of the test. */
export type TestBoard = {
  readonly slot: SlotId;
  readonly life: Incarnation;
  readonly leases: Leases;
  readonly changes: HolderChange[];
  /** Newest beat heard of each other board. */
  readonly echoes: Map<SlotId, number>;
  seq: number;
  beat: ReturnType<typeof setInterval>;
};

/** Boards that hear each other; `cut` silences a pair in both directions. */
export type TestChassis = AsyncDisposable & {
  readonly boards: Map<SlotId, TestBoard>;
  readonly fenced: SlotId[];
  /** Groups of boards that start from now on. */
  readonly groups: string[];
  start(slot: number): TestBoard;
  /** Ends a board as SIGKILL does. */
  kill(slot: number): void;
  cut(a: number, b: number): void;
  /** Resolves with the board that holds the group and may act. */
  holder(except?: number): Promise<TestBoard>;
};

let lives = 0;

/** A chassis of a CCN and controllers 1 to `controllers`, none of them started. */
export function testChassis(controllers: number): TestChassis {
  const root = mkdtempSync(join(tmpdir(), "softset-lease-"));
  const holders = Array.from({ length: controllers }, (_, i) => slotId(i + 1));
  const voters = controllers % 2 === 0 ? [slotId(0), ...holders] : holders;
  const boards = new Map<SlotId, TestBoard>();
  const cuts = new Set<string>();
  const fenced: SlotId[] = [];
  const hears = (a: SlotId, b: SlotId): boolean => !cuts.has(`${a}-${b}`);
  const chassis: TestChassis = {
    boards,
    fenced,
    groups: ["files"],
    start(slot) {
      const self = slotId(slot);
      const board = startBoard({ self, holders, voters, root, chassis, hears });
      boards.set(self, board);
      return board;
    },
    kill(slot) {
      const board = boards.get(slotId(slot));
      if (board === undefined) return;
      clearInterval(board.beat);
      board.leases.close();
      boards.delete(board.slot);
    },
    cut(a, b) {
      cuts.add(`${a}-${b}`);
      cuts.add(`${b}-${a}`);
    },
    async holder(except) {
      for (;;) {
        const acting = [...boards.values()].filter(mayAct);
        if (acting.length > 1) throw new Error("two boards may act");
        const [found] = acting;
        if (found !== undefined && found.slot !== except) return found;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async [Symbol.asyncDispose]() {
      for (const slot of boards.keys()) chassis.kill(slot);
      await new Promise((resolve) => setTimeout(resolve, 20)); // writes in flight end
      rmSync(root, { recursive: true, force: true });
    },
  };
  return chassis;
}

/** May it act at this moment? */
export function mayAct(board: TestBoard): boolean {
  return board.leases.report().some(({ entitledUntilUs }) => entitledUntilUs > monoNowUs());
}

type Place = {
  readonly self: SlotId;
  readonly holders: readonly SlotId[];
  readonly voters: readonly SlotId[];
  readonly root: string;
  readonly chassis: TestChassis;
  readonly hears: (a: SlotId, b: SlotId) => boolean;
};

function startBoard({ self, holders, voters, root, chassis, hears }: Place): TestBoard {
  lives += 1;
  const parsed = parseIncarnation(`${lives}`.padStart(16, "0"));
  const life = defined(parsed.ok ? parsed.value : undefined, "an incarnation");
  const changes: HolderChange[] = [];
  const configs = chassis.groups.map((group): LeaseConfig => ({
    group,
    self,
    holders,
    voters,
    unfenced: "never",
    timing: testTimes,
  }));
  const started = startLeases({
    configs,
    incarnation: life,
    stateDir: join(root, `${self}`),
    log: createLog({
      board: `${self}`,
      module: "lease",
      level: "error",
      sink: () => undefined,
      now: () => "",
    }),
    nowUs: monoNowUs,
    send: (to, bytes) => {
      const copy = Uint8Array.from(bytes);
      setTimeout(() => {
        if (hears(to, self)) chassis.boards.get(to)?.leases.heardPacket(self, life, copy);
      }, 0);
    },
    beatSoon: () => setTimeout(() => beatOf(board, chassis, hears), 0),
    fence: ({ slot, incarnation }) => {
      chassis.fenced.push(slot);
      chassis.kill(slot);
      const proof = { kind: "off", slot, incarnation, strong: true } as const;
      setTimeout(() => board.leases.give({ type: "proof", proof }), 5);
    },
    onHolder: (change) => changes.push(change),
    onEntitled: () => undefined,
    onDrain: (group) => setTimeout(() => board.leases.give({ type: "drained" }, group), 0),
    onTells: () => undefined,
    onNote: () => undefined,
  });
  if (!started.ok) throw new Error(started.error);
  const board: TestBoard = {
    slot: self,
    life,
    leases: started.value,
    changes,
    echoes: new Map(),
    seq: 0,
    beat: setInterval(() => beatOf(board, chassis, hears), 10),
  };
  board.leases.give({ type: "able", is: true });
  return board;
}

function beatOf(board: TestBoard, chassis: TestChassis, hears: Place["hears"]): void {
  if (chassis.boards.get(board.slot) !== board) return;
  board.seq += 1;
  const { seq, slot, life } = board;
  const extensions = board.leases.extensionFor(seq, 1000);
  for (const other of chassis.boards.values()) {
    if (other === board || !hears(other.slot, slot)) continue;
    other.echoes.set(slot, seq);
    const echoedSeq = board.echoes.get(other.slot);
    other.leases.heardBeat({ from: slot, incarnation: life, echoedSeq, extensions });
  }
}

// A chassis slot in virtual time against the fence core: a board that runs, falls silent, crashes
// and boots; lines that are stuck or lie; a driver that is slow, fails and answers out of order; CCN
// restarts; fences, commits and operators at any moment. Promise checked at every proof: a strong
// one is never given for a life that still runs. Faults: one line in any way at any time, or two
// while the board is heard (then it stays heard long enough to betray a lying line).

import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addUs,
  monoUs,
  type MonoUs,
  nextBelow,
  nextChance,
  prng,
  type Prng,
  slotId,
} from "../base/index.ts";
import { step } from "./core.ts";
import { slotsState, slotTiming } from "./core/state.ts";
import type { LineReading, SlotEffect, SlotEvent, SlotsState } from "./core/types.ts";
import type { LineOrder, SlotLines } from "./driver.ts";
import { life, slot1 } from "./testing.ts";

type Fault = "ok" | "stuck" | "lying";
const lineKinds = ["reset", "power", "health", "presence"] as const;
type LineKind = (typeof lineKinds)[number];

const commandArbitrary = fc.record({
  afterMs: fc.oneof(
    fc.integer({ min: 0, max: 30 }),
    fc.integer({ min: 30, max: 400 }),
    fc.constant(31_000),
  ),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: "fence-silent" } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: "fence" } as const) },
    { weight: 3, arbitrary: fc.constant({ kind: "commit" } as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom({ kind: "silence" } as const, { kind: "hear" } as const),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom({ kind: "crash" } as const, { kind: "boot" } as const),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom({ kind: "pull" } as const, { kind: "insert" } as const),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "restart" } as const) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("operator" as const),
        action: fc.constantFrom("on", "off", "cycle", "reset", "out", "in"),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("fault" as const),
        line: fc.constantFrom(...lineKinds),
        fault: fc.constantFrom("ok", "stuck", "lying"),
      }),
    },
  ),
});
type Command = typeof commandArbitrary extends fc.Arbitrary<infer T> ? T : never;

type Sim = {
  readonly rng: Prng;
  now: MonoUs;
  state: SlotsState;
  readonly queue: { atUs: number; run: () => void }[];
  board: { present: boolean; runs: boolean; life: number; isHeard: boolean };
  ordered: { reset: boolean; power: boolean };
  actual: { reset: boolean; power: boolean };
  faults: Record<LineKind, Fault>;
  frozen: { health: boolean; presence: boolean };
  heardUntilUs: number;
  soonUs: number | undefined;
  epoch: number;
  world: number;
  /** Of the orders. */
  lossRatio: number;
  strong: number;
  weak: number;
};

function newSim(seed: number): Sim {
  const now = monoUs(1_000_000);
  return {
    rng: prng(seed),
    now,
    state: slotsState([slot1], slotTiming(), now),
    queue: [],
    board: { present: true, runs: true, life: 1, isHeard: true },
    ordered: { reset: false, power: true },
    actual: { reset: false, power: true },
    faults: { reset: "ok", power: "ok", health: "ok", presence: "ok" },
    frozen: { health: true, presence: true },
    heardUntilUs: 0,
    soonUs: undefined,
    epoch: 0,
    world: 0,
    lossRatio: 0.1,
    strong: 0,
    weak: 0,
  };
}

function later(sim: Sim, afterUs: number, run: () => void): void {
  sim.queue.push({ atUs: sim.now + afterUs, run });
}

function linesOf(sim: Sim): SlotLines {
  const { board, faults, frozen, ordered, actual } = sim;
  const powered = faults.power === "lying" ? ordered.power : actual.power;
  const present = { ok: board.present, stuck: frozen.presence, lying: !board.present };
  const healthy = { ok: board.runs, stuck: frozen.health, lying: !board.runs };
  return {
    present: present[faults.presence],
    powerGood: board.present && powered,
    healthy: healthy[faults.health],
    resetAsserted: faults.reset === "lying" ? ordered.reset : actual.reset,
  };
}

/** The board as its real lines want it. */
function settle(sim: Sim): void {
  const { board, actual } = sim;
  const canRun = board.present && actual.power && !actual.reset;
  if (!canRun) board.runs = false;
  else if (!board.runs) {
    const booting = board.life;
    later(sim, 50_000 + nextBelow(sim.rng, 200_000), () => boot(sim, booting));
  }
}

function boot(sim: Sim, booting: number): void {
  const { board, actual } = sim;
  if (board.runs || !board.present || !actual.power || actual.reset) return;
  if (board.life !== booting) return;
  board.runs = true;
  board.life++;
}

function carryOut(sim: Sim, order: LineOrder): void {
  const line = order === "assert-reset" || order === "release-reset" ? "reset" : "power";
  sim.ordered[line] = order === "assert-reset" || order === "power-on";
  if (sim.faults[line] === "ok") sim.actual[line] = sim.ordered[line];
  settle(sim);
}

function feed(sim: Sim, event: SlotEvent): void {
  for (const effect of step(sim.state, event, sim.now)) react(sim, effect);
}

function react(sim: Sim, effect: SlotEffect): void {
  const { rng, world } = sim;
  switch (effect.type) {
    case "proof": {
      const { strength, incarnation } = effect.proof;
      if (strength === "weak") sim.weak++;
      else {
        sim.strong++;
        const { runs, life: number } = sim.board;
        if (runs && life(number) === incarnation)
          throw new Error("strong proof of a running board");
      }
      return;
    }
    case "assert-reset":
    case "release-reset":
    case "power-off":
    case "power-on": {
      const askedUs = sim.now;
      const order = effect.type;
      const isLost = nextChance(rng, sim.lossRatio);
      // Orders reach the line in the order in which they were given.
      if (!isLost) carryOut(sim, order);
      later(sim, nextBelow(rng, 12_000), () => {
        if (sim.world !== world) return;
        if (isLost) feed(sim, { type: "order-failed", slot: slot1, order, text: "lost" });
        else answer(sim, askedUs);
      });
      return;
    }
    case "sample-soon":
      soon(sim, effect.atUs);
      return;
    case "set-timer":
      if (effect.atUs !== undefined) {
        later(sim, Math.max(0, effect.atUs - sim.now) + nextBelow(rng, 2000), () => {
          if (sim.world === world) feed(sim, { type: "timer" });
        });
      }
      return;
    case "refused":
    case "line-changed":
    case "operator-answered":
    case "alarm":
    case "log":
      return;
  }
}

/** One planned reading at a time, as in the sampler. */
function soon(sim: Sim, atUs: number): void {
  if (sim.soonUs !== undefined && sim.soonUs <= atUs) return;
  sim.soonUs = atUs;
  const { world } = sim;
  later(sim, Math.max(0, atUs - sim.now), () => {
    if (sim.world !== world || sim.soonUs !== atUs) return;
    sim.soonUs = undefined;
    readNow(sim);
  });
}

function readNow(sim: Sim): void {
  const askedUs = sim.now;
  const { world } = sim;
  if (nextChance(sim.rng, 0.1)) {
    feed(sim, { type: "sample-failed", slot: slot1, text: "lost" });
    return;
  }
  const toLineUs = nextBelow(sim.rng, nextChance(sim.rng, 0.1) ? 5000 : 300);
  later(sim, toLineUs, () => {
    if (sim.world === world) answer(sim, askedUs);
  });
}

/** The lines as they are now, told now or a little later. */
function answer(sim: Sim, askedUs: MonoUs): void {
  const lines = linesOf(sim);
  const { world } = sim;
  later(sim, nextBelow(sim.rng, 300), () => {
    if (sim.world !== world) return;
    const reading: LineReading = { ...lines, askedUs, atUs: sim.now, edgeUs: undefined };
    feed(sim, { type: "sample", slot: slot1, reading });
  });
}

function tick(sim: Sim, everyUs: number, run: () => void): void {
  later(sim, everyUs, () => {
    run();
    tick(sim, everyUs, run);
  });
}

function advance(sim: Sim, untilUs: number): void {
  for (;;) {
    let first = -1;
    for (const [i, { atUs }] of sim.queue.entries()) {
      if (atUs <= untilUs && (first < 0 || atUs < (sim.queue[first]?.atUs ?? 0))) first = i;
    }
    const next = first < 0 ? undefined : sim.queue.splice(first, 1)[0];
    if (next === undefined) break;
    sim.now = monoUs(Math.max(sim.now, next.atUs));
    next.run();
  }
  sim.now = monoUs(Math.max(sim.now, untilUs));
}

function beatNow(sim: Sim): void {
  const { board } = sim;
  if (!board.runs || !board.isHeard) return;
  const { life: number } = board;
  later(sim, nextBelow(sim.rng, 2000), () => {
    feed(sim, { type: "beat", slot: slot1, incarnation: life(number), sentUs: sim.now });
  });
}

function obey(sim: Sim, { what }: Command): void {
  const { board } = sim;
  switch (what.kind) {
    case "fence-silent":
    case "fence": {
      if (what.kind === "fence-silent") {
        if (sim.now < sim.heardUntilUs) advance(sim, sim.heardUntilUs);
        board.isHeard = false;
        advance(sim, sim.now + 41_000);
      }
      sim.epoch++;
      const order = {
        slot: slot1,
        incarnation: life(board.life),
        group: "files",
        epoch: sim.epoch,
        by: slotId(2),
      };
      return feed(sim, { type: "fence", order });
    }
    case "commit":
      return feed(sim, { type: "committed", group: "files", epoch: sim.epoch });
    case "silence":
      if (sim.now >= sim.heardUntilUs) board.isHeard = false;
      return;
    case "hear":
      board.isHeard = true;
      return;
    case "crash":
      board.runs = false;
      return;
    case "boot":
      return boot(sim, board.life);
    case "pull":
      board.present = false;
      board.runs = false;
      return;
    case "insert":
      if (!board.present) board.life++;
      board.present = true;
      return settle(sim);
    case "restart":
      sim.world++;
      sim.soonUs = undefined;
      sim.state = slotsState([slot1], slotTiming(), sim.now);
      return feed(sim, { type: "start" });
    case "operator": {
      const order = { id: 1, slot: slot1, action: what.action, by: "ops" } as const;
      return feed(sim, { type: "operator", order });
    }
    case "fault":
      return breakLine(sim, what.line, what.fault);
  }
}

function breakLine(sim: Sim, line: LineKind, fault: Fault): void {
  const others = lineKinds.filter((each) => each !== line && sim.faults[each] !== "ok").length;
  const { board } = sim;
  if (fault !== "ok" && others >= 1) {
    if (others >= 2 || !board.isHeard || !board.runs) return;
    sim.heardUntilUs = sim.now + 250_000;
  }
  sim.frozen = { health: linesOf(sim).healthy, presence: linesOf(sim).present };
  sim.faults[line] = fault;
  if (fault !== "ok" || line === "health" || line === "presence") return;
  sim.actual[line] = sim.ordered[line];
  settle(sim);
}

const totals = { strong: 0, weak: 0, power: 0 };

function run(commands: readonly Command[], seed: number, lossRatio = 0.1): Sim {
  const sim = newSim(seed);
  sim.lossRatio = lossRatio;
  feed(sim, { type: "start" });
  tick(sim, 100_000, () => readNow(sim));
  tick(sim, 10_000, () => beatNow(sim));
  for (const command of commands) {
    advance(sim, addUs(sim.now, command.afterMs * 1000));
    obey(sim, command);
  }
  advance(sim, addUs(sim.now, 500_000));
  totals.strong += sim.strong;
  totals.weak += sim.weak;
  totals.power += sim.state.counters.powerCuts;
  return sim;
}

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
const numRuns = Number(process.env["RUNS"] ?? 500);

test("no order of events and line faults gives a strong proof for a board that runs", () => {
  fc.assert(
    fc.property(fc.array(commandArbitrary, { minLength: 1, maxLength: 12 }), fc.nat(), (all, n) => {
      run(all, n);
    }),
    { numRuns, seed },
  );
  // The property means something only if there are proofs of both kinds, and power cuts.
  expect(totals.strong).toBeGreaterThan(numRuns / 10);
  expect(totals.weak).toBeGreaterThan(numRuns / 100);
  expect(totals.power).toBeGreaterThan(numRuns / 100);
}, 120_000);

afterAll(() => {
  process.stderr.write(`SEED=${seed} RUNS=${numRuns}: ${JSON.stringify(totals)}\n`);
});

test("after any events a slot that is left alone comes to rest with its board running", () => {
  fc.assert(
    fc.property(fc.array(commandArbitrary, { minLength: 1, maxLength: 12 }), fc.nat(), (all, n) => {
      const calm = all.filter(({ what }) => what.kind !== "operator" && what.kind !== "fault");
      const sim = run(calm, n, 0);
      advance(sim, addUs(sim.now, 150_000_000));
      const { phase, wasEmpty } = sim.state.slots.get(slot1) ?? {};
      if (wasEmpty === true || !sim.board.present) return;
      if (phase?.kind === "kept-off") return;
      expect([phase?.kind, linesOf(sim).resetAsserted, linesOf(sim).powerGood]).toEqual([
        "idle",
        false,
        true,
      ]);
    }),
    { numRuns: Math.ceil(numRuns / 20), seed },
  );
}, 120_000);

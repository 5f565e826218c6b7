// What must hold whatever happens, in whatever order: random orders, news (late and doubled ones
// too) and time, from a seed. SEED=N repeats one.

import { expect, test } from "bun:test";
import { nextBelow, nextChance, nextOf, prng, type Prng } from "../../base/index.ts";
import { type PlainNews, testService, type VirtualPsrm, virtualPsrm } from "../testing.ts";

const seeds = process.env["SEED"] === undefined ? range(300) : [Number(process.env["SEED"])];

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

const actions = ["restart", "move", "nothing"] as const;

function randomPsrm(rng: Prng): VirtualPsrm {
  const names = ["a", "b", "c"];
  return virtualPsrm(
    names.map((name, i) =>
      testService({
        name,
        group: nextChance(rng, 0.5) ? "g" : undefined,
        after: names.slice(0, i).filter(() => nextChance(rng, 0.4)),
        ready: nextChance(rng, 0.5) ? { by: "notify" } : { by: "tcp", port: 1 },
        readyMs: 500,
        alive: { by: "watchdog", everyMs: 300 },
        stop: { ms: 400 },
        limits: { troubleMemoryBytes: 100 },
        restart: { max: nextBelow(rng, 5), windowMs: 3_000, backoffMs: 50, backoffMaxMs: 400 },
        onFailure: {
          dead: nextOf(rng, actions),
          silent: nextOf(rng, actions),
          trouble: nextOf(rng, actions),
        },
      }),
    ),
  );
}

function randomNews(rng: Prng, psrm: VirtualPsrm, service: string): PlainNews {
  const message = {
    isReady: nextChance(rng, 0.6),
    isReloading: nextChance(rng, 0.1),
    isStopping: nextChance(rng, 0.05),
    watchdog: nextChance(rng, 0.3)
      ? undefined
      : nextOf(rng, ["alive", "alive", "trigger"] as const),
    status: undefined,
    extendMs: nextChance(rng, 0.1) ? nextBelow(rng, 1_000) : undefined,
    ignored: 0,
  };
  const failure = nextChance(rng, 0.5) ? "no" : undefined;
  return nextOf<PlainNews>(rng, [
    { type: "started", pid: 1 + nextBelow(rng, 9) },
    { type: "cannot-start", why: "x" },
    { type: "exited", exit: { code: nextBelow(rng, 3), signal: undefined } },
    { type: "notified", message },
    { type: "notified", message },
    { type: "check-answered", check: psrm.unit(service).check, failure },
    { type: "sampled", memoryBytes: nextBelow(rng, 200) },
    { type: "trouble-reported", why: "x" },
    { type: "trouble-over" },
    { type: "move-wanted", why: "x" },
  ]);
}

/** The shell's own promises: `tree-gone` only after `kill-tree`, news only of what lives. */
function act(rng: Prng, psrm: VirtualPsrm): void {
  const service = nextOf(rng, ["a", "b", "c"]);
  const { wild } = psrm;
  switch (nextBelow(rng, 6)) {
    case 0:
      psrm.feed({ type: nextOf(rng, ["start", "stop", "restart"] as const), service, why: "x" });
      return;
    case 1:
      psrm.pass(nextBelow(rng, 600));
      return;
    case 2:
      wild.spawn = nextChance(rng, 0.3);
      wild.signal = nextChance(rng, 0.3);
      wild.kill = nextChance(rng, 0.3);
      return;
    case 3:
      if (psrm.unit(service).phase === "killing") psrm.news(service, { type: "tree-gone" });
      return;
    case 4: {
      const { start } = psrm.unit(service);
      const news = randomNews(rng, psrm, service);
      psrm.feed({ ...news, service, start: start - 1 });
      return;
    }
    default: {
      const { phase } = psrm.unit(service);
      const news = randomNews(rng, psrm, service);
      const isOfSpawn = news.type === "started" || news.type === "cannot-start";
      if ((phase === "spawning") === isOfSpawn) psrm.news(service, news);
    }
  }
}

test("never two trees of one service, no move before it is gone, no rest without a cause", () => {
  for (const seed of seeds) {
    const rng = prng(seed);
    const psrm = randomPsrm(rng);
    try {
      for (let i = 0; i < 300; i++) {
        const before = psrm.effects.length;
        act(rng, psrm); // virtualPsrm throws when two trees live at once
        for (const effect of psrm.effects.slice(before)) {
          if (effect.type !== "ask-move") continue;
          expect(psrm.unit(effect.service).start).toBeGreaterThan(0);
        }
        check(psrm);
      }
      settles(psrm);
    } catch (error) {
      throw new Error(`SEED=${seed}: ${String(error)}`, { cause: error });
    }
  }
});

function check(psrm: VirtualPsrm): void {
  let nearestUs: number | undefined;
  for (const unit of psrm.state.units.values()) {
    const living = psrm.living(unit.service.name);
    const isIdle = unit.phase === "idle";
    expect(isIdle ? living : 1).toBe(isIdle ? 0 : 1);
    if (unit.phase === "ending" || unit.phase === "killing") expect(unit.next).toBeDefined();
    if (unit.state === "running" || unit.state === "trouble") expect(unit.phase).toBe("up");
    if (!unit.isWanted && isIdle) expect(unit.isDue).toBe(false);
    if (unit.state === "failed" || unit.state === "done") expect(isIdle).toBe(true);
    expect(unit.restartsUs.length).toBeLessThanOrEqual(unit.service.restart.max);
    for (const at of [unit.dueAtUs, unit.readyByUs, unit.stopByUs, unit.watchdogByUs]) {
      if (at !== undefined) nearestUs = Math.min(nearestUs ?? at, at);
    }
  }
  if (nearestUs !== undefined) expect(psrm.state.timerUs).toBeLessThanOrEqual(nearestUs);
}

/** Liveness: when everything obeys again, a stop of all ends with nothing alive. */
function settles(psrm: VirtualPsrm): void {
  for (const name of ["a", "b", "c"]) psrm.feed({ type: "stop", service: name, why: "end" });
  psrm.wild.spawn = false;
  psrm.wild.signal = false;
  psrm.wild.kill = false;
  for (const name of ["a", "b", "c"]) {
    if (psrm.unit(name).phase === "spawning") psrm.news(name, { type: "started", pid: 5 });
  }
  psrm.pass(10_000);
  expect([...psrm.state.units.values()].map(({ state }) => state)).toEqual([
    "stopped",
    "stopped",
    "stopped",
  ]);
}

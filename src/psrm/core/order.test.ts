// The order among services of one board: after is ready, stopped in reverse.

import { expect, test } from "bun:test";
import { createPsrm } from "./state.ts";
import { testService, type VirtualPsrm, virtualPsrm } from "../testing.ts";

/** db <- app <- web, all of them ready as soon as they run, except db by a message. */
function stack(): VirtualPsrm {
  return virtualPsrm([
    testService({ name: "web", after: ["app"] }),
    testService({ name: "app", after: ["db"] }),
    testService({ name: "db", ready: { by: "notify" } }),
  ]);
}

const ready = {
  type: "notified",
  message: {
    isReady: true,
    isReloading: false,
    isStopping: false,
    watchdog: undefined,
    status: undefined,
    extendMs: undefined,
    ignored: 0,
  },
} as const;

function order(psrm: VirtualPsrm, type: "start" | "stop", ...names: string[]): void {
  for (const service of names) psrm.feed({ type, service, why: "test" });
}

const spawned = (psrm: VirtualPsrm): string[] =>
  psrm.effects.flatMap((effect) => (effect.type === "spawn" ? [effect.service.name] : []));
const signalled = (psrm: VirtualPsrm): string[] =>
  psrm.effects.flatMap((effect) => (effect.type === "signal" ? [effect.service] : []));

test("a service waits until those before it are ready, and says for whom", () => {
  const psrm = stack();
  order(psrm, "start", "web", "app", "db");
  expect(spawned(psrm)).toEqual(["db"]);
  expect(psrm.unit("app")).toMatchObject({ state: "waiting", why: "after db, which is starting" });
  psrm.news("db", ready);
  expect(spawned(psrm)).toEqual(["db", "app", "web"]);
});

test("a service whose predecessor nobody wants waits and names it", () => {
  const psrm = stack();
  order(psrm, "start", "app");
  expect(psrm.unit("app")).toMatchObject({ state: "waiting", why: "after db, which is stopped" });
});

test("all are stopped in reverse order, each gone before the next is asked", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app", "web");
  psrm.news("db", ready);
  psrm.wild.signal = true;
  order(psrm, "stop", "db", "app", "web");
  expect(signalled(psrm)).toEqual(["web"]);
  const end = { type: "exited", exit: { code: 0, signal: undefined } } as const;
  psrm.news("web", end);
  expect(signalled(psrm)).toEqual(["web", "app"]);
  psrm.news("app", end);
  expect(signalled(psrm)).toEqual(["web", "app", "db"]);
  psrm.news("db", end);
  expect(["web", "app", "db"].map((name) => psrm.unit(name).state)).toEqual(
    Array.from({ length: 3 }, () => "stopped"),
  );
});

test("stopping one stops what comes after it, which waits and comes back with it", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app", "web");
  psrm.news("db", ready);
  order(psrm, "stop", "app");
  expect(psrm.unit("app").state).toBe("stopped");
  expect(psrm.unit("web")).toMatchObject({ state: "waiting", why: "after app, which is stopped" });
  expect(psrm.unit("db").state).toBe("running");
  order(psrm, "start", "app");
  expect(["app", "web"].map((name) => psrm.unit(name).state)).toEqual(["running", "running"]);
});

test("one that fails and comes back leaves those after it alone", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app", "web");
  psrm.news("db", ready);
  psrm.news("db", { type: "exited", exit: { code: 1, signal: undefined } });
  psrm.news("db", ready);
  expect(psrm.unit("db").start).toBe(2);
  expect(psrm.unit("app")).toMatchObject({ state: "running", start: 1 });
});

test("a stop that waits for others is taken back by a start", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app", "web");
  psrm.news("db", ready);
  psrm.wild.signal = true;
  order(psrm, "stop", "app");
  expect(psrm.unit("app")).toMatchObject({ state: "stopping", phase: "up" });
  order(psrm, "start", "app");
  expect(psrm.unit("app")).toMatchObject({ state: "running", phase: "up", start: 1 });
});

test("a dependent whose tree once outlived its kill is waited for all the same", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app");
  psrm.news("db", ready);
  psrm.wild.kill = true;
  psrm.news("app", { type: "exited", exit: { code: 1, signal: undefined } });
  psrm.pass(3_000);
  psrm.wild.kill = false;
  psrm.news("app", { type: "tree-gone" });
  expect(psrm.unit("app")).toMatchObject({ state: "running", start: 2 });
  psrm.wild.signal = true;
  order(psrm, "stop", "db", "app");
  expect(signalled(psrm)).toEqual(["app"]);
});

test("a dependent whose tree outlives its kill does not hold up the stop for ever", () => {
  const psrm = stack();
  order(psrm, "start", "db", "app");
  psrm.news("db", ready);
  psrm.wild.kill = true;
  order(psrm, "stop", "db", "app");
  expect(signalled(psrm)).toEqual(["app"]);
  psrm.pass(1_000);
  expect(signalled(psrm)).toEqual(["app", "db"]);
});

test("services that contradict each other are refused with the reason", () => {
  const refused = (...parts: Parameters<typeof testService>[0][]): string => {
    const made = createPsrm(parts.map(testService));
    return made.ok ? "taken" : made.error;
  };
  expect(refused({ name: "a" }, { name: "a" })).toContain("twice");
  expect(refused({ name: "a", after: ["b"] })).toContain("does not have");
  expect(refused({ name: "a", after: ["b"] }, { name: "b", after: ["a"] })).toContain("circle");
  expect(refused({ name: "../x" })).toContain("name");
  expect(refused({ name: "a", after: ["b"] }, { name: "b" })).toBe("taken");
});

test("a kill asks nobody, neither a running program nor one that is being stopped", () => {
  for (const isEnding of [false, true]) {
    const psrm = virtualPsrm([testService({ name: "web", stop: { ms: 500 } })]);
    order(psrm, "start", "web");
    psrm.wild.signal = true;
    if (isEnding) order(psrm, "stop", "web");
    psrm.feed({ type: "kill", service: "web", why: "the lease is lost" });
    psrm.pass(0);
    expect(psrm.unit("web")).toMatchObject({ phase: "idle", state: "stopped" });
  }
});

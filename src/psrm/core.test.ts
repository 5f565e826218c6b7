// The rules of design 28-30 in virtual time, one promise a test; order.test.ts has the order among
// services, random.test.ts what must hold whatever happens.

import { expect, test } from "bun:test";
import { decodeNotify, type NotifyMessage } from "./core/notify.ts";
import { testService, type VirtualPsrm, virtualPsrm } from "./testing.ts";

function notify(text: string): { type: "notified"; message: NotifyMessage } {
  const message = decodeNotify(new TextEncoder().encode(text));
  if (!message.ok) throw new Error(message.error);
  return { type: "notified", message: message.value };
}

function started(parts: Omit<Parameters<typeof testService>[0], "name"> = {}): VirtualPsrm {
  const psrm = virtualPsrm([testService({ name: "web", ...parts })]);
  psrm.feed({ type: "start", service: "web", why: "test" });
  return psrm;
}

const died = (code: number) => ({ type: "exited", exit: { code, signal: undefined } }) as const;
const states = (psrm: VirtualPsrm): string[] => psrm.changes().map(({ state }) => state);
const asked = (psrm: VirtualPsrm): string[] =>
  psrm.effects.flatMap((effect) => (effect.type === "ask-move" ? [effect.group] : []));
const logged = (psrm: VirtualPsrm): string[] =>
  psrm.effects.flatMap((effect) => (effect.type === "log" ? [effect.event] : []));

test("an order starts a service and it is told as up", () => {
  const psrm = started();
  expect(states(psrm)).toEqual(["starting", "running"]);
  expect(psrm.changes().map(({ isUp }) => isUp)).toEqual([false, true]);
  expect(psrm.unit("web")).toMatchObject({ pid: 101, start: 1, phase: "up" });
});

test("case 1, restart: a dead service is started again at once, its tree killed before", () => {
  const psrm = started();
  psrm.effects.length = 0;
  psrm.news("web", died(3));
  const order = psrm.effects
    .map(({ type }) => type)
    .filter((t) => t === "spawn" || t === "kill-tree");
  expect(order).toEqual(["kill-tree", "spawn"]);
  expect(states(psrm)).toEqual(["stopping", "starting", "running"]);
  expect(psrm.unit("web")).toMatchObject({ start: 2, lastExit: "exited with code 3" });
});

test("a restart waits until the old tree is provably gone, and is told when it does not go", () => {
  const psrm = started();
  psrm.wild.kill = true;
  psrm.news("web", died(1));
  psrm.pass(3_500);
  expect(psrm.unit("web")).toMatchObject({
    phase: "killing",
    state: "stopping",
    start: 1,
    kills: 4,
  });
  expect(logged(psrm).filter((event) => event === "service-tree-lives")).toHaveLength(1);
  psrm.wild.kill = false;
  psrm.news("web", { type: "tree-gone" });
  expect(psrm.unit("web")).toMatchObject({ phase: "up", state: "running", start: 2 });
});

test("case 1, move: another board is asked only after the tree is gone", () => {
  const psrm = started({ group: "g", onFailure: { dead: "move" } });
  psrm.wild.kill = true;
  psrm.news("web", died(1));
  expect(asked(psrm)).toEqual([]);
  psrm.news("web", { type: "tree-gone" });
  expect(asked(psrm)).toEqual(["g"]);
  expect(psrm.unit("web")).toMatchObject({ state: "failed", cause: "dead", phase: "idle" });
});

test("a service in no group cannot move, so it is restarted here", () => {
  const psrm = started({ onFailure: { dead: "move" } });
  psrm.news("web", died(1));
  expect(asked(psrm)).toEqual([]);
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 2 });
});

test("case 1, nothing: a dead service stays down until an order", () => {
  const psrm = started({ onFailure: { dead: "nothing" } });
  psrm.news("web", died(1));
  psrm.pass(100_000);
  expect(psrm.unit("web")).toMatchObject({ state: "failed", start: 1 });
  psrm.feed({ type: "start", service: "web", why: "a person" });
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 2 });
});

test("exit codes decide before onFailure, signals count as 128 + number", () => {
  const byExitCode = { 0: "done", 77: "nothing", 139: "move" } as const;
  const parts = { group: "g", restart: { byExitCode } };
  const done = started(parts);
  done.news("web", died(0));
  expect(done.unit("web")).toMatchObject({ state: "done", phase: "idle" });
  const left = started(parts);
  left.news("web", died(77));
  expect(left.unit("web").state).toBe("failed");
  const moved = started(parts);
  moved.news("web", { type: "exited", exit: { code: 139, signal: "SIGSEGV" } });
  expect(asked(moved)).toEqual(["g"]);
  expect(moved.unit("web").why).toBe("was killed by SIGSEGV");
  const other = started(parts);
  other.news("web", died(78));
  expect(other.unit("web").start).toBe(2);
});

test("too many restarts in the window: given up without a group, moved with one", () => {
  for (const [group, state, moves] of [
    [undefined, "failed", 0],
    ["g", "failed", 1],
  ] as const) {
    const restart = { max: 3, windowMs: 10_000, backoffMaxMs: 0 };
    const psrm = started({ group, restart });
    for (let i = 0; i < 4; i++) psrm.news("web", died(1));
    expect(psrm.unit("web")).toMatchObject({ state, cause: "restarted-too-often", start: 4 });
    expect(asked(psrm)).toHaveLength(moves);
    expect(logged(psrm)).toContain("service-restarted-too-often");
  }
});

test("restarts outside the window do not count", () => {
  const psrm = started({ restart: { max: 2, windowMs: 10_000, backoffMaxMs: 0 } });
  for (let i = 0; i < 6; i++) {
    psrm.news("web", died(1));
    psrm.pass(5_001);
  }
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 7 });
});

test("the pause doubles up to its bound and is set back by calm", () => {
  const restart = { backoffMs: 100, backoffMaxMs: 350, calmMs: 5_000, max: 100 };
  const psrm = started({ restart });
  const pauses: number[] = [];
  const die = (): void => {
    psrm.news("web", died(1));
    const { dueAtUs } = psrm.unit("web");
    pauses.push(((dueAtUs ?? psrm.nowUs) - psrm.nowUs) / 1000);
    expect(psrm.unit("web").state).toBe("waiting");
    psrm.pass(1_000);
    expect(psrm.unit("web").state).toBe("running");
  };
  for (let i = 0; i < 4; i++) die();
  psrm.pass(5_000);
  die();
  expect(pauses).toEqual([100, 200, 350, 350, 100]);
});

test("a first pause of 0 is followed by pauses that grow", () => {
  const psrm = started({ restart: { backoffMs: 0, backoffMaxMs: 300, max: 100 } });
  const starts: number[] = [];
  for (let i = 0; i < 4; i++) {
    psrm.news("web", died(1));
    const { dueAtUs } = psrm.unit("web");
    starts.push(dueAtUs === undefined ? 0 : (dueAtUs - psrm.nowUs) / 1000);
    psrm.pass(1_000);
  }
  expect(starts).toEqual([0, 100, 200, 300]);
});

test("what cannot be started counts as dead", () => {
  const psrm = virtualPsrm([testService({ name: "web", restart: { max: 1 } })]);
  psrm.wild.spawn = true;
  psrm.feed({ type: "start", service: "web", why: "test" });
  psrm.news("web", { type: "cannot-start", why: "ENOENT" });
  expect(psrm.unit("web")).toMatchObject({ phase: "spawning", start: 2 });
  psrm.news("web", { type: "cannot-start", why: "ENOENT" });
  expect(psrm.unit("web")).toMatchObject({ state: "failed", cause: "restarted-too-often" });
});

test("ready by notify: up with READY=1, killed at once when it is too late", () => {
  const parts = { ready: { by: "notify" }, readyMs: 1_000 } as const;
  const good = started(parts);
  expect(good.unit("web").state).toBe("starting");
  good.news("web", notify("READY=1\nSTATUS=listening"));
  expect(good.unit("web")).toMatchObject({ state: "running", statusText: "listening" });
  const late = started(parts);
  late.pass(999);
  expect(late.unit("web").start).toBe(1);
  late.pass(1);
  expect(late.unit("web").start).toBe(2);
  expect(late.effects.some(({ type }) => type === "signal")).toBe(false);
});

test("EXTEND_TIMEOUT_USEC moves the start's deadline, never nearer", () => {
  const psrm = started({ ready: { by: "notify" }, readyMs: 1_000 });
  psrm.pass(900);
  psrm.news("web", notify("EXTEND_TIMEOUT_USEC=2000000"));
  psrm.news("web", notify("EXTEND_TIMEOUT_USEC=1"));
  psrm.pass(1_999);
  expect(psrm.unit("web").start).toBe(1);
  psrm.pass(1);
  expect(psrm.unit("web").start).toBe(2);
});

test("a reload that does not end with READY=1 in readyMs is silence", () => {
  const psrm = started({ ready: { by: "notify" }, readyMs: 1_000 });
  psrm.news("web", notify("READY=1"));
  psrm.news("web", notify("RELOADING=1"));
  psrm.news("web", notify("READY=1"));
  psrm.pass(5_000);
  expect(psrm.unit("web").start).toBe(1);
  psrm.news("web", notify("RELOADING=1"));
  psrm.pass(1_000);
  expect(psrm.unit("web").start).toBe(2);
});

test("a reload that was too long is over as trouble when READY=1 comes after all", () => {
  const psrm = started({ ready: { by: "notify" }, onFailure: { silent: "nothing" } });
  psrm.news("web", notify("READY=1"));
  psrm.news("web", notify("RELOADING=1"));
  psrm.pass(6_000);
  expect(psrm.unit("web")).toMatchObject({ state: "trouble", cause: "silent" });
  psrm.news("web", notify("READY=1"));
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 1 });
});

test("case 2 by watchdog: fed it lives, unfed it is killed without its stop time", () => {
  const psrm = started({ alive: { by: "watchdog", everyMs: 100 } });
  for (let i = 0; i < 10; i++) {
    psrm.pass(90);
    psrm.news("web", notify("WATCHDOG=1"));
  }
  expect(psrm.unit("web").start).toBe(1);
  psrm.pass(100);
  expect(psrm.unit("web").start).toBe(2);
  expect(psrm.effects.some(({ type }) => type === "signal")).toBe(false);
  psrm.news("web", notify("WATCHDOG=trigger"));
  psrm.pass(200);
  expect(psrm.unit("web").start).toBeGreaterThanOrEqual(3);
});

test("a board that stood still itself does not call its services silent", () => {
  const psrm = started({ alive: { by: "watchdog", everyMs: 100 } });
  psrm.nowUs += 500_000; // the whole board was stopped; the service's message waits in the socket
  psrm.feed({ type: "timer-fired" });
  expect(psrm.unit("web").start).toBe(1);
  psrm.news("web", notify("WATCHDOG=1"));
  psrm.pass(99);
  expect(psrm.unit("web").start).toBe(1);
  psrm.pass(1);
  expect(psrm.unit("web").start).toBe(2);
});

test("case 2, nothing: told as trouble, and over when it answers again", () => {
  const alive = { by: "watchdog", everyMs: 100 } as const;
  const psrm = started({ alive, onFailure: { silent: "nothing" } });
  psrm.pass(150);
  expect(psrm.unit("web")).toMatchObject({ state: "trouble", cause: "silent", start: 1 });
  psrm.news("web", notify("WATCHDOG=1"));
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 1 });
});

const tcp = { by: "tcp", port: 80, path: "/", run: [], everyMs: 1_000, withinMs: 200, failures: 3 };
const tcpAlive = { ...tcp, by: "tcp" } as const;

test("case 2 by checks: so many failures in a row, a good answer sets back", () => {
  const psrm = started({ alive: tcpAlive, onFailure: { silent: "move" }, group: "g" });
  const answer = (failure: string | undefined): void => {
    psrm.pass(1_000);
    psrm.news("web", { type: "check-answered", check: psrm.unit("web").check, failure });
  };
  for (const failure of ["no", "no", undefined, "no", "no"]) answer(failure);
  expect(psrm.unit("web").state).toBe("running");
  answer("no");
  expect(asked(psrm)).toEqual(["g"]);
  expect(psrm.unit("web")).toMatchObject({ state: "failed", cause: "silent" });
});

test("one question at a time, and answers to older questions change nothing", () => {
  const psrm = started({ alive: { ...tcpAlive, failures: 1 } });
  psrm.pass(5_000);
  expect(psrm.effects.filter(({ type }) => type === "check")).toHaveLength(1);
  psrm.news("web", { type: "check-answered", check: 999, failure: "old" });
  expect(psrm.unit("web").start).toBe(1);
});

test("ready by tcp: asked soon and again, up with the first good answer", () => {
  const psrm = started({ ready: { by: "tcp", port: 80 } });
  const refuse = (): void => {
    const { check } = psrm.unit("web");
    psrm.news("web", { type: "check-answered", check, failure: "ECONNREFUSED" });
  };
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { checkAtUs } = psrm.unit("web");
    const waitMs = ((checkAtUs ?? 0) - psrm.nowUs) / 1000;
    times.push(waitMs);
    psrm.pass(waitMs);
    refuse();
  }
  expect(times).toEqual([2, 2, 4, 8]);
  psrm.pass(20);
  psrm.news("web", { type: "check-answered", check: psrm.unit("web").check, failure: undefined });
  expect(psrm.unit("web").state).toBe("running");
});

test("case 3: reported trouble is told, acted on as configured, and over when it says ok", () => {
  const told = started();
  told.news("web", { type: "trouble-reported", why: "no more licences" });
  expect(told.unit("web")).toMatchObject({ state: "trouble", why: "no more licences" });
  expect(told.changes().at(-1)?.isUp).toBe(true);
  told.news("web", { type: "trouble-over" });
  expect(told.unit("web").state).toBe("running");
  const moved = started({ onFailure: { trouble: "move" }, group: "g" });
  moved.news("web", { type: "trouble-reported", why: "slow" });
  // It still answers, so it is asked to end, not killed.
  expect(moved.effects.some(({ type }) => type === "signal")).toBe(true);
  expect(asked(moved)).toEqual(["g"]);
});

test("case 3 by memory: more than troubleMemoryBytes, over below nine tenths", () => {
  const psrm = started({ limits: { troubleMemoryBytes: 1_000 } });
  const sample = (memoryBytes: number): string => {
    psrm.news("web", { type: "sampled", memoryBytes });
    return psrm.unit("web").state;
  };
  expect([900, 1_001, 950, 899].map(sample)).toEqual(["running", "trouble", "trouble", "running"]);
});

test("a stop asks first and kills the tree after stop.ms", () => {
  const psrm = started({ stop: { ms: 500 } });
  psrm.wild.signal = true;
  psrm.feed({ type: "stop", service: "web", why: "a person" });
  psrm.pass(499);
  expect(psrm.unit("web")).toMatchObject({ phase: "ending", state: "stopping" });
  psrm.pass(1);
  expect(psrm.unit("web")).toMatchObject({ phase: "idle", state: "stopped" });
  expect(logged(psrm)).toContain("service-must-be-killed");
});

test("a stopped service stays stopped whatever its restart policy says", () => {
  const psrm = started();
  psrm.feed({ type: "stop", service: "web", why: "a person" });
  psrm.pass(1_000_000);
  expect(psrm.unit("web")).toMatchObject({ state: "stopped", cause: "ordered", start: 1 });
});

test("a stop during a pause or a start is obeyed", () => {
  const pausing = started({ restart: { backoffMs: 1_000 } });
  pausing.news("web", died(1));
  pausing.feed({ type: "stop", service: "web", why: "a person" });
  pausing.pass(10_000);
  expect(pausing.unit("web")).toMatchObject({ state: "stopped", start: 1 });
  const starting = virtualPsrm([testService({ name: "web" })]);
  starting.wild.spawn = true;
  starting.feed({ type: "start", service: "web", why: "test" });
  starting.feed({ type: "stop", service: "web", why: "test" });
  starting.news("web", { type: "started", pid: 7 });
  expect(starting.unit("web")).toMatchObject({ state: "stopped", phase: "idle", start: 1 });
});

test("a start order while it ends starts it again afterwards", () => {
  const psrm = started();
  psrm.wild.signal = true;
  psrm.feed({ type: "stop", service: "web", why: "test" });
  psrm.feed({ type: "start", service: "web", why: "test" });
  psrm.news("web", died(0));
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 2 });
});

test("a restart order asks it to end and does not count as a failure", () => {
  const psrm = started({ restart: { max: 0 } });
  psrm.feed({ type: "restart", service: "web", why: "new version" });
  expect(psrm.unit("web")).toMatchObject({ state: "running", start: 2, restartsUs: [] });
});

test("STOPPING=1 is told as not up; its end is then judged by the exit code", () => {
  const psrm = started({ restart: { byExitCode: { 0: "done" } }, stop: { ms: 500 } });
  psrm.news("web", notify("STOPPING=1"));
  expect(psrm.changes().at(-1)).toMatchObject({ state: "stopping", isUp: false });
  psrm.news("web", died(0));
  expect(psrm.unit("web").state).toBe("done");
  const stuck = started({ stop: { ms: 500 } });
  stuck.news("web", notify("STOPPING=1"));
  stuck.pass(500);
  expect(stuck.unit("web").start).toBe(2);
});

test("a program that asks to be moved is stopped, then the other boards are asked", () => {
  const psrm = started({ group: "g" });
  psrm.news("web", { type: "move-wanted", why: "my disk is slow" });
  expect(asked(psrm)).toEqual(["g"]);
  expect(psrm.unit("web")).toMatchObject({ state: "failed", cause: "asked" });
});

test("news of an earlier start, and of no service, change nothing", () => {
  const psrm = started();
  psrm.news("web", died(1));
  const before = JSON.stringify(psrm.unit("web"));
  for (const type of ["tree-gone", "trouble-over"] as const) {
    psrm.feed({ type, service: "web", start: 1 });
    psrm.feed({ type, service: "nobody", start: 1 });
  }
  psrm.feed({ type: "exited", service: "web", start: 1, exit: { code: 1, signal: undefined } });
  expect(JSON.stringify(psrm.unit("web"))).toBe(before);
});

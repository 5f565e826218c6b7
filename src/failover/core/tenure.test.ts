import { expect, test } from "bun:test";
import fc from "fast-check";
import { addUs, type MonoUs, monoUs } from "../../base/index.ts";
import {
  createTenure,
  stepTenure,
  type TenureEffect,
  type TenureEvent,
  type TenurePhase,
  type TenureSetting,
  type TenureState,
} from "./tenure.ts";

const t0 = monoUs(1_000_000);
const graceUs = 50_000;
const graceOverUs = addUs(t0, graceUs);
const setting: TenureSetting = {
  group: "web",
  hasAddresses: true,
  cold: ["db", "api"],
  hot: ["cache"],
  graceUs,
};
const active: TenureEvent = { type: "active", epoch: 7 };
const inactive: TenureEvent = { type: "inactive", why: "lease ran out" };
const drain: TenureEvent = { type: "drain", to: 2 };
const timer: TenureEvent = { type: "timer" };
const service = (name: string, isUp: boolean, isGone: boolean): TenureEvent => ({
  type: "service",
  service: name,
  isUp,
  isGone,
});
const up = (name: string): TenureEvent => service(name, true, false);
const ending = (name: string): TenureEvent => service(name, false, false);
const gone = (name: string): TenureEvent => service(name, false, true);

/** `start db`, `role active`, `acquire`: effects as a person reads them. */
function brief(effects: readonly TenureEffect[]): string[] {
  return effects.map((effect) => {
    if ("service" in effect) return `${effect.type} ${effect.service}`;
    if (effect.type === "role") return `role ${effect.role}`;
    if (effect.type === "step") return `step ${effect.step}`;
    return effect.type;
  });
}

type Tenure = {
  readonly state: TenureState;
  readonly give: (event: TenureEvent, now?: MonoUs) => string[];
};

function tenureOf(change: Partial<TenureSetting> = {}): Tenure {
  const state = createTenure({ ...setting, ...change });
  return { state, give: (event, now = t0) => brief(stepTenure(state, event, now)) };
}

/** A tenure brought into a phase; all three services live, except in `standby`. */
function tenureIn(phase: TenurePhase, change: Partial<TenureSetting> = {}): Tenure {
  const tenure = tenureOf(change);
  if (phase !== "standby") tenure.give(active);
  if (phase === "active" || phase === "draining") {
    for (const name of ["cache", "db", "api"]) tenure.give(up(name));
  }
  if (phase === "draining") tenure.give(drain);
  expect(tenure.state.phase).toBe(phase);
  return tenure;
}

const coldStops = ["stop db", "stop api"];
const coldKills = ["kill db", "kill api"];

/** Every cell of the table in tenure.ts: [phase, event, what is done, phase after]. */
const cells: readonly (readonly [TenurePhase, TenureEvent, readonly string[], TenurePhase])[] = [
  [
    "standby",
    active,
    ["role active", "start cache", "start db", "start api", "step services-started", "set-timer"],
    "taking",
  ],
  ["taking", active, [], "taking"],
  ["active", active, [], "active"],
  ["draining", active, [], "draining"],
  ["standby", up("cache"), [], "standby"],
  ["taking", up("cache"), [], "taking"],
  ["active", ending("db"), [], "active"],
  ["draining", ending("db"), [], "draining"],
  ["draining", gone("db"), [], "draining"],
  ["standby", timer, [], "standby"],
  ["taking", timer, ["acquire"], "active"],
  ["active", timer, [], "active"],
  ["draining", timer, [], "draining"],
  ["standby", drain, ["drained"], "standby"],
  [
    "taking",
    drain,
    ["step decided", ...coldStops, "release", "role standby", "drained"],
    "draining",
  ],
  ["active", drain, ["step decided", ...coldStops], "draining"],
  ["draining", drain, [], "draining"],
  ["standby", inactive, [], "standby"],
  ["taking", inactive, [...coldKills, "role standby"], "standby"],
  ["active", inactive, ["release", ...coldKills, "role standby"], "standby"],
  ["draining", inactive, ["release", ...coldKills, "role standby"], "standby"],
];
for (const [phase, event, effects, after] of cells) {
  const what = event.type === "service" ? `${event.service} changed` : event.type;
  test(`${phase}, ${what} (${JSON.stringify(event)}): ${after}`, () => {
    const tenure = tenureIn(phase);
    expect(tenure.give(event, graceOverUs)).toEqual([...effects]);
    expect(tenure.state.phase).toBe(after);
  });
}

test("the address moves when the last service is up, hot ones included", () => {
  const tenure = tenureIn("taking");
  expect(tenure.give(up("db"))).toEqual([]);
  expect(tenure.give(up("api"))).toEqual([]);
  expect(tenure.give(up("cache"))).toEqual(["acquire", "step service-active"]);
  expect(tenure.state.phase).toBe("active");
});

test("services that run already are not waited for: role, starts, address in one step", () => {
  const tenure = tenureOf({ cold: [] });
  tenure.give(up("cache"));
  expect(tenure.give(active)).toEqual([
    "role active",
    "start cache",
    "acquire",
    "step service-active",
  ]);
});

test("a group without services or addresses is active at once and says so", () => {
  const tenure = tenureOf({ cold: [], hot: [], hasAddresses: false });
  expect(tenure.give(active)).toEqual(["role active", "step service-active"]);
  expect(tenure.give(inactive)).toEqual(["role standby"]);
});

test("the timer is set for the end of the grace, and one that comes early moves nothing", () => {
  const state = createTenure(setting);
  const set = stepTenure(state, active, t0).find(({ type }) => type === "set-timer");
  expect(set).toEqual({ type: "set-timer", atUs: graceOverUs });
  expect(stepTenure(state, timer, monoUs(graceOverUs - 1))).toEqual([]);
  expect(state.phase).toBe("taking");
  expect(brief(stepTenure(state, timer, graceOverUs))).toEqual(["acquire"]);
});

test("the timer of an earlier tenure does not open a later one", () => {
  const tenure = tenureIn("taking");
  tenure.give(inactive);
  tenure.give(active, addUs(t0, 10_000));
  expect(tenure.give(timer, graceOverUs)).toEqual([]);
  expect(tenure.state.phase).toBe("taking");
});

test("the epoch is that of the tenure, also of the next one", () => {
  const tenure = tenureIn("active");
  expect(tenure.state.epoch).toBe(7);
  tenure.give(inactive);
  tenure.give({ type: "active", epoch: 9 });
  expect(tenure.state.epoch).toBe(9);
});

test("services that come up late are told once, and once more after a failure", () => {
  const tenure = tenureIn("taking");
  tenure.give(timer, graceOverUs);
  expect(tenure.give(up("db"))).toEqual([]);
  expect(tenure.give(up("api"))).toEqual([]);
  expect(tenure.give(up("cache"))).toEqual(["step service-active"]);
  expect(tenure.give(up("cache"))).toEqual([]);
  expect(tenure.give(gone("db"))).toEqual([]);
  expect(tenure.give(up("db"))).toEqual(["step service-active"]);
});

test("a drain ends when the last cold service is gone: then the address, the role, the word", () => {
  const tenure = tenureIn("draining");
  expect(tenure.give(ending("db"))).toEqual([]);
  expect(tenure.give(gone("db"))).toEqual([]);
  expect(tenure.give(gone("api"))).toEqual(["release", "role standby", "drained"]);
  expect(tenure.give(inactive)).toEqual([...coldKills, "role standby"]);
});

test("a hot service that ends after the drain does not tell it a second time", () => {
  const tenure = tenureIn("draining");
  tenure.give(gone("db"));
  tenure.give(gone("api"));
  expect(tenure.give(gone("cache"))).toEqual([]);
  expect(tenure.give(drain)).toEqual([]);
});

test("a drain cut short by the end of the lease gives the address back first", () => {
  const tenure = tenureIn("draining");
  expect(tenure.give(inactive)[0]).toBe("release");
  expect(tenure.give(gone("db"))).toEqual([]);
  expect(tenure.give(gone("api"))).toEqual([]);
});

test("a second drain in a later tenure is carried out like the first", () => {
  const tenure = tenureIn("draining");
  for (const event of [gone("db"), gone("api"), inactive, active, up("db"), up("api")]) {
    tenure.give(event);
  }
  expect(tenure.state.phase).toBe("active");
  expect(tenure.give(drain)).toEqual(["step decided", ...coldStops]);
  tenure.give(gone("db"));
  expect(tenure.give(gone("api"))).toEqual(["release", "role standby", "drained"]);
});

const anyEvent = fc.oneof(
  fc.record({ type: fc.constant("active" as const), epoch: fc.nat(9) }),
  fc.constant(inactive),
  fc.constant(drain),
  fc.constant(timer),
  fc
    .tuple(fc.constantFrom("db", "api", "cache"), fc.constantFrom(up, ending, gone))
    .map(([name, make]) => make(name)),
);
const anySetting = fc.record({
  group: fc.constant("web"),
  hasAddresses: fc.boolean(),
  cold: fc.subarray(["db", "api"]),
  hot: fc.subarray(["cache"]),
  graceUs: fc.constant(graceUs),
});
const anyRun = fc.array(fc.tuple(anyEvent, fc.nat(graceUs)), { maxLength: 60 });

/** What a watcher of the effects alone knows. */
type Watcher = {
  isHolding: boolean;
  isActiveRole: boolean;
  owed: "drained" | "told" | undefined;
};

function watch(watcher: Watcher, effect: TenureEffect, cold: readonly string[]): void {
  switch (effect.type) {
    case "acquire":
      expect(watcher.isHolding, "acquires what it holds").toBe(false);
      watcher.isHolding = true;
      return;
    case "release":
      watcher.isHolding = false;
      return;
    case "role":
      watcher.isActiveRole = effect.role === "active";
      return;
    case "start":
      if (cold.includes(effect.service)) {
        expect(watcher.isActiveRole, "starts a cold service as a standby").toBe(true);
      }
      return;
    case "drained":
      expect(watcher.owed, "drained without a drain, or twice").toBe("drained");
      expect(watcher.isHolding, "drained with the address here").toBe(false);
      watcher.owed = "told";
      return;
    case "stop":
    case "kill":
    case "step":
    case "set-timer":
      return;
    default:
      effect satisfies never;
  }
}

test("no run of events acquires twice, starts cold services on a standby, or drains wrongly", () => {
  fc.assert(
    fc.property(anySetting, anyRun, (set, run) => {
      const state = createTenure(set);
      const watcher: Watcher = { isHolding: false, isActiveRole: false, owed: undefined };
      const living = new Set<string>();
      let now = t0;
      for (const [event, passedUs] of run) {
        now = addUs(now, passedUs);
        if (event.type === "service" && event.isGone) living.delete(event.service);
        if (event.type === "service" && !event.isGone) living.add(event.service);
        // A drain is one drain however often it is ordered; the end of the lease cuts it short.
        if (event.type === "drain" && state.phase !== "draining") watcher.owed = "drained";
        if (event.type === "inactive") watcher.owed = undefined;
        for (const effect of stepTenure(state, event, now)) watch(watcher, effect, set.cold);
        const { phase } = state;
        if (phase === "standby") {
          expect(watcher.isHolding, "a standby holds the address").toBe(false);
          expect(watcher.isActiveRole, "a standby in the active role").toBe(false);
        }
        if (phase === "active") expect(watcher.isHolding).toBe(set.hasAddresses);
        if (watcher.owed !== undefined) {
          const isTold = phase !== "draining" || !set.cold.some((name) => living.has(name));
          if (isTold) expect(watcher.owed, "a drain that ended is told").toBe("told");
        }
      }
    }),
    { numRuns: 2000 },
  );
});

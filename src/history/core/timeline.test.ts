import { expect, test } from "bun:test";
import { incarnationFromBytes, monoUs, slotId } from "../../base/index.ts";
import { timelineSteps } from "../limits.ts";
import { episodesOf } from "./episodes.ts";
import { addStep, createTimeline, hearSteps, packetsOf, type Timeline } from "./timeline.ts";

const at = (us: number): ReturnType<typeof monoUs> => monoUs(us);

function board(slot: number): Timeline {
  const life = incarnationFromBytes(new Uint8Array(8).fill(slot + 1));
  return createTimeline({ slot: slotId(slot), life });
}

/** Sends all steps of one board to the other; their clocks differ by `skewUs`. */
function tellAll(from: Timeline, to: Timeline, sentUs: number, skewUs: number, wayUs = 200): void {
  for (const packet of packetsOf(from.steps, at(sentUs))) {
    hearSteps(to, packet, { receivedUs: at(sentUs + skewUs + wayUs), errorUs: 1000 });
  }
}

const names = (timeline: Timeline): string[] => timeline.steps.map(({ step }) => step);

test("told steps are placed by their age, with an error that grows with it", () => {
  const [ccn, c2] = [board(0), board(2)];
  addStep(ccn, { step: "fenced", text: "F4" }, at(5_000_000));
  addStep(c2, { step: "detected", text: "silent" }, at(1_000));
  tellAll(ccn, c2, 5_010_000, -4_990_000);
  expect(names(c2)).toEqual(["detected", "fenced"]);
  // Sent after 10 ms, received 200 us later: errs by its way (1000) and by the drift (10).
  expect(c2.steps[1]).toMatchObject({ atUs: 10_200, errorUs: 1010, slot: 0 });
});

test("what is told twice is kept once", () => {
  const [ccn, c2] = [board(0), board(2)];
  addStep(ccn, { step: "fenced", text: "F4" }, at(50));
  tellAll(ccn, c2, 100, 0);
  tellAll(ccn, c2, 300, 0);
  expect(names(c2)).toEqual(["fenced"]);
  expect(c2.counters).toMatchObject({ told: 1, repeated: 1 });
});

test("a slow packet does not turn cause and effect round", () => {
  const [ccn, c2] = [board(0), board(2)];
  const first = addStep(ccn, { step: "fence-ordered", text: "" }, at(1_000));
  const second = addStep(ccn, { step: "fenced", text: "" }, at(1_500));
  const [slow = new Uint8Array()] = packetsOf([first], at(1_000));
  const [fast = new Uint8Array()] = packetsOf([second], at(1_500));
  hearSteps(c2, slow, { receivedUs: at(3_000), errorUs: 2_000 });
  hearSteps(c2, fast, { receivedUs: at(1_600), errorUs: 2_000 });
  expect(names(c2)).toEqual(["fence-ordered", "fenced"]);
});

test("what was before our clock began is dropped and counted", () => {
  const [ccn, c2] = [board(0), board(2)];
  addStep(ccn, { step: "fenced", text: "" }, at(50));
  tellAll(ccn, c2, 10_000, -9_000);
  expect(c2.counters.beforeClock).toBe(1);
  expect(c2.steps).toEqual([]);
});

test("a full timeline loses its oldest, and takes nothing older", () => {
  const [ccn, c2] = [board(0), board(2)];
  addStep(ccn, { step: "fenced", text: "" }, at(5));
  for (let i = 0; i <= timelineSteps; i++) addStep(c2, { step: "evidence", text: "" }, at(100 + i));
  expect(c2.steps).toHaveLength(timelineSteps);
  expect(c2.steps[0]?.number).toBe(2);
  tellAll(ccn, c2, 10, 0, 0);
  expect(c2.counters.tooOld).toBe(1);
});

function takeover(timeline: Timeline, group: string, epoch: number, fromUs: number): void {
  const add = (step: Parameters<typeof addStep>[1]["step"], us: number, text = ""): void =>
    void addStep(timeline, { step, text, group, epoch, about: slotId(1) }, at(fromUs + us));
  addStep(timeline, { step: "detected", text: "slot 1 silent", about: slotId(1) }, at(fromUs));
  add("decided", 50, `model 2N: ${group} goes to slot 2`);
  add("asked", 100);
  add("fence-ordered", 200);
  add("recorded", 300);
  add("service-active", 400);
}

test("a takeover is one story with its evidence, cause, rule, ends and duration", () => {
  const c2 = board(2);
  takeover(c2, "web", 2, 1_000);
  expect(episodesOf(c2)).toMatchObject([
    {
      number: 1,
      kind: "move",
      group: "web",
      epoch: 2,
      from: 1,
      to: 2,
      outcome: "moved",
      cause: "slot 1 silent",
      rule: "model 2N: web goes to slot 2",
      durationUs: 400,
    },
  ]);
  expect(episodesOf(c2)[0]?.steps).toHaveLength(6);
});

test("one dead board makes a story of each of its groups", () => {
  const c2 = board(2);
  takeover(c2, "web", 2, 1_000);
  takeover(c2, "files", 5, 2_000);
  expect(episodesOf(c2).map(({ group, cause }) => [group, cause])).toEqual([
    ["web", "slot 1 silent"],
    ["files", "slot 1 silent"],
  ]);
});

test("a candidate that asks again goes on with its story", () => {
  const c2 = board(2);
  addStep(c2, { step: "asked", text: "", group: "web", epoch: 2 }, at(10));
  addStep(c2, { step: "refused", text: "", group: "web", epoch: 2 }, at(20));
  takeover(c2, "web", 4, 30);
  expect(episodesOf(c2)).toMatchObject([{ epoch: 4, outcome: "moved" }]);
});

test("a service restarted in place is a story of its own; given up, it begins the move", () => {
  const c2 = board(2);
  takeover(c2, "web", 2, 1_000);
  const own = { group: "web", epoch: 2 };
  addStep(c2, { ...own, step: "service-died", text: "exited with code 3" }, at(60_000));
  addStep(c2, { ...own, step: "service-active", text: "ready" }, at(70_000));
  expect(episodesOf(c2)).toMatchObject([
    { kind: "move", durationUs: 400 },
    { kind: "failure", outcome: "recovered", from: 2, cause: "exited with code 3" },
  ]);
  addStep(c2, { ...own, step: "service-failed", text: "gave up" }, at(80_000));
  addStep(c2, { group: "web", epoch: 3, step: "asked", text: "" }, at(81_000));
  expect(episodesOf(c2)).toMatchObject([
    { number: 1 },
    { number: 2 },
    { number: 3, kind: "move", epoch: 3, cause: "gave up", outcome: "unfinished" },
  ]);
});

test("evidence that nothing followed is no story, and old evidence belongs to none", () => {
  const c2 = board(2);
  addStep(c2, { step: "detected", text: "slot 5 silent" }, at(10));
  expect(episodesOf(c2)).toEqual([]);
  takeover(c2, "web", 2, 20_000_000);
  expect(episodesOf(c2)[0]?.cause).toBe("slot 1 silent");
});

// The transition table of core.ts, cell by cell: two boards, the beats written by hand.

import { describe, expect, test } from "bun:test";
import { monoUs, slotId } from "../base/index.ts";
import { type Beat, type BeatPeer, beatPeerFlags, beatReasonExtension } from "../wire/index.ts";
import { step } from "./core.ts";
import type { Effect, Event } from "./core/events.ts";
import { mapOf } from "./core/map.ts";
import { createNetrack, type State } from "./core/state.ts";
import { testDocument } from "./fixtures.ts";

const shape = { hubs: 2, cards: 1 };
const start = 1_000_000;

type Bench = { readonly state: State; now: number; seq: number };

/** Slot 1, a hub, just started at 1 s. */
function newBench(slot = 1): Bench {
  const document = testDocument(shape, slot);
  const state = createNetrack({
    document,
    incarnationHi: 1,
    incarnationLo: 11,
    now: monoUs(start),
  });
  const bench = { state, now: start, seq: 100 };
  give(bench, { type: "start" });
  return bench;
}

function give(bench: Bench, event: Event): Effect[] {
  return step(bench.state, event, monoUs(bench.now));
}

/** A beat of slot 0 that proves itself fresh, `over` on top. */
function beatOf(bench: Bench, over: Partial<Beat> = {}, row: Partial<BeatPeer> = {}): Beat {
  const peer: BeatPeer = {
    slot: bench.state.self,
    incarnationHi: 1,
    incarnationLo: 11,
    seqA: bench.state.seq,
    seqB: bench.state.seq,
    flags: beatPeerFlags.hearsA | beatPeerFlags.hearsB | beatPeerFlags.proven,
    ...row,
  };
  return {
    slot: slotId(0),
    network: "A",
    leaving: false,
    degraded: false,
    hub: true,
    outOfTurn: false,
    lostCarrier: { A: false, B: false },
    incarnationHi: 5,
    incarnationLo: 5,
    seq: ++bench.seq,
    configVersion: 1,
    latenessUs: 0,
    peers: [peer],
    extensions: [],
    ...over,
  };
}

function hear(bench: Bench, over: Partial<Beat> = {}, row: Partial<BeatPeer> = {}): Effect[] {
  const beat = beatOf(bench, over, row);
  return give(bench, { type: "beat", network: beat.network, beat });
}

function types(effects: readonly Effect[]): string[] {
  return [...new Set(effects.map(({ type }) => type))].filter((type) => type !== "set-timer");
}

function boardZero(bench: Bench): string | undefined {
  return mapOf(bench.state, monoUs(bench.now)).boards.find(({ slot }) => slot === 0)?.state;
}

/** Lets the timer run on time until `now + ms`. */
function wait(bench: Bench, ms: number): Effect[] {
  const until = bench.now + ms * 1000;
  const out: Effect[] = [];
  while (bench.state.timerUs <= until) {
    bench.now = Math.max(bench.now, bench.state.timerUs);
    out.push(...give(bench, { type: "timer" }));
  }
  bench.now = until;
  return out;
}

describe("start", () => {
  test("beats on both networks and sets the timer one beat ahead", () => {
    const state = createNetrack({
      document: testDocument(shape, 1),
      incarnationHi: 1,
      incarnationLo: 1,
      now: monoUs(start),
    });
    const effects = step(state, { type: "start" }, monoUs(start));
    const beats = effects.filter(({ type }) => type === "send-beat");
    expect(beats.map((e) => (e.type === "send-beat" ? [e.beat.network, e.beat.seq] : []))).toEqual([
      ["A", 1],
      ["B", 1],
    ]);
    expect(effects.at(-1)).toEqual({ type: "set-timer", atUs: monoUs(start + 10_000) });
  });
});

describe("a beat that does not count", () => {
  const cases: readonly (readonly [string, Partial<Beat>, Partial<BeatPeer>, string])[] = [
    ["of a slot the chassis does not have", { slot: slotId(9) }, {}, "unknownSlot"],
    ["of our own slot", { slot: slotId(1) }, {}, "ownSlot"],
    ["without an echo of our life", {}, { incarnationLo: 12 }, "unproven"],
    ["with an echo that is too old", {}, { seqA: 0xffffff00, seqB: 0xffffff00 }, "unproven"],
    ["with an echo of what we have not sent yet", {}, { seqA: 999, seqB: 999 }, "unproven"],
    ["without a life", { incarnationHi: 0, incarnationLo: 0 }, {}, "staleIncarnation"],
  ];
  for (const [name, over, row, counter] of cases) {
    test(`${name} is counted and makes nobody alive`, () => {
      const bench = newBench();
      hear(bench, over, row);
      expect(bench.state.counters).toMatchObject({ [counter]: 1, beatsAccepted: 0 });
      expect(boardZero(bench)).toBe("unknown");
    });
  }

  test("on the other network than it says is counted as crossed cables", () => {
    const bench = newBench();
    give(bench, { type: "beat", network: "B", beat: beatOf(bench) });
    expect(bench.state.counters).toMatchObject({ wrongNetwork: 1, beatsAccepted: 0 });
  });

  test("of an io-card at an io-card is none of its business", () => {
    const wide = { hubs: 1, cards: 2 };
    const state = createNetrack({
      document: testDocument(wide, 1),
      incarnationHi: 1,
      incarnationLo: 11,
      now: monoUs(start),
    });
    const bench: Bench = { state, now: start, seq: 1 };
    hear(bench, { slot: slotId(2) });
    expect(state.counters.notForUs).toBe(1);
  });

  test("twice, or older than what was heard, does not extend a life", () => {
    const bench = newBench();
    const beat = beatOf(bench);
    give(bench, { type: "beat", network: "A", beat });
    give(bench, { type: "beat", network: "A", beat });
    give(bench, { type: "beat", network: "A", beat: { ...beat, seq: beat.seq - 5 } });
    give(bench, { type: "beat", network: "B", beat: { ...beat, network: "B", seq: beat.seq - 5 } });
    expect(bench.state.counters).toMatchObject({ beatsAccepted: 1, duplicate: 1, oldSequence: 2 });
  });
});

describe("a beat that counts", () => {
  test("makes a board and its path up at first contact", () => {
    const bench = newBench();
    const effects = hear(bench);
    expect(boardZero(bench)).toBe("up");
    expect(effects.filter(({ type }) => type === "changed").length).toBeGreaterThan(1);
  });

  test("of the first hub is the signal to beat as well, once per beat and never out of turn", () => {
    const bench = newBench();
    hear(bench);
    bench.now += 9000;
    const isTick = (effects: Effect[]): boolean =>
      effects.some((e) => e.type === "send-beat" && !e.beat.outOfTurn);
    expect(isTick(hear(bench, { outOfTurn: true }))).toBe(false);
    expect(isTick(hear(bench))).toBe(true);
    expect(isTick(hear(bench))).toBe(false);
    expect(bench.state.nextTickUs - bench.now).toBe(12_500);
  });

  test("hands on what other modules sent, and the CCN's version when it changes", () => {
    const bench = newBench();
    const extensions = [{ type: 7, bytes: new Uint8Array([1]) }];
    expect(types(hear(bench, { extensions }))).toContain("extensions");
    const told = hear(bench, { extensions }).find(({ type }) => type === "extensions");
    expect(told).toMatchObject({ from: 0, seq: bench.seq, echoedSeq: expect.any(Number) });
    expect(types(hear(bench, { configVersion: 2 }))).toContain("ccn-version");
    expect(
      types(hear(bench, { configVersion: 2, extensions: [beatReasonExtension("x")] })),
    ).not.toContain("ccn-version");
  });

  test("carries the numbers over the end of 32 bits", () => {
    const bench = newBench();
    bench.seq = 0xfffffffe;
    hear(bench);
    hear(bench, { seq: 0 });
    hear(bench, { seq: 1 });
    expect(bench.state.counters).toMatchObject({ beatsAccepted: 3, oldSequence: 0 });
  });
});

describe("the timer", () => {
  test("takes a path down after silentMs and not before, and tells it out of turn", () => {
    const bench = newBench();
    hear(bench);
    hear(bench, { network: "B" });
    wait(bench, 36);
    expect(boardZero(bench)).toBe("up");
    const effects = wait(bench, 1.1);
    expect(boardZero(bench)).toBe("down");
    expect(effects.some((e) => e.type === "send-beat" && e.beat.outOfTurn)).toBe(true);
  });

  test("that is late drains before anybody is judged; then all silences begin anew", () => {
    const bench = newBench();
    hear(bench);
    bench.now += 80_000;
    expect(types(give(bench, { type: "timer" }))).toEqual(["send-beat", "drain", "alarm"]);
    expect(boardZero(bench)).toBe("up");
    give(bench, { type: "drained" });
    wait(bench, 36);
    expect(boardZero(bench)).toBe("up");
    wait(bench, 2);
    expect(boardZero(bench)).toBe("down");
  });

  test("adds its own lateness to the deadline", () => {
    const bench = newBench();
    hear(bench);
    hear(bench, { network: "B" });
    wait(bench, 29);
    bench.now = bench.state.timerUs + 4000;
    give(bench, { type: "timer" });
    bench.now = start + 38_000;
    give(bench, { type: "timer" });
    expect(boardZero(bench)).toBe("up");
    wait(bench, 4);
    expect(boardZero(bench)).toBe("down");
  });

  test("that was busy, not stopped, drains, and the deadline moves by its lateness only", () => {
    const bench = newBench();
    hear(bench);
    hear(bench, { network: "B" });
    wait(bench, 29);
    bench.now = bench.state.timerUs + 8000;
    expect(types(give(bench, { type: "timer" }))).toContain("drain");
    give(bench, { type: "drained" });
    expect(boardZero(bench)).toBe("up");
    bench.now = start + 44_000;
    give(bench, { type: "timer" });
    expect(boardZero(bench)).toBe("up");
    wait(bench, 2);
    expect(boardZero(bench)).toBe("down");
  });

  test("ends a drain that nobody answers", () => {
    const bench = newBench();
    hear(bench);
    bench.now += 80_000;
    give(bench, { type: "timer" });
    wait(bench, 200);
    expect(bench.state.drainUs).toBe(-1);
    expect(boardZero(bench)).toBe("down");
  });

  test("is never set into the past while draining: no busy loop", () => {
    const bench = newBench();
    hear(bench);
    bench.now += 80_000;
    give(bench, { type: "timer" });
    expect(bench.state.timerUs).toBeGreaterThan(bench.now);
  });
});

describe("other events", () => {
  test("drained without a drain changes nothing", () => {
    const bench = newBench();
    hear(bench);
    wait(bench, 20);
    give(bench, { type: "drained" });
    wait(bench, 18);
    expect(
      mapOf(bench.state, monoUs(bench.now)).paths.find(
        (p) => p.to === 1 && p.from === 0 && p.network === "A",
      )?.up,
    ).toBe(false);
  });

  test("a lost carrier takes own paths down at once and is told; again is nothing new", () => {
    const bench = newBench();
    hear(bench);
    hear(bench, { network: "B" });
    bench.now += 2000;
    const effects = give(bench, { type: "carrier", network: "A", up: false });
    const told = effects.flatMap((e) =>
      e.type === "send-beat" ? [[e.beat.network, e.beat.lostCarrier.A]] : [],
    );
    expect(told).toEqual([
      ["A", true],
      ["B", true],
    ]);
    const paths = mapOf(bench.state, monoUs(bench.now)).paths.filter(
      (p) => p.network === "A" && (p.from === 1 || p.to === 1) && (p.from === 0 || p.to === 0),
    );
    expect(paths.map(({ up }) => up)).toEqual([false, false]);
    expect(give(bench, { type: "carrier", network: "A", up: false })).toEqual([]);
  });

  test("a peer's lost carrier takes its path down at once", () => {
    const bench = newBench();
    hear(bench);
    hear(bench, { network: "B" });
    const effects = hear(bench, { network: "B", lostCarrier: { A: true, B: false } });
    expect(
      effects.some((e) => e.type === "changed" && e.change.type === "path" && !e.change.up),
    ).toBe(true);
  });

  test("leaving, degraded and well are told in the next beats, at once", () => {
    const bench = newBench();
    bench.now += 2000;
    const beats = (effects: Effect[]): Beat[] =>
      effects.flatMap((e) => (e.type === "send-beat" ? [e.beat] : []));
    expect(beats(give(bench, { type: "leaving" }))[0]).toMatchObject({
      leaving: true,
      outOfTurn: true,
    });
    bench.now += 2000;
    expect(beats(give(bench, { type: "degraded", reason: "hot" }))[0]).toMatchObject({
      degraded: true,
      extensions: [{ type: 1 }],
    });
    bench.now += 2000;
    expect(beats(give(bench, { type: "well" }))[0]).toMatchObject({
      degraded: false,
      leaving: false,
      extensions: [],
    });
  });

  test("a module's news go out at once, within the bounds of news", () => {
    const bench = newBench();
    bench.now += 2000;
    const beats = (effects: Effect[]): Effect[] => effects.filter((e) => e.type === "send-beat");
    expect(beats(give(bench, { type: "news" }))).toHaveLength(2);
    bench.now += 100;
    expect(beats(give(bench, { type: "news" }))).toHaveLength(0);
  });

  test("a document takes boards and timing over and keeps what is known; another slot's is ignored", () => {
    const bench = newBench();
    hear(bench);
    give(bench, { type: "document", document: testDocument({ hubs: 2, cards: 3 }, 1, 2) });
    expect(mapOf(bench.state, monoUs(bench.now))).toMatchObject({
      configVersion: 2,
      boards: { length: 5 },
    });
    expect(boardZero(bench)).toBe("up");
    give(bench, { type: "document", document: testDocument(shape, 2, 3) });
    expect(bench.state.document.version).toBe(2);
  });

  test("news are bounded: a storm of changes sends no more than the budget out of turn", () => {
    const bench = newBench();
    for (let i = 0; i < 200; i++) {
      bench.now += 40;
      give(bench, { type: i % 2 === 0 ? "leaving" : "well" });
    }
    expect(bench.state.counters.outOfTurnSent).toBeLessThanOrEqual(11);
  });
});

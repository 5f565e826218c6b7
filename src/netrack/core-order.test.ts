// Any order of events, beats of any content among them.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { type MonoUs, monoUs, type NetworkId, slotId } from "../base/index.ts";
import type { Beat } from "../wire/index.ts";
import { step } from "./core.ts";
import type { Event } from "./core/events.ts";
import { mapOf } from "./core/map.ts";
import { createNetrack } from "./core/state.ts";
import { testDocument } from "./fixtures.ts";

const plainBeat: Beat = {
  slot: slotId(0),
  network: "A",
  leaving: false,
  degraded: false,
  hub: true,
  outOfTurn: false,
  lostCarrier: { A: false, B: false },
  incarnationHi: 5,
  incarnationLo: 5,
  seq: 1,
  configVersion: 1,
  latenessUs: 0,
  peers: [],
  extensions: [],
};

test("no order of events makes the core throw, send the past, or forget its timer", () => {
  const beat = fc.record({
    slot: fc.nat(4),
    network: fc.constantFrom<NetworkId>("A", "B"),
    life: fc.nat(2),
    seq: fc.nat(20),
    echo: fc.nat(40),
    flags: fc.nat(0xffff),
    leaving: fc.boolean(),
    lost: fc.boolean(),
  });
  const event = fc.oneof(
    fc.record({ beat }),
    fc.record({
      other: fc.constantFrom<Event>(
        { type: "timer" },
        { type: "drained" },
        { type: "leaving" },
        { type: "well" },
        { type: "carrier", network: "A", up: false },
        { type: "carrier", network: "A", up: true },
        { type: "carrier", network: "B", up: false },
      ),
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat(30_000)), { maxLength: 120 }), (events) => {
      const state = createNetrack({
        document: testDocument({ hubs: 2, cards: 1 }, 1),
        incarnationHi: 1,
        incarnationLo: 11,
        now: monoUs(1_000_000),
      });
      let nowUs = 1_000_000;
      step(state, { type: "start" }, monoUs(nowUs));
      for (const [what, waitUs] of events) {
        nowUs += waitUs;
        const now: MonoUs = monoUs(nowUs);
        if ("beat" in what) {
          const { slot, network, life, seq, echo, flags, leaving, lost } = what.beat;
          const row = {
            slot: slotId(1),
            incarnationHi: 1,
            incarnationLo: 11,
            seqA: echo,
            seqB: echo,
            flags,
          };
          const over = {
            slot: slotId(slot),
            network,
            incarnationLo: life,
            seq,
            leaving,
            peers: [row],
            lostCarrier: { A: lost, B: false },
          };
          step(state, { type: "beat", network, beat: { ...plainBeat, ...over } }, now);
        } else {
          step(state, what.other, now);
        }
        expect(state.timerUs).toBeGreaterThan(0);
        expect(state.nextTickUs - nowUs).toBeLessThanOrEqual(12_500);
        mapOf(state, now);
      }
    }),
  );
});

// Every cell of the table in client.ts.

import { describe, expect, test } from "bun:test";
import type { ClientEvent, Phase } from "./types.ts";
import {
  type World,
  ack,
  at,
  conflict,
  down,
  fire,
  nak,
  offer,
  otherAck,
  phases,
  rarp,
  tell,
  up,
} from "./world.test.ts";

// Rows: the phase before; columns: the phase after each event ("." = the same).
const table: Readonly<Record<Phase, string>> = {
  //         up         down offer      ack   otherAck nak       conflict rarp timer
  down: "      selecting .    .          .     .        .         .        .    .",
  selecting: " .         down requesting .     .        .         .        .    .",
  requesting: ".         down .          checking checking selecting . .    .",
  rebooting: " .         down .          bound checking selecting .  .    .",
  checking: "  .         down .          .     .        .         waiting  .    .",
  bound: "     .         down .          .     .        .         .        .    renewing",
  renewing: "  .         down .          bound checking selecting .  .    .",
  rebinding: " .         down .          bound checking selecting .  .    .",
  waiting: "   .         down .          .     .        .         .        .    selecting",
};

describe("every cell of the table", () => {
  const columns: readonly (readonly [string, (w: World) => ClientEvent])[] = [
    ["link-up", () => up],
    ["link-down", () => down],
    ["OFFER", offer],
    ["ACK", ack],
    ["ACK of another address", otherAck],
    ["NAK", nak],
    ["conflict", () => conflict],
    ["RARP answer nobody asked for", () => rarp],
  ];
  for (const phase of phases) {
    const cells = table[phase].trim().split(/\s+/);
    for (const [i, [name, event]] of columns.entries()) {
      test(`${phase}: ${name}`, () => {
        const w = at(phase);
        expect(w.state.phase).toBe(phase);
        tell(w, event(w));
        expect(w.state.phase).toBe(cells[i] === "." ? phase : (cells[i] as Phase));
      });
    }
    test(`${phase}: timer`, () => {
      const w = at(phase);
      fire(w);
      expect(w.state.phase).toBe(cells[8] === "." ? phase : (cells[8] as Phase));
    });
    test(`${phase}: a timer that fires early only sets itself again`, () => {
      const w = at(phase);
      expect(tell(w, { type: "timer-fired" })).toEqual([
        { type: "set-timer", atUs: w.state.dueUs },
      ]);
    });
  }
});

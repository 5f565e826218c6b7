// What no sequence of events may do to an address client.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addUs,
  ipv4FromU32,
  ipv4ToU32,
  macFromBytes,
  type Ipv4,
  type Mac,
} from "../../base/index.ts";
import { type DhcpOption } from "../../wire/index.ts";
import type { ClientEvent } from "./types.ts";
import {
  type World,
  ack,
  address,
  at,
  ccn,
  ccnMac,
  fire,
  nak,
  offer,
  other,
  otherAck,
  own,
  phases,
  reply,
  second,
  tell,
  world,
  zero,
} from "./world.test.ts";

describe("whatever happens", () => {
  const anyIp = fc.oneof(fc.constantFrom(address, ccn, zero), fc.nat(0xffffffff).map(ipv4FromU32));
  const anyMac = fc.constantFrom(own, ccnMac, other, macFromBytes(new Uint8Array(6)));
  const anyOption = fc.record({
    code: fc.constantFrom(1, 43, 50, 51, 53, 54, 58, 59),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom(
        ...[2, 5, 6].map((n) => Uint8Array.of(n)),
        Uint8Array.of(10, 1, 0, 1),
        Uint8Array.of(0, 0, 0, 9),
      ),
    ),
  });
  type Draft = {
    kind: number;
    pick: Ipv4;
    from: Mac;
    options: DhcpOption[];
    good: boolean;
    waitMs: number;
  };
  const draft: fc.Arbitrary<Draft> = fc.record({
    kind: fc.nat(9),
    pick: anyIp,
    from: anyMac,
    options: fc.array(anyOption, { maxLength: 5 }),
    good: fc.boolean(),
    waitMs: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(2_000_000)),
  });

  function eventOf(w: World, d: Draft): ClientEvent {
    const addresses = { sha: d.from, spa: d.pick, tha: own, tpa: address } as const;
    switch (d.kind) {
      case 0:
        return { type: "link-up", mac: d.good ? own : d.from };
      case 1:
        return { type: "link-down" };
      case 2:
        return { type: "arp-received", packet: { op: d.good ? 1 : 2, ...addresses } };
      case 3:
        return { type: "rarp-received", packet: { op: 4, ...addresses } };
      case 4:
        return { type: "prefix-known", prefix: ipv4ToU32(d.pick) % 40 };
      case 5:
        return offer(w);
      case 6:
        return d.good ? ack(w) : otherAck(w);
      case 7:
        return reply(w, d.good ? 5 : 6, { options: d.options, yiaddr: d.pick, xid: w.state.xid });
      case 8:
        return nak(w);
      default:
        return { type: "timer-fired" };
    }
  }

  test("no event throws, orders stay few, and the address on the interface is the one held", () => {
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 80 }), fc.boolean(), (drafts, keep) => {
        const w = world(keep);
        let onInterface: Ipv4 | undefined;
        for (const each of drafts) {
          w.now = addUs(w.now, each.waitMs * 1000);
          const effects = tell(w, eventOf(w, each));
          expect(effects.length).toBeLessThanOrEqual(8);
          for (const effect of effects) {
            if (effect.type === "set-address") onInterface = effect.address;
            if (effect.type === "remove-address") {
              expect(effect.address).toBe(onInterface as Ipv4);
              onInterface = undefined;
            }
          }
          expect(w.state.held?.address).toBe(onInterface as Ipv4);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("alone, a client never sends faster than its pauses allow, and never stops asking", () => {
    fc.assert(
      fc.property(fc.constantFrom(...phases.slice(1)), fc.boolean(), (phase, keep) => {
        const w = at(phase, keep);
        const began = w.now;
        let sent = 0;
        for (let i = 0; i < 200; i++) {
          const before = w.now;
          sent += fire(w).filter((e) => e.type === "send-dhcp").length;
          expect(w.now >= before).toBe(true);
        }
        expect(sent).toBeGreaterThan(20);
        expect((w.now - began) / second).toBeGreaterThan(sent - 20);
      }),
    );
  });
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { parsePortCounters } from "./port-counters.ts";

test("a line of /proc/net/dev is read column by column", () => {
  const text = [
    "Inter-|   Receive                            |  Transmit",
    " face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo",
    "    p7: 11 12 13 14 15 16 17 18 21 22 23 24 25 26 27 28",
    "    lo: 1 2 3",
  ].join("\n");
  expect([...parsePortCounters(text)]).toEqual([
    [
      "p7",
      {
        inOctets: 11,
        inPackets: 12,
        inErrors: 13,
        inDiscards: 14,
        inMulticasts: 18,
        outOctets: 21,
        outPackets: 22,
        outErrors: 23,
        outDiscards: 24,
      },
    ],
  ]);
});

test("any text is read without an error", () => {
  fc.assert(fc.property(fc.string(), (text) => parsePortCounters(text) instanceof Map));
});

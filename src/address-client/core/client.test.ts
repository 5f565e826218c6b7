// What a board sees of its address client: times, messages, addresses.

import { describe, expect, test } from "bun:test";
import { addUs, monoUs, type Mac } from "../../base/index.ts";
import { dhcpFields, dhcpMessageType, dhcpOption, dhcpValue } from "../../wire/index.ts";
import type { ClientEvent } from "./types.ts";
import {
  ack,
  address,
  at,
  ccn,
  ccnMac,
  conflict,
  down,
  fire,
  ip,
  kinds,
  messages,
  nak,
  offer,
  other,
  otherAck,
  rarp,
  reply,
  second,
  tell,
  up,
  world,
  zero,
} from "./world.test.ts";

describe("getting an address", () => {
  test("the first DISCOVER leaves at once and says who we are", () => {
    const w = world();
    const first = tell(w, up)[0];
    if (first?.type !== "send-dhcp") throw new Error("no DISCOVER");
    expect(dhcpMessageType(first.message)).toBe(1);
    expect(dhcpValue(first.message, dhcpFields.vendorClass)).toBe("softset");
    expect(dhcpValue(first.message, dhcpFields.hostName)).toBe("softset-525400000007");
    expect(dhcpValue(first.message, dhcpFields.clientIdentifier)?.toHex()).toBe("01525400000007");
    expect([first.message.flags, String(first.dst), String(first.src)]).toEqual([
      0,
      "255.255.255.255",
      "0.0.0.0",
    ]);
  });

  test("retries come after about 250 ms, 500 ms, 1 s, 2 s, 4 s, 4 s", () => {
    const w = world();
    tell(w, up);
    const pauses: number[] = [];
    for (let i = 0; i < 6; i++) {
      const before = w.now;
      fire(w);
      pauses.push((w.now - before) / 1000);
    }
    for (const [i, wanted] of [250, 500, 1000, 2000, 4000, 4000].entries()) {
      expect(Math.abs((pauses[i] ?? 0) - wanted)).toBeLessThanOrEqual(wanted * 0.2);
    }
  });

  test("an offer becomes an address after two ARP probes, and is announced", () => {
    const w = at("requesting");
    const began = w.now;
    expect(kinds(tell(w, ack(w)))).toEqual(["send-arp", "set-timer"]);
    expect(kinds(fire(w))).toEqual(["send-arp", "set-timer"]);
    const done = fire(w);
    expect(kinds(done)).toEqual([
      "set-address",
      "log",
      "send-arp",
      "send-arp",
      "configuration",
      "set-timer",
    ]);
    expect(done[0]).toEqual({ type: "set-address", address, prefix: 16 });
    expect(w.now - began).toBe(50_000);
    const config = done[4];
    expect(config).toMatchObject({
      source: { kind: "url", url: "http://10.1.0.1:8067/config/v1/slot/7" },
    });
  });

  test("an address held by another board is declined, and asked for again 10 s later", () => {
    const w = at("checking");
    const effects = tell(w, conflict);
    expect(messages(effects)).toEqual([4]);
    const declined = effects.find((e) => e.type === "send-dhcp");
    if (declined?.type !== "send-dhcp") throw new Error("no DECLINE");
    expect(dhcpValue(declined.message, dhcpFields.requestedAddress)).toBe(address);
    expect((w.state.dueUs ?? 0) - w.now).toBe(10 * second);
    expect(messages(fire(w))).toEqual([1]);
  });

  test("the server's own probe for the address is no conflict, another board's is", () => {
    const probe = (sha: Mac): ClientEvent => ({
      type: "arp-received",
      packet: { op: 1, sha, spa: zero, tha: zero as never, tpa: address },
    });
    const w = at("checking");
    tell(w, probe(ccnMac));
    expect(w.state.phase).toBe("checking");
    tell(w, probe(other));
    expect(w.state.phase).toBe("waiting");
  });

  test("after three unanswered DISCOVERs RARP is asked beside DHCP, and its answer used", () => {
    const w = world();
    tell(w, up);
    fire(w);
    expect(kinds(fire(w))).not.toContain("send-rarp");
    expect(kinds(fire(w))).toContain("send-rarp");
    tell(w, rarp);
    fire(w);
    const done = fire(w);
    expect(w.state.phase).toBe("bound");
    expect(done.find((e) => e.type === "configuration")).toEqual({
      type: "configuration",
      source: { kind: "server", server: ccn },
    });
    expect(w.state.held?.source).toBe("rarp");
    expect(tell(w, { type: "prefix-known", prefix: 16 })).toEqual([
      { type: "set-address", address, prefix: 16 },
    ]);
    // DHCP is asked again later while the address stays.
    expect(messages(fire(w))).toEqual([1]);
    expect(w.state.held?.address).toBe(address);
    tell(w, offer(w));
    tell(w, ack(w));
    expect([w.state.phase, w.state.held?.source]).toEqual(["bound", "dhcp"]);
  });

  test("an offer that is not answered is given up after four REQUESTs", () => {
    const w = at("requesting");
    const sent = [1, 2, 3, 4].map(() => messages(fire(w))[0]);
    expect(sent).toEqual([3, 3, 3, 1]);
  });

  test("answers to others, to older questions and without sense are ignored", () => {
    const w = at("selecting");
    const foreign: readonly ClientEvent[] = [
      reply(w, 2, { chaddr: other }),
      reply(w, 2, { xid: (w.state.xid + 1) >>> 0 }),
      reply(w, 2, { op: 1 }),
      reply(w, 2, { options: [] }),
      ...["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"].map((bad) =>
        reply(w, 2, { yiaddr: ip(bad) }),
      ),
    ];
    for (const event of foreign) {
      expect(tell(w, event)).toEqual([]);
      expect(w.state.phase).toBe("selecting");
    }
  });
});

describe("keeping and losing an address", () => {
  test("renewal goes to the server alone at T1, to everybody at T2", () => {
    const w = at("bound");
    const renew = fire(w).find((e) => e.type === "send-dhcp");
    if (renew?.type !== "send-dhcp") throw new Error("no REQUEST");
    expect([renew.dst, renew.dstMac, renew.src]).toEqual([ccn, ccnMac, address]);
    expect(renew.message.ciaddr).toBe(address);
    const rebind = at("rebinding").effects.find((e) => e.type === "send-dhcp");
    if (rebind?.type !== "send-dhcp") throw new Error("no REQUEST");
    expect([String(rebind.dst), rebind.src]).toEqual(["255.255.255.255", address]);
    expect(w.state.held?.renewUs).toBe(addUs(w.state.held?.expireUs ?? monoUs(0), -500 * second));
  });

  test("a renewed lease counts from when the request left", () => {
    const w = at("renewing");
    const sent = w.state.sentUs;
    w.now = addUs(w.now, 900_000);
    tell(w, ack(w));
    expect(w.state.held?.expireUs).toBe(addUs(sent, 1000 * second));
    expect(kinds(w.effects)).not.toContain("set-address");
  });

  test("a NAK takes the address away and asks at once; a second NAK waits", () => {
    const w = at("rebooting");
    const effects = tell(w, nak(w));
    expect(kinds(effects)).toContain("remove-address");
    expect(messages(effects)).toEqual([1]);
    tell(w, offer(w));
    expect(messages(tell(w, nak(w)))).toEqual([]);
    expect([w.state.phase, (w.state.dueUs ?? 0) - w.now]).toEqual(["waiting", 250_000]);
  });

  test("a moved board gets the new slot's address: link down and up, NAK, new address", () => {
    const w = at("bound");
    tell(w, down);
    expect(messages(tell(w, up))).toEqual([3]);
    tell(w, nak(w));
    tell(w, reply(w, 2, { yiaddr: ip("10.1.1.9") }));
    tell(w, otherAck(w));
    fire(w);
    expect(fire(w)[0]).toEqual({ type: "set-address", address: ip("10.1.1.9"), prefix: 16 });
  });

  test("a link told again while bound is a flap too quick to see: asked about once a second", () => {
    const w = at("bound");
    w.now = addUs(w.now, 2 * second);
    expect(messages(tell(w, up))).toEqual([3]);
    tell(w, ack(w));
    expect(w.state.phase).toBe("bound");
    expect(messages(tell(w, up))).toEqual([]);
  });

  test("a link that comes back while the CCN is away keeps the address", () => {
    const w = at("rebooting");
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) seen.push(...kinds(fire(w)));
    expect(seen).not.toContain("remove-address");
    expect(w.state.phase).toBe("rebinding");
  });

  test("at the end of an unanswered lease the address is kept, or removed if so told", () => {
    for (const keep of [true, false]) {
      const w = at("rebinding", keep);
      const end = w.state.held?.expireUs ?? monoUs(0);
      const seen: string[] = [];
      while (w.state.phase === "rebinding") seen.push(...kinds(fire(w)));
      expect(w.now).toBe(end);
      expect(seen.includes("remove-address")).toBe(!keep);
      expect(w.state.held === undefined).toBe(!keep);
    }
  });

  test("a lease that ends without a link is noticed too", () => {
    const w = at("bound", false);
    tell(w, down);
    expect(kinds(fire(w))).toContain("remove-address");
  });

  test("a held address is defended once in ten seconds", () => {
    const w = at("bound");
    const defended = [0, 1, 10].map((s) => {
      w.now = addUs(w.now, s * second);
      return kinds(tell(w, conflict)).includes("send-arp");
    });
    expect(defended).toEqual([true, false, true]);
  });

  test("a lease of no time cannot make a board ask without end", () => {
    const w = at("requesting");
    const options = [
      dhcpOption(dhcpFields.messageType, 5),
      dhcpOption(dhcpFields.serverIdentifier, ccn),
      dhcpOption(dhcpFields.leaseTime, 0),
    ];
    tell(w, reply(w, 5, { options }));
    fire(w);
    fire(w);
    expect((w.state.dueUs ?? 0) - w.now).toBeGreaterThan(4 * second);
  });
});

// Every mistake of groups and services, with the exact text its writer reads.

import { describe, expect, test } from "bun:test";
import { bent, changed, duo, mistakes, told } from "./sample.test.ts";

// Each row: what is wrong, what is replaced in `good`, by what, the whole text without file and line.
const rows: readonly (readonly [string, string, string, string])[] = [
  [
    "a slot without a board",
    "on: [1, 2]",
    "on: [1, 9]",
    "groups.web.on: slot 9 has no board; slots has 1, 2, 3, 4",
  ],
  [
    "the CCN as a place",
    "on: [1, 2]",
    "on: [0, 1]",
    'groups.web.on.0: "0": slot 0 is the CCN itself; slots are 1 to 63',
  ],
  ["a slot twice", "on: [1, 2]", "on: [1, 1]", "groups.web.on.1: slot 1 twice; name it once"],
  [
    "a standby without a slot",
    "on: [1, 2]",
    "on: [1], model: 2N",
    "groups.web.on: model 2N needs 2 slots at least; on has 1: add a slot",
  ],
  [
    "N+M with two slots",
    "on: [1, 2]",
    "on: [1, 2], model: N+M",
    "groups.web.on: model N+M needs 3 slots at least; on has 2: add a slot",
  ],
  [
    "no redundancy on two slots",
    "on: [1, 2]",
    "on: [1, 2], model: none",
    "groups.web.on: model none uses one slot; on has 2: give one slot, or model: 2N",
  ],
  [
    "an unknown model",
    "on: [1, 2]",
    "on: [1, 2], model: N+2",
    'groups.web.model: "N+2" is not a model; give none, 2N, N+1, N+M, all-active',
  ],
  [
    "no spare in the pool",
    "addresses: [192.168.1.10/24] }",
    "model: N+1 }\n  feed: { on: [1, 2], model: N+1 }",
    "groups.feed.on: web, feed need 2 + 1 slots between them; they have 2: add a slot, or give model: 2N",
  ],
  [
    "an address inside network A",
    "192.168.1.10/24",
    "10.1.1.10/24",
    "groups.web.addresses.0: 10.1.1.10/24 overlaps network A, 10.1.0.0/16; a public address needs a subnet of its own",
  ],
  [
    "a subnet that swallows network B",
    "192.168.1.10/24",
    "20.9.1.10/8",
    "groups.web.addresses.0: 20.9.1.10/8 overlaps network B, 20.1.0.0/16; a public address needs a subnet of its own",
  ],
  [
    "an address twice",
    "[192.168.1.10/24] }",
    "[192.168.1.10/24] }\n  b: { on: [1, 2], addresses: [192.168.1.10/24] }",
    "groups.b.addresses.0: 192.168.1.10 belongs to group web already; an address moves with one group",
  ],
  [
    "an address without prefix",
    "192.168.1.10/24",
    "192.168.1.10",
    'groups.web.addresses.0: "192.168.1.10" is not an address with a prefix of 8 to 32; write 192.168.1.10/24',
  ],
  [
    "a broadcast address",
    "192.168.1.10/24",
    "192.168.1.255/24",
    "groups.web.addresses.0: 192.168.1.255 is the network or broadcast address of its subnet of prefix 24; give a host's address",
  ],
  [
    "a loopback address",
    "192.168.1.10/24",
    "127.0.0.1/8",
    "groups.web.addresses.0: 127.0.0.1 is no address of a host; give one such as 192.168.1.10/24",
  ],
  [
    "a multicast MAC",
    "[192.168.1.10/24]",
    "[{ address: 192.168.1.10/24, mac: 01:00:5e:00:00:01 }]",
    "groups.web.addresses.0.mac: 01:00:5e:00:00:01 is a multicast MAC; give one such as 02:53:42:00:00:0a",
  ],
  [
    "a MAC twice",
    "[192.168.1.10/24]",
    "[{ address: 192.168.1.10/24, mac: 02:00:00:00:00:01 }, { address: 192.168.1.11/24, mac: 02:00:00:00:00:01 }]",
    "groups.web.addresses.1.mac: 02:00:00:00:00:01 belongs to 192.168.1.10 already; give each address its own",
  ],
  [
    "an address on all boards at once",
    "on: [1, 2]",
    "model: all-active, on: [1, 2]",
    "groups.web.addresses: an address is on one board at a time, all-active is on all; give the address to a group of its own",
  ],
  [
    "apart from a group that is not there",
    "on: [1, 2]",
    "apart: feed, on: [1, 2]",
    "groups.web.apart: no group feed; there are web",
  ],
  [
    "apart and together at once",
    "addresses: [192.168.1.10/24] }",
    "apart: b, together: b }\n  b: { on: [1, 2] }",
    "groups.web.apart: b is in together too; take one of them away",
  ],
  [
    "apart from a group that moves along through a third",
    "addresses: [192.168.1.10/24] }",
    "apart: c, together: b }\n  b: { on: [1, 2], together: c }\n  c: { on: [1, 2] }",
    "groups.web.apart: c is in together too; take one of them away",
  ],
  [
    "together on other slots",
    "addresses: [192.168.1.10/24] }",
    "together: b }\n  b: { on: [2, 1] }",
    "groups.b.together: web has another on or model; groups that move together need the same on and model",
  ],
  [
    "a service of an unknown group",
    "group: web }",
    "group: wbe }",
    "services.web.group: no group wbe; there are web",
  ],
  [
    "a service that is nowhere",
    ", group: web }",
    " }",
    "services.web: nowhere to run; give its group, or on: [1, 2] to run on all of these",
  ],
  [
    "a service with two places",
    "group: web }",
    "group: web, on: [1] }",
    "services.web.on: its group says where it runs; take on or group away",
  ],
  [
    "a command for a shell",
    "/bin/web --port 80",
    '"/bin/web > /var/log/web"',
    "services.web.run: the shell character > in a command, but no shell reads it; write a list of words, or [/bin/sh, -c, LINE]",
  ],
  [
    "a program without its path",
    "/bin/web --port 80",
    "web --port 80",
    'services.web.run: "web" is not an absolute path of a program; write /usr/bin/web',
  ],
  [
    "no program at all",
    "run: /bin/web --port 80, ",
    "",
    "services.web.run: missing; give a program and its arguments, /usr/bin/web --port 80",
  ],
  [
    "a watchdog the board itself could miss",
    "group: web }",
    "group: web, alive: { watchdogMs: 20 } }",
    "services.web.alive.watchdogMs: 20 is less than 10 * lateMs = 50: the board itself may be late; give at least 50",
  ],
  [
    "a question longer than its interval",
    "group: web }",
    "group: web, alive: { tcp: 80, everyMs: 100, withinMs: 200 } }",
    "services.web.alive.withinMs: 200 is more than everyMs = 100; a question ends before the next",
  ],
  [
    "an unknown way to be ready",
    "group: web }",
    "group: web, ready: { udp: 53 } }",
    "services.web.ready: not a way to be ready; write alive, notify, { tcp: 80 }, { http: 80 } or { command: /bin/check }",
  ],
  [
    "an unknown way to be alive",
    "group: web }",
    "group: web, alive: { udp: 53 } }",
    "services.web.alive: not a way to be alive; write alive, { watchdogMs: 1000 }, { tcp: 80 }, { http: 80 } or { command: ... }",
  ],
  [
    "an unknown action",
    "group: web }",
    "group: web, onFailure: { dead: reboot } }",
    "services.web.onFailure.dead: this is not an action; give restart, move, nothing",
  ],
  [
    "restarts that are never too many",
    "group: web }",
    "group: web, restart: { backoffMs: 5000, windowMs: 20000 } }",
    "services.web.restart.windowMs: 20000 is too short: the pauses before restart 4 last 20000 ms, too often would never be; give more than 20000",
  ],
  [
    "a pause over its own bound",
    "group: web }",
    "group: web, restart: { backoffMs: 500, backoffMaxMs: 100 } }",
    "services.web.restart.backoffMaxMs: 100 is less than backoffMs = 500; give at least 500",
  ],
  [
    "an exit code beyond 255",
    "group: web }",
    "group: web, restart: { byExitCode: { 300: move } } }",
    "services.web.restart.byExitCode.300: 300 is no exit code; they are 0 to 255",
  ],
  [
    "after a service that is not there",
    "group: web }",
    "group: web, after: db }",
    "services.web.after: no service db; there are web",
  ],
  [
    "after a service on other boards",
    "group: web }",
    "group: web, after: db }\n  db: { run: /bin/db, on: [1] }",
    "services.web.after: db does not run on the same boards; give both one group, or let the first run on every slot of the second",
  ],
  [
    "a circle",
    "group: web }",
    "group: web, after: b }\n  b: { run: /bin/b, group: web, after: c }\n  c: { run: /bin/c, group: web, after: web }",
    "services.web.after: web after b after c after web: a circle; take one after away",
  ],
  [
    "an unknown key of a service",
    "group: web }",
    "group: web, enviroment: {} }",
    "services.web.enviroment: unknown key; did you mean environment?",
  ],
  [
    "a variable with a bad name",
    "group: web }",
    "group: web, environment: { 1A: x } }",
    "services.web.environment.1A: not a variable; use letters, digits and _; at most 1024 characters of text",
  ],
  [
    "a size of text",
    "group: web }",
    "group: web, limits: { memoryBytes: much } }",
    'services.web.limits.memoryBytes: "much" is not a size; give bytes, or a number with K, M or G, up to 1024G',
  ],
];

describe("mistakes are told with what would be right", () => {
  for (const [what, from, to, text] of rows) {
    test(what, () => expect(told(bent(from, to))).toContain(text));
  }
  test("with line and column", () => {
    expect(mistakes(bent("on: [1, 2]", "on: [1, 9]"))).toEqual([
      "chassis.yaml:22:14: groups.web.on: slot 9 has no board; slots has 1, 2, 3, 4",
    ]);
  });

  test("a mistake in a group hides none in its services, and makes none", () => {
    const text = bent("on: [1, 2]", "on: [1, x]").replace("--port 80", "| tee");
    expect(told(text).map((line) => line.split(": ")[0])).toEqual([
      "groups.web.on.1",
      "services.web.run",
    ]);
  });

  test("two voters are too few for a standby", () => {
    const text = `${changed("  3: {", "  2: { role: io-card, portA: 1/0/2, portB: 2 }\n  3: {")}groups:\n  g: { on: [2, 3] }\n`;
    expect(told(text)).toEqual([
      "groups.g.on: model 2N needs 3 voters, two controllers and the CCN; there are 1: add a controller, or give model: none and one slot",
    ]);
  });

  test("too many groups, services and rules are refused", () => {
    const many = (section: string, count: number): string =>
      `${duo}${section}:\n${Array.from({ length: count }, (_, i) => `  x${i}: {}\n`).join("")}`;
    expect(told(many("groups", 65))).toEqual(["groups: 65 groups; at most 64"]);
    expect(told(many("services", 129))).toEqual(["services: 129 services; at most 128"]);
    expect(told(many("rules", 65))).toEqual(["rules: 65 rules; at most 64"]);
  });
});

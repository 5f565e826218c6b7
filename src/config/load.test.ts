// The chassis file as its writer meets it: defaults, and every mistake with its place.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readdirSync } from "node:fs";
import { err, ok } from "../base/index.ts";
import { configErrorText, loadChassis, loadChassisFile } from "./index.ts";
import { base, changed, load, mistakes } from "./sample.test.ts";

const v3 = (rest: string): string =>
  changed("{ version: 2c, community: hush }", `{ version: 3, user: u, ${rest} }`);

describe("a good file", () => {
  test("gets addresses, names and intervals nobody wrote", () => {
    const chassis = load(base);
    const card = chassis.boards[2];
    expect(card?.name).toBe("card3");
    expect(card?.address).toEqual({ A: "10.1.1.3", B: "20.1.1.3" } as never);
    expect(chassis.boards[0]).toMatchObject({ slot: 0, name: "ccn", role: "ccn" } as never);
    expect(chassis.boards[0]?.port).toEqual({ A: "1/0/47", B: undefined });
    expect(chassis.timing).toEqual({
      beatMs: 10,
      silentMs: 37,
      lateMs: 5,
      netMs: 2,
      upAfterMs: 30,
      flapMax: 3,
      flapWindowMs: 10_000,
      flapHoldMs: 5000,
      lease: {
        leaseMs: 60,
        grantMs: 75,
        stopMs: 8,
        driftPpm: 1000,
        rstMs: 10,
        fenceMs: 20,
        fsyncMs: 10,
        flushMs: 15,
        addrMs: 2,
        offMs: 20,
        replMs: 45,
        holdMs: 250,
        holdMaxMs: 30_000,
        coldMs: 10_000,
        answerMs: 100,
      },
    });
    expect(chassis.provision).toMatchObject({
      httpPort: 8067,
      beatPort: 5343,
      hubsGroup: "239.83.66.1",
      boardsGroup: "239.83.66.2",
    } as never);
    expect(chassis.macs).toBe("any");
  });

  test("keeps switch ports as written, so 1.10 is not 1.1", () => {
    const chassis = load(changed("portB: 3", "portB: 1.10"));
    const slots = [...(chassis.switches[1]?.slotOfPort ?? [])].map(([p, s]) => [p, Number(s)]);
    expect(slots).toEqual([
      ["1", 1],
      ["1.10", 3],
    ]);
  });

  test("may use anchors and aliases", () => {
    const text = changed(
      "sw-b:\n    address: 20.1.0.2\n    snmp: {",
      "sw-b:\n    address: 20.1.0.2\n    snmp: &s {",
    );
    expect(load(text).switches[1]?.snmp).toEqual({ version: 1, community: "hush" });
  });

  test("takes a secret from a file, without its line end", () => {
    const text = v3("authKey: { file: a }, privKey: { file: b }");
    const read = loadChassis(text, "chassis.yaml", (path) => ok(`secret-of-${path}`));
    expect(read.ok && read.value.switches[0]?.snmp).toMatchObject({
      authKey: "secret-of-a",
      privKey: "secret-of-b",
      authProtocol: "sha",
      privProtocol: "aes",
    });
  });
});

describe("SNMP access", () => {
  const noKeys: readonly (readonly [string, string])[] = [
    ["", "snmp.authKey: missing; give a key, or authProtocol: none to go without"],
    ["authKey: short", "snmp.authKey: key too short; SNMP v3 needs at least 8 characters"],
    [
      "authKey: longenough",
      "snmp.privKey: missing; give a key, or privProtocol: none to go without",
    ],
    [
      "authProtocol: none, privProtocol: aes, privKey: longenough",
      "snmp.privProtocol: privacy needs authentication",
    ],
    ["authProtocol: none, authKey: longenough", "snmp.authKey: a key, but authProtocol is none"],
  ];
  for (const [given, text] of noKeys) {
    test(`v3 with "${given}" is refused`, () => {
      expect(mistakes(v3(given)).join("\n")).toContain(text);
    });
  }

  test("v3 without keys is possible when none is written out", () => {
    expect(load(v3("authProtocol: none")).switches[0]?.snmp).toMatchObject({
      privProtocol: "none",
    });
  });

  test("secrets never stand in messages", () => {
    const secret = "Pa55";
    const files = [
      v3(`authKey: ${secret}, privKey: ${secret}`),
      v3(`authKey: [${secret}], privKey: { fil: ${secret} }`),
      changed("community: hush", `community ${secret}`),
      changed("community: hush", secret),
      changed("community: hush", `community: *${secret}`),
      changed("community: hush", `community: !${secret} x`),
      changed("community: hush", `community: "${secret}`),
    ];
    for (const text of files) {
      const told = mistakes(text);
      expect(told.length).toBeGreaterThan(0);
      expect(told.join("\n")).not.toContain(secret);
    }
  });

  test("a secret file that cannot be read is named", () => {
    const text = v3("authKey: { file: gone }, privKey: longenough");
    const read = loadChassis(text, "chassis.yaml", (path) => err(`cannot read ${path}: ENOENT`));
    expect(read.ok ? [] : read.error.map(configErrorText)).toEqual([
      "chassis.yaml:9:43: switches.sw-a.snmp.authKey: cannot read gone: ENOENT",
    ]);
  });
});

describe("hostile files", () => {
  test("an alias bomb, deep nesting and a huge file are refused at once", () => {
    let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (let i = 1; i < 12; i++)
      bomb += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(", ")}]\n`;
    expect(mistakes(bomb).join("\n")).toMatch(/aliases|YAML/);
    expect(mistakes(`chassis: ${"[".repeat(30_000)}`).length).toBeGreaterThan(0);
    expect(mistakes(`chassis: ${"[".repeat(40)}${"]".repeat(40)}`)[0]).toContain("nested deeper");
    expect(mistakes("#".repeat(270_000))[0]).toContain("larger than");
  });

  test("no text makes the loader throw", () => {
    const pieces = fc.constantFrom(
      ...base.split(/(?<=[:\n{},])/),
      "[",
      "]",
      "&a",
      "*a",
      "!!x ",
      "- ",
      "\t",
      '"',
    );
    const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (input) => {
        const loaded = loadChassis(input, "x");
        return loaded.ok || loaded.error.length > 0;
      }),
      { numRuns: 1500 },
    );
  });

  test("a file with one piece missing is refused or fully sound", () => {
    const lines = base.split("\n");
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(30), (line, cut) => {
        const text = lines.map((each, i) => (i === line ? each.slice(0, cut) : each)).join("\n");
        const loaded = loadChassis(text, "x");
        return loaded.ok ? loaded.value.boards.length > 1 : loaded.error.length > 0;
      }),
    );
  });
});

describe("the example files", () => {
  const root = new URL("../../boards/", import.meta.url).pathname;
  const files = [root, `${root}examples/`].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => folder + name),
  );
  const secret = ok("a-secret-of-some-length");
  for (const file of files) {
    test(`${file.slice(root.length)} is a good chassis file`, async () => {
      const loaded = loadChassis(await Bun.file(file).text(), file, () => secret);
      expect(loaded.ok ? [] : loaded.error.map(configErrorText)).toEqual([]);
    });
  }

  test("demo.yaml has 7 boards, demo21.yaml 22", () => {
    const count = (name: string): number => {
      const loaded = loadChassisFile(root + name);
      return loaded.ok ? loaded.value.boards.length : 0;
    };
    expect([count("demo.yaml"), count("demo21.yaml")]).toEqual([7, 22]);
  });

  test("a file that is not there is one mistake naming it", () => {
    const loaded = loadChassisFile(`${root}gone.yaml`);
    expect(loaded.ok ? "" : loaded.error.map(configErrorText)[0]).toContain("ENOENT");
  });

  test("full.yaml explains every key", async () => {
    const text = await Bun.file(`${root}examples/full.yaml`).text();
    const keys =
      "chassis version networks subnet ccn switch switches address port snmp user authProtocol authKey privProtocol privKey community file ports uplinks ccnPort trustOption82From slots role name portA portB addressA addressB macs timing beatMs lateMs netMs silentMs upAfterMs flapMax flapWindowMs flapHoldMs provision httpPort beatPort hubsGroup boardsGroup bootFile lease leaseMs grantMs stopMs driftPpm rstMs fenceMs fsyncMs flushMs addrMs offMs replMs holdMs holdMaxMs coldMs answerMs groups on model addresses mac apart together failback unfenced services run user directory environment limits openFiles processes memoryBytes troubleMemoryBytes group after ready readyMs alive everyMs withinMs failures watchdogMs stop signal ms restart backoffMs backoffMaxMs calmMs max windowMs byExitCode onFailure dead silent trouble log bytesMax files rules when forMs do value above below move to network alarm board is powerCycle service start tcp http command";
    for (const key of keys.split(" ")) expect(text).toContain(`${key}:`);
  });
});

// The real switches: every dump is served by an agent over UDP in the order of its file, and read
// by the shipped lookup. Four dumps have an expected reading made by others; for the rest each
// expectation here was read from the dump by hand.

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLog, type Mac, parseMac, slotId } from "../../base/index.ts";
import type { Switch } from "../../config/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import {
  type DumpAgent,
  parseSnmprec,
  startDumpAgent,
} from "../../../test/fixtures/snmp-dump-agent.ts";
import { createSwitchLookup } from "./shell.ts";
import type { SwitchLookup, TableRow } from "./types.ts";

const folder = join(import.meta.dir, "../../../../shared/switch-dumps");
const isThere = existsSync(folder);
if (!isThere) process.stderr.write("skip: ../shared/switch-dumps is not there, no real dumps\n");

const mac = (text: string): Mac => {
  const parsed = parseMac(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};

type Open = {
  readonly agent: DumpAgent;
  readonly lookup: SwitchLookup;
  readonly rows: readonly TableRow[];
  /** `port/use` of a MAC's rows, without doubles. */
  readonly at: (text: string) => string;
};

async function withDump(
  name: string,
  plan: Partial<Switch>,
  run: (open: Open) => Promise<void> | void,
): Promise<void> {
  const rows = parseSnmprec(readFileSync(join(folder, `${name}.snmprec`), "latin1"));
  const agent = await startDumpAgent(rows);
  const log = createLog({
    board: "ccn",
    module: "lookup",
    level: "error",
    sink: () => undefined,
    now: () => "",
  });
  const lookup = createSwitchLookup({
    switch: switchOf(name, agent, plan),
    sourceAddress: agent.address,
    now: monoNowUs,
    log,
  });
  try {
    const table = await lookup.table();
    if (!table.ok) throw new Error(table.error);
    const at = (text: string): string => {
      const found = table.value.filter((row) => row.mac === mac(text));
      return [...new Set(found.map(({ port, use }) => `${port} ${use}`))].join(", ");
    };
    await run({ agent, lookup, rows: table.value, at });
  } finally {
    lookup.close();
    agent.close();
  }
}

function switchOf(name: string, agent: DumpAgent, plan: Partial<Switch>): Switch {
  return {
    name,
    network: "A",
    address: agent.address,
    port: agent.port,
    snmp: { version: 2, community: "public" },
    ports: [],
    uplinks: [],
    ccnPort: undefined,
    trustOption82From: [],
    slotOfPort: new Map(),
    ...plan,
  };
}

type Expected = {
  "fdb-table": {
    discovery: {
      ports_fdb: { mac_address: string; ifIndex: number | null; vlan_vlan: number | null }[];
    };
  };
};

describe.skipIf(!isThere)("dumps with an expected reading", () => {
  const expected = {
    "ciscosb_cbs220-48t-4x": 0,
    edgecos_es3510ma: 2,
    jetstream_sg2218p: 66,
    procurve_2520: 741,
  };
  for (const [name, count] of Object.entries(expected)) {
    test(`${name}: all ${count} rows that name a port are on that port`, async () => {
      const json = readFileSync(join(folder, "expected", `${name}.json`), "utf8");
      const wanted = (JSON.parse(json) as Expected)["fdb-table"].discovery.ports_fdb;
      await withDump(name, {}, ({ rows }) => {
        const named = wanted.filter(({ ifIndex }) => ifIndex !== null);
        expect(named).toHaveLength(count);
        const key = (
          m: string,
          vlan: number | null | undefined,
          ifIndex: number | null | undefined,
        ) => `${m.replaceAll(":", "")} ${vlan} ${ifIndex}`;
        const found = new Set(rows.map((row) => key(row.mac, row.vlan ?? row.fdb, row.ifIndex)));
        const missing = named.filter(
          (row) => !found.has(key(row.mac_address, row.vlan_vlan, row.ifIndex)),
        );
        expect(missing).toEqual([]);
        const known = new Set(rows.map((row) => row.mac.replaceAll(":", "")));
        expect(wanted.filter((row) => !known.has(row.mac_address))).toEqual([]);
      });
    });
  }

  test("procurve_2520: single lookups by row find each board on a slot port, the rest on the uplink", async () => {
    const slotOfPort = new Map(
      Array.from({ length: 27 }, (_, i) => [String(i + 1), slotId(i + 1)]),
    );
    await withDump("procurve_2520", { slotOfPort, uplinks: ["28"] }, async ({ lookup, rows }) => {
      const macs = [...new Set(rows.map((row) => row.mac))];
      const slotRows = rows.filter(({ use }) => use === "slot");
      expect(slotRows.length).toBeGreaterThan(10);
      for (let i = 0; i < macs.length; i += 200) {
        const part = macs.slice(i, i + 200);
        const outcomes = await Promise.all(part.map((m) => lookup.lookup(m)));
        for (const [k, outcome] of outcomes.entries()) {
          const own = slotRows.filter((row) => row.mac === part[k]);
          const ports = new Set(own.map(({ port }) => port));
          if (ports.size === 1)
            expect(outcome).toMatchObject({ type: "found", port: own[0]?.port });
          else expect(["on-uplink", "self"]).toContain(outcome.type);
        }
      }
      expect(lookup.status()).toMatchObject({ byWalk: 0, packetsLost: 0, walks: 1 });
    });
  });
});

describe.skipIf(!isThere)("dumps read by hand", () => {
  test("arubaos-cx: BRIDGE table only, length before the MAC", () =>
    withDump("arubaos-cx", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(44);
      expect([at("00:0a:f7:ec:d1:61"), at("00:50:56:51:3d:72"), at("00:0a:f7:ed:a0:51")]).toEqual([
        "1/1/10 none",
        "1/1/45 none",
        "port 0 self",
      ]);
    }));

  test("awplus: bridge port 10 is ifIndex 5110, trunks are po1, po7, po20", () =>
    withDump("awplus", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(25);
      expect([at("00:90:0b:2a:11:b0"), at("00:00:cd:37:09:b4"), at("00:1a:eb:93:7a:a6")]).toEqual([
        "port1.1.10 none",
        "po1 none",
        "po20 none",
      ]);
      expect(at("00:00:cd:37:02:ad")).toBe("port 0 self");
      expect(at("e0:1a:ea:28:26:d0")).toBe("port1.8.1 none");
    }));

  test("boss_ers4950: the trunk 8193 is no base port but an interface", () =>
    withDump("boss_ers4950", { uplinks: ["11/2"] }, ({ rows, at }) => {
      expect(rows).toHaveLength(36);
      expect([at("b0:ad:aa:42:fc:00"), at("a4:38:cc:91:d6:45"), at("60:49:c1:4a:bc:00")]).toEqual([
        "11/2 uplink",
        "1/2 none",
        "port 0 self",
      ]);
    }));

  test("comtrol: no ifName, FDB id 2 is no VLAN, length before the MAC", () => {
    const slotOfPort = new Map([["fastethernet1", slotId(1)]]);
    return withDump("comtrol", { slotOfPort }, async ({ rows, at, lookup }) => {
      expect([at("f8:b1:56:30:87:14"), at("00:c0:4e:2f:08:24")]).toEqual([
        "gigabitethernet10 none",
        "port 0 self",
      ]);
      expect(rows.every(({ fdb, vlan }) => fdb === 2 && vlan === undefined)).toBe(true);
      const board = await lookup.lookup(mac("f8:f7:ff:00:28:55"));
      expect(board).toEqual({ type: "found", port: "fastethernet1", slot: slotId(1) });
    });
  });

  test("edgeswitch_10xp: a LAG of number 1000 is a base port", () =>
    withDump("edgeswitch_10xp", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(34);
      expect(at("00:0c:29:15:e6:1f")).toBe("GigabitEthernet5 none");
      const lag = rows.filter(({ bridgePort }) => bridgePort === 1000);
      expect(lag.map(({ port }) => port)).toEqual(["LAG1", "LAG1"]);
    }));

  test("moxa: a port number in no table is named as such", () =>
    withDump(
      "moxa-etherdevice_edsp506e",
      { slotOfPort: new Map([["10", slotId(10)]]) },
      async ({ at, lookup }) => {
        expect(at("00:90:e8:a8:12:96")).toBe("Ethernet Port 4 none");
        const own = await lookup.lookup(mac("00:90:e8:aa:5e:9e"));
        expect(own).toEqual({ type: "no-slot", port: "bridge port 10" });
      },
    ));

  test("routeros_wifi: bridge port 1 is ether1; the BRIDGE table counts in ifIndex; own MAC is self", () =>
    withDump("routeros_wifi", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(20);
      expect(at("00:72:63:5f:7f:ab")).toBe("ether1 none");
      expect(at("74:4d:28:e3:17:31")).toBe("wlan60-station-1 none");
      expect(at("00:24:fe:d8:d7:ef")).toBe("ether1 none");
      expect(at("b8:69:f4:80:2f:c1")).toBe("port 0 self");
    }));

  test("swos: BRIDGE table without length; ifDescr of port 3 lies, ifName counts", () => {
    const slotOfPort = new Map([
      ["Port5", slotId(5)],
      ["Port3", slotId(3)],
    ]);
    return withDump(
      "swos_css106-1g-4p-1s",
      { slotOfPort, uplinks: ["SFP"] },
      async ({ rows, at, lookup }) => {
        expect(rows).toHaveLength(33);
        expect([at("fc:ec:da:68:ee:4c"), at("4c:5e:0c:88:4c:f9")]).toEqual([
          "Port3 slot",
          "Port5 slot",
        ]);
        expect(await lookup.lookup(mac("00:c0:b7:8a:08:da"))).toEqual({
          type: "on-uplink",
          port: "SFP",
        });
      },
    );
  });

  test("vsolution_v1600d: optical ports are no base ports but interfaces", () =>
    withDump("vsolution_v1600d", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(28);
      expect([at("00:6d:61:b4:b4:71"), at("48:8f:5a:6a:c4:99")]).toEqual([
        "EPON0/1:7 none",
        "GE0/3 none",
      ]);
    }));

  test("zynos_gs1900: length before the MAC, the bridge address is text, port 0 is self", () =>
    withDump("zynos_gs1900-fdb", {}, ({ rows, at }) => {
      expect(rows).toHaveLength(36);
      expect([at("00:04:13:61:6a:2b"), at("bc:cf:4f:3e:48:2f")]).toEqual([
        "GigabitEthernet7 none",
        "port 0 self",
      ]);
    }));
});

// SNMPv3 against net-snmp's own agent: user, authentication and privacy on the wire.

import { afterAll, beforeAll, expect, test } from "bun:test";
import snmp from "net-snmp";
import { createLog, parseIpv4, parseMac, slotId } from "../../base/index.ts";
import type { SnmpAccess, Switch } from "../../config/index.ts";
import { monoNowUs, openUdp } from "../../kernel/index.ts";
import { createSwitchLookup } from "./shell.ts";
import type { LookupOutcome } from "./types.ts";

const must = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};
const loopback = must(parseIpv4("127.0.0.1"));
const board = must(parseMac("52:54:00:00:00:07"));
const authKey = "authentication-key";
const privKey = "privacy-key-privacy";

type Mib = {
  registerProvider(provider: object): void;
  addTableRow(name: string, row: readonly unknown[]): void;
};
type Agent = {
  getMib(): Mib;
  getAuthorizer(): { addUser(user: object): void };
  close(done?: () => void): void;
};
let agent: Agent;
let port = 0;

beforeAll(async () => {
  const free = must(await openUdp({ address: loopback, port: 0, onDatagram() {}, onError() {} }));
  ({ port } = free);
  free.close();
  agent = snmp.createAgent(
    { port, address: "127.0.0.1", disableAuthorization: false },
    () => undefined,
  ) as Agent;
  const authorizer = agent.getAuthorizer();
  const auth = { authProtocol: snmp.AuthProtocols["sha256"], authKey };
  const { noAuthNoPriv, authNoPriv, authPriv } = snmp.SecurityLevel;
  authorizer.addUser({ name: "open", level: noAuthNoPriv });
  authorizer.addUser({ name: "signed", level: authNoPriv, ...auth });
  const priv = { privProtocol: snmp.PrivProtocols["aes"], privKey };
  authorizer.addUser({ name: "secret", level: authPriv, ...auth, ...priv });
  const mib = agent.getMib();
  const number = snmp.ObjectType["Integer"];
  const table = (name: string, oid: string, index: object[], columns: object[]): void => {
    const type = snmp.MibProviderType["Table"];
    mib.registerProvider({
      name,
      type,
      oid,
      maxAccess: 0,
      tableColumns: columns,
      tableIndex: index,
    });
  };
  table(
    "fdb",
    "1.3.6.1.2.1.17.7.1.2.2.1",
    [{ columnName: "id" }, { columnName: "mac" }],
    [
      { number: 20, name: "id", type: number, maxAccess: 0 },
      { number: 1, name: "mac", type: snmp.ObjectType["OctetString"], maxAccess: 0 },
      { number: 2, name: "port", type: number, maxAccess: 2 },
    ],
  );
  mib.addTableRow("fdb", [1, Buffer.from([0x52, 0x54, 0, 0, 0, 7]), 7]);
});

afterAll(() => agent.close());

async function ask(access: Partial<SnmpAccess & { version: 3 }>): Promise<LookupOutcome> {
  const target: Switch = {
    name: "sw-a",
    network: "A",
    address: loopback,
    port,
    snmp: {
      version: 3,
      user: "secret",
      authProtocol: "sha256",
      authKey,
      privProtocol: "aes",
      privKey,
      ...access,
    },
    ports: [],
    uplinks: [],
    ccnPort: undefined,
    trustOption82From: [],
    slotOfPort: new Map([["7", slotId(7)]]),
  };
  const sink = (): void => undefined;
  const log = createLog({ board: "ccn", module: "lookup", level: "warn", sink, now: () => "" });
  const lookup = createSwitchLookup({
    switch: target,
    sourceAddress: loopback,
    now: monoNowUs,
    log,
  });
  const outcome = await lookup.lookup(board);
  const again = outcome.type === "found" ? await lookup.lookup(board) : outcome;
  lookup.close();
  return again;
}

const found: LookupOutcome = { type: "found", port: "7", slot: slotId(7) };

test("SNMPv3 with authentication and privacy", async () => {
  expect(await ask({})).toEqual(found);
});

test("SNMPv3 with authentication only", async () => {
  expect(await ask({ user: "signed", privProtocol: "none" })).toEqual(found);
});

test("SNMPv3 without either", async () => {
  expect(await ask({ user: "open", authProtocol: "none", privProtocol: "none" })).toEqual(found);
});

test("a wrong key gets no answer, with a reason", async () => {
  const outcome = await ask({ authKey: "a-wrong-key-entirely" });
  expect(outcome.type === "no-answer" ? outcome.reason : "").toContain("did not answer");
});

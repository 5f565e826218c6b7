// From what the switch says to a place in the chassis: port -> slot -> address, or why not, in
// words. The address follows from switch, port and chassis file alone (design 52).

import { assert, type Ipv4, type Mac, type NetworkId, type SlotId } from "../../base/index.ts";
import type { Board, Chassis } from "../../config/index.ts";
import type { LookupOutcome } from "../lookup/types.ts";
import { optionsOf } from "./reply.ts";
import type { AddressState, Config, Place, Tables } from "./types.ts";

/** What is looked up for every message, worked out once a configuration. */
export function tablesOf(config: Config): Tables {
  const { chassis, network } = config;
  const { switchName, ccn, prefix } = chassis.networks[network];
  const theSwitch = chassis.switches.find(({ name }) => name === switchName);
  assert(theSwitch !== undefined, `the chassis file describes switch ${switchName}`);
  assert(prefix >= 1 && prefix <= 32, "a prefix length is 1 to 32");
  const boards = servedBoards(chassis);
  return {
    theSwitch,
    own: ccn,
    macs: chassis.macs === "any" ? "any" : new Set<Mac>(chassis.macs),
    boardOfSlot: new Map(boards.map((board) => [board.slot, board])),
    optionsOfSlot: new Map(boards.map((board) => [board.slot, optionsOf(config, board)])),
  };
}

/** A blank page for every address that can be given; pages of addresses that stay are kept. */
export function addressStates(
  config: Config,
  before: ReadonlyMap<Ipv4, AddressState>,
): Map<Ipv4, AddressState> {
  const states = new Map<Ipv4, AddressState>();
  for (const board of servedBoards(config.chassis)) {
    const address = board.address[config.network];
    const old = before.get(address);
    states.set(address, old?.slot === board.slot ? old : blank(address, board.slot));
  }
  return states;
}

/** Where the asking board is, in the words of the chassis file. */
export function placeOf(tables: Tables, network: NetworkId, outcome: LookupOutcome): Place {
  const switchName = tables.theSwitch.name;
  const notFound = (port: string | undefined, why: string): Place => ({
    kind: "not-found",
    switchName,
    port,
    why,
  });
  switch (outcome.type) {
    case "found": {
      const board = tables.boardOfSlot.get(outcome.slot);
      if (board === undefined) return notFound(outcome.port, `no board in slot ${outcome.slot}`);
      const address = board.address[network];
      return { kind: "found", switchName, port: outcome.port, board, address };
    }
    case "on-uplink":
      return notFound(outcome.port, "on an uplink to another switch");
    case "no-slot":
      return notFound(outcome.port, "the port has no slot");
    case "self":
      return notFound(undefined, "the switch's own address");
    case "not-found":
      return notFound(undefined, "not learnt on any port");
    case "ambiguous":
      return { kind: "failed", switchName, why: `on several ports: ${outcome.ports.join(" ")}` };
    case "no-answer":
      return { kind: "failed", switchName, why: outcome.reason };
  }
}

/** The CCN has fixed addresses and is not served. */
function servedBoards(chassis: Chassis): readonly Board[] {
  return chassis.boards.filter(({ role }) => role !== "ccn");
}

function blank(address: Ipv4, slot: SlotId): AddressState {
  return {
    address,
    slot,
    holders: [],
    silentUs: undefined,
    probe: undefined,
    waiting: new Set(),
    given: undefined,
    conflict: undefined,
  };
}

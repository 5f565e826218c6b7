// "Where is it?" in words: the whole chain MAC -> switch -> port -> slot -> address, or the link at
// which it breaks, with what ARP knows about the address. For people; decides nothing.

import type { Ipv4, Mac, MonoUs, NetworkId, SlotId } from "../base/index.ts";
import { alarms } from "./core/holders.ts";
import type { Place, State } from "./core/types.ts";

/** The chain as far as it is known, and as one sentence. */
export type Where = {
  readonly network: NetworkId;
  readonly mac: Mac | undefined;
  readonly switchName: string;
  readonly port: string | undefined;
  readonly slot: SlotId | undefined;
  readonly name: string | undefined;
  readonly address: Ipv4 | undefined;
  readonly text: string;
};

/** The chain of a MAC that was just looked up. */
export function whereIsMac(state: State, mac: Mac, place: Place, now: MonoUs): Where {
  const { network } = state.config;
  const head = `MAC ${mac}: network ${network}, switch ${place.switchName}`;
  const blank = { network, mac, switchName: place.switchName, slot: undefined, name: undefined };
  if (place.kind === "failed") {
    const text = `${head} does not say where: ${place.why}`;
    return { ...blank, port: undefined, address: undefined, text };
  }
  if (place.kind === "not-found") {
    const at = place.port === undefined ? "" : `, port ${place.port}`;
    return { ...blank, port: place.port, address: undefined, text: `${head}${at}: ${place.why}` };
  }
  const { board, port, address } = place;
  const chain = `${head}, port ${port}, slot ${board.slot} (${board.name}), ${address}`;
  const text = `${chain}; ${history(state, mac, now)}${trouble(state, address)}`;
  return { ...blank, port, slot: board.slot, name: board.name, address, text };
}

/** The chain of a slot, from the chassis file and what was given there last. */
export function whereIsSlot(state: State, slot: SlotId, now: MonoUs): Where {
  const { tables, config } = state;
  const { network } = config;
  const board = tables.boardOfSlot.get(slot);
  const switchName = tables.theSwitch.name;
  if (board === undefined) {
    const text = `slot ${slot}: the chassis file has no board there`;
    return {
      network,
      mac: undefined,
      switchName,
      port: undefined,
      slot,
      name: undefined,
      address: undefined,
      text,
    };
  }
  const port = board.port[network];
  const address = board.address[network];
  const mac = [...state.given.values()].findLast((given) => given.slot === slot)?.mac;
  const who =
    mac === undefined
      ? "no board has asked here since the server started"
      : `MAC ${mac} ${history(state, mac, now)}`;
  const chain = `slot ${slot} (${board.name}): network ${network}, switch ${switchName}, port ${port ?? "?"}, ${address}`;
  const text = `${chain}; ${who}${trouble(state, address)}`;
  return { network, mac, switchName, port, slot, name: board.name, address, text };
}

function history(state: State, mac: Mac, now: MonoUs): string {
  const given = state.given.get(mac);
  if (given === undefined) return "has not asked for an address since the server started";
  const seconds = Math.round((now - given.atUs) / 1_000_000);
  return `got ${given.address} by ${given.by.toUpperCase()} ${seconds} s ago on port ${given.port}`;
}

function trouble(state: State, address: Ipv4): string {
  const alarm = alarms(state).find((standing) => standing.address === address);
  return alarm === undefined ? "" : `; unusable: ${alarm.text}`;
}

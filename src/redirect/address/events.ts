// What the machine of public addresses is told and what it orders (core.ts).

import type { Ipv4, Mac, MonoUs, NetworkId } from "../../base/index.ts";
import type { PublicClient } from "../../wire/index.ts";
import type { AddressReport, AddressStep, PublicAddressSetting } from "./types.ts";

/** What happened. */
export type AddressEvent =
  /** This board may hold the address until `untilUs`; `clients` are those of the board before. */
  | {
      readonly type: "acquire";
      readonly address: Ipv4;
      readonly clients: readonly PublicClient[];
      readonly untilUs: MonoUs;
    }
  /** This board gives the address up; `clients` are its own connections. */
  | { readonly type: "release"; readonly address: Ipv4; readonly clients: readonly PublicClient[] }
  | { readonly type: "address-failed"; readonly address: Ipv4; readonly reason: string }
  | {
      readonly type: "arp-heard";
      readonly address: Ipv4;
      readonly network: NetworkId;
      readonly mac: Mac;
    }
  | { readonly type: "network-changed"; readonly network: NetworkId; readonly usable: boolean }
  /** A split has healed or a switch came back: whoever holds addresses says so again. */
  | { readonly type: "announce-again" }
  /** Somebody saw the new place in a switch's table or had an answer of the address. */
  | { readonly type: "verified"; readonly address: Ipv4 }
  | { readonly type: "timer-fired" };

/** What is to be done, in this order. */
export type AddressEffect =
  | { readonly type: "open-gate"; readonly address: Ipv4; readonly untilUs: MonoUs }
  | { readonly type: "shut-gate"; readonly address: Ipv4 }
  | {
      readonly type: "set-neighbours";
      readonly setting: PublicAddressSetting;
      readonly clients: readonly PublicClient[];
    }
  | {
      readonly type: "add-address";
      readonly setting: PublicAddressSetting;
      readonly on: readonly NetworkId[];
      /** If it cannot be added on any of them it is not held; else that is only told. */
      readonly isNeeded: boolean;
    }
  | {
      readonly type: "remove-address";
      readonly setting: PublicAddressSetting;
      readonly on: readonly NetworkId[];
    }
  /** The subnet of the address is reached over this network. */
  | {
      readonly type: "set-route";
      readonly setting: PublicAddressSetting;
      readonly network: NetworkId;
    }
  /** ... or not any more, over whichever device of the address it was. */
  | { readonly type: "remove-route"; readonly setting: PublicAddressSetting }
  | {
      readonly type: "announce";
      readonly setting: PublicAddressSetting;
      readonly on: readonly NetworkId[];
    }
  /** Unicast ARP request to each: who missed the broadcast learns by it. */
  | {
      readonly type: "ask-clients";
      readonly setting: PublicAddressSetting;
      readonly clients: readonly PublicClient[];
    }
  | { readonly type: "wake-clients"; readonly clients: readonly PublicClient[] }
  | { readonly type: "end-connections"; readonly clients: readonly PublicClient[] }
  /** Stamp the step now and tell it. */
  | {
      readonly type: "step-done";
      readonly address: Ipv4;
      readonly step: AddressStep;
      readonly count: number;
    }
  | { readonly type: "report"; readonly report: AddressReport }
  | { readonly type: "set-timer"; readonly atUs: MonoUs };

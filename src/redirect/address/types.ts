// What the parts of this room say to each other and to the rest of REDIRECT.

import type { Ipv4, Mac, MonoUs, NetworkId } from "../../base/index.ts";
import type { PublicClient } from "../../wire/index.ts";

/** A public address of the chassis (design 47). */
export type PublicAddressSetting = {
  readonly address: Ipv4;
  /** Prefix length of its subnet, 8 to 32. */
  readonly prefix: number;
  /**
   * Its own MAC, which moves with it (design 48); undefined = the MACs of the board that has it,
   * announced by ARP. With a MAC of its own it is on one network at a time.
   */
  readonly mac: Mac | undefined;
};

/** A step of a takeover or release, in this order; each is told with its time. */
export type AddressStep =
  | "neighbours-set"
  | "address-added"
  | "announced"
  | "clients-woken"
  | "verified"
  | "connections-ended"
  | "address-removed";

/** What is told of public addresses. */
export type AddressReport =
  | {
      readonly type: "step";
      readonly address: Ipv4;
      readonly step: AddressStep;
      /** When it was done; never before the last frame of it was given to the kernel. */
      readonly atUs: MonoUs;
      /** Neighbours, frames, clients or connections it was about. */
      readonly count: number;
    }
  /** Somebody else claims an address that this board holds. */
  | {
      readonly type: "duplicate";
      readonly address: Ipv4;
      readonly network: NetworkId;
      readonly mac: Mac;
      /** Claims since the last report. */
      readonly claims: number;
      readonly atUs: MonoUs;
    }
  /** The address could not be added: it is not held. */
  | {
      readonly type: "failed";
      readonly address: Ipv4;
      readonly reason: string;
      readonly atUs: MonoUs;
    };

/** The clients of one takeover. */
export type KnownClients = readonly PublicClient[];

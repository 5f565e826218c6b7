// The faults a what-if knows, their words, and the list of all that a chassis can have.

import {
  ccnSlot,
  err,
  type NetworkId,
  networkIds,
  ok,
  type Result,
  type SlotId,
} from "../../base/index.ts";
import type { Chassis } from "../../config/index.ts";
import { whatIfFaultsMax } from "../limits.ts";

/**
 * One fault; slot 0 is the CCN. A service fails where its group is active when the fault comes.
 * `out` is no fault but an order that belongs between them: the operator takes a board out.
 */
export type RedirectFault =
  | { readonly kind: "board" | "out"; readonly slot: SlotId }
  | { readonly kind: "network"; readonly network: NetworkId }
  | { readonly kind: "switch"; readonly name: string; readonly network: NetworkId }
  | { readonly kind: "service"; readonly service: string };

/** The part of a chassis that faults name. */
export type FaultyParts = Pick<Chassis, "boards" | "services"> & {
  readonly switches: readonly { readonly name: string; readonly network: NetworkId }[];
};

/** Every single fault: each board, network, switch, service too often failing, and the CCN. */
export function allFaults({ boards, switches, services }: FaultyParts): RedirectFault[] {
  return [
    ...boards.map(({ slot }): RedirectFault => ({ kind: "board", slot })),
    ...networkIds.map((network): RedirectFault => ({ kind: "network", network })),
    ...switches.map(({ name, network }): RedirectFault => ({ kind: "switch", name, network })),
    ...services.map(({ name }): RedirectFault => ({ kind: "service", service: name })),
  ];
}

/** `slot 1 dies`, `slot 1 out`, `ccn dies`, `network A fails`, `switch sw-a fails`, `service web fails`. */
export function faultText(fault: RedirectFault): string {
  switch (fault.kind) {
    case "board":
      return fault.slot === ccnSlot ? "ccn dies" : `slot ${fault.slot} dies`;
    case "out":
      return `slot ${fault.slot} out`;
    case "network":
      return `network ${fault.network} fails`;
    case "switch":
      return `switch ${fault.name} fails`;
    case "service":
      return `service ${fault.service} fails`;
  }
}

/** Faults in their order, `slot 1 dies, then ccn dies`. */
export function faultsText(faults: readonly RedirectFault[]): string {
  return faults.length === 0 ? "no fault" : faults.map(faultText).join(", then ");
}

/**
 * Reads `slot 1 dies, slot 2 dies` (the words of faultText, divided by commas, `then` allowed). The
 * error names what is not understood and what would be.
 */
export function parseFaults(text: string, parts: FaultyParts): Result<RedirectFault[], string> {
  const pieces = text.slice(0, 1000).split(",");
  if (pieces.length > whatIfFaultsMax) return err(`more than ${whatIfFaultsMax} faults`);
  const faults: RedirectFault[] = [];
  const outs = parts.boards
    .filter(({ role }) => role !== "ccn")
    .map(({ slot }): RedirectFault => ({ kind: "out", slot }));
  const known = new Map([...allFaults(parts), ...outs].map((fault) => [faultText(fault), fault]));
  for (const piece of pieces) {
    const words = piece
      .trim()
      .replace(/^then /, "")
      .replace(/\s+/g, " ");
    const fault = known.get(words);
    if (fault === undefined) {
      const right =
        "write slot N dies, slot N out, ccn dies, network A fails, switch NAME or service NAME fails";
      return err(`"${words.slice(0, 40)}" is no fault of this chassis; ${right}`);
    }
    faults.push(fault);
  }
  return ok(faults);
}

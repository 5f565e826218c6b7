// The words for a lookup's outcome, as `ccn where` and the log say them.

import { type Mac, unreachable } from "../../base/index.ts";
import type { LookupOutcome } from "./types.ts";

/** `MAC 52:54:00:12:34:56: switch sw-a, port 7, slot 7`. */
export function explainLookup(mac: Mac, switchName: string, outcome: LookupOutcome): string {
  return `MAC ${mac}: switch ${switchName}, ${words(outcome)}`;
}

function words(outcome: LookupOutcome): string {
  switch (outcome.type) {
    case "found":
      return `port ${outcome.port}, slot ${outcome.slot}`;
    case "on-uplink":
      return `port ${outcome.port} is an uplink: the board is behind another switch, not in a slot`;
    case "no-slot":
      return `port ${outcome.port} has no slot; plug into a slot's port or add the port to slots`;
    case "self":
      return "known as the switch's own address or on no port: not a board";
    case "not-found":
      return "not in the forwarding table: it sent nothing lately, or is on another switch";
    case "ambiguous":
      return `on ports ${outcome.ports.join(" and ")} at once: no address until one of them is gone`;
    case "no-answer":
      return `no answer: ${outcome.reason}`;
    default:
      return unreachable(outcome);
  }
}

// The evidence of a fence as sentences, for `why` and the log.

import { unreachable } from "../base/index.ts";
import { lineText } from "./core/lines.ts";
import type { EvidenceItem } from "./core/types.ts";

/** One fact of a fence as a sentence without its time stamp. */
export function evidenceText({ what, line }: EvidenceItem): string {
  const name = line === undefined ? "line" : lineText[line];
  switch (what) {
    case "last-beat":
      return "last heartbeat of that slot";
    case "seen-good":
      return `${name} seen good between two of its heartbeats`;
    case "reset-ordered":
      return "RST# ordered";
    case "reset-read-back":
      return "RST# read back asserted";
    case "power-cut-ordered":
      return "power cut ordered";
    case "line-bad":
      return `${name} read bad`;
    case "line-still-bad":
      return `${name} read bad again`;
    case "line-still-good":
      return `${name} still read good`;
    case "found-off":
      return "slot found in reset or unpowered, and unhealthy";
    case "found-empty":
      return "slot found empty";
    case "not-read-back":
      return "no order could be read back";
    default:
      return unreachable(what);
  }
}

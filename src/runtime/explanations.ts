// What this room's events mean, for `explain`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "not-realtime": {
    meaning: "The board runs without real-time scheduling or locked memory.",
    action: "Give it the right that the reason names; until then a busy board may be late.",
  },
  "internal-error": {
    meaning: "softset itself made a mistake and ended the process (exit code 70).",
    action: "Report the stack; started again, the board comes back as a fresh incarnation.",
  },
  "text-not-released": {
    meaning: "Code that only the start needed stays locked in memory, some 20 MB.",
    action: "Nothing; the board works.",
  },
  "stop-failed": {
    meaning: "A part of the board could not be closed in an orderly way.",
    action: "The process ends anyway; look at the reason if it happens again.",
  },
} as const satisfies Explanations;

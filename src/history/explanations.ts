// What this room's log events mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "alarms-unreadable": {
    meaning:
      "The file of alarms is damaged; the board begins without what was acknowledged and cleared.",
    action:
      "Nothing at once: what stands is raised anew. Read the file named in `kept`, delete it.",
  },
  "alarms-not-written": {
    meaning: "The file of alarms could not be written; a restart would forget the latest changes.",
    action: "See the reason: make the state directory writable, or free space on its disk.",
  },
  "alarms-written-again": {
    meaning: "The file of alarms can be written again and is complete.",
    action: "Nothing.",
  },
} as const satisfies Explanations;

// What REDIRECT's alarms mean and what to do about them, shown by `explain NAME`. An alarm's id is
// its name here, a colon, and the group or rule it is about.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by the part of an alarm's id before the colon. */
export const explanations = {
  "no-active": {
    meaning: "No board can be active for the group; its addresses do not answer.",
    action: "The text names what keeps each board away: bring one of them back.",
  },
  "no-standby": {
    meaning: "The group works, but fewer boards stand by than its model wants.",
    action: "Bring back a board of its `on`; until then the next fault may stop the group.",
  },
  "wish-unheard": {
    meaning: "A board should have become active and did not in time; another one is tried.",
    action: "Look at the leases (`leases`): too few voters, or the old holder cannot be fenced.",
  },
  "two-actives": {
    meaning: "Two boards say they are active for one group. The leases exclude that.",
    action: "Report it with both boards' events; take one of the two boards out of service.",
  },
  "move-refused": {
    meaning: "A move that a rule or an operator ordered cannot be carried out.",
    action: "The text says what keeps the other board away; order the move again afterwards.",
  },
  "rule-too-often": {
    meaning: "A rule acted too often in ten minutes; it rests and its condition comes and goes.",
    action: "Find what flaps; give the rule a longer forMs.",
  },
  rule: {
    meaning: "A rule of the chassis file raised this alarm; it goes when the cause goes.",
    action: "The text is the rule's own, with the cause in brackets.",
  },
} as const satisfies Explanations;

// What this room's log events mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "public-address-step": {
    meaning: "A step of a takeover or release of a public address was done; atUs is its time.",
    action: "Nothing.",
  },
  "public-address-failed": {
    meaning: "This board may have the public address but cannot add it; it does not answer here.",
    action: "Look at the reason; give the group to another board until it is mended.",
  },
  "public-address-duplicate": {
    meaning: "Another machine says by ARP that it has a public address that this board holds.",
    action: "Find the MAC in the switches' tables and take the address off that machine.",
  },
  "public-address-trouble": {
    meaning: "A part of moving a public address was refused; the rest went on.",
    action: "Look at the reason; missing rights, or a device that is down or gone.",
  },
} as const satisfies Explanations;

// What this room's log events mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "chassis-key-exposed": {
    meaning: "Other users could read the file of the chassis key; it is private again now.",
    action: "If strangers use this machine: stop the CCN, delete the key, restart every board.",
  },
  "config-served": {
    meaning: "A board fetched its configuration document.",
    action: "Nothing.",
  },
  "config-reported": {
    meaning: "A board told which version it runs.",
    action: "Nothing.",
  },
  "config-refused": {
    meaning: "A request was refused: not the slot's own address (403), or no such thing.",
    action: "404 after a change is normal, once a board. 403: find who has the address in `from`.",
  },
  "config-refusals-untold": {
    meaning: "So many requests were refused in a second that only some got their line.",
    action: "Find out what the addresses in the lines before do; the counters are whole.",
  },
  "config-connections-full": {
    meaning: "Too many connections at once; the new one was closed.",
    action: "Find out what the address in `from` does.",
  },
  "config-cannot-listen": {
    meaning: "A listener could not be adopted; boards on that network get no configuration.",
    action: "See the reason; another program may hold the port (provision.httpPort).",
  },
} as const satisfies Explanations;

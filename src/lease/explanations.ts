// What the steps of the lease mean, for `explain` and `why`.

import type { Explanations } from "../base/index.ts";
import type { LeaseNoteName } from "./core/types.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "lease-suspected": {
    meaning: "The holder of a group is not heard any more, or something else says it is gone.",
    action: "Nothing; the next lines tell what came of it.",
  },
  "lease-asked": {
    meaning: "This board asks the voters for the next epoch of the group.",
    action: "Nothing; if it repeats, read who refuses and why.",
  },
  "lease-refused": {
    meaning: "A voter did not promise; `why` says what stands against it.",
    action:
      "holder-not-proven-off: see whether the holder is off and say so. not-in-sync: wait for " +
      "the board with the newest data. voter-blank: bring all voters up.",
  },
  "lease-promised": {
    meaning: "This voter promised an epoch and turns away from the former holder.",
    action: "Nothing.",
  },
  "lease-fence-ordered": {
    meaning: "The CCN turns the silent holder off before anybody takes its place.",
    action: "Find out why that board fell silent; it starts again as a standby.",
  },
  "lease-proposed": {
    meaning: "A new record is on this board's disk and goes to the voters.",
    action: "Nothing.",
  },
  "lease-committed": {
    meaning: "A majority has the record on disk: it holds whatever happens next.",
    action: "Nothing.",
  },
  "lease-released": {
    meaning: "The holder gave its epoch up and will never act in it again.",
    action: "Nothing if a move was wanted; else read why.",
  },
  "lease-lost": {
    meaning: "This board does not hold the group any more; its addresses are shut.",
    action: "Nothing; another board takes over if it may.",
  },
  "lease-alone": {
    meaning: "A standby was left out: it is silent or does not keep up. There is one copy less.",
    action: "Bring that board back; it catches up and is in sync again by itself.",
  },
  "lease-in-sync": {
    meaning: "A standby has everything and may take over.",
    action: "Nothing.",
  },
  "lease-bound": {
    meaning:
      "Votes are short, so the voters that are left bound themselves to the holder: their death " +
      "does not stop it. Undone when votes are enough again.",
    action: "Bring the missing voters back.",
  },
  "lease-waits": {
    meaning: "Nobody may act yet; `why` names what is waited for.",
    action: "Bring that board up, or override it as an operator and accept the loss.",
  },
  "lease-forced": {
    meaning: "An operator promoted a board that lacks acknowledged data.",
    action: "Compare the data of both boards when the other one is back.",
  },
  "lease-disk-failed": {
    meaning: "A promise or record could not be written; this board's word counts for nothing new.",
    action: "Look at the disk and its free space; the write is tried again every second.",
  },
  "lease-untold": {
    meaning: "The groups of this board do not fit its beats, so nobody hears of its leases.",
    action: "Use fewer groups, shorter names or fewer boards, and report the chassis file.",
  },
} as const satisfies Record<
  LeaseNoteName | "lease-disk-failed" | "lease-untold",
  Explanations[string]
>;

// What failover's events mean and what to do, shown by `explain NAME`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "failover-step": { meaning: "One step of a failover, as `why` tells it.", action: "Nothing." },
  "gate-missing": {
    meaning:
      "The kernel refused the gate that shuts public addresses when a lease ends. This board takes " +
      "them off by itself, but a stopped process would go on answering.",
    action: "Run it with CAP_BPF and CAP_NET_ADMIN on a kernel with CONFIG_NET_CLS_BPF or TCX.",
  },
  "no-slot-hardware": {
    meaning:
      "The CCN has no lines to the slots, so it cannot fence: nothing takes over a silent board.",
    action: "Connect the slot hardware, or give the groups `unfenced: after-lease` knowingly.",
  },
  "no-fence": {
    meaning:
      "The CCN has no lines to the slots, so it cannot fence: nothing takes over a silent board.",
    action: "Connect the slot hardware, or give the groups `unfenced: after-lease` knowingly.",
  },
  "group-waits": {
    meaning:
      "Nobody is active for a group, for longer than a take-over takes; its addresses are dead.",
    action: "The text names what it waits for and what brings it back.",
  },
  "report-untold": {
    meaning:
      "This board's services do not fit one packet, so the others do not learn their states.",
    action: "Give this board fewer services, or shorter names.",
  },
  "wishes-lost": {
    meaning: "The CCN cannot read which boards the operator wanted out; it wants none out now.",
    action: "Order `slot N out` again where it is meant.",
  },
  "link-trouble": {
    meaning: "Messages between boards cannot use one network for now; the other one carries them.",
    action: "Nothing if that network is down; else read the reason.",
  },
  "death-watch-trouble": {
    meaning: "Others cannot watch this board's program; its death is seen by silence only, later.",
    action: "Free the port that the text names, or set provision.watchPort.",
  },
  "public-clients-trouble": {
    meaning: "Connections of public addresses could not be read; a takeover wakes fewer clients.",
    action: "Nothing if it does not repeat; else read the reason.",
  },
  "service-failed": {
    meaning: "A service was given up on this board: it failed too often, or its file says so.",
    action: "Read its log and last exit (`services`); `service NAME restart` tries again.",
  },
  "rule-program-started": {
    meaning: "A rule of the chassis file started its program on the CCN.",
    action: "Nothing.",
  },
  "rule-program-ended": { meaning: "A rule's program ended.", action: "Nothing if code is 0." },
  "rule-program-failed": {
    meaning: "A rule's program could not be started.",
    action: "Check its path on the CCN.",
  },
  "failover-not-started": {
    meaning: "This board takes no part in failover: it holds nothing and votes for nobody.",
    action: "Read the text; it is tried again.",
  },
} as const satisfies Explanations;

// What `explain` knows on every board: the tables of the modules that run everywhere. Each role
// adds those of its own modules in its own file, so that no executable carries another's modules.

import type { Explanations } from "../../src/base/index.ts";
import { explanations as failover } from "../../src/failover/index.ts";
import { explanations as history } from "../../src/history/index.ts";
import { explanations as lease } from "../../src/lease/index.ts";
import { explanations as psrm } from "../../src/psrm/index.ts";
import { explanations as addresses } from "../../src/redirect/address/index.ts";
import { explanations as redirect } from "../../src/redirect/index.ts";
import { explanations as netrack } from "../../src/netrack/index.ts";
import { explanations as runtime } from "../../src/runtime/index.ts";

/** What the composition itself tells. */
const board: Explanations = {
  "board-started": { meaning: "The board's daemon runs and answers `status`.", action: "Nothing." },
  "cannot-start": {
    meaning: "The daemon cannot run; the text names what is missing.",
    action: "Do what the text says and start it again.",
  },
  configured: {
    meaning: "The board knows its slot and runs this version of the configuration.",
    action: "Nothing.",
  },
  "config-not-taken": {
    meaning: "A new configuration could not be put to work; the board goes on with the old one.",
    action: "Report the reason; restarting the board reads the configuration again.",
  },
  "netrack-not-started": {
    meaning: "Heartbeats could not be started; the others call this board down.",
    action: "Read the text: usually an interface or a port that something else uses.",
  },
  "config-loaded": { meaning: "SIGHUP: the CCN runs the new chassis file.", action: "Nothing." },
  "chassis-file-refused": {
    meaning: "SIGHUP: the chassis file has mistakes; the old one stays in force.",
    action: "Mend the place that the text names, check with `ccn config check`, send SIGHUP again.",
  },
  "api-not-served": {
    meaning: "The control socket cannot be had, so `status` would not answer; the daemon ends.",
    action: "Read the text: another daemon runs here, or the run directory is not writable.",
  },
  "api-mistake": {
    meaning: "One question to the control API ended in a mistake of our own.",
    action: "Report the text; the board itself is not affected.",
  },
};

/** What runs everywhere. */
export const everywhere: Explanations = {
  ...board,
  ...netrack,
  ...runtime,
  ...failover,
  ...history,
  ...lease,
  ...psrm,
  ...redirect,
  ...addresses,
};

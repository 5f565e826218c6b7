// What `ccn explain` knows: the tables of the modules that run on the CCN.

import { explanations as geoDhcp } from "../../src/geo-dhcp/index.ts";
import type { Explanations } from "../../src/base/index.ts";
import { explanations as provision } from "../../src/provision/index.ts";
import { explanations as slots } from "../../src/slots/index.ts";
import { everywhere } from "../shared/explanations.ts";

/** Of the CCN. */
export const explanationsOfCcn: Explanations = {
  ...everywhere,
  ...geoDhcp,
  ...provision,
  ...slots,
  "slot-nonsense": {
    meaning: "The program of the slot hardware sent something that is no message.",
    action: "Check that it speaks the protocol of src/slots/protocol.ts.",
  },
};

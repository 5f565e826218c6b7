// What `explain` knows on each role: the tables of the modules that run there.

import { explanations as addressClient } from "../../src/address-client/index.ts";
import { explanations as geoDhcp } from "../../src/geo-dhcp/index.ts";
import type { Explanations } from "../../src/manage/index.ts";
import { explanations as netrack } from "../../src/netrack/index.ts";
import { explanations as provision } from "../../src/provision/index.ts";
import { explanations as runtime } from "../../src/runtime/index.ts";

type Row = { readonly event: string; readonly meaning: string; readonly whatToDo: string };

function byName(rows: readonly Row[]): Explanations {
  return Object.fromEntries(
    rows.map(({ event, meaning, whatToDo }) => [event, { meaning, action: whatToDo }]),
  );
}

const everywhere: Explanations = { ...netrack, ...byName(runtime) };

/** Of the CCN. */
export const explanationsOfCcn: Explanations = {
  ...everywhere,
  ...byName(geoDhcp),
  ...byName(provision),
};
/** Of controllers and I/O cards. */
export const explanationsOfNetworkBoard: Explanations = { ...everywhere, ...byName(addressClient) };

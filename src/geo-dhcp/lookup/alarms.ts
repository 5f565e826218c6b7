// The alarms of the switch lookup, explained for `ccn explain`.

import type { LookupAlarm } from "./state.ts";

/** Alarm -> what it means and what to do. */
export const lookupAlarmTexts: Readonly<Record<LookupAlarm, string>> = {
  "switch-silent":
    "The switch does not answer SNMP. Boards on its network get no address until it does. Check its power, its cable, its address and its community or user.",
  "switch-answers": "The switch answers SNMP again.",
  "switch-table-broken":
    "The switch's table could not be read to its end: it goes in circles, is too long or took too long. MACs not seen in the part that was read get no answer. Update its firmware.",
  "switch-rows-refused":
    "The switch has rows in its table that it does not give when asked for them singly, so the whole table is walked for every lookup. It works, but slower.",
  "switch-ports-unmatched":
    "The chassis file names ports that the switch does not have, or has twice. Boards there get no address. Write each port as its ifName, else ifDescr, else ifIndex.",
  "switch-lookups-refused":
    "More lookups waited for the switch than are allowed; some were refused. The switch is too slow, or somebody sends requests from many MACs.",
};

// The few functions of the npm package net-snmp that the switch agent uses; snmp-library.d.ts has
// their types, because the package has none.

import snmp from "net-snmp";

export const createAgent = snmp.createAgent;
export const { AuthProtocols, PrivProtocols, SecurityLevel, ErrorStatus } = snmp;

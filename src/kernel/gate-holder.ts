// For the tests of the gate: a process that opens a gate on eth0 of its namespace and renews one
// address every 5 ms for 60 ms, saying each deadline before it is in force. It is then stopped or
// killed. Arguments: address, bpf file system, way of holding.

import { addUs, parseIpv4 } from "../base/index.ts";
import { monoNowUs } from "./clock.ts";
import { sysErrorText } from "./errors.ts";
import { openGate } from "./gate.ts";

const [, , text = "", pinDirectory = "", only] = process.argv;
const address = parseIpv4(text);
if (!address.ok) throw new Error(address.error);
const opened = openGate(["eth0"], {
  guarded: [address.value],
  pinDirectory,
  ...(only === "filter" || only === "pinned-link" ? { only } : {}),
});
if (!opened.ok) throw new Error(sysErrorText(opened.error));
const gate = opened.value;
setInterval(() => {
  const untilUs = addUs(monoNowUs(), 60_000);
  process.stdout.write(`${untilUs}\n`);
  gate.open(address.value, untilUs);
}, 5);

// A process that owns a virtual chassis and waits to be killed, for the test of what is left then:
// `bun lab-owner.ts CHASSIS-FILE DIR` says `up` on stdout once every board has begun.

import { createLab } from "../../src/lab/index.ts";
import { dist } from "./chassis.ts";

const [chassisFile = "", dir = ""] = process.argv.slice(2);
const made = await createLab({ chassisFile, dist, dir });
const up = made.ok ? await made.value.up() : made;
process.stdout.write(up.ok ? "up\n" : `${up.error.text}\n`);
setInterval(() => {}, 60_000);

// The process of a virtual switch: its SNMP agent. The bridge itself is the kernel's. Started by
// switch-process.ts in the switch's namespace; one JSON line on stdin is one order (first the plan,
// then manners), answered by a line `ok` or words. Ends when stdin does.

import { z } from "zod";
import { parseIpv4, type Result, err } from "../base/index.ts";
import { openNetlink, sysErrorText } from "../kernel/index.ts";
import { agentLineBytesMax, latencyMsMax } from "./limits.ts";
import type { LabSwitch } from "./plan.ts";
import { thrownText } from "./errors.ts";
import { type RunningAgent, startSnmpAgent } from "./snmp-agent.ts";
import { switchSections } from "./switch-view.ts";

const orderSchema = z.union([
  z.object({
    manner: z.object({ latencyMs: z.number().min(0).max(latencyMsMax), silent: z.boolean() }),
  }),
  z.object({ plan: z.custom<LabSwitch>(isPlan) }),
]);

/** The plan comes from our own parent, so a look at its shape is enough. */
function isPlan(value: unknown): value is LabSwitch {
  return typeof value === "object" && value !== null && "ports" in value && "access" in value;
}

function log(line: string): void {
  process.stderr.write(`time=${new Date().toISOString()} ${line}\n`);
}

async function start(plan: LabSwitch): Promise<Result<RunningAgent, string>> {
  const nl = openNetlink();
  if (!nl.ok) return err(sysErrorText(nl.error));
  const refused = (error: Parameters<typeof sysErrorText>[0]): void =>
    log(`event=table-refused why="${sysErrorText(error)}"`);
  const sections = switchSections(nl.value, plan, refused);
  if (!sections.ok) return err(sysErrorText(sections.error));
  const address = parseIpv4(plan.address);
  if (!address.ok) return err(address.error);
  const agent = await startSnmpAgent({
    address: address.value,
    port: plan.snmpPort,
    access: plan.access,
    sections: sections.value,
    log,
  });
  return agent.ok ? agent : err(sysErrorText(agent.error));
}

async function carryOut(line: string): Promise<string> {
  try {
    const order = orderSchema.parse(JSON.parse(line));
    if ("plan" in order) {
      const started = await start(order.plan);
      if (!started.ok) return started.error;
      agent = started.value;
      return "ok";
    }
    if (agent === undefined) return "no plan yet";
    agent.setManner(order.manner);
    return "ok";
  } catch (thrown) {
    return thrownText(thrown).replaceAll("\n", " ");
  }
}

let agent: RunningAgent | undefined;
let text = "";
for await (const part of Bun.stdin.stream()) {
  text += new TextDecoder().decode(part);
  if (text.length > agentLineBytesMax) break;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
    const line = text.slice(0, end);
    text = text.slice(end + 1);
    process.stdout.write(`${await carryOut(line)}\n`);
  }
}
process.exit(0);

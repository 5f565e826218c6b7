// News of this board's programs and addresses: told to NETRACK, to the other boards, to the timeline.

import type { MoveAsked, ServiceChange } from "../psrm/index.ts";
import type { StepName } from "../history/index.ts";
import type { AddressReport, AddressStep } from "../redirect/address/index.ts";
import { look } from "./look.ts";
import { reportSoon } from "./report.ts";
import { setAlarm, type State } from "./state.ts";
import { note } from "./story.ts";

/** A service changed its state (design 30: NETRACK knows it at all times). */
export function onServiceChange(state: State, change: ServiceChange): void {
  const { options, tenures, asking } = state;
  const { service, group, isUp, why, atUs } = change;
  options.netrack.tell({ type: "service", name: service, up: isUp });
  if (change.state === "starting") asking.delete(service);
  const epoch = group === undefined ? undefined : tenures?.epochOf(group);
  const step = stepOf(change);
  if (step !== undefined) {
    // A restart at once tells of the start only; how the program ended says more.
    const ended = state.psrm?.status().find((each) => each.service === service)?.lastExit;
    const words = step === "service-died" && ended !== undefined ? ended : why;
    note(state, { step, group, epoch, text: `${service}: ${words}`, atUs });
  }
  const isFailed = change.state === "failed";
  const text = `service ${service} has failed on slot ${state.self}: ${why}`;
  const alarm = { id: `service-failed:${service}`, object: service, severity: "major" } as const;
  setAlarm(state, { ...alarm, text }, isFailed, atUs);
  tenures?.onService(change);
  reportSoon(state);
  look(state);
}

/** What of a service is part of the story: its failures and its recovery. */
function stepOf({ state, cause, start }: ServiceChange): StepName | undefined {
  if (state === "running") return start > 1 && cause === "ready" ? "service-restarted" : undefined;
  if (state === "failed") return "service-failed";
  if (state === "trouble") return cause === "silent" ? "service-silent" : "service-trouble";
  if (state === "waiting" && cause !== "dependency" && cause !== "ordered") {
    return "service-restarting";
  }
  if (state !== "starting") return undefined;
  // Restarted at once: the start is the first that is told of the failure.
  if (cause === "dead") return "service-died";
  if (cause === "silent") return "service-silent";
  return cause === "cannot-start" ? "service-cannot-start" : undefined;
}

/** Design 29, choice 2: PSRM wants another board to run it. */
export function onMoveAsked(state: State, asked: MoveAsked): void {
  const { service, group, why } = asked;
  const { tenures } = state;
  state.asking.add(service);
  const text = `${service}: ${why}; another board is asked for`;
  const epoch = tenures?.epochOf(group);
  note(state, { step: "decided", group, epoch, text });
  reportSoon(state);
  look(state);
}

/** What the count of a step counts. */
const countedBy: Record<AddressStep, string> = {
  "neighbours-set": "neighbours",
  "address-added": "networks",
  announced: "frames",
  "clients-woken": "connections",
  verified: "networks",
  "connections-ended": "connections ended",
  "address-removed": "networks",
};

/** A step of a public address. */
export function onAddressReport(state: State, report: AddressReport): void {
  const { tenures } = state;
  const { address, atUs } = report;
  const of = tenures?.groupOf(address);
  const step = (name: StepName, text: string): void =>
    note(state, { step: name, group: of?.group, epoch: of?.epoch, text, atUs });
  const id = `public-address-failed:${address}`;
  switch (report.type) {
    case "step":
      if (report.step === "address-added") {
        setAlarm(state, { id, object: address, severity: "critical", text: "" }, false, atUs);
      }
      return step(report.step, `${address}: ${report.count} ${countedBy[report.step]}`);
    case "duplicate": {
      const text = `${address} is claimed by ${report.mac} on network ${report.network} too`;
      return step("evidence", text);
    }
    case "failed": {
      const text = `public address ${address} could not be added: ${report.reason}`;
      setAlarm(state, { id, object: address, severity: "critical", text }, true, atUs);
      return step("address-failed", text);
    }
    default:
      report satisfies never;
  }
}

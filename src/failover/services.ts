// News of this board's programs and addresses: told to NETRACK, to the other boards, to the timeline.

import type { MoveAsked, ServiceChange } from "../psrm/index.ts";
import type { AddressReport } from "../redirect/address/index.ts";
import { look } from "./look.ts";
import { reportSoon } from "./report.ts";
import { setAlarm, type State } from "./state.ts";

/** A service changed its state (design 30: NETRACK knows it at all times). */
export function onServiceChange(state: State, change: ServiceChange): void {
  const { options, tenures, asking } = state;
  const { service, group, isUp, cause, why, atUs, start } = change;
  options.netrack.tell({ type: "service", name: service, up: isUp });
  if (change.state === "starting") asking.delete(service);
  const epoch = group === undefined ? undefined : tenures?.epochOf(group);
  const isFailure = cause === "dead" || cause === "silent" || cause === "cannot-start";
  if (isFailure && change.state !== "starting") {
    const text = `${service}: ${why}`;
    options.onStep({ group, epoch, step: "service-died", text, atUs });
  } else if (change.state === "running" && start > 1) {
    const text = `${service}: start ${start}`;
    options.onStep({ group, epoch, step: "service-restarted", text, atUs });
  }
  const isFailed = change.state === "failed";
  const text = `service ${service} has failed on slot ${state.self}: ${why}`;
  const alarm = { id: `service-failed:${service}`, object: service, severity: "major" } as const;
  setAlarm(state, { ...alarm, text }, isFailed, atUs);
  tenures?.onService(change);
  reportSoon(state);
  look(state);
}

/** Design 29, choice 2: PSRM wants another board to run it. */
export function onMoveAsked(state: State, asked: MoveAsked): void {
  const { service, group, why } = asked;
  const { options, tenures } = state;
  state.asking.add(service);
  const text = `${service}: ${why}; another board is asked for`;
  const epoch = tenures?.epochOf(group);
  options.onStep({ group, epoch, step: "move-asked", text, atUs: options.nowUs() });
  reportSoon(state);
  look(state);
}

/** A step of a public address. */
export function onAddressReport(state: State, report: AddressReport): void {
  const { options, tenures } = state;
  const { address, atUs } = report;
  const of = tenures?.groupOf(address);
  const step = (name: string, text: string): void =>
    options.onStep({ group: of?.group, epoch: of?.epoch, step: name, text, atUs });
  const id = `public-address-failed:${address}`;
  switch (report.type) {
    case "step":
      if (report.step === "address-added") {
        setAlarm(state, { id, object: address, severity: "critical", text: "" }, false, atUs);
      }
      return step(report.step, `${address}: ${report.count}`);
    case "duplicate": {
      const text = `${address} is claimed by ${report.mac} on network ${report.network} too`;
      return step("duplicate", text);
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

// This board's report to the others: its services, and on the CCN what the operator wants. Sent when
// it changes, once a turn of the loop, and every second.

import { ccnSlot, type Incarnation, type SlotId } from "../base/index.ts";
import { linkPayloadBytesMax } from "../link/index.ts";
import {
  type BoardReport,
  decodeBoardReport,
  encodeBoardReport,
  type ReportedService,
  reportServicesMax,
  wireErrorText,
} from "../wire/index.ts";
import { channels } from "./limits.ts";
import { look } from "./look.ts";
import type { State } from "./state.ts";

/** What this board tells now. */
export function ownReport(state: State): BoardReport {
  const { psrm, wishes, asking, ownServices, options } = state;
  const now = options.nowUs();
  const services = (psrm?.status() ?? [])
    .slice(0, reportServicesMax)
    .map((unit): ReportedService => {
      const { restart } = ownServices.find(({ name }) => name === unit.service) ?? {};
      // "Too often" is about a window of time; when that has passed this board may be tried again.
      const ageMs = Math.max(0, Math.round((now - unit.sinceUs) / 1000));
      const isOld = unit.state === "failed" && ageMs > (restart?.windowMs ?? 0);
      return {
        service: unit.service,
        state: isOld ? "stopped" : unit.state,
        cause: unit.cause,
        asksMove: !isOld && asking.has(unit.service),
        isUp: unit.state === "running" || unit.state === "trouble",
        start: unit.start,
        restarts: unit.restarts,
        pid: unit.pid,
        ageMs,
      };
    });
  const wanted = wishes?.get();
  return {
    electionsOff: wanted?.electionsOff ?? false,
    maintenance: [...(wanted?.out ?? [])],
    services,
  };
}

/** The report goes out in the next turn of the loop. */
export function reportSoon(state: State): void {
  if (state.isReportDue) return;
  state.isReportDue = true;
  setImmediate(() => {
    state.isReportDue = false;
    tellReport(state);
  });
}

/** Sends the report to every board that is heard. */
export function tellReport(state: State): void {
  if (state.isClosed || state.link === undefined) return;
  const bytes = encodeBoardReport(ownReport(state), linkPayloadBytesMax);
  if (!bytes.ok) {
    state.options.log.error("report-untold", { reason: wireErrorText(bytes.error) });
    return;
  }
  broadcast(state, channels.report, bytes.value);
}

/** To every other board whose life is known. */
export function broadcast(state: State, channel: number, bytes: Uint8Array): void {
  for (const { slot } of state.options.document.boards) {
    if (slot === state.self || state.options.netrack.lifeOf(slot) === undefined) continue;
    state.link?.send(slot, channel, bytes);
  }
}

/** Another board's report. */
export function hearReport(state: State, from: SlotId, life: Incarnation, bytes: Uint8Array): void {
  const decoded = decodeBoardReport(bytes);
  if (!decoded.ok) return;
  const { value: report } = decoded;
  const before = state.reports.get(from);
  const isNew = before === undefined || before.life !== life || !isSame(before.report, report);
  state.reports.set(from, { life, report });
  if (from === ccnSlot) hearWishes(state, report);
  if (isNew) look(state);
}

/** What the operator wants, by the CCN's word or of the CCN itself. */
export function hearWishes(state: State, report: BoardReport): void {
  state.out = new Set(report.maintenance);
  if (state.electionsOff === report.electionsOff) return;
  state.electionsOff = report.electionsOff;
  state.leases?.give({ type: "maintenance", on: report.electionsOff });
}

function isSame(a: BoardReport, b: BoardReport): boolean {
  const words = ({ electionsOff, maintenance, services }: BoardReport): string =>
    JSON.stringify([electionsOff, maintenance, services.map((each) => ({ ...each, ageMs: 0 }))]);
  return words(a) === words(b);
}

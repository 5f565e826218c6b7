// One switch's lookup at work: carries the core's effects out over SNMP and real timers, and its
// answers to whoever asked. Decides nothing.

import {
  err,
  type Ipv4,
  type Log,
  type Mac,
  type MonoUs,
  type Result,
  unreachable,
} from "../../base/index.ts";
import type { Switch } from "../../config/index.ts";
import { step } from "./core.ts";
import { portOfRelay } from "./option82.ts";
import { openSnmpSession, type SnmpSession, type SnmpTarget } from "./snmp-session.ts";
import { createLookupState, type LookupEffect, type LookupEvent } from "./state.ts";
import { lookupStatus } from "./status.ts";
import type { LookupOutcome, SwitchLookup, TableRow } from "./types.ts";

/** What a lookup needs: the switch, our address on its network, a clock and a log. */
export type SwitchLookupOptions = {
  readonly switch: Switch;
  readonly sourceAddress: Ipv4;
  readonly now: () => MonoUs;
  readonly log: Log;
};

/** Starts asking a switch; its port names are read at once. Never throws on what it answers. */
export function createSwitchLookup(options: SwitchLookupOptions): SwitchLookup {
  const { now, log } = options;
  const { name, address, port, snmp, slotOfPort, uplinks } = options.switch;
  const plan = { switchName: name, snmpVersion: snmp.version, slotOfPort, uplinks };
  const state = createLookupState(plan, now());
  const target: SnmpTarget = { address, port, access: snmp, sourceAddress: options.sourceAddress };
  const lookups = new Map<number, (outcome: LookupOutcome) => void>();
  const tables = new Map<number, (table: Result<readonly TableRow[], string>) => void>();
  let request = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = (): SnmpSession => openSnmpSession(target, (event) => happen(event));
  let session = open();

  // An effect can cause an event at once (a refused send): it waits until all effects are out.
  const events: LookupEvent[] = [];
  const happen = (event: LookupEvent): void => {
    events.push(event);
    if (events.length > 1) return;
    for (let next = events[0]; next !== undefined; next = events[0]) {
      for (const effect of step(state, next, now())) carryOut(effect);
      events.shift();
    }
  };
  const carryOut = (effect: LookupEffect): void => {
    switch (effect.type) {
      case "send-packet":
        return session.send(effect);
      case "answer-lookup":
        return answer(lookups, effect.request, effect.outcome);
      case "answer-table":
        return answer(tables, effect.request, effect.table);
      case "set-timer":
        clearTimeout(timer);
        timer = setTimeout(() => happen({ type: "timer-fired" }), msUntil(effect.atUs, now()));
        return undefined;
      case "renew-session":
        session.close();
        session = open();
        return undefined;
      case "raise-alarm":
        return log.warn(effect.alarm, { switch: name, why: effect.text });
      default:
        return unreachable(effect);
    }
  };
  happen({ type: "started" });
  /** A promise that the answer to a new request resolves; nothing is asked after close. */
  const asked = <T>(
    waiting: Map<number, (answer: T) => void>,
    closed: T,
    event: (request: number) => LookupEvent,
  ): Promise<T> =>
    new Promise((resolve) => {
      if (state.isClosed) return resolve(closed);
      waiting.set(++request, resolve);
      happen(event(request));
    });
  const reason = `the lookup of switch ${name} was closed`;
  return {
    lookup: (mac: Mac) =>
      asked<LookupOutcome>(lookups, { type: "no-answer", reason }, (number) => {
        return { type: "lookup-asked", request: number, mac };
      }),
    table: () => asked(tables, err(reason), (number) => ({ type: "table-asked", request: number })),
    option82: (information) => portOfRelay(options.switch, state.ports, information),
    status: () => lookupStatus(state),
    close() {
      happen({ type: "closed" });
      clearTimeout(timer);
      session.close();
    },
  };
}

function msUntil(atUs: MonoUs, now: MonoUs): number {
  return Math.max(0, Math.ceil((atUs - now) / 1000));
}

function answer<T>(waiting: Map<number, (answer: T) => void>, request: number, value: T): void {
  waiting.get(request)?.(value);
  waiting.delete(request);
}

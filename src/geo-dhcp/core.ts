// The DHCP and RARP servers of one network, as a pure state machine. The switch port is the only
// identity: the address is a function of (switch, port, chassis file), so there is no lease
// database and a restarted server answers as before. Design paragraphs 52-57 and 64, figs. 13-15;
// RFC 2131, 2132, 3046, 6842, 903, 5227. State holds what is in flight and what ARP told lately.
//
// A request, by MAC: idle -> looking up (and probing, if there is a hint) -> probing -> idle.
//
// | event              | idle                      | looking up        | probing               |
// | ------------------ | ------------------------- | ----------------- | --------------------- |
// | DISCOVER, REQUEST, | not admitted: drop, count | newest message    | newest message takes  |
// | INFORM, DECLINE,   | just offered: decide now  | takes the place,  | the place, decide     |
// | RARP               | else look-up [+ send-arp] | counted as joined | again                 |
// | REQUEST to another | note                      | DHCP part dropped | DHCP part dropped     |
// | RELEASE, BOOTP,    | note                      | note              | note                  |
// | replies, bad bytes |                           |                   |                       |
// | lookup-finished    | remembered as a hint      | decide            | (cannot be: ignored)  |
// | arp-received       | remembered; foreign while | remembered        | remembered, decide    |
// |                    | given: conflict + alarm   |                   |                       |
// | timer-fired        | conflict: probe or clear  | older than 5 s:   | probe again at 35 ms; |
// |                    |                           | forgotten         | silent at 80: decide  |
// | send-failed,       | note                      | note              | note                  |
// | interface-lost/back|                           |                   |                       |
// | configured         | places forgotten          | goes on           | looks up again        |
//
// Decide, by message and what is known (n = the design's step):
//
// | place, address        | DISCOVER (fig. 13) | REQUEST (fig. 14) | RARP (fig. 15) | DECLINE | INFORM |
// | --------------------- | ------------------ | ----------------- | -------------- | ------- | ------ |
// | switch does not say   | ignore             | ignore            | ignore         | ignore  | ignore |
// | port not found        | ignore (430)       | NAK (530)         | ignore (630)   | ignore  | ignore |
// | another one wanted    | (only a hint)      | NAK (560)         | -              | ignore  | -      |
// | held by somebody else | unusable, ignore   | unusable, NAK     | answer (640)   | unusable| ACK    |
// |                       | (460)              | (580)             |                | + alarm | without|
// | silent, or held by    | OFFER (470)        | ACK (590)         | answer (640)   | unusable| address|
// | the asking MAC        |                    |                   |                | + alarm |        |
// | nothing known         | probe first        | probe first       | answer (640)   | unusable|        |

import { assert, lineBudget, type MonoUs, unreachable } from "../base/index.ts";
import { logLinesPerSecondMax } from "./limits.ts";
import { zeroCounters } from "./core/event-names.ts";
import { clearConflict } from "./core/holders.ts";
import { note, type Run } from "./core/note.ts";
import { addressStates, tablesOf } from "./core/place.ts";
import { lookUpAgain, onArp, onDhcp, onLookup, onRarp, onTimer } from "./core/serve.ts";
import type { Config, Effect, Event, State } from "./core/types.ts";

/** A server that knows its configuration and nothing else, as after every start. */
export function createState(config: Config, now: MonoUs): State {
  return {
    config,
    tables: tablesOf(config),
    clients: new Map(),
    pending: new Map(),
    senders: new Map(),
    addresses: addressStates(config, new Map()),
    given: new Map(),
    counters: zeroCounters(),
    lines: lineBudget(logLinesPerSecondMax, now),
    timerUs: undefined,
  };
}

/** Takes one event into account and says what to do. Never throws on what came from outside. */
export function step(state: State, event: Event, now: MonoUs): Effect[] {
  const run: Run = { state, now, effects: [] };
  switch (event.type) {
    case "dhcp-received":
      onDhcp(run, event);
      break;
    case "rarp-received":
      onRarp(run, event.packet, event.sender);
      break;
    case "arp-received":
      onArp(run, event.packet);
      break;
    case "bytes-refused":
      note(run, "bytes-refused", { fields: { protocol: event.protocol, why: event.why } });
      break;
    case "send-failed":
      note(run, "reply-not-sent", { fields: { what: event.what, why: event.why } });
      break;
    case "interface-lost":
      note(run, "interface-lost", { fields: { why: event.why } });
      break;
    case "interface-back":
      note(run, "interface-back", { mac: event.mac });
      state.config = { ...state.config, mac: event.mac };
      break;
    case "lookup-finished":
      onLookup(run, event.mac, event.outcome);
      break;
    case "timer-fired":
      onTimer(run);
      break;
    case "configured":
      onConfigured(run, event.config);
      break;
    default:
      return unreachable(event);
  }
  return run.effects;
}

/** Addresses that are no longer ours lose their alarms; requests in flight are looked up anew. */
function onConfigured(run: Run, config: Config): void {
  const { state } = run;
  assert(config.network === state.config.network, "a server stays on its network");
  const pages = addressStates(config, state.addresses);
  for (const [address, page] of state.addresses) {
    if (pages.get(address) !== page) clearConflict(run, page);
  }
  state.config = config;
  state.tables = tablesOf(config);
  state.addresses.clear();
  for (const [address, page] of pages) state.addresses.set(address, page);
  lookUpAgain(run);
}

// PSRM, the process starter / restarter / monitor (design 28-30, fig. 9): one pure state machine
// for all services of a board. The shell turns processes, sockets and timers into events and carries
// effects out.
//
// Phase of a start (what lives) x event -> phase; `show` derives what people see (ServiceState):
//
// An order to kill is one to stop that goes from `up` and `ending` to `killing` at once.
//
//            | order start | order stop    | started | exited     | tree-gone      | timer
//   idle     | spawning(a) | idle          | -       | -          | -              | spawning(b)
//   spawning | -           | up, ending(c) | up      | -          | -              | -
//   up       | -           | ending(d)     | -       | killing(e) | -              | killing(f)
//   ending   | then again  | ending        | -       | killing    | -              | killing(g)
//   killing  | then again  | then stopped  | -       | -          | idle, spawning | kill again(h)
//
// (a) when all services of `after` are ready, else waiting; (b) the pause is over; (c) asked to end
// as soon as it is there; (d) when its dependents are gone; (e) dead: restart | move | nothing | done
// by onFailure.dead and restart.byExitCode; (f) silent: not ready in readyMs, watchdog, checks;
// (g) stop.ms is over; (h) the tree outlives SIGKILL: told, and never started beside it.
// cannot-start is like exited. Trouble (design 29 case 3) ends a start through `ending`.
// News of an earlier start, of an unknown service or of a phase that is over change nothing.

import { assert, type MonoUs } from "../base/index.ts";
import type { Effect, Event, News, Order } from "./core/events.ts";
import { onDead } from "./core/failure.ts";
import { onHealthNews } from "./core/health.ts";
import { onExited, onStarted, onTreeGone } from "./core/life.ts";
import { onOrder, settle } from "./core/order.ts";
import type { State, Unit } from "./core/state.ts";
import { onTimer, setTimer } from "./core/timers.ts";

/** Takes one event; the effects are to be carried out in order. Never throws for input. */
export function step(state: State, event: Event, now: MonoUs): Effect[] {
  assert(state.effects.length === 0, "the effects of the step before were handed out");
  apply(state, event, now);
  settle(state, now);
  setTimer(state);
  const { effects } = state;
  state.effects = [];
  return effects;
}

function apply(state: State, event: Event, now: MonoUs): void {
  if (event.type === "timer-fired") {
    onTimer(state, now);
    return;
  }
  const unit = state.units.get(event.service);
  if (unit === undefined) return;
  if (isOrder(event)) {
    onOrder(state, unit, event, now);
    return;
  }
  if (event.start === unit.start) onNews(state, unit, event, now);
}

function onNews(state: State, unit: Unit, news: News, now: MonoUs): void {
  switch (news.type) {
    case "started":
      onStarted(state, unit, news.pid, now);
      return;
    case "cannot-start":
      if (unit.phase !== "spawning") return;
      onDead(state, unit, { cause: "cannot-start", why: news.why, exitCode: undefined }, now);
      return;
    case "exited":
      onExited(state, unit, news.exit, now);
      return;
    case "tree-gone":
      onTreeGone(state, unit, now);
      return;
    case "notified":
    case "check-answered":
    case "sampled":
    case "trouble-reported":
    case "trouble-over":
    case "move-wanted":
      onHealthNews(state, unit, news, now);
      return;
    default:
      news satisfies never;
  }
}

function isOrder(event: Order | News): event is Order {
  return ["start", "stop", "restart", "kill"].includes(event.type);
}

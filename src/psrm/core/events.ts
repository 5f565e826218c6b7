// What happens to PSRM and what it orders. Every event about a process carries the number of the
// start it belongs to: news of an earlier start are normal, and ignored.

import type { LogFields, LogLevel, MonoUs } from "../../base/index.ts";
import type { Service } from "../../config/index.ts";
import type { PsrmLogEvent } from "../explanations.ts";
import type { ProcessExit, ServiceCause, ServiceChange } from "../types.ts";
import type { NotifyMessage } from "./notify.ts";

/** An order from outside: REDIRECT or a person. */
export type Order = {
  /** `kill` stops without asking the program first: its board lost the right to act. */
  readonly type: "start" | "stop" | "restart" | "kill";
  readonly service: string;
  /** For people: `group web is active here`. */
  readonly why: string;
};

/** News of one start of one service. */
export type News = {
  readonly service: string;
  readonly start: number;
} & (
  | { readonly type: "started"; readonly pid: number }
  | { readonly type: "cannot-start"; readonly why: string }
  /** The main process ended; others of its tree may live. */
  | { readonly type: "exited"; readonly exit: ProcessExit }
  /** Answer to `kill-tree`: provably no process of this start lives. */
  | { readonly type: "tree-gone" }
  | { readonly type: "notified"; readonly message: NotifyMessage }
  /** Answer to the effect `check` of this number; `failure` undefined = it answered well. */
  | {
      readonly type: "check-answered";
      readonly check: number;
      readonly failure: string | undefined;
    }
  | { readonly type: "sampled"; readonly memoryBytes: number }
  | { readonly type: "trouble-reported"; readonly why: string }
  | { readonly type: "trouble-over" }
  | { readonly type: "move-wanted"; readonly why: string }
);

/** What happened. */
export type Event = Order | News | { readonly type: "timer-fired" };

/** What the shell shall do, in this order. */
export type Effect =
  /** Start the program; answered by `started` or `cannot-start`. */
  | { readonly type: "spawn"; readonly service: Service; readonly start: number }
  /** To the main process only. */
  | {
      readonly type: "signal";
      readonly service: string;
      readonly start: number;
      readonly signal: string;
    }
  /** SIGKILL to everything of this start; answered by `tree-gone`. May come again. */
  | { readonly type: "kill-tree"; readonly service: string; readonly start: number }
  /** Ask the service now; answered by `check-answered` within `withinMs`. */
  | {
      readonly type: "check";
      readonly service: Service;
      readonly start: number;
      readonly check: number;
      readonly about: "ready" | "alive";
      readonly withinMs: number;
    }
  /** The one timer: replaces the one before; undefined = none. */
  | { readonly type: "set-timer"; readonly atUs: MonoUs | undefined }
  | { readonly type: "changed"; readonly change: ServiceChange }
  /** Design 29 choice 2; the service is gone from this board when this is said. */
  | {
      readonly type: "ask-move";
      readonly service: string;
      readonly group: string;
      readonly cause: ServiceCause;
      readonly why: string;
    }
  | {
      readonly type: "log";
      readonly level: LogLevel;
      readonly event: PsrmLogEvent;
      readonly fields: LogFields;
    };

// The shape of one service of a chassis file (design 28-30). `boards/examples/full.yaml` explains
// every key for people; relations between services are in services.ts.

import { err, ok } from "../base/index.ts";
import { z } from "zod";
import { servicesMax } from "./limits.ts";
import { anything, keys, ms } from "./schema.ts";
import type { AliveCheck, FailureAction, ReadyCheck } from "./service-types.ts";
import {
  bytesValue,
  commandValue,
  environmentValue,
  namesValue,
  pathValue,
  slotsValue,
  userValue,
} from "./service-values.ts";
import { nameValue, value, wholeNumber, word } from "./values.ts";

const action = word("an action", ["restart", "move", "nothing"]);
const tcpPort = wholeNumber("a TCP port", 1, 65_535);
const httpPath = value("a path such as /health", (text) =>
  /^\/[\x21-\x7e]{0,254}$/.test(text) ? ok(text) : err("not an HTTP path; write /health"),
);
/** Signals that ask a program to end or to prepare it (signal(7)); SIGKILL comes by itself. */
const signal = word("a signal", [
  "SIGTERM",
  "SIGINT",
  "SIGQUIT",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
  "SIGABRT",
  "SIGWINCH",
]);

/** One service; ready and alive are read by readySchema and aliveSchema. */
export const serviceSchema = keys("a service: { run, group, ... }", {
  run: commandValue,
  user: userValue.optional(),
  directory: pathValue.optional(),
  environment: environmentValue.optional(),
  limits: keys("limits: a map such as { memoryBytes: 256M }", {
    openFiles: wholeNumber("a number of files", 3, 1_048_576).optional(),
    processes: wholeNumber("a number of processes", 1, 1_048_576).optional(),
    memoryBytes: bytesValue.optional(),
    troubleMemoryBytes: bytesValue.optional(),
  }).optional(),
  group: nameValue.optional(),
  standby: word("what it does on a standby", ["running", "stopped"]).optional(),
  on: slotsValue.optional(),
  after: namesValue("services", servicesMax).optional(),
  ready: anything,
  readyMs: ms(3_600_000),
  alive: anything,
  stop: keys("stop: a map such as { signal: SIGTERM, ms: 5000 }", {
    signal: signal.optional(),
    ms: ms(600_000),
  }).optional(),
  restart: keys("restart: a map such as { max: 3, windowMs: 60000 }", {
    backoffMs: ms(600_000, 0),
    backoffMaxMs: ms(3_600_000, 0),
    calmMs: ms(86_400_000),
    max: wholeNumber("a number of restarts", 0, 1000).optional(),
    windowMs: ms(86_400_000),
    byExitCode: anything,
  }).optional(),
  onFailure: keys("onFailure: a map such as { dead: restart }", {
    dead: action.optional(),
    silent: action.optional(),
    trouble: action.optional(),
  }).optional(),
  log: keys("log: a map such as { bytesMax: 10M, files: 3 }", {
    bytesMax: bytesValue.optional(),
    files: wholeNumber("a number of files", 1, 100).optional(),
  }).optional(),
});
/** What serviceSchema gives. */
export type ServiceSection = z.output<typeof serviceSchema>;

const hasKey = (input: unknown, key: string): boolean =>
  typeof input === "object" && input !== null && Object.hasOwn(input, key);

const readyForms = "alive, notify, { tcp: 80 }, { http: 80 } or { command: /bin/check }";
const aliveForms = "alive, { watchdogMs: 1000 }, { tcp: 80 }, { http: 80 } or { command: ... }";

/** The schema for a service's `ready`, chosen by its form. */
export function readySchema(input: unknown): z.ZodType<ReadyCheck> {
  if (typeof input === "string") {
    return word("a word for ready", ["alive", "notify"]).transform((by): ReadyCheck => ({ by }));
  }
  if (hasKey(input, "tcp")) {
    return keys("ready: { tcp: 80 }", { tcp: tcpPort }).transform(({ tcp }): ReadyCheck => ({
      by: "tcp",
      port: tcp,
    }));
  }
  if (hasKey(input, "http")) {
    return keys("ready: { http: 80, path: /health }", {
      http: tcpPort,
      path: httpPath.optional(),
    }).transform(({ http, path }): ReadyCheck => ({ by: "http", port: http, path: path ?? "/" }));
  }
  if (hasKey(input, "command")) {
    return keys("ready: { command: /bin/check }", { command: commandValue }).transform(
      ({ command }): ReadyCheck => ({ by: "command", run: command }),
    );
  }
  return unknownForm(`not a way to be ready; write ${readyForms}`);
}

/** The schema for a service's `alive`, chosen by its form. */
export function aliveSchema(input: unknown): z.ZodType<AliveCheck> {
  if (typeof input === "string") {
    return word("a word for alive", ["alive"]).transform((by): AliveCheck => ({ by }));
  }
  if (hasKey(input, "watchdogMs")) {
    return keys("alive: { watchdogMs: 1000 }", {
      watchdogMs: wholeNumber("a time in milliseconds", 1, 3_600_000),
    }).transform(({ watchdogMs }): AliveCheck => ({ by: "watchdog", everyMs: watchdogMs }));
  }
  if (hasKey(input, "tcp")) {
    return keys("alive: { tcp: 80, everyMs: 1000 }", { tcp: tcpPort, ...pace }).transform(
      ({ tcp, ...given }): AliveCheck => ({
        by: "tcp",
        port: tcp,
        path: "/",
        run: [],
        ...paced(given),
      }),
    );
  }
  if (hasKey(input, "http")) {
    return keys("alive: { http: 80, path: /health, everyMs: 1000 }", {
      http: tcpPort,
      path: httpPath.optional(),
      ...pace,
    }).transform(({ http, path, ...given }): AliveCheck => ({
      by: "http",
      port: http,
      path: path ?? "/",
      run: [],
      ...paced(given),
    }));
  }
  if (hasKey(input, "command")) {
    return keys("alive: { command: /bin/check, everyMs: 1000 }", {
      command: commandValue,
      ...pace,
    }).transform(({ command, ...given }): AliveCheck => ({
      by: "command",
      port: 0,
      path: "/",
      run: command,
      ...paced(given),
    }));
  }
  return unknownForm(`not a way to be alive; write ${aliveForms}`);
}

const pace = {
  everyMs: ms(3_600_000, 10),
  withinMs: ms(3_600_000),
  failures: wholeNumber("a number of failures", 1, 100).optional(),
};

type Pace = {
  readonly everyMs?: number | undefined;
  readonly withinMs?: number | undefined;
  readonly failures?: number | undefined;
};

/** A question each second, half of that for its answer, three unanswered ones = not answering. */
function paced(given: Pace): { everyMs: number; withinMs: number; failures: number } {
  const everyMs = given.everyMs ?? 1000;
  const withinMs = given.withinMs ?? Math.max(1, Math.floor(everyMs / 2));
  return { everyMs, withinMs, failures: given.failures ?? 3 };
}

function unknownForm(message: string): z.ZodType<never> {
  return z.unknown().transform((_input, context): never => {
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/** `byExitCode`: exit code 0 to 255 -> what it means. */
export const exitCodesSchema: z.ZodType<Record<string, FailureAction | "done">> = z.record(
  z.string().regex(/^(0|[1-9][0-9]{0,2})$/),
  word("an action", ["restart", "move", "nothing", "done"]),
  { error: () => "not a map of exit codes 0 to 255; write { 0: done, 3: move }" },
);

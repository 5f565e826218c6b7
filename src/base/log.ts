// The log: one line an event on stderr, `time=… level=warn board=c1 module=netrack event=path-down
// net=A`. Event names are constants; `explain` texts live beside them in their module. Repeats
// within a second are counted instead of printed, so that a fault can't drown its own cause.

/** How loud an event is. `error` and `warn` deserve a human's look. */
export type LogLevel = "debug" | "info" | "warn" | "error";
/** What an event can carry; no secrets, no nested objects. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
/** Where lines go; the shell hands in stderr or a test's list. */
export type LogSink = (line: string) => void;

/** Writes events of one module. */
export type Log = {
  readonly debug: (event: string, fields?: LogFields) => void;
  readonly info: (event: string, fields?: LogFields) => void;
  readonly warn: (event: string, fields?: LogFields) => void;
  readonly error: (event: string, fields?: LogFields) => void;
  /** The same log for another module name. */
  readonly module: (name: string) => Log;
};

/** What a log needs to know: who speaks, from which level on, where to and what time it is. */
export type LogOptions = {
  /** The board that speaks; a function where it gets its name later. */
  readonly board: string | (() => string);
  readonly module: string;
  readonly level: LogLevel;
  readonly sink: LogSink;
  /** Wall-clock time as ISO 8601, for people; never used to decide anything. */
  readonly now: () => string;
};

const order: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Distinct lines remembered for repeat counting; the oldest is forgotten first. */
const repeatsMax = 64;

/** A log that writes to `options.sink`. */
export function createLog(options: LogOptions): Log {
  return logFor(options, new Map());
}

type Repeat = { second: string; count: number };

function logFor(options: LogOptions, repeats: Map<string, Repeat>): Log {
  const at = (level: LogLevel) => (event: string, fields?: LogFields) => {
    if (order[level] < order[options.level]) return;
    const time = options.now();
    const { board } = options;
    const name = typeof board === "string" ? board : board();
    const body = `board=${name} module=${options.module} event=${event}${text(fields)}`;
    const seen = repeats.get(body);
    const second = time.slice(0, 19);
    if (seen !== undefined && seen.second === second) {
      seen.count++;
      return;
    }
    const repeated = seen !== undefined && seen.count > 0 ? ` repeated=${seen.count}` : "";
    if (repeats.size >= repeatsMax) repeats.delete(repeats.keys().next().value ?? "");
    repeats.set(body, { second, count: 0 });
    options.sink(`time=${time} level=${level} ${body}${repeated}\n`);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    module: (name) => logFor({ ...options, module: name }, repeats),
  };
}

function text(fields: LogFields | undefined): string {
  let out = "";
  for (const [key, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    const plain = String(value);
    out += ` ${key}=${/^[^\s"=]+$/.test(plain) ? plain : JSON.stringify(plain)}`;
  }
  return out;
}

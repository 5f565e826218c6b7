// Datagrams of sd_notify(3) as values: `VARIABLE=value` lines, UTF-8. They come from any process of
// a service, so nothing is believed: too long, too many lines or not UTF-8 is refused whole;
// unknown variables (MAINPID, FDSTORE, ERRNO ...) are passed over, as sd_notify(3) demands of
// receivers.

import { err, ok, type Result } from "../../base/index.ts";
import { extendMsMax, notifyBytesMax, notifyLinesMax, statusCharsMax } from "../limits.ts";

/** What one datagram says. */
export type NotifyMessage = {
  readonly isReady: boolean;
  readonly isReloading: boolean;
  readonly isStopping: boolean;
  /** `1`: it lives; `trigger`: it says itself that it does not (sd_notify(3)). */
  readonly watchdog: "alive" | "trigger" | undefined;
  readonly status: string | undefined;
  /** EXTEND_TIMEOUT_USEC: its start or stop takes at least this much longer from now, ms. */
  readonly extendMs: number | undefined;
  /** Variables passed over. */
  readonly ignored: number;
};

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads one datagram. Never throws; the error says what is wrong with it. */
export function decodeNotify(bytes: Uint8Array): Result<NotifyMessage, string> {
  if (bytes.length > notifyBytesMax) {
    return err(`${bytes.length} bytes; at most ${notifyBytesMax} are read`);
  }
  const text = textOf(bytes);
  if (text === undefined) return err("not UTF-8");
  const lines = text.split("\n", notifyLinesMax + 1);
  if (lines.length > notifyLinesMax) return err(`more than ${notifyLinesMax} lines`);
  let message = nothing;
  for (const line of lines) {
    if (line === "") continue;
    const equals = line.indexOf("=");
    if (equals <= 0)
      return err(`a line is not VARIABLE=value: ${JSON.stringify(line.slice(0, 40))}`);
    message = withVariable(message, line.slice(0, equals), line.slice(equals + 1));
  }
  return ok(message);
}

/** Has it no variable that means something here? */
export function saysNothing(message: NotifyMessage): boolean {
  const { isReady, isReloading, isStopping, watchdog, status, extendMs } = message;
  const isWord = isReady || isReloading || isStopping;
  return !isWord && watchdog === undefined && status === undefined && extendMs === undefined;
}

const nothing: NotifyMessage = {
  isReady: false,
  isReloading: false,
  isStopping: false,
  watchdog: undefined,
  status: undefined,
  extendMs: undefined,
  ignored: 0,
};

function withVariable(message: NotifyMessage, name: string, value: string): NotifyMessage {
  if (name === "READY" && value === "1") return { ...message, isReady: true };
  if (name === "RELOADING" && value === "1") return { ...message, isReloading: true };
  if (name === "STOPPING" && value === "1") return { ...message, isStopping: true };
  if (name === "WATCHDOG" && value === "1") return { ...message, watchdog: "alive" };
  if (name === "WATCHDOG" && value === "trigger") return { ...message, watchdog: "trigger" };
  if (name === "STATUS") return { ...message, status: printable(value).slice(0, statusCharsMax) };
  if (name === "EXTEND_TIMEOUT_USEC" && /^\d{1,18}$/.test(value)) {
    return { ...message, extendMs: Math.min(extendMsMax, Math.floor(Number(value) / 1000)) };
  }
  return { ...message, ignored: message.ignored + 1 };
}

/** Control characters would reach terminals through `status`. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

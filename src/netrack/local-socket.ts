// The UNIX socket on which programs of this board ask and tell (README.md has the protocol).

import { err, ok, type Result } from "../base/index.ts";
import { openLineServer } from "../kernel/index.ts";
import { type Command, parseCommand, type Subscription, wants } from "./core/commands.ts";
import * as limits from "./limits.ts";
import type { MapChange } from "./types.ts";

/** Commands the socket does not answer itself. */
export type AskedCommand = Exclude<Command, { readonly type: "subscribe" }>;

/** Who answers, and where. */
export type LocalSocketOptions = {
  readonly path: string;
  /** The answer as an object; it becomes one line of JSON. Must not throw. */
  readonly answer: (command: AskedCommand) => object;
  readonly onDropped: (reason: string) => void;
};

/** The open socket. */
export type LocalSocket = {
  /** Tells a change to everybody who wants it. `seq` counts all changes. */
  readonly tell: (change: MapChange, seq: number) => void;
  readonly clients: () => number;
  readonly close: () => void;
};

/** Listens at `path`, in place of a socket left by a predecessor. Errors are sentences. */
export function openLocalSocket(options: LocalSocketOptions): Result<LocalSocket, string> {
  let seq = 0;
  const opened = openLineServer({
    path: options.path,
    owner: undefined,
    onDropped: options.onDropped,
    mode: { directory: 0o777, socket: 0o660 },
    limits,
    begin: (): Subscription[] => [],
    answer(line, subscriptions) {
      const command = parseCommand(line);
      if (!command.ok) return { ok: false, error: command.error };
      if (command.value.type !== "subscribe") return options.answer(command.value);
      if (subscriptions.length >= limits.subscriptionsMax) {
        const most = `${limits.subscriptionsMax} subscriptions are the most`;
        return { ok: false, error: `${most}; use: subscribe all` };
      }
      subscriptions.push(command.value.subscription);
      return { ok: true, subscribed: command.value.subscription, seq };
    },
  });
  if (!opened.ok) return err(`${opened.error}; give another --run-dir`);
  const { tell, clients, close } = opened.value;
  return ok({
    tell(change, changeSeq) {
      seq = changeSeq;
      tell(
        (subscriptions) => subscriptions.some((each) => wants(each, change)),
        () => ({ seq, event: change }),
      );
    },
    clients,
    close,
  });
}

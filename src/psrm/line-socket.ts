// A service's own UNIX socket: the line protocol of core/commands.ts for programs that want more
// than sd_notify(3). One socket a service, at SOFTSET_SOCKET, owned by the service's user and closed
// to others (mode 0600): whoever can open it speaks for the service.

import { ok, type Result } from "../base/index.ts";
import { openLineServer } from "../kernel/index.ts";
import { parseServiceCommand, type ServiceCommand } from "./core/commands.ts";
import * as limits from "./limits.ts";

/** Commands the socket does not answer itself. */
export type AskedServiceCommand = Exclude<ServiceCommand, { readonly type: "subscribe" }>;

/** Who answers, and where. */
export type LineSocketOptions = {
  readonly path: string;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** The answer as an object; it becomes one line of JSON. Must not throw. */
  readonly answer: (command: AskedServiceCommand) => object;
  /** First line of a subscription: how things are now. */
  readonly now: () => object;
  readonly onDropped: (reason: string) => void;
};

/** The open socket. */
export type LineSocket = {
  /** Tells everybody who subscribed. */
  readonly tell: (event: object) => void;
  readonly close: () => void;
};

/** Listens at `path`, in place of a socket left by a predecessor. Errors are sentences. */
export function openLineSocket(options: LineSocketOptions): Result<LineSocket, string> {
  const { path, owner, onDropped } = options;
  const opened = openLineServer({
    path,
    owner,
    onDropped,
    mode: { directory: 0o711, socket: 0o600 },
    limits,
    begin: () => ({ isSubscribed: false }),
    answer(line, client) {
      const command = parseServiceCommand(line);
      if (!command.ok) return { ok: false, error: command.error };
      if (command.value.type !== "subscribe") return options.answer(command.value);
      client.isSubscribed = true;
      return { ok: true, ...options.now() };
    },
  });
  if (!opened.ok) return opened;
  const { tell, close } = opened.value;
  return ok({
    tell: (event) =>
      tell(
        ({ isSubscribed }) => isSubscribed,
        () => event,
      ),
    close,
  });
}

// The client outside in a thread of its own: the lab's loop stands still for some 10 ms while a board
// is started, which must not look like an outage. It tells of every answer when it came.

import { type Ipv4, type MonoUs } from "../../base/index.ts";
import { inNetns, monoNowUs, openUdp, sysErrorText } from "../../kernel/index.ts";

/** Whom to ask, from where. */
export type ClientOrder = {
  /** Descriptor of the client's network namespace. */
  readonly netns: number;
  readonly address: Ipv4;
  readonly port: number;
  /** A question each, ms. */
  readonly everyMs: number;
};

/** What the thread tells. */
export type ClientNews =
  | { readonly type: "answer"; readonly board: string; readonly atUs: MonoUs }
  | { readonly type: "open" }
  | { readonly type: "refused"; readonly reason: string };

const tell = (news: ClientNews): void => postMessage(news);

addEventListener("message", ({ data }: MessageEvent<ClientOrder>) => void ask(data));

async function ask({ netns, address, port, everyMs }: ClientOrder): Promise<void> {
  const opened = await inNetns(netns, () =>
    openUdp({
      port: 0,
      onDatagram(bytes) {
        const [board = ""] = new TextDecoder().decode(bytes).split(" ");
        tell({ type: "answer", board, atUs: monoNowUs() });
      },
      onError: () => undefined, // a port that nobody listens on: the gap says so
    }),
  );
  if (!opened.ok) return tell({ type: "refused", reason: sysErrorText(opened.error) });
  const question = new TextEncoder().encode("hello");
  setInterval(() => opened.value.send(question, address, port), everyMs);
  tell({ type: "open" });
}

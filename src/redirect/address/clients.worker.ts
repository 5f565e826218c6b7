// The Worker that reads who talks to the public addresses (gather.ts). It answers each order with
// the messages that tell what changed, already encoded, so that the board's loop copies some bytes
// instead of thousands of objects.

import type { Result } from "../../base/index.ts";
import {
  inNetns,
  monoNowUs,
  openNetlink,
  openSocketDiagnosis,
  type SysError,
  sysErrorText,
} from "../../kernel/index.ts";
import { encodePublicClients, publicClientsBytesMax, wireErrorText } from "../../wire/index.ts";
import { createClientSource, readClients, wholeList } from "./client-list.ts";
import type { GatherAnswer, GatherOrder } from "./gather.ts";
import { gatherClients, type GatherSockets } from "./gather-read.ts";

declare const self: {
  onmessage: (event: MessageEvent<GatherOrder>) => void;
  postMessage(answer: GatherAnswer): void;
};

const source = createClientSource();
let sockets: GatherSockets | undefined;

self.onmessage = ({ data }) => self.postMessage(answer(data));

function answer(order: GatherOrder): GatherAnswer {
  const startedUs = monoNowUs();
  const opened = openSockets(order.netns);
  if (!opened.ok) return failed(sysErrorText(opened.error));
  const read = gatherClients(opened.value, order.addresses, order.devices);
  if (!read.ok) return failed(sysErrorText(read.error));
  const changed = readClients(source, read.value.clients, order.isBeat);
  const messages: Uint8Array[] = [];
  for (const message of order.whole ? wholeList(source) : changed) {
    const bytes = new Uint8Array(publicClientsBytesMax);
    const length = encodePublicClients(message, bytes);
    if (!length.ok) return failed(wireErrorText(length.error));
    messages.push(bytes.slice(0, length.value));
  }
  const untold = read.value.untold + source.untold;
  return { messages, untold, tookUs: monoNowUs() - startedUs, reason: undefined };
}

function openSockets(netns: number): Result<GatherSockets, SysError> {
  if (sockets !== undefined) return { ok: true, value: sockets };
  const netlink = inNetns(netns, openNetlink);
  if (!netlink.ok) return netlink;
  const diagnosis = inNetns(netns, openSocketDiagnosis);
  if (!diagnosis.ok) {
    netlink.value.close();
    return diagnosis;
  }
  sockets = { netlink: netlink.value, diagnosis: diagnosis.value };
  return { ok: true, value: sockets };
}

function failed(reason: string): GatherAnswer {
  return { messages: [], untold: 0, tookUs: 0, reason };
}

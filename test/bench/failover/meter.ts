// One client of a public address, as a process of its own in the outside client's namespace: a
// numbered request every millisecond, over UDP or over one TCP connection that is opened again at
// once when it breaks. record.ts keeps what it saw.
//
//   bun meter.ts udp|tcp ADDRESS PORT [fifo]
//
// On stdin `status` asks for a line of MeterStatus, `stop` for a line of ClientReport and the end;
// the end of stdin ends it, too. A request that has no connection fails at once. A connection is
// given up only when the kernel says so (RST, FIN, time-out): waiting for a silent one is what real
// clients do. A new one is tried again every 20 ms while none is open, because Linux repeats a lost
// SYN after 1 s and clients of a service that moves are told not to wait for that.
// `fifo`: SCHED_FIFO, so that the client is not late itself.

import {
  addUs,
  assert,
  type Ipv4,
  monoUs,
  nextU32,
  parseIpv4,
  prng,
} from "../../../src/base/index.ts";
import { becomeRealtime, monoNowUs, openUdp, type UdpSocket } from "../../../src/kernel/index.ts";
import { answerBytes, decodeAnswer, encodeRequest } from "./protocol.ts";
import {
  answered,
  type ClientRecord,
  connected,
  createRecord,
  nextNumber,
  reportOf,
} from "./record.ts";

/** How it goes at this moment. */
export type MeterStatus = {
  readonly nowUs: number;
  readonly acknowledged: number;
  readonly lastAnswerUs: number | undefined;
  /** Who answered last. */
  readonly board: string | undefined;
};

/** Between two requests, us. */
const intervalUs = 1000;
/** A late timer makes up for at most so many missed requests, so that a pause makes no storm. */
const catchUpMax = 5;
/** Between two attempts to connect while none succeeded, us. */
const connectUs = 20_000;
/** Attempts under way at once; the kernel ends one after minutes. */
const attemptsMax = 64;
/** Bytes of a line on stdin. */
const lineBytesMax = 1024;

type Way = { readonly send: (request: Uint8Array) => void; readonly close: () => void };
type Target = { readonly address: Ipv4; readonly port: number };

async function openUdpWay(target: Target, record: ClientRecord): Promise<Way> {
  const opened = await openUdp({
    port: 0,
    onError: () => {}, // an ICMP error is a lost answer, and that is counted
    onDatagram: (bytes) => take(record, bytes),
  });
  if (!opened.ok) throw new Error(`meter: cannot open a UDP socket: ${opened.error.code}`);
  const socket: UdpSocket = opened.value;
  return {
    send: (request) => void socket.send(request, target.address, target.port), // refused = lost
    close: () => socket.close(),
  };
}

type Connection = { have: Uint8Array };

/** One connection at a time; attempts that come too late are closed. */
function openTcpWay(target: Target, record: ClientRecord): Way {
  let open: Bun.Socket<Connection> | undefined;
  let attempts = 0;
  let triedUs = 0;
  const gone = (socket: Bun.Socket<Connection>): void => {
    if (open === socket) {
      open = undefined;
      triedUs = 0; // at once
    }
  };
  const connect = async (): Promise<void> => {
    attempts++;
    try {
      await Bun.connect<Connection>({
        hostname: target.address,
        port: target.port,
        data: { have: new Uint8Array(0) },
        socket: {
          open(socket) {
            if (open !== undefined) return void socket.end();
            socket.setNoDelay(true);
            open = socket;
            connected(record);
          },
          data: (socket, bytes) => takeStream(record, socket, bytes),
          close: gone,
          end: gone,
          error: gone,
        },
      });
    } catch {
      return; // refused or unreachable: the requests meanwhile are counted as failed
    } finally {
      attempts--;
    }
  };
  return {
    send(request) {
      if (open !== undefined) return void open.write(request);
      const nowUs = monoNowUs();
      if (attempts >= attemptsMax || nowUs - triedUs < connectUs) return;
      triedUs = nowUs;
      void connect();
    },
    close: () => open?.terminate(),
  };
}

function takeStream(
  record: ClientRecord,
  { data }: Bun.Socket<Connection>,
  bytes: Uint8Array,
): void {
  const all = data.have.length === 0 ? bytes : Buffer.concat([data.have, bytes]);
  let at = 0;
  for (; at + answerBytes <= all.length; at += answerBytes) {
    take(record, all.subarray(at, at + answerBytes));
  }
  data.have = all.slice(at);
}

function take(record: ClientRecord, bytes: Uint8Array): void {
  const answer = decodeAnswer(bytes);
  if (answer === undefined || answer.client !== record.client) record.strays++;
  else answered(record, answer, monoNowUs());
}

function sendAll(way: Way, record: ClientRecord): () => void {
  let dueUs = monoNowUs();
  const timer = setInterval(() => {
    const nowUs = monoNowUs();
    dueUs = monoUs(Math.max(dueUs, nowUs - catchUpMax * intervalUs));
    for (; dueUs <= nowUs; dueUs = addUs(dueUs, intervalUs)) {
      const number = nextNumber(record, nowUs);
      if (number !== undefined) way.send(encodeRequest(record.client, number));
    }
  }, 1);
  return () => clearInterval(timer);
}

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function statusOf(record: ClientRecord): MeterStatus {
  const { acknowledged, lastAnswerUs, turns } = record;
  return { nowUs: monoNowUs(), acknowledged, lastAnswerUs, board: turns.at(-1)?.board };
}

async function main([kind, addressText = "", portText, mode]: readonly string[]): Promise<number> {
  const address = parseIpv4(addressText);
  const port = Number(portText);
  const isPort = Number.isInteger(port) && port > 0 && port < 65536;
  const isKind = kind === "udp" || kind === "tcp";
  if (!address.ok || !isPort || !isKind || (mode !== undefined && mode !== "fifo")) {
    process.stderr.write("usage: meter.ts udp|tcp ADDRESS PORT [fifo]\n");
    return 2;
  }
  if (mode === "fifo") becomeRealtime(() => undefined); // refused: lateUsMax tells what it cost
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const client = (BigInt(seed) << 32n) | BigInt(nextU32(prng(seed)));
  const record = createRecord(client, intervalUs);
  const target = { address: address.value, port };
  const way = kind === "udp" ? await openUdpWay(target, record) : openTcpWay(target, record);
  const stopSending = sendAll(way, record);
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of Bun.stdin.stream()) {
    text += decoder.decode(part, { stream: true });
    assert(text.length <= lineBytesMax, "the bench sends short words");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    if (lines.includes("status")) say(statusOf(record));
    if (lines.includes("stop")) break;
  }
  stopSending();
  way.close();
  // A long report does not fit the pipe at once, and who exits takes the rest with it.
  const report = `${JSON.stringify(reportOf(record))}\n`;
  await new Promise<void>((resolve) => process.stdout.write(report, () => resolve()));
  return 0;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));

// Requests and answers of the failover bench, the same over UDP and TCP; responder/responder.c has
// the other side. Fixed sizes: a stream needs no framing, and a lost byte shows as nonsense.

/** Bytes of a request. */
export const requestBytes = 16;
/** Bytes of an answer. */
export const answerBytes = 48;
/** Bytes of a line in a responder's log. */
export const logLineBytes = 32;

/** An answer. */
export type Answer = {
  /** The client that asked. */
  readonly client: bigint;
  readonly number: number;
  /** Of the answering process, from 1. */
  readonly count: number;
  /** When it answered, CLOCK_BOOTTIME, us. */
  readonly serverUs: number;
  readonly board: string;
};

/** An acknowledgement as the responder logged it, before it answered. */
export type LogLine = {
  readonly client: bigint;
  readonly number: number;
  readonly serverUs: number;
  /** When the process had started: tells its lives apart. */
  readonly startedUs: number;
};

/** Request `number` of a client. */
export function encodeRequest(client: bigint, number: number): Uint8Array {
  const bytes = new Uint8Array(requestBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, client, true);
  view.setBigUint64(8, BigInt(number), true);
  return bytes;
}

/** Undefined for anything but an answer. */
export function decodeAnswer(bytes: Uint8Array): Answer | undefined {
  if (bytes.length !== answerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const number = safe(view.getBigUint64(8, true));
  const count = safe(view.getBigUint64(16, true));
  const serverUs = safe(view.getBigUint64(24, true));
  if (number === undefined || count === undefined || serverUs === undefined) return undefined;
  const name = bytes.subarray(32);
  const end = name.indexOf(0);
  const board = new TextDecoder().decode(end < 0 ? name : name.subarray(0, end));
  return { client: view.getBigUint64(0, true), number, count, serverUs, board };
}

/** The whole lines of a log; a line cut short by the board's death acknowledged nothing. */
export function decodeLog(bytes: Uint8Array): LogLine[] {
  const lines: LogLine[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + logLineBytes <= bytes.length; at += logLineBytes) {
    const number = safe(view.getBigUint64(at + 8, true));
    const serverUs = safe(view.getBigUint64(at + 16, true));
    const startedUs = safe(view.getBigUint64(at + 24, true));
    if (number === undefined || serverUs === undefined || startedUs === undefined) continue;
    lines.push({ client: view.getBigUint64(at, true), number, serverUs, startedUs });
  }
  return lines;
}

/** Numbers of a client are exact in JavaScript up to 2^53; greater ones are nonsense. */
function safe(value: bigint): number | undefined {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

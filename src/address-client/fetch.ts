// Plain HTTP to the CCN from a chosen source address, bounded in time and size. node:http because
// it can bind the source address, which fetch() cannot.

import {
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from "node:http";
import { err, type Ipv4, ok, type Result } from "../base/index.ts";
import { documentBytesMax } from "../config/index.ts";

/** What to ask. */
export type HttpQuestion = {
  readonly url: string;
  /** Source address: the board's own on that network. */
  readonly from: Ipv4;
  /** The whole exchange may take this long. */
  readonly timeoutMs: number;
  /** With it: POST, else GET. */
  readonly body?: string;
};

/** An answer of at most `documentBytesMax`. */
export type HttpAnswer = {
  readonly status: number;
  readonly sha256Hex: string | undefined;
  readonly bytes: Uint8Array;
};

/** Asks once; the error says what was tried and what was found. Never rejects. */
export async function ask(question: HttpQuestion): Promise<Result<HttpAnswer, string>> {
  const { url, from, timeoutMs, body } = question;
  const failed = (what: string): Result<HttpAnswer, string> =>
    err(`cannot ask ${url} from ${from}: ${what}`);
  return new Promise((resolve) => {
    const method = body === undefined ? "GET" : "POST";
    const request = begin(url, { method, localAddress: from, agent: false });
    if (!request.ok) return resolve(failed(request.error));
    const settle = (result: Result<HttpAnswer, string>): void => {
      clearTimeout(deadline);
      request.value.destroy();
      resolve(result);
    };
    const fail = (what: string): void => settle(failed(what));
    const deadline = setTimeout(() => fail(`no answer in ${timeoutMs} ms`), timeoutMs);
    request.value.on("error", (error) => fail(error.message));
    request.value.on("response", (response) => readAnswer(response, { fail, settle }));
    request.value.end(body);
  });
}

/** Begins a request; what node throws (a URL or address it does not take) is an error here. */
function begin(url: string, options: RequestOptions): Result<ClientRequest, string> {
  try {
    return ok(httpRequest(url, options));
  } catch (thrown) {
    return err(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function readAnswer(
  response: IncomingMessage,
  {
    fail,
    settle,
  }: {
    readonly fail: (what: string) => void;
    readonly settle: (result: Result<HttpAnswer, string>) => void;
  },
): void {
  const chunks: Uint8Array[] = [];
  let length = 0;
  response.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > documentBytesMax) fail(`more than ${documentBytesMax} bytes`);
    else chunks.push(chunk);
  });
  response.on("error", (error) => fail(error.message));
  response.on("end", () => {
    const hash = response.headers["x-softset-sha256"];
    const sha256Hex = typeof hash === "string" ? hash.toLowerCase() : undefined;
    settle(ok({ status: response.statusCode ?? 0, sha256Hex, bytes: joined(chunks, length) }));
  });
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

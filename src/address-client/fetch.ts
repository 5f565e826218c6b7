// Plain HTTP to the CCN from a chosen source address, bounded in time and size. node:http because
// it can bind the source address, which fetch() cannot.

import { request as httpRequest } from "node:http";
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
  return new Promise((resolve) => {
    let settled = false;
    const settle = (result: Result<HttpAnswer, string>): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      request.destroy();
      resolve(result);
    };
    const fail = (what: string): void => settle(err(`cannot ask ${url} from ${from}: ${what}`));
    const deadline = setTimeout(() => fail(`no answer in ${timeoutMs} ms`), timeoutMs);
    const method = body === undefined ? "GET" : "POST";
    const options = { method, localAddress: from, agent: false };
    const request = httpRequest(url, options, (response) => {
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
    });
    request.on("error", (error) => fail(error.message));
    request.end(body);
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

// Asks a service whether it answers: a TCP connection, an HTTP status, a command's exit code. Every
// question ends: with an answer, or with a failure in words after its time.

import { err, ok, type Ipv4, type Result } from "../base/index.ts";
import { httpAnswerBytesMax } from "./limits.ts";

/** What to ask. `run` starts the command of a check; it calls back with the exit code in words. */
export type Question =
  | { readonly by: "tcp"; readonly address: Ipv4; readonly port: number }
  | {
      readonly by: "http";
      readonly address: Ipv4;
      readonly port: number;
      readonly path: string;
    };

/** Asks by TCP or HTTP; `onAnswer` gets undefined for a good answer, else what was wrong, once. */
export function askByTcp(
  question: Question,
  withinMs: number,
  onAnswer: (failure: string | undefined) => void,
): void {
  const where = `${question.address}:${question.port}`;
  let isOver = false;
  let socket: Bun.Socket | undefined;
  const finish = (failure: string | undefined): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    socket?.terminate();
    onAnswer(failure);
  };
  const timer = setTimeout(() => finish(`${where} did not answer in ${withinMs} ms`), withinMs);
  let answer = Buffer.alloc(0);
  const refused = (error: Error): void => {
    const code = "code" in error && typeof error.code === "string" ? error.code : error.message;
    finish(`cannot connect to ${where}: ${code}`);
  };
  Bun.connect({
    hostname: question.address,
    port: question.port,
    socket: {
      open(opened) {
        socket = opened;
        if (question.by === "tcp") {
          finish(undefined);
          return;
        }
        opened.write(
          `GET ${question.path} HTTP/1.0\r\nHost: ${where}\r\nConnection: close\r\n\r\n`,
        );
      },
      data(_socket, bytes) {
        answer = Buffer.concat([answer, bytes.subarray(0, httpAnswerBytesMax - answer.length)]);
        const verdict = readStatus(answer);
        if (verdict !== undefined) finish(verdict.ok ? undefined : `${where} ${verdict.error}`);
      },
      close: () => finish(`${where} closed the connection without an answer`),
      error: (_socket, error) => finish(`${where}: ${error.message}`),
      connectError: (_socket, error) => refused(error),
    },
  }).then(
    (opened) => {
      if (isOver) opened.terminate();
    },
    (thrown: unknown) => refused(thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
}

/**
 * The status line of an HTTP/1 answer (RFC 9112 §4): good from 200 to 399; undefined while it is
 * not whole yet.
 */
export function readStatus(answer: Uint8Array): Result<number, string> | undefined {
  const text = new TextDecoder("latin1").decode(answer);
  const end = text.indexOf("\n");
  if (end < 0) {
    const isTooLong = answer.length >= httpAnswerBytesMax;
    return isTooLong ? err("answered with a first line without end") : undefined;
  }
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r|$)/.exec(text.slice(0, end))?.[1];
  if (status === undefined) return err("did not answer in HTTP/1");
  const code = Number(status);
  return code >= 200 && code < 400 ? ok(code) : err(`answered with status ${status}`);
}

// What a decoder or encoder says when bytes are not what the protocol asks for: where, what was
// wanted, what was found. Every function of this room returns it in a Result and never throws.

import { err, type Err } from "../base/index.ts";

/** Byte offset in the decoded (or built) message, what the protocol wants there, what is there. */
export type WireError = { readonly atByte: number; readonly want: string; readonly got: string };

/** A failed Result that carries a WireError. */
export function bad(atByte: number, want: string, got: string | number): Err<WireError> {
  return err({ atByte, want, got: String(got) });
}

/** `byte 12: want EtherType >= 1536, got 46`: for logs and counters' samples. */
export function wireErrorText(error: WireError): string {
  return `byte ${error.atByte}: want ${error.want}, got ${error.got}`;
}

/** The same error for bytes that start `offset` bytes into a larger message. */
export function shifted(failed: Err<WireError>, offset: number): Err<WireError> {
  const { atByte, want, got } = failed.error;
  return bad(atByte + offset, want, got);
}

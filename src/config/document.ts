// What one board is told: its part of the chassis as canonical JSON, the same bytes for the same
// content, so that a SHA-256 names it. Credentials of switches never enter it.

import { err, ok, type Result, type SlotId } from "../base/index.ts";
import { documentSchema } from "./document-schema.ts";
import { documentBytesMax } from "./limits.ts";
import type { BoardDocument, Chassis } from "./types.ts";

/** The document of one slot; `keyHex` is the chassis key as 64 hex digits. */
export function boardDocument(chassis: Chassis, slot: SlotId, keyHex: string): BoardDocument {
  return {
    v: 1,
    chassis: chassis.name,
    version: chassis.version,
    slot,
    key: keyHex,
    networks: chassis.networks,
    switches: chassis.switches.map(({ name, network, uplinks }) => ({ name, network, uplinks })),
    boards: chassis.boards,
    timing: chassis.timing,
    provision: chassis.provision,
    groups: chassis.groups,
    services: chassis.services,
    rules: chassis.rules,
  };
}

/** Canonical JSON in UTF-8: keys sorted, no spaces, absent values left out. */
export function encodeDocument(document: BoardDocument): Uint8Array {
  return new TextEncoder().encode(canonical(document));
}

/**
 * Reads a document from untrusted bytes. Never throws; at most `documentBytesMax`. The error says
 * where and what, never the content, which holds the chassis key. Unknown keys are ignored, so that
 * a board understands a newer CCN.
 */
export function decodeDocument(bytes: Uint8Array): Result<BoardDocument, string> {
  if (bytes.length > documentBytesMax) {
    return err(`board document of ${bytes.length} bytes; at most ${documentBytesMax}`);
  }
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return err("board document is not JSON in UTF-8");
  }
  const parsed = documentSchema.safeParse(data);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const path = (issue?.path ?? []).map(String).join(".").slice(0, 80);
  return err(`board document: ${path === "" ? "the whole" : path} is not as expected`);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

// The shape of a board document as zod checks it on arrival; every brand is made by its constructor.

import {
  type Ipv4,
  type NetworkId,
  parseIpv4,
  parseSlotId,
  type Result,
  type SlotId,
} from "../base/index.ts";
import { z } from "zod";
import { nameChars, portTextChars, switchPortsMax } from "./limits.ts";
import {
  type DocumentBrands,
  groupsDocument,
  isConnected,
  rulesDocument,
  servicesDocument,
} from "./service-document.ts";
import { isHostOf } from "./subnet.ts";
import type { BoardDocument } from "./types.ts";

/** A value made by one of base's checking constructors. */
function branded<I, T>(raw: z.ZodType<I>, make: (value: I) => Result<T, string>): z.ZodType<T> {
  return raw.transform((input, context): T => {
    const made = make(input);
    if (made.ok) return made.value;
    context.addIssue({ code: "custom", message: "refused" });
    return z.NEVER;
  });
}

const address: z.ZodType<Ipv4> = branded(z.string(), parseIpv4);
const slot: z.ZodType<SlotId> = branded(z.number(), parseSlotId);
const name = z.string().min(1).max(nameChars);
const port = z.string().min(1).max(portTextChars);
const whole = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);
const networkId: z.ZodType<NetworkId> = z.enum(["A", "B"]);

const network = <Id extends NetworkId>(id: Id) =>
  z.object({
    id: z.literal(id),
    subnet: address,
    prefix: whole(8, 28),
    ccn: address,
    switchName: name,
  });

const board = z
  .object({
    slot,
    name,
    role: z.enum(["controller", "io-card", "ccn"]),
    port: z.object({ A: port.optional(), B: port.optional() }),
    address: z.object({ A: address, B: address }),
  })
  .transform((input) => ({ ...input, port: { A: input.port.A, B: input.port.B } }));

const timing = z.object({
  beatMs: whole(1, 1000),
  silentMs: whole(1, 10_000),
  lateMs: whole(1, 500),
  netMs: whole(1, 500),
  upAfterMs: whole(1, 10_000),
  flapMax: whole(1, 100),
  flapWindowMs: whole(1, 600_000),
  flapHoldMs: whole(0, 600_000),
  lease: z.object({
    leaseMs: whole(1, 60_000),
    grantMs: whole(1, 60_000),
    stopMs: whole(1, 10_000),
    driftPpm: whole(0, 100_000),
    rstMs: whole(1, 10_000),
    fenceMs: whole(1, 10_000),
    fsyncMs: whole(1, 10_000),
    flushMs: whole(1, 10_000),
    addrMs: whole(1, 10_000),
    offMs: whole(1, 10_000),
    replMs: whole(1, 60_000),
    holdMs: whole(1, 60_000),
    holdMaxMs: whole(1, 600_000),
    coldMs: whole(1, 600_001),
    answerMs: whole(1, 60_000),
  }),
});

const brands: DocumentBrands = { address, slot };

const provision = z
  .object({
    httpPort: whole(1, 65_535),
    beatPort: whole(1, 65_535),
    linkPort: whole(1, 65_535),
    watchPort: whole(1, 65_535),
    hubsGroup: address,
    boardsGroup: address,
    bootFile: z.string().max(255).optional(),
  })
  .transform((input) => ({ ...input, bootFile: input.bootFile }));

/** Checks a parsed document; also that its own slot is among its boards, each slot once. */
export const documentSchema: z.ZodType<BoardDocument> = z
  .object({
    v: z.literal(1),
    chassis: name,
    version: whole(1, 4_294_967_295),
    slot,
    key: z.string().regex(/^[0-9a-f]{64}$/),
    networks: z.object({ A: network("A"), B: network("B") }),
    switches: z
      .array(z.object({ name, network: networkId, uplinks: z.array(port).max(switchPortsMax) }))
      .max(2),
    boards: z.array(board).min(1).max(64),
    timing,
    provision,
    groups: groupsDocument(brands),
    services: servicesDocument(brands),
    rules: rulesDocument(brands),
  })
  .refine(consistent);

function consistent(document: BoardDocument): boolean {
  const slots = new Set(document.boards.map((each) => each.slot));
  if (slots.size !== document.boards.length || !slots.has(document.slot)) return false;
  if (!isConnected(document)) return false;
  const { A, B } = document.networks;
  return document.boards.every(
    (each) => isHostOf(A, each.address.A) && isHostOf(B, each.address.B),
  );
}

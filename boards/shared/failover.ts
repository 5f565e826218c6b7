// NETRACK and failover as one life of a board: they begin with a configuration, follow newer ones,
// and end together. A configuration that changes what failover rests on begins a new life of it,
// after everything was handed over.

import { type Log, type NetworkId, ok, type Result } from "../../src/base/index.ts";
import type { BoardDocument, Role } from "../../src/config/index.ts";
import { type Failover, type FailoverOptions, startFailover } from "../../src/failover/index.ts";
import { monoNowUs } from "../../src/kernel/index.ts";
import { type Netrack, startNetrack } from "../../src/netrack/index.ts";
import type { SlotDriver } from "../../src/slots/index.ts";
import { guardCommand } from "./start.ts";

/** What a life needs from its board. */
export type LifeOptions = {
  readonly role: Role;
  readonly name: string;
  readonly devices: Readonly<Record<NetworkId, string>>;
  readonly runDir: string;
  readonly stateDir: string;
  readonly log: Log;
  readonly onConfigVersion: ((version: number) => void) | undefined;
  /** The slots' hardware; on the CCN only. */
  readonly driver: SlotDriver | undefined;
  readonly placesOf: FailoverOptions["placesOf"];
};

/** A board's life on the chassis. */
export type BoardLife = {
  readonly netrack: Netrack;
  readonly document: () => BoardDocument;
  /** Undefined while it could not be started; it is tried again. */
  readonly failover: () => Failover | undefined;
  /** A newer configuration of the same slot. */
  readonly update: (document: BoardDocument) => Promise<void>;
  /** Hands over and says goodbye. */
  readonly leave: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Failover that could not start is tried again after this, ms. */
const againMs = 2_000;

type Life = {
  readonly options: LifeOptions;
  document: BoardDocument;
  failover: Failover | undefined;
  isClosed: boolean;
  again: ReturnType<typeof setTimeout> | undefined;
};

/** Begins NETRACK, then failover. The error is NETRACK's. */
export async function startLife(
  options: LifeOptions,
  first: BoardDocument,
): Promise<Result<BoardLife, string>> {
  const life: Life = {
    options,
    document: first,
    failover: undefined,
    isClosed: false,
    again: undefined,
  };
  const { onConfigVersion } = options;
  const started = await startNetrack({
    document: first,
    devices: options.devices,
    runDir: options.runDir,
    log: options.log.module("netrack"),
    ...(onConfigVersion === undefined ? {} : { onConfigVersion }),
    extend: (beat) => life.failover?.extend(beat) ?? [],
    onExtensions: (received) => life.failover?.heardBeat(received),
    onChange: (change) => life.failover?.onChange(change),
  });
  if (!started.ok) return started;
  await begin(life, started.value);
  return ok(surfaceOf(life, started.value));
}

async function begin(life: Life, netrack: Netrack): Promise<void> {
  const { options } = life;
  clearTimeout(life.again);
  const started = await startFailover({
    ...options,
    document: life.document,
    log: options.log.module("failover"),
    netrack,
    guard: guardCommand(options.name),
    nowUs: monoNowUs,
    isOtherChild: () => false,
  });
  if (!started.ok) {
    options.log.error("failover-not-started", { text: started.error });
    if (!life.isClosed) life.again = setTimeout(() => void begin(life, netrack), againMs);
  } else if (life.isClosed) await started.value.close();
  else life.failover = started.value;
}

async function end(life: Life): Promise<void> {
  clearTimeout(life.again);
  const { failover } = life;
  await failover?.leave();
  life.failover = undefined;
  await failover?.close();
}

function surfaceOf(life: Life, netrack: Netrack): BoardLife {
  return {
    netrack,
    document: () => life.document,
    failover: () => life.failover,
    async update(document) {
      const isSame = restsOn(life.document) === restsOn(document);
      life.document = document;
      await netrack.update(document);
      if (isSame) return;
      await end(life);
      await begin(life, netrack);
    },
    async leave() {
      await life.failover?.leave();
      await netrack.leave();
    },
    async close() {
      life.isClosed = true;
      await end(life);
      netrack.close();
    },
  };
}

/** The parts of a document that a running failover was made of. */
function restsOn({
  boards,
  groups,
  services,
  rules,
  timing,
  provision,
  key,
}: BoardDocument): string {
  return JSON.stringify([boards, groups, services, rules, timing, provision, key]);
}

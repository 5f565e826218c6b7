// The story of `npm start`, step by step: what is done to the chassis, what every board should say
// then, and what is measured. Times run from the moment the kernel was asked to make the fault to
// the moment the last board's map was right.

import { defined, type MonoUs, type NetworkId, type SlotId, slotId } from "../../base/index.ts";
import { monoNowUs } from "../../kernel/index.ts";
import type { Lab } from "../chassis.ts";
import type { LabError } from "../errors.ts";
import type { LabMoment } from "../orders.ts";
import type { Result } from "../../base/index.ts";
import { bestAddressOf } from "./best-address.ts";
import { allWell, culprit, sinceFault, sincePath, slotIs } from "./expectations.ts";
import { agree, type Expectation, viewsOf } from "./observer.ts";

/** What came of one step; also one line of `--json`. */
export type StepResult = {
  readonly step: string;
  readonly ok: boolean;
  /** From the fault to the last board's right map, ms. */
  readonly ms: number | undefined;
  /** Boards that were asked and agreed. */
  readonly boards: number;
  /** What the chassis says, or what was wrong. */
  readonly text: string;
};

/** One step: its name and how it is done. */
export type Step = { readonly name: string; readonly run: (lab: Lab) => Promise<StepResult> };

/** The card whose cable is cut, the card that is swapped, and the one that is moved. */
const cutSlot = slotId(3);
const swapSlot = slotId(5);
const moveFrom = slotId(4);
const moveTo = slotId(6);
/** Everything but a boot is over in a second; a boot may take longer on a busy machine. */
const faultMs = 5_000;
const bootMs = 30_000;

/** The whole story in order. */
export const steps: readonly Step[] = [
  { name: "chassis up: every board has its address and configuration", run: chassisUp },
  { name: `network A of the card in slot ${cutSlot} cut`, run: cutCable },
  { name: "healed", run: (lab) => heal(lab, "healed") },
  { name: "switch A off", run: switchOff },
  { name: "switch A on again", run: (lab) => heal(lab, "switch A on again") },
  { name: `slot ${cutSlot} hears nothing on B (one-way fault)`, run: oneWay },
  { name: "healed again", run: (lab) => heal(lab, "healed again") },
  { name: `board pulled, a different one put into slot ${swapSlot}`, run: swapBoard },
  { name: `board of slot ${moveFrom} moved to slot ${moveTo}`, run: moveBoard },
  { name: "all slots filled again", run: fillSlots },
];

async function chassisUp(lab: Lab): Promise<StepResult> {
  const step = "chassis up";
  const fromUs = monoNowUs();
  const started = await lab.up();
  if (!started.ok) return refused(step, started.error);
  const boards = lab.chassis.boards.length;
  const agreed = await waitFor(lab, {
    step,
    fromUs,
    expectation: allWell(boards),
    timeoutMs: bootMs,
  });
  return agreed.ok
    ? { ...agreed, text: `${boards} boards up on A and B, each heard by all` }
    : agreed;
}

async function cutCable(lab: Lab): Promise<StepResult> {
  const step = "cable cut";
  const before = await bestAddressOf(lab, { asker: slotId(1), target: cutSlot });
  const done = await fault(lab, step, {
    order: () => lab.cut({ name: nameOf(lab, cutSlot), network: "A" }),
    expectation: culprit({ kind: "cable", slot: cutSlot, network: "A" }),
  });
  if (!done.ok) return done;
  const after = await bestAddressOf(lab, { asker: slotId(1), target: cutSlot });
  const moved = before !== after && after === addressOf(lab, cutSlot, "B");
  return { ...done, ok: moved, text: `${done.text}; best address ${before} -> ${after}` };
}

async function switchOff(lab: Lab): Promise<StepResult> {
  const name = lab.chassis.networks.A.switchName;
  return fault(lab, "switch off", {
    order: () => lab.cut({ name }),
    expectation: culprit({ kind: "switch", name }),
  });
}

async function oneWay(lab: Lab): Promise<StepResult> {
  return fault(lab, "one-way fault", {
    order: () => lab.cut({ name: nameOf(lab, cutSlot), network: "B" }, { oneway: "in" }),
    expectation: culprit({ kind: "one-way", slot: cutSlot, network: "B", way: "deaf" }),
  });
}

async function heal(lab: Lab, step: string): Promise<StepResult> {
  const healed = await lab.heal();
  if (!healed.ok) return refused(step, healed.error);
  const boards = lab.chassis.boards.length;
  const { atUs: fromUs } = healed.value;
  const done = await waitFor(lab, {
    step,
    fromUs,
    expectation: allWell(boards),
    timeoutMs: bootMs,
  });
  return done.ok ? { ...done, text: "all paths up, nothing wrong" } : done;
}

async function swapBoard(lab: Lab): Promise<StepResult> {
  const step = "board swapped";
  const pulled = await fault(lab, step, {
    order: () => lab.pull(swapSlot),
    expectation: culprit({ kind: "board", slot: swapSlot }),
  });
  if (!pulled.ok) return pulled;
  const inserted = await lab.insert(swapSlot);
  if (!inserted.ok) return refused(step, inserted.error);
  const done = await waitFor(lab, {
    step,
    fromUs: inserted.value.atUs,
    expectation: allWell(lab.chassis.boards.length),
    timeoutMs: bootMs,
  });
  if (!done.ok) return done;
  const address = await ownAddress(lab, swapSlot);
  const isSame = address === addressOf(lab, swapSlot, "A");
  const mac = inserted.value.macs.A;
  return { ...done, ok: isSame, text: `new board ${mac} has the slot's address ${address}` };
}

async function moveBoard(lab: Lab): Promise<StepResult> {
  const step = "board moved";
  const pulled = await lab.pull(moveTo);
  if (!pulled.ok) return refused(step, pulled.error);
  const gone = await waitFor(lab, {
    step,
    fromUs: pulled.value.atUs,
    expectation: culprit({ kind: "board", slot: moveTo }),
    timeoutMs: faultMs,
  });
  if (!gone.ok) return gone;
  const before = await ownAddress(lab, moveFrom);
  const moved = await lab.move(moveFrom, moveTo);
  if (!moved.ok) return refused(step, moved.error);
  const done = await waitFor(lab, {
    step,
    fromUs: moved.value.atUs,
    expectation: slotIs(moveTo, { state: "up", network: "A" }),
    timeoutMs: bootMs,
  });
  if (!done.ok) return done;
  const after = await ownAddress(lab, moveTo);
  const isRight = after === addressOf(lab, moveTo, "A");
  return { ...done, ok: isRight, text: `address ${before} -> ${after}` };
}

async function fillSlots(lab: Lab): Promise<StepResult> {
  const step = "slots filled";
  const inserted = await lab.insert(moveFrom);
  if (!inserted.ok) return refused(step, inserted.error);
  return heal(lab, step);
}

type Fault = {
  readonly order: () => Promise<Result<LabMoment, LabError>>;
  readonly expectation: Expectation;
};

/** Makes a fault and waits until every running board names it. */
async function fault(lab: Lab, step: string, wanted: Fault): Promise<StepResult> {
  const made = await wanted.order();
  if (!made.ok) return refused(step, made.error);
  const agreed = await agree(lab, {
    expectation: wanted.expectation,
    since: sinceFault,
    timeoutMs: faultMs,
  });
  if (!agreed.ok) return { step, ok: false, ms: undefined, boards: 0, text: agreed.error };
  const [view] = await viewsOf(lab);
  const text = view?.status.map?.faults.map((each) => each.text).join("; ") ?? "";
  const { atUs, boards } = agreed.value;
  return { step, ok: true, ms: (atUs - made.value.atUs) / 1000, boards, text };
}

/** Waits until every running board's map is as expected. */
async function waitFor(
  lab: Lab,
  wanted: {
    readonly step: string;
    readonly fromUs: MonoUs;
    readonly expectation: Expectation;
    readonly timeoutMs: number;
  },
): Promise<StepResult> {
  const { step, fromUs, expectation, timeoutMs } = wanted;
  const agreed = await agree(lab, { expectation, since: sincePath, timeoutMs });
  if (!agreed.ok) return { step, ok: false, ms: undefined, boards: 0, text: agreed.error };
  const { atUs, boards } = agreed.value;
  return { step, ok: true, ms: (atUs - fromUs) / 1000, boards, text: "" };
}

function refused(step: string, error: LabError): StepResult {
  return { step, ok: false, ms: undefined, boards: 0, text: error.text };
}

function nameOf(lab: Lab, slot: SlotId): string {
  return boardOf(lab, slot).name;
}

function addressOf(lab: Lab, slot: SlotId, network: NetworkId): string {
  return boardOf(lab, slot).address[network];
}

function boardOf(lab: Lab, slot: SlotId): Lab["chassis"]["boards"][number] {
  const found = lab.chassis.boards.find((board) => board.slot === slot);
  return defined(found, `slot ${slot} of the story's chassis`);
}

/** The address the board in a slot says it has on network A. */
async function ownAddress(lab: Lab, slot: SlotId): Promise<string | undefined> {
  const view = (await viewsOf(lab)).find((each) => each.slot === slot);
  return view?.status.board.addresses.find(({ network }) => network === "A")?.address;
}

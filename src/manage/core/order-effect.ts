// What an order would do, said before it is given, and whether its names are known: from the board's
// facts of this moment. Pure. The person who confirms has read this sentence; so it names the boards
// and groups concerned, and what may be lost.

import { err, nearestName, ok, type Result, type SlotId } from "../../base/index.ts";
import type { BoardFacts } from "../facts.ts";
import type { FailoverOrder } from "../../failover/index.ts";
import type { FailoverFacts, GroupStanding } from "../failover-facts.ts";
import type { OrderEffect } from "./failover-documents.ts";
import type { OrderRequest } from "./orders.ts";
import { type Problem, problem } from "./problem.ts";
import { effectOfSlotAction } from "./slot-effect.ts";
import { onlyTheCcnActs } from "./where-to-ask.ts";

type Effect = Result<OrderEffect, Problem>;
type Order<V extends FailoverOrder["verb"]> = Extract<FailoverOrder, { readonly verb: V }>;

/** The effect of an order, or why it cannot be given here. */
export function effectOfOrder(
  facts: BoardFacts,
  failover: FailoverFacts,
  order: OrderRequest["order"],
): Effect {
  switch (order.verb) {
    case "service-move":
      return ofMove(failover, order);
    case "service-stop":
    case "service-start":
    case "service-restart":
      return ofService(failover, order);
    case "slot":
      if (failover.slots === undefined) return err(onlyTheCcnActs(facts, "acts on slots"));
      return effectOfSlotAction(facts, failover, order);
    case "promote":
      return ofPromote(facts, failover, order);
    case "attest-removed":
      return ofAttest(facts, failover, order.slot);
    case "admit-blank":
      return ofAdmit(failover, order.group);
    case "maintenance":
      return ok(maintenanceEffect(order.on));
    case "alarm-ack":
      return ofAcknowledge(failover, order.alarm);
    default:
      return order satisfies never;
  }
}

function unknownName(kind: string, name: string, known: readonly string[]): Problem {
  const near = nearestName(name, known);
  const list = known.length === 0 ? "there are none here" : `known: ${known.join(", ")}`;
  return problem(
    "no-such-thing",
    `no ${kind} ${name}; ${near === undefined ? list : `did you mean ${near}?`}`,
  );
}

function findGroup(failover: FailoverFacts, name: string): Result<GroupStanding, Problem> {
  const groups = failover.groups();
  const found = groups.find(({ group }) => group === name);
  const names = groups.map(({ group }) => group);
  return found === undefined ? err(unknownName("group", name, names)) : ok(found);
}

/** Slots in words: `slot 1`, `slots 1 and 2`, `nobody`. */
export function slotsText(slots: readonly SlotId[]): string {
  if (slots.length === 0) return "nobody";
  return slots.length === 1 ? `slot ${slots[0]}` : `slots ${slots.join(" and ")}`;
}

function ofMove(failover: FailoverFacts, order: Order<"service-move">): Effect {
  const services = failover.services();
  const known = services.find(({ service }) => service === order.service);
  const names = [...new Set(services.map(({ service }) => service))];
  if (known === undefined) return err(unknownName("service", order.service, names));
  if (known.group === undefined) {
    const text = `service ${order.service} is in no group; it stays on slot ${known.slot}`;
    return err(problem("refused", text));
  }
  const found = findGroup(failover, known.group);
  if (!found.ok) return found;
  const group = found.value;
  const to = order.to ?? group.standby.find((slot) => group.inSync.includes(slot));
  if (to === undefined) {
    const text = `group ${group.group} has no standby in sync; look at \`groups\`, or name a slot`;
    return err(problem("refused", text));
  }
  if (group.active.includes(to)) {
    const text = `slot ${to} is active for group ${group.group} already; nothing to move`;
    return err(problem("refused", text));
  }
  if (!group.standby.includes(to)) {
    const text = `slot ${to} does not stand by for group ${group.group}; ${slotsText(group.standby)} does`;
    return err(problem("refused", text));
  }
  const others = services.filter((each) => each.group === known.group);
  const also = [...new Set(others.map(({ service }) => service))].filter(
    (service) => service !== order.service,
  );
  const beside = also.length === 0 ? "" : ` with its ${also.join(", ")}`;
  const here = group.maintenance ? "; maintenance is on, so it may be refused" : "";
  return ok({
    will: `group ${group.group}${beside} moves from ${slotsText(group.active)} to slot ${to}${here}`,
    loss: group.inSync.includes(to)
      ? "no data; clients wait while its services start there"
      : `no data: slot ${to} is not in sync, so the move waits for it or is refused`,
    confirm: "yes",
  });
}

function ofService(
  failover: FailoverFacts,
  order: Order<"service-stop" | "service-start" | "service-restart">,
): Effect {
  const all = failover.services();
  const known = all.filter(({ service }) => service === order.service);
  const names = [...new Set(all.map(({ service }) => service))];
  if (known.length === 0) return err(unknownName("service", order.service, names));
  const { slot } = order;
  if (slot !== undefined && !known.some((each) => each.slot === slot)) {
    const slots = slotsText([...new Set(known.map((each) => each.slot))]);
    return err(
      problem("no-such-thing", `slot ${slot} does not run ${order.service}; ${slots} can`),
    );
  }
  const where = slot === undefined ? "where its group is active" : `on slot ${slot}`;
  const what = `service ${order.service}`;
  if (order.verb === "service-start") {
    return ok({ will: `${what} starts ${where}`, loss: undefined, confirm: undefined });
  }
  if (order.verb === "service-restart") {
    const loss = `its clients get no answer until it is ready again`;
    return ok({ will: `${what} stops and starts again ${where}`, loss, confirm: "yes" });
  }
  const until = "until `service-start`, or until the slot becomes active anew";
  return ok({
    will: `${what} stops ${where} and stays stopped ${until.replace("-", " ")}`,
    loss: "its clients get no answer meanwhile",
    confirm: "yes",
  });
}

function ofPromote(facts: BoardFacts, failover: FailoverFacts, order: Order<"promote">): Effect {
  const found = findGroup(failover, order.group);
  if (!found.ok) return found;
  const group = found.value;
  const { slot, role, name } = facts.identity();
  if (role !== "controller" || slot === undefined) {
    const text = `${name} is a ${role}; order it on the controller that shall have the group`;
    return err(problem("not-this-board", text));
  }
  if (group.active.length > 0) {
    const text = `${slotsText(group.active)} is active for group ${group.group}; nothing to force`;
    return err(problem("refused", text));
  }
  const newest = group.inSync.length === 0 ? "the last holder" : slotsText(group.inSync);
  return ok({
    will:
      `slot ${slot} (this board) stands for group ${group.group} though its data may be old (O1); ` +
      "it still needs proof that the last holder is off, expiry is not enough",
    loss: `every write that ${newest} acknowledged and this board does not have is lost for good`,
    confirm: group.group,
  });
}

function ofAttest(facts: BoardFacts, failover: FailoverFacts, slot: SlotId): Effect {
  const map = facts.map();
  const board = map?.boards.find((each) => each.slot === slot);
  if (map !== undefined && board === undefined) {
    const slots = map.boards.map((each) => String(each.slot));
    return err(unknownName("slot", String(slot), slots));
  }
  if (board?.state === "up") {
    const text = `slot ${slot} (${board.name}) is heard right now; pull it out before you attest it`;
    return err(problem("refused", text));
  }
  const holds = failover.groups().filter(({ inSync }) => inSync.includes(slot));
  const groups = holds.map(({ group }) => group).join(", ") || "no group";
  return ok({
    will: `your word counts as proof that the board of slot ${slot} is off (O3), for: ${groups}`,
    loss: "if it still runs, two boards may be active at once and data are damaged: look at it first",
    confirm: String(slot),
  });
}

function ofAdmit(failover: FailoverFacts, name: string): Effect {
  const found = findGroup(failover, name);
  if (!found.ok) return found;
  return ok({
    will: `this board votes for group ${name} again although its disk is blank and not all others answered (O4)`,
    loss: "if it had promised or granted before its disk was lost, two boards may be active, or acknowledged writes be lost",
    confirm: name,
  });
}

function maintenanceEffect(on: boolean): OrderEffect {
  if (!on) return { will: "boards elect again (O5)", loss: undefined, confirm: undefined };
  return {
    will: "no board elects itself until `maintenance off` (O5), in the whole chassis",
    loss: "a board that fails meanwhile is not replaced: its services stay away",
    confirm: "yes",
  };
}

function ofAcknowledge(failover: FailoverFacts, number: number): Effect {
  const alarm = failover.alarms.standing().find((each) => each.number === number);
  if (alarm === undefined) {
    const numbers = failover.alarms.standing().map((each) => String(each.number));
    return err(unknownName("standing alarm", String(number), numbers));
  }
  return ok({
    will: `alarm ${number} (${alarm.object}: ${alarm.text}) is acknowledged; it stands until its cause is gone`,
    loss: undefined,
    confirm: undefined,
  });
}

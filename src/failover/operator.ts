// Orders of an operator: which board carries one out, and how this board does.

import { ccnSlot, type SlotId } from "../base/index.ts";
import type { Group } from "../config/index.ts";
import type { FailoverOrder, OrderAnswer } from "./core/orders.ts";
import { moveMs, outMs } from "./limits.ts";
import { factsNow } from "./look.ts";
import { hearWishes, ownReport, reportSoon } from "./report.ts";
import type { State } from "./state.ts";
import { note } from "./story.ts";
import type { Wishes } from "./wishes.ts";

/** Takes an order given at this board: carried out here or by whom it concerns. */
export async function order(state: State, given: FailoverOrder): Promise<OrderAnswer> {
  const to = placesOf(state, given);
  if (typeof to === "string") return { done: false, text: to };
  const answers = await Promise.all(
    to.map((slot) =>
      slot === state.self
        ? carryOutOrder(state, given)
        : (state.courier?.order(slot, given) ?? Promise.resolve(notHere)),
    ),
  );
  const texts = [...new Set(answers.map(({ text }) => text))];
  return { done: answers.every(({ done }) => done), text: texts.join("; ") };
}

const notHere: OrderAnswer = { done: false, text: "this board cannot send orders" };

/** Which boards an order concerns, or why none. */
function placesOf(state: State, given: FailoverOrder): readonly SlotId[] | string {
  const { document, netrack } = state.options;
  switch (given.verb) {
    case "service-move":
    case "service-stop":
    case "service-start":
    case "service-restart": {
      const service = document.services.find(({ name }) => name === given.service);
      if (service === undefined) return `no service ${given.service} in the chassis file`;
      if (given.verb !== "service-move" && given.slot !== undefined) return [given.slot];
      const group = document.groups.find(({ name }) => name === service.group);
      if (group === undefined) {
        return given.verb === "service-move"
          ? `service ${service.name} is in no group, so it does not move`
          : service.on;
      }
      const active = activeSlots(state, group.name);
      return active.length > 0 ? active : `group ${group.name} is active nowhere`;
    }
    case "slot":
    case "maintenance":
      return [ccnSlot];
    case "promote": {
      const group = document.groups.find(({ name }) => name === given.group);
      return group === undefined ? `no group ${given.group}` : standsFor(state, group);
    }
    case "attest-removed":
      return document.boards
        .map(({ slot }) => slot)
        .filter((slot) => slot !== given.slot && netrack.lifeOf(slot) !== undefined)
        .filter((slot) => slot === ccnSlot || document.groups.some(({ on }) => on.includes(slot)));
    case "admit-blank":
      return [state.self];
    default:
      return given satisfies never;
  }
}

/** Who stands by force: this board if it may hold the group, else the best that is heard. */
function standsFor(state: State, group: Group): readonly SlotId[] | string {
  if (group.on.includes(state.self)) return [state.self];
  const heard = group.on.filter((slot) => state.options.netrack.lifeOf(slot) !== undefined);
  const [first] = heard;
  return first === undefined ? `no board of group ${group.name} is heard` : [first];
}

/** As heard: REDIRECT's own looks keep it in step, so waiting for a change costs next to nothing. */
function activeSlots(state: State, group: string): readonly SlotId[] {
  const { document } = state.options;
  const isEverywhere = document.groups.some(
    ({ name, model }) => name === group && model === "all-active",
  );
  if (!isEverywhere) return [...(state.observed.groups.get(group)?.claims.keys() ?? [])];
  return factsNow(state).groups.find((each) => each.group === group)?.active ?? [];
}

/** Carries an order out on this board. */
export async function carryOutOrder(state: State, given: FailoverOrder): Promise<OrderAnswer> {
  const { by } = given;
  switch (given.verb) {
    case "service-move": {
      const service = state.ownServices.find(({ name }) => name === given.service);
      return service?.group === undefined ? notHere : move(state, service.group, given);
    }
    case "service-stop":
      return orderService(state, given.service, { what: "stop", by });
    case "service-start":
      return orderService(state, given.service, { what: "start", by });
    case "service-restart":
      return orderService(state, given.service, { what: "restart", by });
    case "slot":
      return operate(state, given);
    case "maintenance":
      return setElections(state, given.on, by);
    case "promote":
      return promote(state, given);
    case "attest-removed":
      return attestRemoved(state, given);
    case "admit-blank":
      note(state, {
        step: "decided",
        group: given.group,
        text: `voted in by ${by}: ${given.reason}`,
      });
      state.leases?.give({ type: "admit" }, given.group);
      return { done: true, text: `slot ${state.self} votes for group ${given.group}` };
    default:
      return given satisfies never;
  }
}

/** To another board by REDIRECT's word; this board is the active one. */
async function move(
  state: State,
  group: string,
  { to, by }: { readonly to: SlotId | undefined; readonly by: string },
): Promise<OrderAnswer> {
  const { redirect, alarms, leaseConfigs, tenures, options } = state;
  if (!leaseConfigs.has(group)) return { done: false, text: `group ${group} does not move` };
  if (tenures?.phaseOf(group) !== "active") {
    return { done: false, text: `group ${group} is not active on slot ${state.self}` };
  }
  if (to === state.self) return { done: true, text: `group ${group} is on slot ${to} already` };
  note(state, { step: "ordered", group, text: `${by} moves it to slot ${to ?? "that is best"}` });
  redirect?.move(group, to);
  const refused = alarms.get(`move-refused:${group}`);
  if (refused !== undefined) return { done: false, text: refused.text };
  const target = redirect?.placements().find((each) => each.group === group)?.active[0];
  const isThere = (): boolean =>
    tenures.phaseOf(group) === "standby" &&
    activeSlots(state, group).some((slot) => slot === target);
  const endUs = options.nowUs() + moveMs * 1000;
  while (!isThere() && options.nowUs() < endUs) await Bun.sleep(2);
  if (isThere()) return { done: true, text: `group ${group} is on slot ${target} now` };
  const text = `group ${group} did not reach slot ${target} within ${moveMs} ms; see why`;
  return { done: false, text };
}

function orderService(
  state: State,
  service: string,
  { what, by }: { readonly what: "start" | "stop" | "restart"; readonly by: string },
): OrderAnswer {
  const { psrm, self, tenures, ownServices } = state;
  const known = ownServices.find(({ name }) => name === service);
  if (psrm === undefined || known === undefined) {
    return { done: false, text: `slot ${self} has no service ${service}` };
  }
  const isStandby = known.group !== undefined && tenures?.phaseOf(known.group) === "standby";
  if (what !== "stop" && isStandby && known.standby === "stopped") {
    const text = `slot ${self} stands by for group ${known.group}; order it where that is active`;
    return { done: false, text };
  }
  note(state, { step: "ordered", group: known.group, text: `${by}: ${what} ${service}` });
  const ordered = psrm[what](service, `ordered by ${by}`);
  const done = { stop: "is being stopped", start: "was started", restart: "was restarted" }[what];
  return ordered.ok
    ? { done: true, text: `${service} ${done} on slot ${self}` }
    : { done: false, text: ordered.error };
}

/** Out: first everything is handed over, then the power goes; in: the other way round. */
async function operate(
  state: State,
  { slot, action, by }: Extract<FailoverOrder, { verb: "slot" }>,
): Promise<OrderAnswer> {
  const { slots, wishes, options } = state;
  if (slots === undefined || wishes === undefined) {
    return { done: false, text: "this ccn has no slot hardware" };
  }
  note(state, { step: "ordered", about: slot, text: `${by}: slot ${slot} ${action}` });
  if (action === "out") {
    const wrong = await want(state, { out: new Set([...wishes.get().out, slot]) });
    if (wrong !== undefined) return { done: false, text: `the wish could not be kept: ${wrong}` };
    const endUs = options.nowUs() + outMs * 1000;
    while (busyWith(state, slot) !== "" && options.nowUs() < endUs) await Bun.sleep(5);
    const busy = busyWith(state, slot);
    if (busy !== "") {
      const text = `slot ${slot} is still active for ${busy}; nothing else can have it (see groups)`;
      return { done: false, text };
    }
  }
  const answer = await slots.operate({ slot, action, by });
  if (action === "in" && answer.done) {
    await want(state, { out: new Set([...wishes.get().out].filter((each) => each !== slot)) });
  }
  return answer;
}

function busyWith(state: State, slot: SlotId): string {
  return state.options.document.groups
    .filter(({ name, model }) => model !== "all-active" && activeSlots(state, name).includes(slot))
    .map(({ name }) => name)
    .join(", ");
}

/** In force at once, told to all; what went wrong if it is not on disk. */
async function want(state: State, wanted: Partial<Wishes>): Promise<string | undefined> {
  const { wishes } = state;
  if (wishes === undefined) return "only the ccn keeps wishes";
  const saved = wishes.set({ ...wishes.get(), ...wanted });
  hearWishes(state, ownReport(state));
  reportSoon(state);
  state.redirect?.look();
  return await saved;
}

async function setElections(state: State, off: boolean, by: string): Promise<OrderAnswer> {
  const wrong = await want(state, { electionsOff: off });
  note(state, { step: "ordered", text: `${by}: maintenance ${off ? "on" : "off"}` });
  if (wrong !== undefined) return { done: false, text: `the wish could not be kept: ${wrong}` };
  const text = off ? "no board stands for a group until maintenance is off" : "boards stand again";
  return { done: true, text };
}

function promote(
  state: State,
  { group, by, reason }: Extract<FailoverOrder, { verb: "promote" }>,
): OrderAnswer {
  const { self, leaseConfigs, leases } = state;
  if (leaseConfigs.get(group)?.holders.includes(self) !== true) {
    return { done: false, text: `slot ${self} cannot hold group ${group}` };
  }
  note(state, { step: "ordered", group, text: `promoted by ${by}, loss accepted: ${reason}` });
  leases?.give({ type: "promote", forced: { who: by, reason } }, group);
  const text = `slot ${self} stands for group ${group} whatever it lacks; see why for what came of it`;
  return { done: true, text };
}

/** O3: a person has seen that the board is out; that is as good as the lines. */
function attestRemoved(
  state: State,
  { slot, by, reason }: Extract<FailoverOrder, { verb: "attest-removed" }>,
): OrderAnswer {
  const { leases, observed, options, self } = state;
  if (options.netrack.map().boards.find((board) => board.slot === slot)?.state === "up") {
    return { done: false, text: `slot ${slot} is heard; pull its board first` };
  }
  note(state, {
    step: "ordered",
    about: slot,
    text: `${by} attests that it is removed: ${reason}`,
  });
  const lives = new Set(
    [...observed.groups.values()].flatMap(({ record }) => record?.incarnation ?? []),
  );
  for (const incarnation of lives) {
    leases?.give({ type: "proof", proof: { kind: "off", slot, incarnation, strong: true } });
  }
  return { done: true, text: `slot ${self} counts slot ${slot} as removed` };
}

// The decisions of the design's figures 13, 14 and 15, branch for branch, once it is known where the
// asking MAC is. Each ends in one counter and one line. `false` = a probe must end first.
//
// A switch that does not answer is not "port not found": then nobody knows where the board is, and
// a NAK would take the addresses of all boards away because one SNMP agent is down. Such requests
// are left unanswered (`lookup-failed`); clients repeat them and keep their lease meanwhile.

import { assert, type Mac } from "../../base/index.ts";
import { dhcpMessageTypes, type RarpPacket, rarpReply } from "../../wire/index.ts";
import { givenMax } from "../limits.ts";
import { forgetOldest } from "./admit.ts";
import type { EventName } from "./event-names.ts";
import { foreignHolder, judge, markGiven, markUnusable, probe } from "./holders.ts";
import { note, type Run } from "./note.ts";
import { grant, refuse } from "./reply.ts";
import type { AddressState, DhcpRequest, Place } from "./types.ts";

/** A place on a slot's port. */
type Found = Extract<Place, { kind: "found" }>;
/** Who asks, from where, for what. */
type Asking = { readonly mac: Mac; readonly place: Place; readonly request: DhcpRequest };
type AskingFound = Asking & { readonly place: Found };

/** Answers, refuses or ignores a DHCP message; false if it must wait for a probe. */
export function decideDhcp(run: Run, asking: Asking): boolean {
  const { mac, place, request } = asking;
  if (place.kind === "failed") {
    note(run, "lookup-failed", { mac, place, fields: { message: request.kind } });
    return true;
  }
  if (place.kind === "not-found") {
    portNotFound(run, asking);
    return true;
  }
  const found: AskingFound = { mac, place, request };
  switch (request.kind) {
    case "discover":
      return figure13(run, found);
    case "selecting":
    case "init-reboot":
    case "renewing":
      return figure14(run, found);
    case "decline":
      decline(run, found);
      return true;
    case "inform":
      inform(run, found);
      return true;
  }
}

/** Fig. 15: port found -> its address (640), else ignore (630). No check whether it is in use. */
export function figure15(run: Run, packet: RarpPacket, place: Place): void {
  const mac = packet.tha;
  if (place.kind === "failed") {
    note(run, "lookup-failed", { mac, place, fields: { message: "rarp" } });
  } else if (place.kind === "not-found") {
    note(run, "rarp-port-not-found", { mac, place });
  } else {
    const { config, tables } = run.state;
    const reply = rarpReply(packet, { mac: config.mac, address: tables.own }, place.address);
    run.effects.push({ type: "send-rarp", packet: reply, to: packet.sha });
    give(run, { mac, place, by: "rarp" });
    note(run, "rarp-answered", { mac, place });
  }
}

/** Fig. 13: no address is wished for, or only as a hint. */
function figure13(run: Run, asking: AskingFound): boolean {
  const { mac, place } = asking;
  const page = pageOf(run, place);
  switch (judge(page, mac, run.now)) {
    case "unknown":
      waitForProbe(run, page, mac);
      return false;
    case "in-use": // 460
      inUse(run, page, asking, "dhcp-discover-in-use");
      return true;
    case "holds-it":
    case "silent": // 470
      answer(run, asking, dhcpMessageTypes.offer);
      offered(run, mac);
      note(run, "dhcp-offered", { mac, place });
      return true;
  }
}

/** Fig. 14: the board names the address it wants. */
function figure14(run: Run, asking: AskingFound): boolean {
  const { mac, place, request } = asking;
  const { wanted } = request;
  if (wanted !== place.address) {
    // 560
    refuseWith(run, asking, `${wanted ?? "?"} is not the address of slot ${place.board.slot}`);
    note(run, "dhcp-request-differs", { mac, place, fields: { wanted } });
    return true;
  }
  const page = pageOf(run, place);
  switch (judge(page, mac, run.now)) {
    case "unknown":
      waitForProbe(run, page, mac);
      return false;
    case "in-use": // 580
      // A board that says it holds the address may answer a moment after the other holder.
      if (request.kind === "renewing" && page.probe !== undefined) {
        markUnusable(run, page, foreignHolder(page, mac), mac);
        waitForProbe(run, page, mac);
        return false;
      }
      refuseWith(run, asking, `${place.address} is in use`);
      inUse(run, page, asking, "dhcp-request-in-use");
      return true;
    case "holds-it":
    case "silent": // 590
      answer(run, asking, dhcpMessageTypes.ack);
      give(run, { mac, place, by: "dhcp" });
      note(run, "dhcp-acked", { mac, place, fields: { for: request.kind } });
      return true;
  }
}

/** 430 and 530; a DECLINE or INFORM from nowhere is ignored. */
function portNotFound(run: Run, asking: Asking): void {
  const { mac, place, request } = asking;
  const { kind, wanted } = request;
  const about = { mac, place, fields: { wanted } };
  switch (kind) {
    case "discover":
      return note(run, "dhcp-discover-port-not-found", about);
    case "selecting":
    case "init-reboot":
    case "renewing":
      refuseWith(run, asking, "your MAC is on no slot's switch port");
      return note(run, "dhcp-request-port-not-found", about);
    case "decline":
      return note(run, "dhcp-decline-elsewhere", about);
    case "inform":
      return note(run, "dhcp-inform-port-not-found", about);
  }
}

/** DHCPDECLINE (RFC 2131 §4.3.3): believed from the port that the address belongs to only. */
function decline(run: Run, asking: AskingFound): void {
  const { mac, place, request } = asking;
  const { wanted } = request;
  if (wanted !== place.address) {
    return note(run, "dhcp-decline-elsewhere", { mac, place, fields: { wanted } });
  }
  const page = pageOf(run, place);
  const holder = foreignHolder(page, mac);
  note(run, "dhcp-declined", { mac, place, fields: { holder } });
  markUnusable(run, page, holder, mac);
}

/** DHCPINFORM (RFC 2131 §4.3.5): options for a board that set its address itself. */
function inform(run: Run, asking: AskingFound): void {
  const { mac, place, request } = asking;
  const { config, tables } = run.state;
  const { slot } = place.board;
  const type = dhcpMessageTypes.ack;
  run.effects.push(
    grant(config, tables, { request: request.message, type, slot, address: undefined }),
  );
  note(run, "dhcp-informed", { mac, place, fields: { holds: request.wanted } });
}

function answer(
  run: Run,
  asking: AskingFound,
  type: typeof dhcpMessageTypes.offer | typeof dhcpMessageTypes.ack,
): void {
  const { config, tables } = run.state;
  const { board, address } = asking.place;
  const request = asking.request.message;
  run.effects.push(grant(config, tables, { request, type, slot: board.slot, address }));
}

function refuseWith(run: Run, asking: Asking, why: string): void {
  run.effects.push(refuse(run.state.tables, asking.request.message, why));
}

function inUse(run: Run, page: AddressState, asking: AskingFound, event: EventName): void {
  const { mac, place } = asking;
  const holder = foreignHolder(page, mac);
  note(run, event, { mac, place, fields: { holder } });
  markUnusable(run, page, holder, mac);
}

function waitForProbe(run: Run, page: AddressState, mac: Mac): void {
  page.waiting.add(mac);
  probe(run, page);
}

/** Remembered for the next overheard packet, and in the list for people. */
function give(
  run: Run,
  given: { readonly mac: Mac; readonly place: Found; readonly by: "dhcp" | "rarp" },
): void {
  const { mac, place, by } = given;
  const { state, now } = run;
  markGiven(run, pageOf(run, place), mac);
  const before = state.given.get(mac);
  const again = before?.address === place.address ? before : undefined;
  if (!state.given.delete(mac)) forgetOldest(state.given, givenMax);
  state.given.set(mac, {
    mac,
    network: state.config.network,
    address: place.address,
    slot: place.board.slot,
    name: place.board.name,
    switchName: place.switchName,
    port: place.port,
    by,
    firstUs: again?.firstUs ?? now,
    atUs: now,
    times: (again?.times ?? 0) + 1,
  });
}

function offered(run: Run, mac: Mac): void {
  const client = run.state.clients.get(mac);
  if (client !== undefined) client.isOffered = true;
}

function pageOf(run: Run, place: Found): AddressState {
  const page = run.state.addresses.get(place.address);
  assert(page !== undefined, "every slot's address has its page");
  return page;
}

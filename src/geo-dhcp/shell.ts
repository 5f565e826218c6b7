// Sockets, timer and lookups of one network's DHCP and RARP servers: frames and answers become
// events, effects become frames. Decides nothing. Replies go out as raw frames because the client
// has no address yet; the bound UDP socket owns port 67 and reaches relays by the kernel's routes.

import {
  assert,
  err,
  type Log,
  type Mac,
  type NetworkId,
  ok,
  type Result,
  type SlotId,
  unreachable,
} from "../base/index.ts";
import type { Chassis } from "../config/index.ts";
import {
  bpfReturn,
  closeNetns,
  currentNetns,
  findLink,
  inNetns,
  monoNowUs,
  openNetlink,
  openUdp,
  type SysError,
  sysErrorText,
  type UdpSocket,
} from "../kernel/index.ts";
import { arpFrame, dhcpPorts, rarpFrame, wireErrorText } from "../wire/index.ts";
import { createState, step } from "./core.ts";
import { alarms } from "./core/holders.ts";
import { placeOf } from "./core/place.ts";
import type { Alarm, BootInfo, Effect, Event, Given, State } from "./core/types.ts";
import {
  readArpFrame,
  readDhcpFrame,
  readRarpFrame,
  replyFrameBytesMax,
  type SendDhcp,
  writeReplyFrame,
  writeReplyPayload,
} from "./frames.ts";
import { portReceiveBytes, reopenMs } from "./limits.ts";
import type { LookupOutcome, SwitchLookup } from "./lookup/types.ts";
import { closeSockets, openSockets, type SocketHandlers, type Sockets } from "./sockets.ts";
import { type Where, whereIsMac, whereIsSlot } from "./where.ts";

/** What the servers of one network need. */
export type GeoDhcpOptions = {
  readonly chassis: Chassis;
  readonly network: NetworkId;
  /** The CCN's interface on this network, `eth-a`. */
  readonly device: string;
  /** Where is this MAC? Asks the network's switch. */
  readonly lookup: (mac: Mac) => Promise<LookupOutcome>;
  /** What option 82 of a trusted relay says; second source when the switch has no port. */
  readonly option82?: SwitchLookup["option82"];
  /** URL and SHA-256 of a slot's configuration, told in option 43. Quick, never throws. */
  readonly bootInfo: (slot: SlotId, network: NetworkId) => BootInfo | undefined;
  readonly log: Log;
  /** An address conflict was raised (again once its holder is known) or cleared. */
  readonly onAlarm?: (change: { readonly alarm: Alarm; readonly isRaised: boolean }) => void;
};

/** Running servers. */
export type GeoDhcp = {
  /** Addresses given since start, the last one last; a view for people. */
  leases(): readonly Given[];
  /** The whole chain of a MAC (asks the switch) or a slot, in words. */
  where(what: Mac | SlotId): Promise<Where>;
  /** How often each branch was taken, by its name in `explanations`. */
  counters(): Readonly<Record<string, number>>;
  /** Addresses that are unusable now. */
  alarms(): readonly Alarm[];
  /** Another chassis file; requests in flight are decided by it. */
  update(chassis: Chassis): void;
  /** Ends everything; blocks for tens of ms. */
  close(): void;
};

/** Why the servers could not start: `port-held` = another DHCP server has UDP 67. */
export type GeoDhcpError = { readonly kind: "port-held" | "system"; readonly text: string };

type Shell = {
  readonly options: GeoDhcpOptions;
  readonly state: State;
  readonly udp: UdpSocket;
  /** Where the sockets were made and are made again. */
  readonly netns: number;
  sockets: Sockets | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  reopening: ReturnType<typeof setTimeout> | undefined;
  isClosed: boolean;
};
/** Handlers exist before the shell does; nothing is heard until it is there. */
type Late = { shell: Shell | undefined };

/** Replies are written here; sending copies them. */
const buffer = new Uint8Array(replyFrameBytesMax);

/**
 * Starts both servers on one network. All sockets are made before the first await, so
 * `inNetns(fd, () => startGeoDhcp(...))` serves there.
 */
export async function startGeoDhcp(
  options: GeoDhcpOptions,
): Promise<Result<GeoDhcp, GeoDhcpError>> {
  const { chassis, network, device, bootInfo, option82 } = options;
  const late: Late = { shell: undefined };
  const opening = openSockets(device, handlersOf(late));
  const binding = openPort(options, late);
  const netns = currentNetns();
  const opened = await opening;
  const udp = await binding;
  if (!udp.ok || !opened.ok || !netns.ok) {
    if (udp.ok) udp.value.close();
    if (opened.ok) closeSockets(opened.value);
    if (netns.ok) closeNetns(netns.value);
    const failed = [udp, opened, netns].find((result) => !result.ok);
    assert(failed !== undefined && !failed.ok, "one of them failed");
    return err(startError(failed.error));
  }
  const { mac } = opened.value.dhcp;
  const shell: Shell = {
    options,
    state: createState({ chassis, network, mac, bootInfo, option82 }, monoNowUs()),
    udp: udp.value,
    netns: netns.value,
    sockets: opened.value,
    timer: undefined,
    reopening: undefined,
    isClosed: false,
  };
  late.shell = shell;
  return ok(surfaceOf(shell));
}

function surfaceOf(shell: Shell): GeoDhcp {
  const { state } = shell;
  return {
    leases: () => [...state.given.values()],
    where: async (what) => {
      if (typeof what === "number") return whereIsSlot(state, what, monoNowUs());
      const outcome = await askSwitch(shell, what);
      const place = placeOf(state.tables, state.config.network, outcome);
      return whereIsMac(state, what, place, monoNowUs());
    },
    counters: () => Object.fromEntries(state.counters),
    alarms: () => alarms(state),
    update: (chassis) => tell(shell, { type: "configured", config: { ...state.config, chassis } }),
    close: () => {
      if (shell.isClosed) return;
      shell.isClosed = true;
      clearTimeout(shell.timer);
      clearTimeout(shell.reopening);
      shell.udp.close();
      if (shell.sockets !== undefined) closeSockets(shell.sockets);
      closeNetns(shell.netns);
    },
  };
}

/** Owns UDP 67 on this interface: a second server is a start error, relays get their replies. */
function openPort(options: GeoDhcpOptions, late: Late): Promise<Result<UdpSocket, SysError>> {
  return openUdp({
    device: options.device,
    address: options.chassis.networks[options.network].ccn,
    port: dhcpPorts.server,
    freebind: true,
    receiveBytes: portReceiveBytes,
    // The packet socket hears the same datagrams, with their Ethernet source: nothing comes here.
    filter: [bpfReturn(0)],
    onDatagram: () => undefined,
    onError: (e) => {
      const { shell } = late;
      if (shell !== undefined) failed(shell, "UDP 67", sysErrorText(e));
    },
  });
}

function startError(error: SysError): GeoDhcpError {
  if (error.code !== "EADDRINUSE") return { kind: "system", text: sysErrorText(error) };
  const hint = "another DHCP server runs here, stop it";
  return { kind: "port-held", text: sysErrorText({ ...error, hint }) };
}

function handlersOf(late: Late): SocketHandlers {
  const on = (read: (frame: Uint8Array) => Event) => (frame: Uint8Array) => {
    if (late.shell !== undefined) tell(late.shell, read(frame));
  };
  return {
    onDhcp: on(readDhcpFrame),
    onRarp: on(readRarpFrame),
    onArp: on(readArpFrame),
    onLost: (reason) => {
      if (late.shell !== undefined) lost(late.shell, reason);
    },
  };
}

function tell(shell: Shell, event: Event): void {
  if (shell.isClosed) return;
  for (const effect of step(shell.state, event, monoNowUs())) carryOut(shell, effect);
}

function carryOut(shell: Shell, effect: Effect): void {
  const { options, sockets } = shell;
  switch (effect.type) {
    case "look-up":
      void ask(shell, effect.mac);
      return;
    case "send-dhcp":
      return sendDhcp(shell, effect);
    case "send-arp":
      return check(shell, "ARP probe", sockets?.arp.send(arpFrame(effect.packet)));
    case "send-rarp":
      return check(shell, "RARP reply", sockets?.rarp.send(rarpFrame(effect.packet, effect.to)));
    case "set-timer": {
      clearTimeout(shell.timer);
      const ms = Math.max(0, Math.ceil((effect.atUs - monoNowUs()) / 1000));
      shell.timer = setTimeout(() => tell(shell, { type: "timer-fired" }), ms);
      return;
    }
    case "log":
      return options.log[effect.level](effect.event, effect.fields);
    case "raise-alarm":
      return options.onAlarm?.({ alarm: effect.alarm, isRaised: true });
    case "clear-alarm":
      return options.onAlarm?.({ alarm: effect.alarm, isRaised: false });
    default:
      return unreachable(effect);
  }
}

async function ask(shell: Shell, mac: Mac): Promise<void> {
  tell(shell, { type: "lookup-finished", mac, outcome: await askSwitch(shell, mac) });
}

async function askSwitch(shell: Shell, mac: Mac): Promise<LookupOutcome> {
  try {
    return await shell.options.lookup(mac);
  } catch (thrown) {
    return { type: "no-answer", reason: `the lookup broke: ${String(thrown)}` };
  }
}

function sendDhcp(shell: Shell, order: SendDhcp): void {
  const { to } = order;
  const { config, tables } = shell.state;
  const server = { mac: config.mac, address: tables.own };
  const bytes =
    to.kind === "relay" ? writeReplyPayload(order, buffer) : writeReplyFrame(order, server, buffer);
  if (!bytes.ok) return failed(shell, "DHCP reply", wireErrorText(bytes.error));
  const sent =
    to.kind === "relay"
      ? shell.udp.send(bytes.value, to.address, dhcpPorts.server)
      : shell.sockets?.dhcp.send(bytes.value);
  check(shell, "DHCP reply", sent);
}

function check(shell: Shell, what: string, sent: Result<void, SysError> | undefined): void {
  if (sent === undefined) failed(shell, what, "the interface is down");
  else if (!sent.ok) failed(shell, what, sysErrorText(sent.error));
}

function failed(shell: Shell, what: string, why: string): void {
  tell(shell, { type: "send-failed", what, why });
}

function lost(shell: Shell, reason: SysError | undefined): void {
  const { sockets } = shell;
  shell.sockets = undefined;
  const why = reason === undefined ? "the sockets were closed" : sysErrorText(reason);
  tell(shell, { type: "interface-lost", why });
  if (sockets !== undefined) closeSockets(sockets);
  if (!shell.isClosed) reopenLater(shell);
}

function reopenLater(shell: Shell): void {
  shell.reopening = setTimeout(() => void reopen(shell), reopenMs);
}

/** Opens the sockets again once the interface is up; they die at once on one that is down. */
async function reopen(shell: Shell): Promise<void> {
  const { device } = shell.options;
  const opening = inNetns(shell.netns, () =>
    isUp(device) ? openSockets(device, handlersOf({ shell })) : undefined,
  );
  const opened = await opening;
  if (shell.isClosed) {
    if (opened?.ok === true) closeSockets(opened.value);
  } else if (opened?.ok === true) {
    shell.sockets = opened.value;
    tell(shell, { type: "interface-back", mac: opened.value.dhcp.mac });
  } else {
    reopenLater(shell);
  }
}

function isUp(device: string): boolean {
  const netlink = openNetlink();
  if (!netlink.ok) return false;
  const link = findLink(netlink.value, device);
  netlink.value.close();
  return link.ok && link.value.up;
}

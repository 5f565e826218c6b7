// What a lab looks like from outside: plain data for `status --json` and one screen of text.

import type { Ipv4, Mac, NetworkId, SlotId } from "../base/index.ts";
import type { Role } from "../config/index.ts";
import { cutText, type SwitchPower } from "./faults.ts";
import { outsideStatus } from "./outside-view.ts";
import { faultsOf, type LabSlotLines } from "./slot-lines.ts";
import type { AgentManner } from "./switch-process.ts";
import type { BoardUnit, LabWorld, SwitchUnit } from "./world.ts";

/** A lab at one moment. */
export type LabStatus = {
  readonly name: string;
  readonly chassis: string;
  readonly dir: string;
  readonly owner: number;
  readonly switches: readonly SwitchStatus[];
  /** One entry for every slot of the chassis file, the CCN first. */
  readonly slots: readonly SlotStatus[];
  /** Undefined if the chassis has no public addresses. */
  readonly outside: OutsideStatus | undefined;
};

/** Router and client outside at one moment. */
export type OutsideStatus = {
  readonly router: {
    /** Pid of its PID 1 seen from here. */
    readonly pid: number;
    /** Its addresses in the public subnets. */
    readonly addresses: readonly Ipv4[];
    readonly cables: readonly {
      readonly network: NetworkId;
      readonly switchName: string;
      readonly port: string;
      /** What is broken in words; undefined = whole. */
      readonly cut: string | undefined;
    }[];
  };
  readonly client: { readonly pid: number; readonly addresses: readonly Ipv4[] };
};

/** A switch at one moment. */
export type SwitchStatus = {
  readonly name: string;
  readonly network: NetworkId;
  readonly address: string;
  readonly power: SwitchPower;
  readonly agent: AgentManner & { readonly pid: number };
};

/** A slot at one moment. */
export type SlotStatus = {
  readonly slot: SlotId;
  readonly name: string;
  readonly role: Role;
  /** Undefined if the slot is empty. */
  readonly board: SeatedBoard | undefined;
  /** What the CCN's lines do to the board, and what is broken in them: `in reset`, `power stuck`. */
  readonly lines: readonly string[];
};

/** A board at one moment. */
export type SeatedBoard = {
  readonly serial: number;
  readonly running: boolean;
  /** Pid of its PID 1 seen from outside; undefined when killed. */
  readonly pid: number | undefined;
  readonly cables: readonly {
    readonly network: NetworkId;
    readonly mac: Mac;
    readonly switchName: string;
    readonly port: string;
    /** What is broken in words; undefined = whole. */
    readonly cut: string | undefined;
  }[];
};

/** The lab as data. */
export function statusOf(world: LabWorld, name: string): LabStatus {
  return {
    name,
    chassis: world.chassis.name,
    dir: world.dir,
    owner: process.pid,
    switches: ordered(world).map(({ net, agent, power, manner }) => ({
      name: net.plan.name,
      network: net.plan.network,
      address: net.plan.address,
      power,
      agent: { ...manner, pid: agent.pid },
    })),
    slots: world.chassis.boards.map(({ slot, name: board, role }) => ({
      slot,
      name: board,
      role,
      board: seated(world.boards.get(slot)),
      lines: linesText(world.slots.lines.get(slot)),
    })),
    outside: outsideStatus(world),
  };
}

function linesText(lines: LabSlotLines | undefined): string[] {
  if (lines === undefined) return [];
  const held = [
    ...(lines.reset.actual ? ["in reset"] : []),
    ...(lines.power.actual ? [] : ["power off"]),
  ];
  return [...held, ...faultsOf(lines)];
}

/** The switches that are up, as the chassis file lists them. */
function ordered(world: LabWorld): SwitchUnit[] {
  return world.plans.flatMap((plan) => world.switches.get(plan.name) ?? []);
}

function seated(unit: BoardUnit | undefined): SeatedBoard | undefined {
  if (unit === undefined) return undefined;
  const running = unit.process?.isAlive() === true;
  return {
    serial: unit.serial,
    running,
    pid: running ? unit.process?.initPid : undefined,
    cables: unit.cables.map(({ plan, cut }) => ({
      network: plan.network,
      mac: unit.macs[plan.network],
      switchName: plan.switchName,
      port: plan.port.name,
      cut: cutText(cut),
    })),
  };
}

/** The lab as one screen. */
export function statusText(status: LabStatus): string {
  const lines = [`lab ${status.name}: chassis ${status.chassis}, process ${status.owner}`];
  for (const own of status.switches) {
    const power = own.power === "on" ? "" : ` ${own.power}`;
    const late = own.agent.latencyMs > 0 ? ` SNMP ${own.agent.latencyMs} ms late` : "";
    const silent = own.agent.silent ? " SNMP silent" : "";
    lines.push(`switch ${own.name} on ${own.network}, ${own.address}${power}${late}${silent}`);
  }
  for (const { slot, name, role, board, lines: slotLines } of status.slots) {
    const place = `${String(slot).padStart(2)} ${name.padEnd(10)} ${role.padEnd(10)}`;
    if (board === undefined) {
      lines.push([`${place} empty`, ...slotLines].join("; "));
      continue;
    }
    const state = board.running ? `running, process ${board.pid}` : "killed";
    const cables = board.cables.map(
      ({ network, mac, switchName, port, cut }) =>
        `${network} ${mac} ${switchName}/${port}${cut === undefined ? "" : ` (${cut})`}`,
    );
    lines.push([`${place} ${state}`, ...slotLines, ...cables].join("; "));
  }
  lines.push(...outsideLines(status.outside));
  return `${lines.join("\n")}\n`;
}

function outsideLines(outside: OutsideStatus | undefined): string[] {
  if (outside === undefined) return [];
  const { router, client } = outside;
  const cables = router.cables.map(
    ({ network, switchName, port, cut }) =>
      `${network} ${switchName}/${port}${cut === undefined ? "" : ` (${cut})`}`,
  );
  return [
    [`router ${router.addresses.join(", ")}, process ${router.pid}`, ...cables].join("; "),
    `outside ${client.addresses.join(", ")}, process ${client.pid}`,
  ];
}

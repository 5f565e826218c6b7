// What PSRM is given and what it gives: its interface to the other modules of a board.

import type { Ipv4, Log, MonoUs, Result } from "../base/index.ts";
import type { Service } from "../config/index.ts";
import type { ServiceCause, ServiceChange, ServiceState } from "./types.ts";

/** What PSRM needs on a board. */
export type PsrmOptions = {
  /** Services of this board only; none runs before an order. */
  readonly services: readonly Service[];
  /** Directory of the services' sockets (`psrm/NAME.sock`), and the identity of this board: what an
   * earlier life with the same directory left running is killed first. */
  readonly runDir: string;
  /** Directory of `NAME.log`. */
  readonly logDir: string;
  readonly log: Log;
  /** Command that ends in `runGuard`: this executable, its sub-command, the board's name. Undefined:
   * no guard, for tests. */
  readonly guard: readonly string[] | undefined;
  /** Every change of state. Must not throw. */
  readonly onChange: (change: ServiceChange) => void;
  /** Design 29 choice 2: the service is stopped here and wants to run elsewhere. Must not throw. */
  readonly onMoveAsked: (asked: MoveAsked) => void;
  /** Where tcp and http checks ask; default 127.0.0.1. */
  readonly checkAddress?: (service: Service) => Ipv4;
  /** Is this a living child that another module of this process started by Bun.spawn? Such are not
   * reaped and not taken for strays. */
  readonly isOtherChild: (pid: number) => boolean;
  /** False: trees are swept even where cgroups could be had; for tests. Default true. */
  readonly cgroups?: boolean;
};

/** A service that another board shall run. */
export type MoveAsked = {
  readonly service: string;
  readonly group: string;
  readonly cause: ServiceCause;
  readonly why: string;
};

/** Is this board active for a group (design's RW), or does it stand by (RO)? */
export type GroupRole = "active" | "standby";

/** A service for `status`. */
export type ServiceStatus = {
  readonly service: string;
  readonly group: string | undefined;
  readonly state: ServiceState;
  readonly cause: ServiceCause;
  readonly why: string;
  readonly sinceUs: MonoUs;
  readonly isWanted: boolean;
  /** Of the main process; undefined if none lives. */
  readonly pid: number | undefined;
  readonly start: number;
  /** Restarts after failures within restart.windowMs. */
  readonly restarts: number;
  /** When a pause ends and it is started again. */
  readonly againAtUs: MonoUs | undefined;
  readonly lastExit: string | undefined;
  /** Its own words (STATUS= of sd_notify(3)). */
  readonly statusText: string | undefined;
  readonly lastLines: readonly string[];
  /** Bytes of output that were not written to its log file. */
  readonly logDroppedBytes: number;
};

/** An address the guard removes when the board ends. */
export type GuardedAddress = {
  readonly index: number;
  readonly address: Ipv4;
  readonly prefix: number;
};

/** PSRM running on this board. */
export type Psrm = {
  /** How trees are killed and proved gone: `cgroup`, or `sweep` where there is no writable one. */
  readonly way: "cgroup" | "sweep";
  /** Orders; `why` is for people. The error: this board has no such service. */
  readonly start: (service: string, why: string) => Result<void, string>;
  readonly stop: (service: string, why: string) => Result<void, string>;
  readonly restart: (service: string, why: string) => Result<void, string>;
  /** Stops without asking the program: the board lost the right to act (leases.md H1). */
  readonly kill: (service: string, why: string) => Result<void, string>;
  readonly status: () => readonly ServiceStatus[];
  /** Tells programs that ask what this board is for their group. */
  readonly setRole: (group: string, role: GroupRole) => void;
  /** From before an address is added until after it is removed. */
  readonly guardAddress: (address: GuardedAddress) => void;
  readonly releaseAddress: (address: GuardedAddress) => void;
  /** Is this a living child of PSRM's? For a reaper that runs as PID 1 (runtime). */
  readonly isChild: (pid: number) => boolean;
  readonly guardPid: () => number | undefined;
  /** Stops all services in reverse order, then the guard; resolves when everything is gone. */
  readonly close: () => Promise<void>;
};

// Services and groups as the rest of the product sees them: plain data with every default filled
// in, made only by `loadChassis`. Design paragraphs 28-30 (the process monitor), 45 (rules), 47-51
// (public addresses).

import type { Ipv4, SlotId } from "../base/index.ts";

/** A program that PSRM starts and watches (design 28). */
export type Service = {
  /** Unique, for people and for NETRACK: `web`. */
  readonly name: string;
  /** Program and arguments; the program is an absolute path. No shell. */
  readonly run: readonly string[];
  /** User name or number it runs as; undefined = the board's own. */
  readonly user: string | undefined;
  /** Working directory, absolute. */
  readonly directory: string;
  /** Variables added to a small fixed environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: ServiceLimits;
  /** Group it moves with; undefined = it runs on every slot of `on`, all at once. */
  readonly group: string | undefined;
  /**
   * On a slot that stands by for its group: `running` = it is started there too and told that it
   * is to become active, `stopped` = it starts when the group becomes active.
   */
  readonly standby: "running" | "stopped";
  /** Slots it may run on; of a service in a group: those of the group. */
  readonly on: readonly SlotId[];
  /** Started after these are ready, stopped before them; same board only. */
  readonly after: readonly string[];
  readonly ready: ReadyCheck;
  /** Longest start, ms: not ready by then = not answering. EXTEND_TIMEOUT_USEC moves it. */
  readonly readyMs: number;
  readonly alive: AliveCheck;
  readonly stop: {
    /** Signal that asks it to end, `SIGTERM`. */
    readonly signal: string;
    /** After this its whole process tree is killed, ms. */
    readonly ms: number;
  };
  readonly restart: RestartPolicy;
  /** What to do in each of the design's three failures (29). */
  readonly onFailure: {
    /** It ended by itself. */
    readonly dead: FailureAction;
    /** It runs and does not answer. */
    readonly silent: FailureAction;
    /** It is slow or short of resources: reported or measured. */
    readonly trouble: FailureAction;
  };
  readonly log: { readonly bytesMax: number; readonly files: number };
};

/** `restart` here, `move` = another board starts the equivalent, `nothing` = report only. */
export type FailureAction = "restart" | "move" | "nothing";

/** What it may use; undefined = no bound of ours. */
export type ServiceLimits = {
  readonly openFiles: number | undefined;
  readonly processes: number | undefined;
  readonly memoryBytes: number | undefined;
  /** More than this much resident memory is trouble, bytes. */
  readonly troubleMemoryBytes: number | undefined;
};

/** How a service shows that its start is over (sd_notify(3) for `notify`). */
export type ReadyCheck =
  | { readonly by: "alive" }
  | { readonly by: "notify" }
  | { readonly by: "tcp"; readonly port: number }
  | { readonly by: "http"; readonly port: number; readonly path: string }
  | { readonly by: "command"; readonly run: readonly string[] };

/** How a running service shows that it still answers. */
export type AliveCheck =
  | { readonly by: "alive" }
  /** WATCHDOG=1 at least this often (sd_notify(3)). */
  | { readonly by: "watchdog"; readonly everyMs: number }
  | {
      readonly by: "tcp" | "http" | "command";
      readonly port: number;
      readonly path: string;
      readonly run: readonly string[];
      readonly everyMs: number;
      /** One question may take this long, ms. */
      readonly withinMs: number;
      /** So many failed questions in a row = not answering. */
      readonly failures: number;
    };

/** When a service is started again after it ended or was killed. */
export type RestartPolicy = {
  /** First pause, ms; 0 = at once. Doubles with every restart up to `backoffMaxMs`. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** Running this long without failure sets the pause and the count back, ms. */
  readonly calmMs: number;
  /** More than this many restarts in `windowMs` = too often: move, or give up with an alarm. */
  readonly max: number;
  readonly windowMs: number;
  /** What certain exit codes mean, instead of `onFailure.dead`. */
  readonly byExitCode: Readonly<Record<number, FailureAction | "done">>;
};

/** Redundancy of a group (design 45): how many boards are active, how many stand by. */
export type RedundancyModel = "none" | "2N" | "N+1" | "N+M" | "all-active";

/** Services, public addresses and volumes that move together; one lease each (leases.md §1). */
export type Group = {
  readonly name: string;
  readonly services: readonly string[];
  readonly addresses: readonly PublicAddress[];
  readonly model: RedundancyModel;
  /** Slots that may be active, best first. */
  readonly on: readonly SlotId[];
  /** Groups that should not be active on the same board: preferred, given up before an outage. */
  readonly apart: readonly string[];
  /** Groups that should be active on the same board as this one; both sides name each other. */
  readonly together: readonly string[];
  /** `never` by itself, or `when-calm`: back to the best slot once it was well for 10 minutes. */
  readonly failback: "never" | "when-calm";
  /** leases.md O2: may a voter turn to another holder without a fence once its grant ran out? */
  readonly unfenced: "never" | "after-lease";
};

/** An address of a service that moves from board to board (design 47). */
export type PublicAddress = {
  readonly address: Ipv4;
  /** Prefix length of its subnet, 8 to 32. */
  readonly prefix: number;
  /** Moves its MAC address too; undefined = the board's own MACs, announced by ARP. */
  readonly mac: string | undefined;
};

/** One rule of REDIRECT beyond the models: when something holds, do something. */
export type Rule = {
  readonly name: string;
  readonly when: RuleCondition;
  /** It must hold this long, ms. */
  readonly forMs: number;
  readonly act: RuleAction;
};

/** What a rule looks at. */
export type RuleCondition =
  | { readonly about: "board"; readonly slot: SlotId; readonly is: "down" | "degraded" | "leaving" }
  | { readonly about: "network"; readonly network: "A" | "B"; readonly slot: SlotId | undefined }
  | {
      readonly about: "service";
      readonly service: string;
      readonly is: "failed" | "silent" | "trouble" | "restarted-too-often";
    }
  | { readonly about: "alarm"; readonly id: string }
  | {
      readonly about: "value";
      readonly name: string;
      readonly slot: SlotId | undefined;
      readonly op: "above" | "below";
      readonly limit: number;
    };

/** What a rule does. */
export type RuleAction =
  | { readonly do: "move"; readonly group: string; readonly to: SlotId | undefined }
  | { readonly do: "stop" | "start" | "restart"; readonly service: string }
  | { readonly do: "alarm"; readonly text: string }
  | { readonly do: "power-cycle"; readonly slot: SlotId }
  | { readonly do: "run"; readonly run: readonly string[] };

// The servers that are compared, as programs of the CCN's slot: each gets the CCN's addresses and
// one core. Peers run without whatever they need not do here: no lease file, no log of exchanges,
// Kea without multi-threading (one core) and hooks.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Name in the report. */
export type ServerName = "softset" | "kea" | "dnsmasq" | "dnsmasq --no-ping";

/** A server that can sit in the CCN's slot. */
export type Server = {
  readonly name: ServerName;
  readonly version: string;
  readonly command: readonly string[];
};

/** What servers are made of. */
export type ServerParts = {
  readonly chassisFile: string;
  /** For configuration files. */
  readonly dir: string;
  readonly fromSource: boolean;
  /** The core all servers run on. */
  readonly core: number;
  /** True if all requests come through a relay: then Kea needs no raw sockets, which is faster. */
  readonly relayOnly: boolean;
};

const root = join(import.meta.dir, "..", "..", "..");

/** Ours, as in the lab. */
export function softset(parts: ServerParts): Server {
  const built = join(root, "dist", "ccn");
  const source = [process.execPath, join(root, "boards", "ccn", "main.ts")];
  if (!parts.fromSource && !existsSync(built)) {
    throw new Error(`${built} is not there; run npm run build, or use --source`);
  }
  const program = parts.fromSource ? source : [built];
  const options = ["--config", parts.chassisFile, "--state-dir", "/run/state"];
  return {
    name: "softset",
    version: "",
    command: ["taskset", "-c", `${parts.core}`, ...program, "run", ...options],
  };
}

/** Kea with its lease database in memory only. */
export function kea(parts: ServerParts): Server {
  const file = join(parts.dir, `kea-${parts.relayOnly ? "relay" : "raw"}.json`);
  writeFileSync(file, JSON.stringify({ Dhcp4: keaConfig(parts.relayOnly) }));
  const env = "env KEA_PIDFILE_DIR=/run KEA_LOCKFILE_DIR=none";
  return {
    name: "kea",
    version: firstWord(["kea-dhcp4", "-v"]),
    command: onCcn(parts, `${env} kea-dhcp4 -c ${file}`),
  };
}

/** dnsmasq as it comes, or without its ping before every offer. */
export function dnsmasq(parts: ServerParts, ping: "ping" | "no-ping"): Server {
  const words = [
    "dnsmasq -k -C /dev/null --port=0 --user=root --leasefile-ro --quiet-dhcp --dhcp-authoritative",
    "--interface=eth-a --interface=eth-b --except-interface=lo --bind-interfaces --log-facility=-",
    "--dhcp-range=10.1.2.1,10.1.2.250,255.255.0.0,1h",
    "--dhcp-range=20.1.2.1,20.1.2.250,255.255.0.0,1h",
    ...(ping === "ping" ? [] : ["--no-ping"]),
  ];
  return {
    name: ping === "ping" ? "dnsmasq" : "dnsmasq --no-ping",
    version: /version (\S+)/.exec(output(["dnsmasq", "--version"]))?.[1] ?? "unknown",
    command: onCcn(parts, words.join(" ")),
  };
}

function keaConfig(relayOnly: boolean): object {
  const subnet = (id: number, first: string): object => ({
    id,
    subnet: `${first}.1.0.0/16`,
    pools: [{ pool: `${first}.1.2.1 - ${first}.1.2.250` }],
  });
  return {
    "interfaces-config": {
      interfaces: ["eth-a", "eth-b"],
      "dhcp-socket-type": relayOnly ? "udp" : "raw",
    },
    "lease-database": { type: "memfile", persist: false },
    "multi-threading": { "enable-multi-threading": false },
    "valid-lifetime": 3600,
    subnet4: [subnet(1, "10"), subnet(2, "20")],
    loggers: [
      { name: "kea-dhcp4", severity: "WARN", output_options: [{ output: "/run/state/kea.log" }] },
    ],
  };
}

/** A program that must be given the CCN's addresses first. */
function onCcn(parts: ServerParts, words: string): string[] {
  const addresses =
    "ip addr add 10.1.0.1/16 dev eth-a && ip addr add 20.1.0.1/16 dev eth-b && ip link set lo up";
  return ["taskset", "-c", `${parts.core}`, "sh", "-c", `${addresses} && exec ${words}`];
}

function firstWord(argv: string[]): string {
  return output(argv).trim().split(/\s/)[0] ?? "unknown";
}

function output(argv: string[]): string {
  const program = argv[0] ?? "";
  if (Bun.which(program) === null) {
    throw new Error(`${program} is not installed; as root: npm run bench installs it`);
  }
  return Bun.spawnSync(argv).stdout.toString();
}

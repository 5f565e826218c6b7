// The chassis file -> Chassis, or every mistake in it at once. Sections are read one by one, so that
// a mistake in one hides none in another; only what could be read is compared with the rest.

import { err, ipv4FromU32, ipv4ToU32, ok, type Result } from "../base/index.ts";
import { readBoards } from "./boards.ts";
import type { ConfigError } from "./errors.ts";
import { readGroups } from "./groups.ts";
import { checkTakeOverTime } from "./lease-timing.ts";
import { readNetworks, readSwitches } from "./networks.ts";
import { createReport, type Report } from "./report.ts";
import { readRules } from "./rules.ts";
import {
  chassisSchema,
  fileSchema,
  macsSchema,
  mapSchema,
  provisionSchema,
  versionSchema,
} from "./schema.ts";
import { readServices } from "./services.ts";
import { isMulticast } from "./subnet.ts";
import { readTiming } from "./timing.ts";
import type { Chassis, Provision } from "./types.ts";
import type { ReadSecret } from "./values.ts";
import { readYaml } from "./yaml.ts";

/**
 * Reads a chassis file. `fileName` is only for messages; `readSecret` reads the files that
 * `{ file: path }` names (default: none can be read). Never throws; errors in the file's order.
 */
export function loadChassis(
  text: string,
  fileName: string,
  readSecret: ReadSecret = noSecrets,
): Result<Chassis, ConfigError[]> {
  const yaml = readYaml(text);
  if (!yaml.ok) {
    return err(yaml.error.map((fault) => ({ file: fileName, path: "", ...fault })));
  }
  const report = createReport(fileName, yaml.value);
  report.check(fileSchema, yaml.value.data, []);
  const file = mapSchema("").safeParse(yaml.value.data);
  if (!file.success) return err(report.errors());
  const name = report.check(chassisSchema, file.data["chassis"], ["chassis"]);
  const version = report.check(versionSchema, file.data["version"], ["version"]);
  const networks = readNetworks(report, file.data["networks"]);
  const switches = readSwitches(report, file.data["switches"], networks, readSecret);
  const boards = readBoards(report, file.data["slots"], networks, switches);
  const givenMacs = file.data["macs"] ?? "any";
  const macs = report.check(macsSchema(givenMacs), givenMacs, ["macs"]);
  const timing = readTiming(report, file.data["timing"]);
  const provision = readProvision(report, file.data["provision"]);
  const bare = readGroups(report, file.data["groups"], { networks, boards });
  const groupNames = namesIn(file.data["groups"]);
  const services = readServices(report, file.data["services"], {
    groups: bare,
    groupNames,
    boards,
    timing,
  });
  const groups = bare.map((group) => ({
    ...group,
    services: services.filter((each) => each.group === group.name).map((each) => each.name),
  }));
  const serviceNames = namesIn(file.data["services"]);
  const rules = readRules(report, file.data["rules"], { groups, groupNames, serviceNames, boards });
  if (timing !== undefined) checkTakeOverTime(report, timing, groups);
  const errors = report.errors();
  const { A, B } = networks;
  if (errors.length > 0 || !name || !version || !macs || !timing || !provision || !A || !B) {
    return err(errors);
  }
  return ok({
    name,
    version,
    networks: { A, B },
    switches,
    boards,
    macs,
    timing,
    provision,
    groups,
    services,
    rules,
  });
}

/** The names a section gives, also those whose content is mistaken: they are not unknown. */
function namesIn(section: unknown): string[] {
  const map = mapSchema("").safeParse(section);
  return map.success ? Object.keys(map.data) : [];
}

const noSecrets: ReadSecret = (path) => err(`secret file ${path.slice(0, 80)} cannot be read here`);

/** 239.83.66.1 and .2: "SB" in the range for private use (RFC 2365). */
const defaultHubsGroup = ipv4FromU32(0xef534201);
const defaultBoardsGroup = ipv4FromU32(0xef534202);

function readProvision(report: Report, value: unknown): Provision | undefined {
  const given = report.check(provisionSchema, value ?? {}, ["provision"]);
  if (given === undefined) return undefined;
  const hubsGroup = given.hubsGroup ?? defaultHubsGroup;
  const boardsGroup = given.boardsGroup ?? defaultBoardsGroup;
  for (const [key, group] of [
    ["hubsGroup", hubsGroup],
    ["boardsGroup", boardsGroup],
  ] as const) {
    if (!isMulticast(group) || group.startsWith("224.0.0.")) {
      const right = "give one from 239.0.0.0 to 239.255.255.255";
      report.add(["provision", key], `${group} is not a free multicast group; ${right}`);
    }
  }
  // A switch sees only the low 23 bits of a group (RFC 1112 §6.4).
  if ((ipv4ToU32(hubsGroup) & 0x7fffff) === (ipv4ToU32(boardsGroup) & 0x7fffff)) {
    const message = `${boardsGroup} has the same Ethernet group as ${hubsGroup}; give another one`;
    report.add(["provision", "boardsGroup"], message);
  }
  const { beatPort = 5343, linkPort = 5344, httpPort = 8067, watchPort = 5345 } = given;
  if (beatPort === linkPort) {
    report.add(["provision", "linkPort"], `${linkPort} is beatPort already; give another UDP port`);
  }
  if (httpPort === watchPort) {
    const right = "give another TCP port";
    report.add(["provision", "watchPort"], `${watchPort} is httpPort already; ${right}`);
  }
  return {
    httpPort,
    beatPort,
    linkPort,
    watchPort,
    hubsGroup,
    boardsGroup,
    bootFile: given.bootFile,
  };
}

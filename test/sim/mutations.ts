// Rules of the shipped cores, each broken on purpose in a copy: the simulator must notice every one
// of them within its seeds. Pure table.

import type { Scenario } from "./scenario.ts";

/** One broken rule. `find` occurs exactly once in `file`. */
export type Mutation = {
  /** The rule that is broken, in words. */
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Seeds tried, from 1; and what kind of episodes they consist of. */
  readonly seeds: number;
  readonly scenario: Scenario;
  readonly focus: "faults" | "moves" | undefined;
};

type Broken = Omit<Mutation, "scenario">;

const broken: readonly Broken[] = [
  {
    rule: "a late board judges before it has read what came meanwhile",
    file: "src/netrack/core.ts",
    find: '  state.drainUs = now;\n  out.push({ type: "drain" });\n',
    replace: "  judge(state, now, out);\n",
    seeds: 40,
    focus: "faults",
  },
  {
    rule: "a path is dead after one and a half beats of silence",
    file: "src/netrack/core/state.ts",
    find: "silentUs: timing.silentMs * 1000,",
    replace: "silentUs: timing.beatMs * 1500,",
    seeds: 20,
    focus: "faults",
  },
  {
    rule: "a life counts without having proven that it is of now",
    file: "src/netrack/core/acceptance.ts",
    find: "  if (freshEcho(state, beat) === undefined) return false;\n",
    replace: "",
    seeds: 60,
    focus: "faults",
  },
  {
    rule: "an old sequence number is heard again",
    file: "src/netrack/core/acceptance.ts",
    find: "  if (distance > 0 && (distance <= seqStepMax || freshEcho(state, beat) !== undefined)) return true;\n",
    replace: "  if (distance !== 0) return true;\n",
    seeds: 60,
    focus: "faults",
  },
  {
    rule: "the board's own loss of carrier is ignored",
    file: "src/netrack/core.ts",
    find: "    if (!up) lower(state, peer, { network, now }, out);\n",
    replace: "",
    seeds: 20,
    focus: "faults",
  },
  {
    rule: "a board that hears nobody accuses all others",
    file: "src/netrack/core/picture.ts",
    find: "  return together.length >= 2 || state.picture.isIsolated;",
    replace: "  return false && together.length > 0;",
    seeds: 40,
    focus: "faults",
  },
  {
    rule: "one cut cable is told as a switch that is down",
    file: "src/netrack/core/diagnosis.ts",
    find: "  if (cut.length === 1) return false;\n",
    replace: "  if (cut.length === 1) return true;\n",
    seeds: 40,
    focus: "faults",
  },
  {
    rule: "a damped path never comes back",
    file: "src/netrack/core/paths.ts",
    find: "  path.dampedUntilUs = now + flapHoldUs;",
    replace: "  path.dampedUntilUs = now + 1000 * flapHoldUs;",
    seeds: 60,
    focus: "faults",
  },
  {
    rule: "a moved board that asks for its old address gets no NAK",
    file: "src/geo-dhcp/core/figures.ts",
    find: '    refuseWith(run, asking, `${wanted ?? "?"} is not the address of slot ${place.board.slot}`);\n',
    replace: "",
    seeds: 40,
    focus: "moves",
  },
  {
    rule: "an address is acknowledged without probing whether it is in use",
    file: "src/geo-dhcp/core/holders.ts",
    find: '  if (silentUs === undefined || now > addUs(silentUs, evidenceUs)) return "unknown";',
    replace: '  if (silentUs === undefined || now > addUs(silentUs, evidenceUs)) return "silent";',
    seeds: 40,
    focus: "moves",
  },
  {
    rule: "any lookup answers any later request of the same MAC",
    file: "src/geo-dhcp/core/serve.ts",
    find:
      '  if (dhcp?.kind !== "selecting" || !client.isOffered) return undefined;\n' +
      "  return isYoung(client.placedUs, offerLookupUs, run.now) ? client.place : undefined;\n",
    replace: "  return dhcp === undefined ? undefined : client.place;\n",
    seeds: 40,
    focus: "moves",
  },
  {
    rule: "a leaving board's paths stay up when it has gone",
    file: "src/netrack/core/picture.ts",
    find: '  return is === "down" || (is === "leaving" && slot !== state.self);\n',
    replace: '  return is === "down";\n',
    seeds: 40,
    focus: "faults",
  },
  {
    rule: "a board keeps its address when it is refused",
    file: "src/address-client/core/client.ts",
    find: "  if (type === dhcpMessageTypes.nak) return onNak(state, server, now);\n",
    replace: "",
    seeds: 40,
    focus: "moves",
  },
];

/** All of them, tried in the scenario of maps and addresses. */
export const mapMutations: readonly Mutation[] = broken.map((each) => ({
  ...each,
  scenario: "maps",
}));

// `networks`: who hears whom, one matrix a network (rows send, columns receive), then every
// broken path in words with its age. A matrix wider than the screen is shown in parts.

import { assert, type MonoUs, networkIds, type NetworkId } from "../../base/index.ts";
import type { ChassisMap, PathState } from "../../netrack/index.ts";
import { pathsListed } from "../limits.ts";
import { boardLabel, faultSentence, freshMap } from "./advice.ts";
import type { NetworksDocument } from "./documents.ts";
import {
  ageText,
  cleanText,
  columnsOf,
  fitText,
  type Mood,
  paintText,
  type Screen,
} from "./text.ts";

const labelColumns = 14;
const cellColumns = 4;

/** The whole screen of `networks`. */
export function networksLines(document: NetworksDocument, screen: Screen): string[] {
  const map = freshMap(document.map, document.now);
  if (map === undefined) {
    const text =
      document.map === undefined
        ? "unknown: NETRACK does not run on this board yet"
        : `unknown (${ageText(document.now.atUs - document.map.atUs)}): NETRACK has stopped looking`;
    return [fitText(text, screen.columns)];
  }
  const age = ageText(document.now.atUs - map.atUs);
  const viewer = boardLabel(map.self, map);
  const head = `as ${viewer} sees it, ${age} ago; rows send, columns receive`;
  const legend = "o hears   x does not   ~ held down, it flapped   ? nobody knows";
  const lines = [fitText(cleanText(head), screen.columns), fitText(legend, screen.columns)];
  for (const network of networkIds) lines.push("", ...matrixLines(map, network, screen));
  return [...lines, "", ...brokenLines(map, document, screen)];
}

function matrixLines(map: ChassisMap, network: NetworkId, screen: Screen): string[] {
  const marks = new Map<string, PathState>();
  for (const path of map.paths) {
    if (path.network === network) marks.set(`${path.from} ${path.to}`, path);
  }
  const part = Math.max(1, Math.floor((screen.columns - labelColumns) / cellColumns));
  const lines: string[] = [];
  for (let first = 0; first < map.boards.length; first += part) {
    const receivers = map.boards.slice(first, first + part);
    const heads = receivers.map((board) => slotText(board.slot).padStart(cellColumns));
    lines.push(paintText(`${network}`.padEnd(labelColumns) + heads.join(""), "dim", screen));
    for (const sender of map.boards) {
      const cells = receivers.map((receiver) => {
        if (receiver.slot === sender.slot) return ".".padStart(cellColumns);
        const [mark, mood] = markOf(marks.get(`${sender.slot} ${receiver.slot}`));
        return " ".repeat(cellColumns - 1) + paintText(mark, mood, screen);
      });
      const label = fitText(`${slotText(sender.slot)} ${cleanText(sender.name)}`, labelColumns - 1);
      lines.push(label + " ".repeat(labelColumns - columnsOf(label)) + cells.join(""));
    }
  }
  return lines;
}

function markOf(path: PathState | undefined): [string, Mood] {
  if (path === undefined) return ["?", "dim"];
  if (path.up) return ["o", "good"];
  return path.damped ? ["~", "warn"] : ["x", "bad"];
}

function slotText(slot: number): string {
  return slot === 0 ? "ccn" : String(slot);
}

function brokenLines(map: ChassisMap, document: NetworksDocument, screen: Screen): string[] {
  const nowUs = document.now.atUs;
  const broken = map.paths.filter((path) => !path.up).sort((a, b) => a.sinceUs - b.sinceUs);
  if (broken.length === 0) return ["every known path works"];
  const lines = map.faults.map((fault) => `wrong: ${faultSentence(fault, nowUs)}`);
  const groups = groupPaths(broken);
  for (const group of groups.slice(0, pathsListed)) lines.push(groupText(group, map, nowUs));
  if (groups.length > pathsListed) lines.push(`and ${groups.length - pathsListed} more`);
  return lines.map((line) => fitText(cleanText(line), screen.columns));
}

/** Broken paths of one network with one receiver or one sender; `end` is undefined for one. */
type PathGroup = { readonly end: "to" | "from" | undefined; readonly paths: readonly PathState[] };

/** Three or more broken paths with one end in common are one line, the largest group first. */
function groupPaths(broken: readonly PathState[]): PathGroup[] {
  const groups: PathGroup[] = [];
  let rest = broken;
  for (;;) {
    let best: PathGroup = { end: undefined, paths: [] };
    for (const end of ["to", "from"] as const) {
      const byEnd = Map.groupBy(rest, (path) => `${path.network} ${path[end]}`);
      for (const paths of byEnd.values()) {
        if (paths.length >= 3 && paths.length > best.paths.length) best = { end, paths };
      }
    }
    if (best.end === undefined) break;
    groups.push(best);
    const taken = new Set(best.paths);
    rest = rest.filter((path) => !taken.has(path));
  }
  return [...groups, ...rest.map((path): PathGroup => ({ end: undefined, paths: [path] }))];
}

function groupText(group: PathGroup, map: ChassisMap, nowUs: MonoUs): string {
  const [oldest] = group.paths;
  assert(oldest !== undefined, "a group of paths has a path");
  const from = boardLabel(oldest.from, map);
  const to = boardLabel(oldest.to, map);
  const state = oldest.damped ? "held down, it flapped" : "not heard";
  const age = `${state} for ${ageText(nowUs - oldest.sinceUs)}`;
  const count = `${group.paths.length} boards`;
  if (group.end === "to") return `${oldest.network}  ${count} -> ${to}  ${age}`;
  if (group.end === "from") return `${oldest.network}  ${from} -> ${count}  ${age}`;
  return `${oldest.network}  ${from} -> ${to}  ${age}  (${sourceText(oldest)})`;
}

function sourceText(path: PathState): string {
  switch (path.source) {
    case "own":
      return "seen here";
    case "told":
      return "told by the receiver";
    case "derived":
      return "concluded over a hub";
    default:
      return path.source satisfies never;
  }
}

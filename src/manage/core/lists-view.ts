// The plain lists: `leases`, `where`, `events`, and `explain`. Pure: documents in, lines out.

import type { Explanation, Explanations } from "../../base/index.ts";
import type { EventRecord } from "../facts.ts";
import type { LeasesDocument, WhereDocument } from "./documents.ts";
import { type TableCell, tableLines } from "./table.ts";
import {
  ageText,
  cleanText,
  fitText,
  type Mood,
  paintText,
  type Screen,
  wrapText,
} from "./text.ts";

/** `leases`: a table by slot and network, then how many there are. */
export function leasesLines(document: LeasesDocument, screen: Screen): string[] {
  const nowUs = document.now.atUs;
  const sorted = [...document.leases].sort(
    (a, b) => a.slot - b.slot || a.network.localeCompare(b.network) || b.lastUs - a.lastUs,
  );
  const rows = sorted.map((lease): TableCell[] => [
    String(lease.slot),
    lease.network,
    lease.address,
    lease.mac,
    lease.switch,
    lease.port,
    lease.kind,
    ageText(nowUs - lease.sinceUs),
    `${ageText(nowUs - lease.lastUs)} ago`,
  ]);
  if (rows.length === 0) return ["no address given since the ccn's daemon started"];
  const head = ["SLOT", "NET", "ADDRESS", "MAC", "SWITCH", "PORT", "BY", "FOR", "ASKED"];
  const shown = document.leases.length;
  const rest = document.total > shown ? [`and ${document.total - shown} more; use --json`] : [];
  return [...tableLines(head, rows, screen), ...rest];
}

/** `where`: the chain of each network in words. */
export function whereLines(document: WhereDocument, screen: Screen): string[] {
  if (document.links.length === 0) {
    return [fitText(`${cleanText(document.query)}: no switch knows it`, screen.columns)];
  }
  const lines: string[] = [];
  for (const link of document.links) {
    const mark = paintText(link.found ? "found" : "NOT found", link.found ? "good" : "bad", screen);
    const [first = "", ...rest] = wrapText(cleanText(link.text), screen.columns - 14);
    const pad = " ".repeat(link.found ? 4 : 0);
    lines.push(`${link.network}  ${mark}${pad}  ${first}`);
    for (const text of rest) lines.push(" ".repeat(14) + text);
  }
  return lines;
}

/** One event: time, level, module, name, sentence. */
export function eventLine(event: EventRecord, screen: Screen): string {
  const mood: Mood = event.level === "error" ? "bad" : event.level === "warn" ? "warn" : "dim";
  const time = fitText(cleanText(event.time).replace(/^.*T/, ""), 13).padEnd(13);
  const level = event.level.padEnd(5);
  const name = fitText(cleanText(event.module), 14).padEnd(14);
  const head = `${time}  ${level}  ${name}  `;
  const words = `${event.event.replaceAll("-", " ")}: `;
  const isOwnName = event.sentence.startsWith(words);
  const sentence = isOwnName ? event.sentence.slice(words.length) : event.sentence;
  const text = fitText(cleanText(`${event.event}  ${sentence}`), screen.columns - head.length);
  return `${time}  ${paintText(level, mood, screen)}  ${name}  ${text}`;
}

/** `explain EVENT`: meaning and what to do. */
export function explanationLines(name: string, explanation: Explanation, screen: Screen): string[] {
  const { meaning, action } = explanation;
  return [
    cleanText(name),
    ...wrapText(cleanText(meaning), screen.columns - 2).map((line) => `  ${line}`),
    ...wrapText(cleanText(`do: ${action}`), screen.columns - 2).map((line) => `  ${line}`),
  ];
}

/** `explain` alone: every event there is, with the beginning of its meaning. */
export function explanationList(explanations: Explanations, screen: Screen): string[] {
  const rows = Object.entries(explanations)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, { meaning }]): TableCell[] => [name, meaning]);
  return rows.length === 0
    ? ["no event of this executable has an explanation"]
    : tableLines(["EVENT", "MEANING"], rows, screen);
}

// `why`: one episode as a table of microseconds, boards, steps and evidence, with its cause and the
// rule that decided; `why --list`: one line each. Pure. Sentences are wrapped, never cut: evidence
// that does not fit is what a person at 3 a.m. came for.

import type { HistoryStep } from "../../history/index.ts";
import type { EpisodeSummary, EpisodeView, WhyDocument } from "./failover-documents.ts";
import { slotText } from "./failover-view.ts";
import { type TableCell, tableLines } from "./table.ts";
import {
  cleanText,
  columnsOf,
  fitText,
  type Mood,
  paintText,
  type Screen,
  timeText,
  wrapText,
} from "./text.ts";

/** The episode that was asked for, or what to do if there is none. */
export function whyLines(document: WhyDocument, screen: Screen): string[] {
  const { episode } = document;
  if (episode === undefined) {
    return ["nothing moved or failed since this board's daemon started; `events` has the rest"];
  }
  return [
    headline(episode, screen),
    ...labelled("cause", episode.cause, screen),
    ...labelled("rule", episode.rule ?? "no rule was told", screen),
    ...stepLines(episode, screen),
    ...(episode.stepsTotal > episode.steps.length
      ? [`and ${episode.stepsTotal - episode.steps.length} more steps`]
      : []),
  ];
}

/** All episodes, the newest first. */
export function whyListLines(document: WhyDocument, screen: Screen): string[] {
  const rows = [...document.episodes]
    .reverse()
    .map((episode): TableCell[] => [
      String(episode.number),
      timeText(episode.time),
      episode.group ?? "-",
      routeText(episode),
      { text: episode.outcome, mood: moodOf(episode) },
      durationText(episode),
      episode.cause,
    ]);
  if (rows.length === 0) return ["nothing moved or failed since this board's daemon started"];
  return tableLines(["N", "BEGAN", "GROUP", "WHERE", "END", "TOOK", "CAUSE"], rows, screen);
}

function headline(episode: EpisodeSummary, screen: Screen): string {
  const name = episode.group ?? "a service without a group";
  const text =
    `${episode.number}  ${name}: ${routeText(episode)}   ${cleanText(episode.time)}   ` +
    `${episode.outcome} in ${durationText(episode)}`;
  return paintText(fitText(cleanText(text), screen.columns), moodOf(episode), screen);
}

/** `slot 1 -> slot 2`, or the slot where a service failed. */
function routeText({ kind, from, to }: EpisodeSummary): string {
  if (kind === "failure") return `on ${slotText(from)}`;
  return from === undefined ? `to ${slotText(to)}` : `${slotText(from)} -> ${slotText(to)}`;
}

function moodOf({ outcome, kind }: EpisodeSummary): Mood {
  return outcome === "unfinished" ? "bad" : kind === "failure" ? "warn" : "plain";
}

/** Milliseconds with one decimal, and what they may be wrong by. */
function durationText({ durationUs, errorUs }: EpisodeSummary): string {
  const error = errorUs === 0 ? "" : ` ±${(errorUs / 1000).toFixed(1)}`;
  return `${(durationUs / 1000).toFixed(1)}${error} ms`;
}

function labelled(label: string, text: string, screen: Screen): string[] {
  return wrapText(cleanText(text), screen.columns - 7).map(
    (line, i) => `${(i === 0 ? label : "").padEnd(7)}${line}`,
  );
}

const headers = ["at us", "step us", "± us", "where", "what", "evidence"] as const;

/** The table by hand: its last column is wrapped, and its figures stand to the right. */
function stepLines(episode: EpisodeView, screen: Screen): string[] {
  const cells = episode.steps.map((step, i) => cellsOf(episode, step, episode.steps[i - 1]));
  const widths = headers
    .slice(0, -1)
    .map((header, column) =>
      Math.max(header.length, ...cells.map((row) => columnsOf(row[column] ?? ""))),
    );
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(20, screen.columns - indent);
  const lineOf = (row: readonly string[]): string[] => {
    const head = widths.map((width, column) => padded(row[column] ?? "", width, column < 3));
    const [first = "", ...rest] = wrapText(row.at(-1) ?? "", room);
    return [
      `${head.join("  ")}  ${first}`.trimEnd(),
      ...rest.map((line) => " ".repeat(indent) + line),
    ];
  };
  const [head = ""] = lineOf(headers);
  return [paintText(head, "dim", screen), ...cells.flatMap(lineOf)];
}

function cellsOf(
  episode: EpisodeView,
  step: HistoryStep,
  before: HistoryStep | undefined,
): readonly string[] {
  return [
    grouped(step.atUs - episode.startUs),
    before === undefined ? "-" : grouped(step.atUs - before.atUs),
    step.errorUs === 0 ? "-" : grouped(step.errorUs),
    slotText(step.slot),
    fitText(cleanText(step.step), 24),
    cleanText(step.text),
  ];
}

function padded(text: string, width: number, toTheRight: boolean): string {
  const pad = " ".repeat(Math.max(0, width - columnsOf(text)));
  return toTheRight ? pad + text : text + pad;
}

/** `36 905`: thousands apart, as the eye counts them. */
function grouped(us: number): string {
  return String(Math.round(us)).replace(/\B(?=(\d{3})+$)/g, " ");
}

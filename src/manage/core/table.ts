// Tables for a terminal: columns as wide as their widest cell, two spaces apart, the last one cut
// at the screen's edge. Cells are foreign text and are cleaned here; a mood colours a cell after
// its width is known, so colours never shift a column.

import { cleanText, columnsOf, fitText, type Mood, paintText, type Screen } from "./text.ts";

/** A cell: plain text, or text with a mood. */
export type TableCell = string | { readonly text: string; readonly mood: Mood };

/** The lines of a table with its head; no line is wider than the screen. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly TableCell[])[],
  screen: Screen,
): string[] {
  const texts = [head, ...rows.map((row) => row.map((cell) => cleanText(textOf(cell))))];
  const widths = head.map((_, column) =>
    Math.max(...texts.map((row) => columnsOf(row[column] ?? ""))),
  );
  const lineOf = (row: readonly string[], moods: readonly Mood[]): string => {
    let out = "";
    let used = 0;
    for (const [column, width] of widths.entries()) {
      const gap = column === 0 ? 0 : 2;
      const room = screen.columns - used - gap;
      if (room <= 0) break;
      const text = fitText(row[column] ?? "", Math.min(width, room));
      const pad = Math.max(0, Math.min(width, room) - columnsOf(text));
      out += " ".repeat(gap) + paintText(text, moods[column] ?? "plain", screen) + " ".repeat(pad);
      used += gap + Math.min(width, room);
    }
    return out.trimEnd();
  };
  return texts.map((row, index) =>
    index === 0
      ? lineOf(
          row,
          head.map(() => "dim"),
        )
      : lineOf(row, (rows[index - 1] ?? []).map(moodOf)),
  );
}

function textOf(cell: TableCell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function moodOf(cell: TableCell): Mood {
  return typeof cell === "string" ? "plain" : cell.mood;
}

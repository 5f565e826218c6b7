// Words for a terminal: foreign text made harmless, ages and sizes in the unit a person would
// say, lines cut to a width. Promise: no function lets a control character through, and none
// makes a line longer than asked. Used by every view; knows nothing of what it prints.

/** A word's mood. It only colours; the word itself must say the same. */
export type Mood = "good" | "warn" | "bad" | "dim" | "plain";

/** What a view may assume about the screen. */
export type Screen = { readonly columns: number; readonly color: boolean };

// Control characters, soft hyphen, zero width, directions, line and paragraph separators, BOM,
// unpaired surrogates: whatever can move the cursor, hide text or turn it round.
const unsafe = /[\p{Cc}\p{Cs}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** `text` with every character that could steer a terminal shown as `?`. */
export function cleanText(text: string): string {
  return text.replace(unsafe, "?");
}

/** Columns that cleaned text takes: wide East Asian characters and emoji count two, marks none. */
export function columnsOf(text: string): number {
  let count = 0;
  for (const character of text) count += columnsOfCharacter(character);
  return count;
}

/** At most `columns` columns of `text`; what was cut shows as a final `…`. */
export function fitText(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 1) return "";
  let out = "";
  let used = 0;
  for (const character of text) {
    const width = columnsOfCharacter(character);
    if (used + width > columns - 1) break;
    out += character;
    used += width;
  }
  return `${out}…`;
}

/** `text` broken at spaces into lines of at most `columns`; longer words are cut. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (columnsOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = fitText(word, columns);
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** A length of time as a person says it: `0.2 ms`, `40 ms`, `4 s`, `12 min`, `3 h`, `5 d`. */
export function ageText(us: number): string {
  const s = Math.max(0, us) / 1e6;
  if (s > 0 && s < 0.00995) return `${(s * 1000).toFixed(1)} ms`;
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  if (s < 100) return `${Math.round(s)} s`;
  if (s < 100 * 60) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** Bytes in decimal units: `512 B`, `45 MB`, `1.2 GB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `one board`, `3 boards`: small counts as words read faster in a headline. */
export function countText(count: number, noun: string): string {
  if (count === 1) return `one ${noun}`;
  return `${count === 0 ? "no" : count} ${noun}s`;
}

/** ISO 8601 time as a headline shows it: `2026-11-24 10:41:07Z`. */
export function timeText(iso: string): string {
  return cleanText(iso)
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** Colours `text` if the screen has colours; the codes take no columns. */
export function paintText(text: string, mood: Mood, screen: Screen): string {
  const code = codes[mood];
  return screen.color && code !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
}

const codes: Readonly<Record<Mood, string>> = {
  good: "32",
  warn: "33",
  bad: "1;31",
  dim: "2",
  plain: "",
};

function columnsOfCharacter(character: string): number {
  if (/^\p{M}$/u.test(character)) return 0;
  const code = character.codePointAt(0) ?? 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

// Port names of a switch and how people write many of them: `1-24`, `1/0/1-1/0/48`, `ge-0/0/1-47`,
// lists and commas. A range is two numbers behind the same prefix; anything else is one name.

import { err, ok, type Result } from "../base/index.ts";
import { portTextChars, switchPortsMax } from "./limits.ts";

/** Port names from one text: names and ranges, separated by commas. At most `switchPortsMax`. */
export function parsePorts(text: string): Result<string[], string> {
  if (text.length > portTextChars) return err(`port text longer than ${portTextChars} characters`);
  const ports: string[] = [];
  for (const part of text.split(",")) {
    const range = parseRange(part.trim());
    if (!range.ok) return range;
    ports.push(...range.value);
    if (ports.length > switchPortsMax) return err(tooMany(ports.length));
  }
  return ok(ports);
}

/** Ports as a person would say them: `1/0/1 to 1/0/48, 2/0/1`; long lists end with `...`. */
export function describePorts(ports: readonly string[]): string {
  const parts: string[] = [];
  let first: Numbered | undefined;
  let last: Numbered | undefined;
  const flush = (): void => {
    if (first === undefined || last === undefined) return;
    parts.push(first.name === last.name ? first.name : `${first.name} to ${last.name}`);
  };
  for (const name of ports) {
    const port = numbered(name);
    const follows = last !== undefined && last.prefix === port.prefix && port.n === last.n + 1;
    if (!follows) {
      flush();
      first = port;
    }
    last = port;
  }
  flush();
  const shown = 6;
  return parts.length > shown ? `${parts.slice(0, shown).join(", ")}, ...` : parts.join(", ");
}

type Numbered = { readonly name: string; readonly prefix: string; readonly n: number };

function numbered(name: string): Numbered {
  const digits = /[0-9]{1,9}$/.exec(name)?.[0];
  if (digits === undefined) return { name, prefix: name, n: Number.NaN };
  return { name, prefix: name.slice(0, -digits.length), n: Number(digits) };
}

function parseRange(text: string): Result<string[], string> {
  if (text === "") return err("an empty port name; write a port such as 7 or a range such as 1-24");
  // Each dash may be the range's, since names hold dashes too: `ge-0/0/1-ge-0/0/4`.
  for (let at = text.indexOf("-"); at >= 0; at = text.indexOf("-", at + 1)) {
    const from = numbered(text.slice(0, at).trim());
    const right = text.slice(at + 1).trim();
    const to = numbered(/^[0-9]{1,9}$/.test(right) ? from.prefix + right : right);
    if (Number.isNaN(from.n) || Number.isNaN(to.n) || from.prefix !== to.prefix) continue;
    const count = to.n - from.n + 1;
    if (count < 1) return err(`range "${text}" runs backwards; write ${to.name}-${from.name}`);
    if (count > switchPortsMax) return err(tooMany(count));
    return ok(Array.from({ length: count }, (_, i) => `${from.prefix}${from.n + i}`));
  }
  return ok([text]);
}

function tooMany(count: number): string {
  return `${count} ports are too many for one switch; at most ${switchPortsMax}`;
}

// YAML text -> plain data, with a way back from a path to line and column. Every scalar stays text
// (YAML's "failsafe" schema), so port 1.10 stays "1.10" and community 0x10 stays "0x10"; the
// schema of the chassis file says what is a number. Bounded in size, depth and alias use.

import { err, ok, type Result } from "../base/index.ts";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter } from "yaml";
import { parseDocument, visit } from "yaml";
import { chassisFileAliases, chassisFileBytes, chassisFileDepth } from "./limits.ts";

/** A step from a map or list to what is in it. */
export type PathStep = string | number;
/** Line and column, counted from 1. */
export type Position = { readonly line: number; readonly column: number };
/** A mistake of the text itself. */
export type YamlFault = Position & { readonly message: string };

/** A file read: its data (maps, lists and texts only) and where each path stands. */
export type YamlFile = {
  readonly data: unknown;
  /** Where the value (or the key) at `path` begins; the nearest outer place if it is not there. */
  readonly position: (path: readonly PathStep[], of: "key" | "value") => Position;
};

/** Reads one YAML document; all syntax faults at once. Fault texts never quote the file. */
export function readYaml(text: string): Result<YamlFile, YamlFault[]> {
  const whole = { line: 1, column: 1 };
  if (new TextEncoder().encode(text).length > chassisFileBytes) {
    return err([
      { ...whole, message: `larger than ${chassisFileBytes} bytes; is it the right file?` },
    ]);
  }
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? whole : { line, column: col };
  };
  try {
    const doc = parseDocument(text, {
      schema: "failsafe",
      lineCounter: lines,
      prettyErrors: false,
    });
    const faults = [...doc.errors, ...doc.warnings].map((fault) => ({
      ...at(fault.pos[0]),
      message: syntaxText(fault.code),
    }));
    faults.push(...structureFaults(doc, at));
    if (faults.length > 0) return err(faults);
    const data: unknown = doc.toJS({ maxAliasCount: chassisFileAliases });
    return ok({ data, position: (path, of) => at(offsetOf(doc, path, of)) });
  } catch (error) {
    const name = error instanceof Error ? error.name : "unknown error";
    return err([{ ...whole, message: `cannot be read as YAML (${name}); nested too deeply?` }]);
  }
}

const syntaxTexts: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "this key is here a second time; keep one of the two"],
  ["TAB_AS_INDENT", "indented with a tab; indent with spaces"],
  ["BAD_INDENT", "wrong indentation; line it up with its neighbours"],
  ["MISSING_CHAR", "a bracket, quote or comma is missing before this place"],
  ["BLOCK_AS_IMPLICIT_KEY", "a second colon in one line; put quotes round the text"],
  ["MULTIPLE_DOCS", "a second document (---); a chassis file is one document"],
  ["TAG_RESOLVE_FAILED", "a tag (!); put quotes round the text"],
  ["BAD_ALIAS", "an alias (*) or anchor (&) without a name; put quotes round the text"],
]);

function syntaxText(code: string): string {
  return syntaxTexts.get(code) ?? `not valid YAML (${code}); compare with the example file`;
}

/** Depth, and aliases that lead nowhere: what the parser lets pass. */
function structureFaults(doc: Document.Parsed, at: (offset: number) => Position): YamlFault[] {
  const faults: YamlFault[] = [];
  let aliases = 0;
  visit(doc, (_key, node, parents) => {
    const offset = rangeStart(node) ?? 0;
    if (parents.length > chassisFileDepth * 2) {
      faults.push({ ...at(offset), message: `nested deeper than ${chassisFileDepth} levels` });
      return visit.BREAK;
    }
    if (!isAlias(node)) return undefined;
    aliases++;
    if (node.resolve(doc) === undefined) {
      const message = "an alias (*) without its anchor (&); put quotes round a text with *";
      faults.push({ ...at(offset), message });
    }
    if (aliases <= chassisFileAliases) return undefined;
    faults.push({ ...at(offset), message: `more than ${chassisFileAliases} aliases (*)` });
    return visit.BREAK;
  });
  return faults;
}

function offsetOf(doc: Document.Parsed, path: readonly PathStep[], of: "key" | "value"): number {
  let node: unknown = doc.contents;
  let offset = rangeStart(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === String(step));
      if (pair === undefined) return offset;
      const key = rangeStart(pair.key);
      if (depth === path.length - 1 && of === "key") return key ?? offset;
      node = pair.value;
      offset = rangeStart(node) ?? key ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = rangeStart(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

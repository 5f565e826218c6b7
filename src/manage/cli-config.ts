// `config check FILE`: every mistake of a chassis file, each with its place, and where every single
// and double fault would leave its groups; needs no daemon. A file that a fault would leave with two
// active boards, or needlessly with none, is refused like one with a mistake.

import { existsSync } from "node:fs";

import { type Chassis, configErrorText, loadChassisFile } from "../config/index.ts";
import {
  calmFacts,
  type EndStates,
  endStates,
  endStatesText,
  faultsText,
  parseFaults,
  whatIf,
  whatIfText,
} from "../redirect/index.ts";
import { type CliCall, printLines, usageMistake } from "./call.ts";
import { exitCodes } from "./core/exit-codes.ts";
import { cleanText, countText } from "./core/text.ts";

/** Prints the mistakes (exit code 7) or what the file describes; no file is exit code 3. */
export function configCheck(call: CliCall): number {
  const { cli, terminal, order } = call;
  const [file = ""] = order.words;
  if (!existsSync(file)) {
    terminal.stderr(`${cli.role}: no file ${cleanText(file.slice(0, 200))}; check its path\n`);
    return exitCodes.noSuchThing;
  }
  const loaded = loadChassisFile(file);
  const faults = order.options.get("what-if");
  if (loaded.ok && faults !== undefined) return tellWhatIf(call, loaded.value, faults);
  const ends = loaded.ok ? endStates(loaded.value) : undefined;
  const mistakes = loaded.ok ? [] : loaded.error;
  const problems = ends?.problems ?? [];
  const isGood = mistakes.length + problems.length === 0;
  if (call.json) {
    printLines(call, [
      JSON.stringify({
        v: 1,
        file,
        ok: isGood,
        errors: mistakes,
        ...(ends && endStatesJson(ends)),
      }),
    ]);
    return isGood ? exitCodes.done : exitCodes.configInvalid;
  }
  printLines(
    call,
    mistakes.map((mistake) => cleanText(configErrorText(mistake))),
  );
  if (loaded.ok && isGood) {
    printLines(call, [`${cleanText(file)}: good: ${chassisSummary(loaded.value)}`]);
  }
  if (ends !== undefined) printLines(call, endStatesText(ends).map(cleanText));
  printLines(
    call,
    problems.map(({ text }) => cleanText(`${file}: refused: ${text}`)),
  );
  if (isGood) return exitCodes.done;
  const count = countText(mistakes.length + problems.length, "mistake");
  terminal.stderr(`${cli.role}: ${cleanText(file)} has ${count}; nothing was changed\n`);
  return exitCodes.configInvalid;
}

/** `--what-if`: what these faults would do, from a calm chassis on. */
function tellWhatIf(call: CliCall, chassis: Chassis, text: string): number {
  const faults = parseFaults(text, chassis);
  if (!faults.ok) {
    return usageMistake(call.cli, call.terminal, `--what-if: ${faults.error}`, call.order.command);
  }
  const story = whatIf(chassis, calmFacts(chassis), faults.value);
  const lines = call.json ? [JSON.stringify({ v: 1, ...story })] : whatIfText(story).map(cleanText);
  printLines(call, lines);
  return exitCodes.done;
}

/** End states as JSON: faults in words, so that scripts need no knowledge of our types. */
function endStatesJson({ states, problems, pairsLeftOut }: EndStates): Record<string, unknown> {
  return {
    endStates: states.map(({ faults, groups }) => ({ faults: faultsText(faults), groups })),
    problems: problems.map((each) => ({ ...each, faults: faultsText(each.faults) })),
    pairsLeftOut,
  };
}

/** A chassis in a line: `chassis demo, version 1, 7 boards, 2 switches`. */
export function chassisSummary(chassis: Chassis): string {
  return (
    `chassis ${cleanText(chassis.name)}, version ${chassis.version}, ` +
    `${countText(chassis.boards.length, "board")}, ` +
    `${chassis.switches.length === 1 ? "one switch" : `${chassis.switches.length} switches`}`
  );
}

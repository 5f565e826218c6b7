// `config check FILE`: every mistake of a chassis file, each with its place; needs no daemon.

import { existsSync } from "node:fs";

import { type Chassis, configErrorText, loadChassisFile } from "../config/index.ts";
import { type CliCall, printLines } from "./call.ts";
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
  if (call.json) {
    const errors = loaded.ok ? [] : loaded.error;
    printLines(call, [JSON.stringify({ v: 1, file, ok: loaded.ok, errors })]);
  } else if (loaded.ok) {
    printLines(call, [`${cleanText(file)}: good: ${chassisSummary(loaded.value)}`]);
  } else {
    printLines(
      call,
      loaded.error.map((mistake) => cleanText(configErrorText(mistake))),
    );
    const count = countText(loaded.error.length, "mistake");
    terminal.stderr(`${cli.role}: ${cleanText(file)} has ${count}; nothing was changed\n`);
  }
  return loaded.ok ? exitCodes.done : exitCodes.configInvalid;
}

/** A chassis in a line: `chassis demo, version 1, 7 boards, 2 switches`. */
export function chassisSummary(chassis: Chassis): string {
  return (
    `chassis ${cleanText(chassis.name)}, version ${chassis.version}, ` +
    `${countText(chassis.boards.length, "board")}, ` +
    `${chassis.switches.length === 1 ? "one switch" : `${chassis.switches.length} switches`}`
  );
}

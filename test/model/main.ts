// `npm run model`: the shipped lease core, explored exhaustively within stated bounds.

import { parseArgs } from "node:util";
import { type Bounds, runs, small } from "./bounds.ts";
import { explore } from "./explore.ts";

const usage = `usage: npm run model [-- --run NAME | --bounds JSON] [--states N] [--json]

  --run NAME   only the run of this name
  --bounds X   one run with these bounds, as JSON
  --states N   stop a run after so many states
  --json       one JSON object a run

exit codes: 0 every promise held, 1 one was broken, 2 usage
`;

function main(argv: string[]): number {
  const { values } = parseArgs({
    args: argv,
    options: {
      run: { type: "string" },
      bounds: { type: "string" },
      states: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const given: Bounds[] =
    values.bounds === undefined ? [] : [{ ...small, ...JSON.parse(values.bounds) }];
  const wanted =
    values.bounds !== undefined
      ? given
      : runs.filter(({ name }) => values.run === undefined || name === values.run);
  if (wanted.length === 0) {
    process.stderr.write(`no run of that name; there are: ${runs.map((r) => r.name).join("; ")}\n`);
    return 2;
  }
  let isGood = true;
  for (const run of wanted) {
    const statesMax = Number(values.states ?? run.statesMax);
    const fromMs = performance.now();
    const found = explore({ ...run, statesMax }, (line) => process.stderr.write(`${line}\n`));
    const seconds = (performance.now() - fromMs) / 1000;
    isGood &&= found.broken === undefined;
    if (values.json) process.stdout.write(`${JSON.stringify({ ...run, ...found, seconds })}\n`);
    else process.stdout.write(lineOf(run.name, found, seconds));
  }
  return isGood ? 0 : 1;
}

function lineOf(name: string, found: ReturnType<typeof explore>, seconds: number): string {
  const { states, depth, isWhole, broken } = found;
  const size = `${states} states, depth ${depth}, ${seconds.toFixed(1)} s`;
  if (broken === undefined) return `${name}: holds, ${isWhole ? "all" : "cut off"}: ${size}\n`;
  const steps = broken.steps.map((step, i) => `  ${i}. ${step}\n`).join("");
  return `${name}: BROKEN: ${broken.what} (${size})\n${steps}`;
}

process.exit(main(process.argv.slice(2)));

// The story's chassis: the demo file, and on its two controllers a group with a public address and an
// echo service. The program's place is this checkout's, so the file is made for each story.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The story's group, service, address and port. */
export const storyService = {
  name: "echo",
  address: "192.168.1.10",
  port: 7,
  /** More restarts than this within a minute, and the group moves. */
  restartsMax: 3,
} as const;

/** Writes the story's chassis file into `dir`; its path. */
export function storyChassis(demo: string, root: string, dir: string): string {
  const text = readFileSync(demo, "utf8");
  const { name, address, port, restartsMax } = storyService;
  const program = [process.execPath, join(root, "boards", "examples", "echo.ts"), `${port}`];
  const more = [
    "groups:",
    `  ${name}: { on: [1, 2], addresses: [${address}/24] }`,
    "services:",
    `  ${name}:`,
    `    run: ${JSON.stringify(program)}`,
    `    group: ${name}`,
    "    standby: running",
    `    restart: { max: ${restartsMax}, windowMs: 60000 }`,
  ];
  const path = join(dir, "story.yaml");
  writeFileSync(path, /^groups:/m.test(text) ? text : `${text}\n${more.join("\n")}\n`);
  return path;
}

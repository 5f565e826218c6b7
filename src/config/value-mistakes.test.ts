// Values of groups, services and rules that are none of their kind, with the text their writer reads.

import { describe, expect, test } from "bun:test";
import { bent, told } from "./sample.test.ts";

// Each row: what is wrong, what is replaced in `good`, by what, the text without file and line.
const rows: readonly (readonly [string, string, string, string])[] = [
  [
    "an empty list of slots",
    "on: [1, 2]",
    "on: []",
    "groups.web.on: an empty list; give slots such as [1, 2]",
  ],
  [
    "slots that are a map",
    "on: [1, 2]",
    "on: { a: b }",
    "groups.web.on: not a list of slots; write [1, 2]",
  ],
  ["no slots at all", "on: [1, 2], ", "", "groups.web.on: missing; give slots such as [1, 2]"],
  [
    "a group name that is none",
    "  web: { on",
    "  1web: { on",
    "groups.1web: not a group name; use letters, digits and dashes, a letter first",
  ],
  [
    "a name in a list that is none",
    "on: [1, 2]",
    "apart: [a b], on: [1, 2]",
    'groups.web.apart: "a b" is not a name; use letters, digits and dashes, a letter first, at most 32',
  ],
  [
    "a name twice in a list",
    "on: [1, 2]",
    "apart: [a, a], on: [1, 2]",
    'groups.web.apart: "a" twice; name it once',
  ],
  [
    "names that are a map",
    "on: [1, 2]",
    "apart: { a: b }, on: [1, 2]",
    "groups.web.apart: not a list of groups; write [web, files]",
  ],
  [
    "a group apart from itself",
    "on: [1, 2]",
    "apart: web, on: [1, 2]",
    "groups.web.apart: web is the group itself",
  ],
  [
    "addresses that are no list",
    "[192.168.1.10/24]",
    "192.168.1.10/24",
    "groups.web.addresses: not a list of at most 16 addresses; write [192.168.1.10/24]",
  ],
  [
    "an unknown failback",
    "on: [1, 2]",
    "failback: soon, on: [1, 2]",
    "groups.web.failback: this is not a failback; give never, when-calm",
  ],
  [
    "an unknown word for unfenced",
    "on: [1, 2]",
    "unfenced: always, on: [1, 2]",
    "groups.web.unfenced: this is not a word for unfenced; give never, after-lease",
  ],
  [
    "all-active groups together",
    "[192.168.1.10/24] }",
    "[] , model: all-active, together: b }\n  b: { on: [1, 2], model: all-active }",
    "groups.b.together: an all-active group moves nowhere; take together away",
  ],
  [
    "a user that is none",
    "group: web }",
    "group: web, user: Web Master }",
    'services.web.user: "Web Master" is not a user name or number; write www-data or 33',
  ],
  [
    "a relative directory",
    "group: web }",
    "group: web, directory: srv }",
    'services.web.directory: "srv" is not an absolute path of at most 255 characters',
  ],
  [
    "variables that are a list",
    "group: web }",
    "group: web, environment: [a] }",
    "services.web.environment: not a map of variables; write { LANG: C }",
  ],
  [
    "an unknown signal",
    "group: web }",
    "group: web, stop: { signal: SIGSTOP } }",
    "services.web.stop.signal: this is not a signal; give SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGABRT, SIGWINCH",
  ],
  [
    "an HTTP path without its slash",
    "group: web }",
    "group: web, ready: { http: 80, path: up } }",
    "services.web.ready.path: not an HTTP path; write /health",
  ],
  [
    "a port that is none",
    "group: web }",
    "group: web, ready: { tcp: 0 } }",
    'services.web.ready.tcp: "0" is not a TCP port; give a whole number from 1 to 65535',
  ],
  [
    "an exit code that is none",
    "group: web }",
    "group: web, restart: { byExitCode: { x: move } } }",
    "services.web.restart.byExitCode.x: not a map of exit codes 0 to 255; write { 0: done, 3: move }",
  ],
  [
    "an unknown word for ready",
    "group: web }",
    "group: web, ready: notfy }",
    'services.web.ready: "notfy" is not a word for ready; give alive, notify',
  ],
  [
    "a service after itself",
    "group: web }",
    "group: web, after: web }",
    "services.web.after: a service cannot start after itself",
  ],
  [
    "an empty command",
    "run: /bin/web --port 80",
    'run: ""',
    'services.web.run: "" is not an absolute path of a program; write /usr/bin/web',
  ],
  [
    "a command with a control character",
    "run: /bin/web --port 80",
    'run: [/bin/web, "a\\u0007"]',
    "services.web.run: a word longer than 1024 or with a control character",
  ],
  [
    "groups that are a list",
    "groups:\n  web: { on: [1, 2], addresses: [192.168.1.10/24] }",
    "groups: [web]",
    "groups: not a map of groups",
  ],
  [
    "an alarm without text",
    "group: web }",
    "group: web }\nrules:\n  r: { when: { network: A }, do: { alarm: '' } }",
    "rules.r.do.alarm: not a text for an alarm; one line of 1 to 160 characters",
  ],
  [
    "a value with a bad name",
    "group: web }",
    "group: web }\nrules:\n  r: { when: { value: a b, above: 1 }, do: { stop: web } }",
    "rules.r.when.value: not the name of a measured value; letters, digits, _ . and -, a letter first",
  ],
  [
    "a rule to move a group that has nowhere to go",
    "group: web }",
    "group: web }\nrules:\n  r: { when: { network: A }, do: { move: web, to: 9 } }",
    "rules.r.do.to: group web may not be on slot 9; its on has 1, 2",
  ],
];

describe("a value of the wrong kind is told with what would be right", () => {
  for (const [what, from, to, text] of rows) {
    test(what, () => expect(told(bent(from, to))).toContain(text));
  }
});

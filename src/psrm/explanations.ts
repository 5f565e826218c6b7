// What this room's log events mean and what to do about them, shown by `explain EVENT`.

import type { Explanations } from "../base/index.ts";

/** Meaning and remedy by event name. */
export const explanations = {
  "service-started": {
    meaning: "The program of a service was started; it may not be ready yet.",
    action: "Nothing.",
  },
  "service-ready": {
    meaning: "The service passed its readiness check and is told to the others as up.",
    action: "Nothing.",
  },
  "service-waiting": {
    meaning: "The service is wanted but waits: for a service it comes after, or for a pause.",
    action: "Read the reason; a pause ends by itself, a service before it may have failed.",
  },
  "service-stopped": { meaning: "The service and its whole tree are gone.", action: "Nothing." },
  "service-done": {
    meaning: "The service ended with an exit code that restart.byExitCode calls done.",
    action: "Nothing.",
  },
  "service-dead": {
    meaning: "The program of a service ended by itself; onFailure.dead says what follows.",
    action: "Read its last lines in `status` and its log file; a signal means a crash or a kill.",
  },
  "service-cannot-start": {
    meaning: "The program could not be started at all.",
    action: "Read the reason: a wrong path in `run`, a missing right, user or directory.",
  },
  "service-silent": {
    meaning: "The service runs and does not answer; onFailure.silent says what follows.",
    action: "Look at its log; a start that is only slow needs a longer readyMs.",
  },
  "service-trouble": {
    meaning:
      "The service says or shows that it is in trouble; onFailure.trouble says what follows.",
    action: "Read the reason: what it reported, or its memory against troubleMemoryBytes.",
  },
  "service-trouble-over": { meaning: "The service is well again.", action: "Nothing." },
  "service-failed": {
    meaning: "PSRM has given the service up; only an order starts it again.",
    action: "Mend the cause, then start the service.",
  },
  "service-restarted-too-often": {
    meaning: "More than restart.max restarts in restart.windowMs: moved, or given up.",
    action: "Read the log of the service: it fails again and again for one cause.",
  },
  "service-move-asked": {
    meaning: "The service is stopped here; another board shall run the equivalent.",
    action: "See what REDIRECT did; the cause is in the reason.",
  },
  "service-must-be-killed": {
    meaning: "The service did not end in stop.ms after its stop signal; its tree was killed.",
    action: "A program that needs longer to end needs a longer stop.ms.",
  },
  "service-tree-lives": {
    meaning:
      "Processes of a service live on after SIGKILL; it is not started again before they go.",
    action: "Find them in `ps` in state D: a disk or NFS server does not answer.",
  },
  "service-kill-refused": {
    meaning: "The kernel refused to kill a service's cgroup; it is tried again every second.",
    action: "Read the reason; the board needs the rights of its cgroup (root, or Delegate=yes).",
  },
  "service-stray-killed": {
    meaning: "A process hid from its service (own session, own environment) and was killed.",
    action: "Run this board with a writable cgroup v2: then nothing can hide or be mistaken.",
  },
  "service-limit-weak": {
    meaning: "A limit of the service holds per process or per user only, not for its whole tree.",
    action: "Run the board with a cgroup v2 whose memory and pids controllers it may use.",
  },
  "service-log-dropped": {
    meaning: "Lines of a service were not written because the disk was too slow or refused.",
    action: "Look at the disk, or make the service write less; the count is in the log file.",
  },
  "service-log-refused": {
    meaning: "The log file of a service cannot be written.",
    action: "Read the reason: disk full, read-only, or missing rights; lines are in `status` only.",
  },
  "notify-refused": {
    meaning: "An sd_notify datagram was refused: from a foreign process, or not readable.",
    action: "Read the reason; a helper that ends at once should wait (systemd-notify does).",
  },
  "notify-refusals-untold": {
    meaning: "So many datagrams were refused in a second that only some got their line.",
    action: "Find the program: the lines before name its process.",
  },
  "service-socket-dropped": {
    meaning: "A program was dropped from a service's socket: too slow, too long a line, too many.",
    action: "Mend the program; the reason says which bound it met.",
  },
  "service-socket-refused": {
    meaning: "A socket for a service could not be opened; it runs without.",
    action: "Read the reason: usually the run directory is not writable.",
  },
  "predecessor-killed": {
    meaning: "Processes that an earlier life of this board had started were killed first.",
    action: "Nothing; find out why the earlier life did not end in an orderly way.",
  },
  "psrm-without-cgroup": {
    meaning: "No writable cgroup v2: trees are found by parenthood, session and environment.",
    action: "Give the board a writable cgroup v2 (Delegate=yes); see the reason.",
  },
  "guard-started": { meaning: "The guard of this board runs.", action: "Nothing." },
  "guard-ended": {
    meaning: "The guard ended and is started again; until then the board is not guarded.",
    action: "Find out who killed it, or read its message before this line.",
  },
  "guard-order-refused": {
    meaning: "The guard was told something that it does not understand.",
    action: "Report it: the board and its guard are of different versions.",
  },
  "guard-cleaned": {
    meaning: "The board ended and left something; its guard has killed it and removed addresses.",
    action: "Find out why the board ended: its last lines, or the kernel log.",
  },
  "guard-cannot-clean": {
    meaning: "Processes outlive the SIGKILL of the guard.",
    action: "Find them in `ps` in state D; fence the board: they may still write.",
  },
  "guard-address-stays": {
    meaning: "The guard could not remove a public address.",
    action: "Remove it by hand (ip address del) before another board uses it.",
  },
  "guard-kill-refused": {
    meaning: "The guard may not kill a cgroup.",
    action: "Read the reason; the guard needs the rights of its board.",
  },
  "not-realtime": {
    meaning: "The guard runs without real-time scheduling or locked memory.",
    action: "Give the board the right that the reason names.",
  },
} as const satisfies Explanations;

/** The names of this room's log events. */
export type PsrmLogEvent = keyof typeof explanations;

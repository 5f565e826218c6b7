// Every bound of this room: name, unit, reason.

/** Age, us, at which the switch agent reads the kernel's tables again: a request sees no older. */
export const tableAgeUsMax = 1000;
/** Varbinds in one SNMP answer: 40 rows of a forwarding table fit an unfragmented datagram. */
export const answerVarbindsMax = 64;
/** Bytes of those varbinds' OIDs and values together, so that an answer fits 1472 bytes of UDP. */
export const answerBytesMax = 1300;
/** Longest delay of an agent's answers, ms; more is no slow switch but a dead one. */
export const latencyMsMax = 60_000;
/** Answers waiting for their delay; beyond it requests are dropped, as in a full receive queue. */
export const delayedAnswersMax = 10_000;

/** Output of a board kept in its log file, bytes; at this size it becomes the one old log. */
export const logBytesMax = 4 * 1024 * 1024;
/** How often log sizes are looked at, ms. */
export const logSweepMs = 2000;
/** Output of one `exec`, bytes each of stdout and stderr; the rest is dropped and marked. */
export const execOutputBytesMax = 1024 * 1024;

/** Until a board's namespaces are ready, ms: 75 for 21 at once on two idle cores. */
export const boardReadyMs = 10_000;
/** Until a switch agent listens, ms: 150 on two idle cores. */
export const agentReadyMs = 10_000;
/** Until a killed process tree is gone, ms; the kernel takes 0.4. */
export const killMs = 5000;
/** Until the daemon has brought a whole chassis up, ms. */
export const upMs = 60_000;
/** Until the daemon answers any other order, ms. */
export const controlMs = 30_000;
/** Longest line on the control socket, bytes. */
export const controlLineBytesMax = 1024 * 1024;
/** Longest line between the lab and a switch agent, bytes: a plan of 512 ports is 60 KiB. */
export const agentLineBytesMax = 1024 * 1024;
/** Connections to the slots' lines at once: the CCN's, one it left, and some of people. */
export const slotConnectionsMax = 8;
/** Boards a lab makes in its life; each keeps a directory until `down`. */
export const boardsMax = 10_000;

/** Processes of one board that are killed one by one; the rest go with PID 1. */
export const treeProcessesMax = 512;
/** Killed processes run no instruction after this, ms; else the end of PID 1 is waited for. */
export const dyingMs = 200;

// Every bound of PSRM, with its unit and reason. What the chassis file sets for each service
// (readyMs, stop.ms, restart, log) is not here.

/** Services of one board; 64 is three times the largest board seen, and bounds every loop. */
export const servicesMax = 64;
/** Bytes of a service's name: it is part of file names and of NETRACK's beats. */
export const serviceNameCharsMax = 63;

/** Second pause of a service whose first pause is 0, ms: doubling 0 would never slow it down. */
export const secondPauseMs = 100;
/** First readiness question after the start, ms; the pause between questions doubles ... */
export const readyCheckMs = 2;
/** ... up to this, ms: what a slow start loses at most. */
export const readyCheckMsMax = 100;
/** One readiness question may take this long, ms. */
export const readyCheckWithinMs = 1_000;
/** EXTEND_TIMEOUT_USEC moves a deadline by at most this, ms: an hour. */
export const extendMsMax = 3_600_000;
/** A timer later than this means that the board itself stood still, µs: its sockets may hold what
 * a service said meanwhile, so deadlines of silence move by as much. */
export const lateUs = 20_000;
/** After a kill the tree must be gone; else it is told, and killed again, after this time, ms. */
export const treeLivesMs = 1_000;
/** Memory trouble is over below this share of troubleMemoryBytes, so that it does not flap. */
export const memoryCalmRatio = 0.9;
/** Memory of services with troubleMemoryBytes is looked at this often, ms. */
export const sampleEveryMs = 2_000;

/** Bytes of one sd_notify datagram (systemd itself reads PIPE_BUF = 4096). */
export const notifyBytesMax = 4096;
/** Lines of one sd_notify datagram; sd_notify(3) knows 20 variables. */
export const notifyLinesMax = 64;
/** Datagrams taken in one turn of the loop: 64 take under 1 ms. */
export const notifiesPerTurnMax = 64;
/** Characters of STATUS= and of reasons that programs give. */
export const statusCharsMax = 256;
/** Log lines a second about datagrams that were refused, for all services. */
export const refusalLinesPerSecondMax = 4;

/** Bytes of an HTTP answer read for its status line. */
export const httpAnswerBytesMax = 4096;

/** Bytes of one log line; what is beyond is dropped and counted. */
export const logLineCharsMax = 4096;
/** Bytes of a service's output waiting for the disk; full: lines are dropped and counted. */
export const logPendingBytesMax = 262_144;
/** Bytes of output of one service taken per `logTurnMs`; a flood waits in its pipe meanwhile, so
 * that it does not hold the loop (64 KiB a ms = 65 MB/s drain, no service blocks for longer). */
export const logBytesPerTurn = 65_536;
/** Rest after `logBytesPerTurn`, ms. */
export const logTurnMs = 1;
/** Lines of one piece of output that are looked at; the rest of a flood is dropped unread. */
export const logLinesPerTurn = 256;
/** Last lines of a service kept in memory for `status` ... */
export const lastLinesMax = 50;
/** ... each cut to so many characters. */
export const lastLineCharsMax = 512;

/** Programs connected to one service's socket at once. */
export const clientsMax = 16;
/** One command line of a program, bytes. */
export const commandBytesMax = 512;
/** Commands taken from one program in one turn of the loop. */
export const commandsPerReadMax = 16;
/** Bytes waiting for one slow program; full: it is dropped with a reason. */
export const clientQueueBytes = 65_536;
/** A dropped program has this long to read the reason, ms. */
export const goodbyeMs = 1_000;

/** Processes looked at in one walk of a tree; a fork bomb is met by walking again. */
export const treeProcessesMax = 4_096;
/** Ancestors looked at for whose a process is. */
export const treeDepthMax = 64;
/** Events that effects cause while effects are carried out; more is our bug. */
export const waitingEventsMax = 4_096;
/** A predecessor's processes must be gone this long after their kill, ms; else PSRM does not start. */
export const predecessorMs = 5_000;
/** The guard is started again after this, ms, if it ended. */
export const guardAgainMs = 100;
/** Bytes of one order to the guard: a cgroup path (PATH_MAX) and a word. */
export const guardLineBytesMax = 4_352;
/** Things a guard holds at once: a cgroup or group per service and some public addresses. */
export const guardHoldsMax = 512;
/** Without cgroups the guard looks at the board's descendants this often, ms: what is older is known
 * to it when the board ends, even if nothing but its parenthood tells whose it is. */
export const guardSnapshotMs = 200;
/** The guard tries for this long to get everything killed, ms. */
export const guardMs = 5_000;
/** Pause between the guard's looks at what still lives, ms. */
export const guardLookMs = 1;

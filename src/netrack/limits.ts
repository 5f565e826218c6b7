// Every bound of NETRACK, with its unit and reason. What the chassis file sets (beat, silence,
// damping) is not here.

/** Retired lives remembered per slot; a replay of an older one lacks a fresh echo anyway. */
export const retiredLivesMax = 4;
/** An echo of our sequence number proves freshness if it is at most this old: about 1 s of beats. */
export const freshEchoBeats = 128;
/** Out-of-turn beats in store; one comes back per regular beat. A switch loss needs about four. */
export const outOfTurnBudget = 10;
/** A step in a peer's numbers beyond this (some three hours of beats) counts with a fresh echo only:
 * after 2^31 beats (248 days) a recording of the same life has a "newer" number again. */
export const seqStepMax = 1 << 20;
/** Shortest time between an out-of-turn beat and the beat before it, µs: gathers a burst. */
export const outOfTurnGapUs = 500;
/** A board that follows the first hub's beat waits this long past its own tick, µs. */
export const followSlackUs = 2500;
/** Own lateness below this is scheduling noise and not added to deadlines, µs (net.md §3). */
export const latenessNoiseUs = 2000;
/** A board late by more than this many beats was stopped: what it knows of silences is void. Below
 * that its lateness is added to the deadlines, so that a busy moment does not double them. */
export const stoppedBeats = 2;
/** Culprits are named this long after the last change, µs: A and B, and both ways, come apart. */
export const settleUs = 4000;
/** ... and at most this long after the first change, µs: three beats and a late observer. */
export const settleMaxUs = 40_000;
/** A step of more than this in the numbers is a miss on a path that is on its way up; 2 happens by reordering. */
export const missBeats = 2;
/** A board this many beats behind on one network has probably lost it there, or got it back. */
export const unsteadyBeats = 2;
/** Copies of one beat on A and B that came within this time are judged together, µs. */
export const oneBeatUs = 1000;
/** How often an undecided picture is looked at again, µs. */
export const recheckUs = 2000;
/** All peers silent within this time of each other: it is this board that is cut off, µs. */
export const isolationWindowUs = 100_000;
/** Beats after its start in which a board has no opinion on boards it has not heard: a whole chassis
 * that is switched on at once comes up within a second. */
export const startGraceBeats = 100;
/** A path whose deadline passed longer ago than this, µs, is judged only after a look at the sockets. */
export const lookFirstUs = 500;
/** A drain not answered within this time counts as done, µs. */
export const drainWaitUs = 50_000;
/** One alarm of a kind per slot and this time, µs; all are counted. */
export const alarmGapUs = 1_000_000;
/** Falls remembered per path: the largest `flapMax` a chassis file may ask for. */
export const flapFallsMax = 100;
/** Socket receive buffer per network, bytes: a second of beats of 64 boards while we are stopped. */
export const beatReceiveBytes = 8 * 1024 * 1024;
/** A heartbeat socket that could not be opened is tried again after this time, ms. */
export const socketRetryMs = 1000;
/** Loop turns without a packet after which the sockets count as drained. */
export const drainQuietTurns = 3;
/** Loop turns of one drain at most. */
export const drainTurnsMax = 64;
/** Regular beats a leaving board still sends, so that a lost packet does not hide it. */
export const leavingBeats = 3;
/** Programs connected to the local socket at once. */
export const clientsMax = 64;
/** One command line of a local program, bytes. */
export const commandBytesMax = 512;
/** Commands taken from one local program in one turn of the loop: 64 answers take under 2 ms. */
export const commandsPerReadMax = 64;
/** Lines waiting for one slow local program, bytes; full: it is dropped with a reason. A line that
 * waits alone may be longer: the status of 64 boards is 800 kB. */
export const clientQueueBytes = 262_144;
/** Events that subscribers cause while the core's last effects are carried out; more is our bug. */
export const waitingEventsMax = 256;
/** Subscriptions of one local program. */
export const subscriptionsMax = 64;
/** Services are told again every so many beats: what a lost packet costs. */
export const tellEveryBeats = 16;
/** Beats that tell of a change one after the other. */
export const tellSoonBeats = 3;
/** Bytes of services in one beat; a longer list takes several beats. */
export const servicesBytesMax = 512;
/** A dropped program has this long to read the reason, ms. */
export const goodbyeMs = 1000;

// Every bound of the room: what it limits, its unit, its reason, and what happens when it is hit.

/** Steps a board keeps, its own and told ones. Full: the oldest goes. 4096 x 600 bytes, 2.5 MB. */
export const timelineSteps = 4096;
/** Characters of a step's sentence; the wire cuts at 240 bytes. One line of evidence. */
export const stepTextCharacters = 240;
/**
 * Clocks of two boards part by at most this much (leases.md section 5, drift r): the error of a told
 * step grows with its age.
 */
export const clockDriftRatio = 0.001;
/**
 * Evidence older than this before a move does not belong to it, us. Detection takes 37 ms; a service
 * that is restarted some times before it is given up takes seconds.
 */
export const evidenceWindowUs = 10_000_000;
/** A move that nothing was said of for this long does not go on, us: T_HOLD_MAX of leases.md. */
export const moveWindowUs = 30_000_000;
/** Episodes told, the newest; older ones are gone from most readers' interest. */
export const episodesMax = 256;

/** Alarms kept, standing and cleared. Full: the cleared one that is oldest goes. About 500 kB. */
export const alarmsKept = 512;
/** Alarms that stand at once. Full: a new one is refused and counted; nobody reads that many. */
export const alarmsStanding = 256;
/** Characters of an alarm's texts, by field; longer ones are cut. */
export const alarmCharacters = { name: 64, text: 400, who: 32, note: 200 } as const;
/** So often within `alarmFlapWindowMs` and an alarm flaps: it then stands until it was quiet. */
export const alarmFlapRaises = 5;
/** The window that raises of a flapping alarm are counted in, ms. */
export const alarmFlapWindowMs = 300_000;
/** A flapping alarm that was not raised for this long is over, ms. */
export const alarmQuietMs = 60_000;
/** Largest alarm file that is read, bytes: `alarmsKept` at their longest, in UTF-8. */
export const alarmFileBytes = 4 * 1024 * 1024;

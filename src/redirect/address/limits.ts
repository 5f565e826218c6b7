// Every bound of the public addresses, with its unit and reason.

import { msToUs } from "../../base/index.ts";

/** Public addresses of one chassis: what a gate guards and one ARP filter names. */
export const addressesMax = 64;
/** An announcement is repeated so long after the first, µs: one lost frame costs 1 ms, a switch
 * that learns slowly 300 (net.md §5). */
export const announceAgainUs: readonly number[] = [1, 3, 10, 30, 100, 300].map(msToUs);
/** A held address is announced again this often, µs: heals what no event told us of (a client that
 * slept, a switch that lost its table). Two frames per network. */
export const announceRefreshUs = msToUs(10_000);
/** Clients are woken again so long after the first time, µs. Linux answers one tickle per
 * connection and 500 ms, so these only cover losses (net.md §4). */
export const wakeAgainUs: readonly number[] = [1, 3, 10].map(msToUs);
/** Clients asked or woken in one turn of the loop: 10 µs each, so about 1 ms. */
export const wakesPerTurn = 100;
/** Neighbours entered before the address: 10 µs each, so about 1 ms of the takeover. The first ones
 * of the list; the others resolve by ARP. */
export const neighboursMax = 100;
/** Connections ended in one turn of the loop: 73 µs each, so about 1 ms. */
export const destroysPerTurn = 14;
/** Connections remembered per board, all public addresses together: 0.5 MB. More are counted. */
export const clientsMax = 4096;
/** A foreign claim on a held address is answered at most this often, µs: it poisons clients' tables
 * at once, and two stubborn machines then send 10 frames a second each, not a storm. */
export const defendGapUs = msToUs(100);
/** Claims heard so soon after a takeover are the board's before: sent in time, read late. The burst of
 * announcements answers them anyway, µs. */
export const claimGraceUs = msToUs(100);
/** A foreign claim is told at most this often per address, µs. */
export const duplicateTellUs = msToUs(1000);
/** How often the active reads its connections, ms; a client younger than this is not woken. */
export const gatherMs = 50;
/** With nothing to tell the active says so this often, ms: a standby then knows what it missed. */
export const clientsBeatMs = 1000;
/** Reading may take this part of one CPU at most: the pause is at least so many times the reading. */
export const gatherPauseTimes = 19;
/** A Worker that did not answer for so long is reported and replaced, ms. */
export const gatherStuckMs = 5000;
/** Pause before a Worker that failed is replaced, ms; doubled for each in a row. */
export const gatherRetryMs = 500;
/** The longest such pause, ms. */
export const gatherRetryMsMax = 60_000;
/** ARP socket's receive buffer, bytes: a burst of claims while the loop is late. */
export const arpReceiveBytes = 262_144;
/** A socket that the kernel ended (device down) is opened again after this, ms. */
export const reopenMs = 200;
/** Events that listeners cause while a step is carried out; more is our own mistake. */
export const waitingEventsMax = 256;

// What one client saw: every request's fate, the gaps between good answers, and which board answered
// when. Pure; meter.ts feeds it.
//
// A gap is the time from one good answer to the next, so a client that was itself late counts its own
// lateness: `lateUsMax` says how much of a gap that can be.

/** A stretch of answers by one board. */
export type Turn = {
  readonly board: string;
  readonly answers: number;
  /** First and last answer by the server's clock (CLOCK_BOOTTIME, us). */
  readonly firstUs: number;
  readonly lastUs: number;
};

/** Silence between two good answers, by the client's clock (CLOCK_BOOTTIME, us). */
export type Gap = { readonly fromUs: number; readonly toUs: number };

/** Numbers from `first` to `last` without a hole. */
export type NumberRange = { readonly first: number; readonly last: number };

/** All that a client saw. */
export type ClientReport = {
  /** Hexadecimal: JSON has no 64-bit numbers. */
  readonly client: string;
  readonly sent: number;
  readonly acknowledged: number;
  /** Never answered: lost, refused, or on a connection that broke. */
  readonly failed: number;
  /** TCP connections opened after the first. */
  readonly reconnects: number;
  /** Gaps of at least `gapUsMin`, oldest first, at most `gapsMax`; the longest is always there. */
  readonly gaps: readonly Gap[];
  readonly gapsDropped: number;
  /** The last good answer; undefined if there was none. */
  readonly lastAnswerUs: number | undefined;
  /** In the order of the servers' clock. */
  readonly turns: readonly Turn[];
  /** True if a board answered again after another had taken over: two were active. */
  readonly isOverlap: boolean;
  /** Acknowledged numbers. */
  readonly ranges: readonly NumberRange[];
  /** Answers to numbers never sent, or answered already. */
  readonly strays: number;
  /** The client's own longest pause between two sends, beyond its interval, us. */
  readonly lateUsMax: number;
};

/** Shorter gaps are the machine's noise, us. */
export const gapUsMin = 2_000;
/** Gaps remembered; more drop the shortest. */
export const gapsMax = 10_000;
/** Numbers a client may use in its life: three hours at one a millisecond. */
export const numbersMax = 10_800_000;
/** Turns remembered; a public address that moves more often is broken anyway. */
const turnsMax = 100_000;

/** What a client saw so far; changed only by the functions below. */
export type ClientRecord = {
  readonly client: bigint;
  readonly intervalUs: number;
  /** One byte a number: 0 = sent or unused, 1 = acknowledged. Grows by doubling. */
  fates: Uint8Array;
  sent: number;
  acknowledged: number;
  connections: number;
  lastSentUs: number | undefined;
  lastAnswerUs: number | undefined;
  lateUsMax: number;
  strays: number;
  gapsDropped: number;
  readonly gaps: Gap[];
  readonly turns: { board: string; answers: number; firstUs: number; lastUs: number }[];
  isOverlap: boolean;
};

/** An empty record. */
export function createRecord(client: bigint, intervalUs: number): ClientRecord {
  return {
    client,
    intervalUs,
    fates: new Uint8Array(4096),
    sent: 0,
    acknowledged: 0,
    connections: 0,
    lastSentUs: undefined,
    lastAnswerUs: undefined,
    lateUsMax: 0,
    strays: 0,
    gapsDropped: 0,
    gaps: [],
    turns: [],
    isOverlap: false,
  };
}

/** The next request's number, which is sent now or fails now; undefined when all are used up. */
export function nextNumber(record: ClientRecord, nowUs: number): number | undefined {
  if (record.sent >= numbersMax) return undefined;
  if (record.lastSentUs !== undefined) {
    const lateUs = nowUs - record.lastSentUs - record.intervalUs;
    record.lateUsMax = Math.max(record.lateUsMax, lateUs);
  }
  record.lastSentUs = nowUs;
  const number = record.sent++;
  if (number >= record.fates.length) {
    const grown = new Uint8Array(record.fates.length * 2);
    grown.set(record.fates);
    record.fates = grown;
  }
  return number;
}

/** A good answer. */
export function answered(
  record: ClientRecord,
  answer: { readonly number: number; readonly board: string; readonly serverUs: number },
  nowUs: number,
): void {
  const { number, board, serverUs } = answer;
  if (number >= record.sent || record.fates[number] === 1) {
    record.strays++;
    return;
  }
  record.fates[number] = 1;
  record.acknowledged++;
  const { lastAnswerUs } = record;
  if (lastAnswerUs !== undefined && nowUs - lastAnswerUs >= gapUsMin) {
    addGap(record, { fromUs: lastAnswerUs, toUs: nowUs });
  }
  record.lastAnswerUs = nowUs;
  addTurn(record, board, serverUs);
}

/** A TCP connection was opened. */
export function connected(record: ClientRecord): void {
  record.connections++;
}

/** Everything so far. */
export function reportOf(record: ClientRecord): ClientReport {
  return {
    client: record.client.toString(16),
    sent: record.sent,
    acknowledged: record.acknowledged,
    failed: record.sent - record.acknowledged,
    reconnects: Math.max(0, record.connections - 1),
    gaps: record.gaps,
    gapsDropped: record.gapsDropped,
    lastAnswerUs: record.lastAnswerUs,
    turns: record.turns,
    isOverlap: record.isOverlap,
    ranges: rangesOf(record),
    strays: record.strays,
    lateUsMax: record.lateUsMax,
  };
}

/** The longest gap that ended after `sinceUs`, ms; 0 if none was long enough to be kept. */
export function longestGapMs(gaps: readonly Gap[], sinceUs: number): number {
  const spans = gaps.filter(({ toUs }) => toUs >= sinceUs).map(({ fromUs, toUs }) => toUs - fromUs);
  return Math.max(0, ...spans) / 1000;
}

function addGap(record: ClientRecord, gap: Gap): void {
  record.gaps.push(gap);
  if (record.gaps.length <= gapsMax) return;
  record.gapsDropped++;
  let shortest = 0;
  const span = (i: number): number => {
    const { fromUs, toUs } = record.gaps[i] ?? gap;
    return toUs - fromUs;
  };
  for (let i = 1; i < record.gaps.length; i++) if (span(i) < span(shortest)) shortest = i;
  record.gaps.splice(shortest, 1);
}

/**
 * Answers may reach the client in another order than they were given (two connections, two boards),
 * so an answer from before the newest turn's start belongs to an older turn.
 */
function addTurn(record: ClientRecord, board: string, serverUs: number): void {
  const { turns } = record;
  const last = turns.at(-1);
  if (last === undefined || (last.board !== board && serverUs >= last.lastUs)) {
    if (turns.length < turnsMax)
      turns.push({ board, answers: 1, firstUs: serverUs, lastUs: serverUs });
    return;
  }
  const own = turns.findLast((turn) => turn.board === board && turn.firstUs <= serverUs);
  if (own === undefined) {
    record.isOverlap = true;
    return;
  }
  own.answers++;
  own.lastUs = Math.max(own.lastUs, serverUs);
  const next = turns[turns.indexOf(own) + 1];
  if (next !== undefined && own.lastUs >= next.firstUs) record.isOverlap = true;
}

function rangesOf({ fates, sent }: ClientRecord): NumberRange[] {
  const ranges: NumberRange[] = [];
  for (let first = fates.indexOf(1); first >= 0 && first < sent;) {
    const end = fates.indexOf(0, first);
    const last = end < 0 || end > sent ? sent - 1 : end - 1;
    ranges.push({ first, last });
    first = fates.indexOf(1, last + 1);
  }
  return ranges;
}

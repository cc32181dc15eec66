/**
 * Simultaneous writes on one condition, of which one may be applied. A test and no proof: a server that lets two of
 * them win once in a thousand times passes.
 */
import type { WriteCondition } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import type { Atomicity } from './checkNote.ts';
import { readIfThere } from './checkRead.ts';
import { statusOf } from './problem.ts';

/** So many writers on one key at once. More do not find more. */
const WRITERS = 8;
/**
 * The condition of each burst. On two busy cores, 11 of 30 bursts with If-None-Match found S3Mock 5.2.0, and 12 of 30
 * with If-Match found s3proxy 4.1.0. The other condition was broken in one of 30 at S3Mock, and never at s3proxy.
 */
const BURSTS = [...Array<'ifAbsent'>(5).fill('ifAbsent'), ...Array<'ifMatch'>(5).fill('ifMatch')];
/**
 * Ms to wait for a second writer that was let through. Where several pass they do so together; SeaweedFS lets those
 * that lose wait in a queue for seconds.
 */
const SECOND_MS = 200;
/** Ms before a burst that showed nothing is repeated; of all bursts of a check together, since a call waits for it. */
const PAUSES_MS = [250, 500, 1_000];

/** When fewer writers get a response that says whether they won, the burst shows nothing. */
const ANSWERED_MIN = WRITERS / 2;
/** S3's statuses for a condition that does not hold, and for another writer at the same object. */
const LOST: readonly unknown[] = [412, 409];
const TEXT = 'simultaneous';

export interface BurstParts {
  /** A key where nothing is yet. */
  readonly newKey: () => string;
  readonly wait: (ms: number) => Promise<unknown>;
}

export interface Finding {
  readonly found: Atomicity;
  /** What is found when each write has ended. Never rejects. */
  readonly late: Promise<Atomicity>;
}

/** Ends with the first burst of which two writes were applied. */
export async function checkBursts(s3: S3Api, { newKey, wait }: BurstParts): Promise<Finding> {
  const pauses = [...PAUSES_MS];
  const late: Promise<Atomicity>[] = [];
  // One burst after the other: more at once hide each other.
  for (const kind of BURSTS) {
    let burst = await sendBurst(s3, newKey(), kind);
    while (burst.found === 'undecided') {
      const pauseMs = pauses.shift();
      // A server that is so busy is sent no more of them.
      if (pauseMs === undefined) return worstOf('undecided', late);
      await wait(pauseMs);
      burst = await sendBurst(s3, newKey(), kind);
    }
    late.push(burst.late);
    if (burst.found === 'notAtomic') return worstOf('notAtomic', late);
  }
  return worstOf('atomic', late);
}

function worstOf(found: Atomicity, late: readonly Promise<Atomicity>[]): Finding {
  const worst = async () => {
    const all = [found, ...(await Promise.all(late))];
    return (['notAtomic', 'undecided'] as const).find((each) => all.includes(each)) ?? 'atomic';
  };
  return { found, late: worst() };
}

interface Tally {
  applied: number;
  lost: number;
  pending: number;
}

async function sendBurst(s3: S3Api, key: string, kind: 'ifAbsent' | 'ifMatch'): Promise<Finding> {
  const condition = await conditionFor(s3, key, kind);
  if (condition === null) return { found: 'undecided', late: Promise.resolve('undecided') };
  const tally: Tally = { applied: 0, lost: 0, pending: WRITERS };
  const isKnown = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const write = async (writer: number) => {
    try {
      await s3.putOnCondition(key, Buffer.from(`${TEXT} ${writer}`), condition);
      tally.applied += 1;
      if (tally.applied === 1) timer = setTimeout(isKnown.resolve, SECOND_MS);
      else isKnown.resolve();
    } catch (error) {
      // Any other may have been applied or not: only what the server says counts.
      if (LOST.includes(statusOf(error))) tally.lost += 1;
    } finally {
      tally.pending -= 1;
    }
  };
  const ended = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  await Promise.race([isKnown.promise, ended]);
  clearTimeout(timer);
  return { found: await judge(s3, key, tally), late: ended.then(() => judge(s3, key, tally)) };
}

/** null when the server is too busy for the write before the burst. A proxy's repetition of it may be refused. */
async function conditionFor(
  s3: S3Api,
  key: string,
  kind: 'ifAbsent' | 'ifMatch',
): Promise<WriteCondition | null> {
  if (kind === 'ifAbsent') return { ifAbsent: true };
  const written = await s3.putOnCondition(key, Buffer.from('first'), { ifAbsent: true }).catch(() => null);
  const etag = written ?? (await readIfThere(s3, key).catch(() => null))?.etag;
  return etag === undefined ? null : { ifMatch: etag };
}

async function judge(s3: S3Api, key: string, { applied, lost, pending }: Tally): Promise<Atomicity> {
  if (applied > 1) return 'notAtomic';
  if (pending > 0) return 'atomic';
  if (applied + lost < ANSWERED_MIN) return 'undecided';
  if (applied === 1) return 'atomic';
  // All were refused. A proxy may have repeated the one that won, and passed on the second response.
  const found = await readIfThere(s3, key).catch(() => null);
  return found?.text?.startsWith(TEXT) ? 'atomic' : 'undecided';
}

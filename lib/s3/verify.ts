/** The check that a bucket honours conditional writes, without which two calls could overwrite each other. */
import { randomUUID } from 'node:crypto';
import type { WriteCondition } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import {
  isCertainlyRefused,
  isMissing,
  isUnderstood,
  type StoreFinding,
  statusOf,
  storageProblem,
  storeFault,
} from './problem.ts';

/**
 * What the last check found of simultaneous writes, so that a cold start costs one GET instead of all of it. A server
 * that was refused for them stays refused: chance decides what a single check sees.
 */
export const CHECKED_KEY = 'checks/conditional-writes.json';
/** 1 was the check without simultaneous writes. */
const NOTE_SCHEMA = 2;
/** The note has a few dozen, and so has each text that is read. */
const NOTE_MAX_BYTES = 10_000;
/** Ms. What was found is believed so long: the server may be replaced by one that knows no conditions. */
const BELIEVED_MS = 24 * 60 * 60 * 1000;

/** A server whose answers stay unclear so long is down. */
const ATTEMPTS_MAX = 3;

/** So many writers on one key at once. More do not find more. */
const WRITERS = 8;
/**
 * So many bursts. One with If-None-Match finds S3Mock 5.2.0 in about half of the tries, one with If-Match s3proxy 4.1.0 in
 * 19 of 20. The other condition holds at each.
 */
const ROUNDS = { ifAbsent: 5, ifMatch: 3 };
/**
 * Ms to wait for a second writer that was let through. Where several pass they do so together; SeaweedFS lets those
 * that lose wait in a queue for seconds.
 */
const SECOND_MS = 200;

/** An ETag that no object has: the MD5 of nothing we write. */
const WRONG_ETAG = '"00000000000000000000000000000000"';

export interface VerifyParts {
  readonly newId?: () => string;
  /** Ms since 1970. */
  readonly now?: () => number;
}

/**
 * Checks once a day; what it found is kept, a failure is forgotten so that the next call checks again.
 * The function returned throws `STORAGE_UNAVAILABLE`.
 */
export function createVerify(
  s3: S3Api,
  { newId = randomUUID, now = Date.now }: VerifyParts = {},
): () => Promise<void> {
  interface Check {
    readonly begunAt: number;
    readonly verified: Promise<void>;
  }
  let current: Check | null = null;
  const forget = (check: Check) => {
    if (current === check) current = null;
  };
  return () => {
    if (current === null || !isRecent(current.begunAt, now())) {
      const begun: Check = {
        begunAt: now(),
        verified: verify(s3, newId, now, () => forget(begun)).catch((error: unknown) => {
          forget(begun);
          throw storageProblem(error);
        }),
      };
      current = begun;
    }
    return current.verified;
  };
}

/** The other way round too: a clock that was set back must not make it believed for ever. */
function isRecent(at: number, now: number): boolean {
  return Math.abs(now - at) < BELIEVED_MS;
}

/** @param onLate called when it turns out after a check that passed that several writes were applied */
async function verify(s3: S3Api, newId: () => string, now: () => number, onLate: () => void): Promise<void> {
  if (await wasChecked(s3, now())) return;
  // Of this check alone: several processes may check at once.
  const key = `checks/${newId()}`;
  const newKeys = (length: number) => Array.from({ length }, () => `checks/burst-${newId()}`);
  const [absent, present] = [newKeys(ROUNDS.ifAbsent), newKeys(ROUNDS.ifMatch)];
  const underWay: Promise<number>[] = [];
  try {
    await checkConditions(s3, key);
    // One burst after the other: more at once hide each other.
    for (const each of absent) await checkAtomicity(s3, each, { ifAbsent: true }, underWay);
    for (const each of present) {
      // A server that is too busy for bursts has passed without them.
      const first = s3.putOnCondition(each, Buffer.from('first'), { ifAbsent: true });
      const etag = await first.catch(() => null);
      if (etag !== null) await checkAtomicity(s3, each, { ifMatch: etag }, underWay);
    }
  } catch (error) {
    if (isNotAtomic(error)) await writeNote(s3, now(), { isAtomic: false }).catch(() => undefined);
    throw error;
  } finally {
    // What cannot be removed is a few bytes; it must neither hide what was found nor hold it up.
    void Promise.all(underWay)
      .then(() => s3.remove([key, ...absent, ...present]))
      .catch(() => undefined);
  }
  await writeNote(s3, now(), { isAtomic: true });
  void Promise.all(underWay)
    .then(async (applied) => {
      if (applied.every((count) => count < 2)) return;
      // First: whoever looks in between would believe the note of before.
      await writeNote(s3, now(), { isAtomic: false }).finally(onLate);
    })
    .catch(() => undefined);
}

async function writeNote(s3: S3Api, now: number, found: { readonly isAtomic: boolean }): Promise<void> {
  const note = { schema: NOTE_SCHEMA, checkedAt: new Date(now).toISOString(), ...found };
  await s3.put(CHECKED_KEY, Buffer.from(JSON.stringify(note)), { contentType: 'application/json' });
}

function isNotAtomic(error: unknown): boolean {
  return (error as { readonly name?: unknown }).name === ('NotAtomic' satisfies StoreFinding);
}

/** One write after the other. */
async function checkConditions(s3: S3Api, key: string): Promise<void> {
  if ((await write(s3, key, 'first', { ifAbsent: true })) === null) throw storeFault('ConditionUnknown');
  if ((await write(s3, key, 'over the first', { ifAbsent: true })) !== null) {
    throw storeFault('IfNoneMatchIgnored');
  }
  if ((await write(s3, key, 'over another', { ifMatch: WRONG_ETAG })) !== null) {
    throw storeFault('IfMatchIgnored');
  }
  // As a commit does it: with the ETag of a reading.
  const found = await read(s3, key);
  if (found?.text !== 'first') throw storeFault('Rewritten');
  if ((await write(s3, key, 'last', { ifMatch: found.etag })) === null) throw storeFault('RightETagRefused');
}

/**
 * Simultaneous writes on one condition, of which one may be applied. A test and no proof: a server that lets two of them
 * win once in a thousand times passes.
 *
 * @param underWay gets what ends after this has resolved: how many writes were applied in the end
 */
async function checkAtomicity(
  s3: S3Api,
  key: string,
  condition: WriteCondition,
  underWay: Promise<number>[],
): Promise<void> {
  const isKnown = Promise.withResolvers<void>();
  let applied = 0;
  let timer: NodeJS.Timeout | undefined;
  const writes = Array.from({ length: WRITERS }, async (_, writer) => {
    // A failed one may have been applied or not: only what the server confirms counts.
    await s3.putOnCondition(key, Buffer.from(`simultaneous ${writer}`), condition);
    applied += 1;
    if (applied === 1) timer = setTimeout(isKnown.resolve, SECOND_MS);
    else isKnown.resolve();
  });
  const ended = Promise.allSettled(writes);
  underWay.push(ended.then(() => applied));
  await Promise.race([isKnown.promise, ended]);
  clearTimeout(timer);
  if (applied > 1) throw storeFault('NotAtomic', { cause: `${applied} of ${WRITERS} writes` });
}

/** Throws `NotAtomic` where a recent check found that. */
async function wasChecked(s3: S3Api, now: number): Promise<boolean> {
  const note = (await read(s3, CHECKED_KEY))?.text ?? '';
  if (!isRecent(checkedAtOf(note), now)) return false;
  if (note.includes('"isAtomic":false'))
    throw storeFault('NotAtomic', { cause: 'as an earlier check found' });
  return true;
}

/** Ms since 1970; NaN for a note that this program did not write, or of a check that looked at less. */
function checkedAtOf(note: string): number {
  const [, schema, checkedAt = ''] = /^\{"schema":(\d+),"checkedAt":"([^"]*)"/.exec(note) ?? [];
  return Number(schema) >= NOTE_SCHEMA ? Date.parse(checkedAt) : Number.NaN;
}

/**
 * Resolves with the ETag that the write has given the object, or null when the server says that the condition does not
 * hold. Each text is written once, so reading the object settles an unclear answer, as with a record (commit.ts).
 */
async function write(
  s3: S3Api,
  key: string,
  text: string,
  condition: WriteCondition,
): Promise<string | null> {
  let unclear: unknown;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    try {
      return await s3.putOnCondition(key, Buffer.from(text), condition);
    } catch (error) {
      const isRefused = statusOf(error) === 412;
      if (isRefused && unclear === undefined) return null;
      if (!isRefused) await refuseUnknown(s3, key, error);
      // A refusal after an unclear attempt may be the condition's, or that attempt's own doing.
      const found = await read(s3, key);
      if (found?.text === text) return found.etag;
      if (isRefused) return null;
      unclear = error;
    }
  }
  throw unclear;
}

/** null when there is none. */
async function read(s3: S3Api, key: string): Promise<Awaited<ReturnType<S3Api['get']>> | null> {
  try {
    return await s3.get(key, NOTE_MAX_BYTES);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Throws what is certain. A server that does not know the header may say so, or say that the object to match is
 * missing. Where its refusal has no other meaning, the same write without a condition shows the reason.
 */
async function refuseUnknown(s3: S3Api, key: string, error: unknown): Promise<void> {
  const status = statusOf(error);
  if (isUnderstood(error)) {
    if (isCertainlyRefused(error) || status === 404) throw error;
    return;
  }
  if (status === 501 || status === 404) throw storeFault('ConditionUnknown', { cause: error });
  if (!isCertainlyRefused(error)) return;
  const isTaken = await s3.put(key, Buffer.from('without'), { contentType: 'text/plain' }).then(
    () => true,
    () => false,
  );
  throw isTaken ? storeFault('ConditionUnknown', { cause: error }) : error;
}

/** The check that a bucket honours conditional writes, without which two calls could overwrite each other. */
import { randomUUID } from 'node:crypto';
import type { WriteCondition } from '../ports.ts';
import type { S3Api } from './s3Api.ts';
import { isCertainlyRefused, isMissing, statusOf, storageProblem, unavailable } from './s3Problem.ts';

/** Left behind by a check that passed, so that a cold start costs one GET instead of all of it. */
export const CHECKED_KEY = 'checks/conditional-writes.json';
/** The note has a few dozen. */
const NOTE_MAX_BYTES = 10_000;
/** Ms. What was found is believed so long: the server may be replaced by one that knows no conditions. */
const BELIEVED_MS = 24 * 60 * 60 * 1000;

/** A server whose answers stay unclear so long is down. */
const ATTEMPTS_MAX = 3;

const ADVICE = 'use one that honours conditional PUT (AWS S3, MinIO of 2025-09-07 or later, SeaweedFS 4).';

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
  let current: { readonly begunAt: number; readonly verified: Promise<void> } | null = null;
  return () => {
    if (current === null || !isRecent(current.begunAt, now())) {
      const begun = {
        begunAt: now(),
        verified: verify(s3, newId, now).catch((error: unknown) => {
          if (current === begun) current = null;
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

async function verify(s3: S3Api, newId: () => string, now: () => number): Promise<void> {
  if (await wasChecked(s3, now())) return;
  const key = `checks/${newId()}`;
  try {
    await checkConditions(s3, key);
  } finally {
    // What cannot be removed is a few bytes; it must neither hide what was found nor hold it up.
    void s3.remove([key]).catch(() => undefined);
  }
  const note = JSON.stringify({ schema: 1, checkedAt: new Date(now()).toISOString() });
  await s3.put(CHECKED_KEY, Buffer.from(note), { contentType: 'application/json' });
}

async function checkConditions(s3: S3Api, key: string): Promise<void> {
  const etag = await write(s3, key, 'first', { ifAbsent: true });
  if (etag === null) throw unknown();
  if ((await write(s3, key, 'over the first', { ifAbsent: true })) !== null) {
    throw unavailable(`The storage server ignores If-None-Match on PUT: ${ADVICE}`);
  }
  if ((await write(s3, key, 'over another', { ifMatch: WRONG_ETAG })) !== null) {
    throw unavailable(`The storage server ignores If-Match on PUT: ${ADVICE}`);
  }
  if ((await write(s3, key, 'last', { ifMatch: etag })) === null) {
    throw unavailable(`The storage server refuses the right ETag in If-Match on PUT: ${ADVICE}`);
  }
}

async function wasChecked(s3: S3Api, now: number): Promise<boolean> {
  const note = await read(s3, CHECKED_KEY);
  return isRecent(checkedAtOf(note?.text ?? ''), now);
}

/** Ms since 1970; NaN for a note that this program did not write. */
function checkedAtOf(note: string): number {
  return Date.parse(/"checkedAt":"([^"]*)"/.exec(note)?.[1] ?? '');
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
      if (!isRefused) refuseUnknown(error);
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
 * missing.
 */
function refuseUnknown(error: unknown): void {
  const status = statusOf(error);
  const isUnknownBucket = (error as { readonly name?: unknown }).name === 'NoSuchBucket';
  if (status === 501 || (status === 404 && !isUnknownBucket)) {
    throw unknown(error);
  }
  if (isUnknownBucket || isCertainlyRefused(error)) throw error;
}

const unknown = (cause?: unknown) =>
  unavailable(`The storage server does not know conditional PUT: ${ADVICE}`, cause);

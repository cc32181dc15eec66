/** The check that a bucket honours conditional writes, without which two calls could overwrite each other. */
import { randomUUID } from 'node:crypto';
import type { WriteCondition } from '../ports.ts';
import type { S3Api } from './s3Api.ts';
import { isMissing, statusOf, storageProblem, unavailable } from './s3Problem.ts';

/** Left behind by a check that passed, so that a cold start costs one GET instead of all of it. */
export const CHECKED_KEY = 'checks/conditional-writes.json';
/** The note has a few dozen. */
const NOTE_MAX_BYTES = 10_000;
/** Ms. What was found is believed so long: the server may be replaced by one that knows no conditions. */
const BELIEVED_MS = 24 * 60 * 60 * 1000;

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
  const etag = await s3.putOnCondition(key, Buffer.from('first'), { ifAbsent: true }).catch(refuseUnknown);
  if (await isAccepted(s3, key, { ifAbsent: true })) {
    throw unavailable(`The storage server ignores If-None-Match on PUT: ${ADVICE}`);
  }
  if (await isAccepted(s3, key, { ifMatch: WRONG_ETAG })) {
    throw unavailable(`The storage server ignores If-Match on PUT: ${ADVICE}`);
  }
  if (!(await isAccepted(s3, key, { ifMatch: etag }))) {
    throw unavailable(`The storage server refuses the right ETag in If-Match on PUT: ${ADVICE}`);
  }
}

async function wasChecked(s3: S3Api, now: number): Promise<boolean> {
  try {
    const { text } = await s3.get(CHECKED_KEY, NOTE_MAX_BYTES);
    return isRecent(checkedAtOf(text ?? ''), now);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Ms since 1970; NaN for a note that this program did not write. */
function checkedAtOf(note: string): number {
  return Date.parse(/"checkedAt":"([^"]*)"/.exec(note)?.[1] ?? '');
}

/** False when the server says that the condition does not hold. */
async function isAccepted(s3: S3Api, key: string, condition: WriteCondition): Promise<boolean> {
  try {
    await s3.putOnCondition(key, Buffer.from('second'), condition);
    return true;
  } catch (error) {
    if (statusOf(error) === 412) return false;
    return refuseUnknown(error);
  }
}

/** A server that does not know the header may say so, or say that the object to match is missing. */
function refuseUnknown(error: unknown): never {
  const status = statusOf(error);
  const isUnknownBucket = (error as { readonly name?: unknown }).name === 'NoSuchBucket';
  if (status === 501 || (status === 404 && !isUnknownBucket)) {
    throw unavailable(`The storage server does not know conditional PUT: ${ADVICE}`, error);
  }
  throw error;
}

/** The check that a bucket honours conditional writes, without which two calls could overwrite each other. */
import { randomUUID } from 'node:crypto';
import type { WriteCondition } from '../ports.ts';
import type { S3Api } from './s3Api.ts';
import { isMissing, statusOf, storageProblem, unavailable } from './s3Problem.ts';

/** Left behind by a check that passed, so that a cold start costs one GET instead of all of it. */
export const CHECKED_KEY = 'checks/conditional-writes.json';

const ADVICE = 'use one that honours conditional PUT (AWS S3, MinIO of 2025-09-07 or later, SeaweedFS 4).';

/** An ETag that no object has: the MD5 of nothing we write. */
const WRONG_ETAG = '"00000000000000000000000000000000"';

/**
 * Checks once; what it found is kept, a failure is forgotten so that the next call checks again.
 * The function returned throws `STORAGE_UNAVAILABLE`.
 */
export function createVerify(s3: S3Api, newId: () => string = randomUUID): () => Promise<void> {
  let verified: Promise<void> | null = null;
  return () => {
    verified ??= verify(s3, newId).catch((error: unknown) => {
      verified = null;
      throw storageProblem(error);
    });
    return verified;
  };
}

async function verify(s3: S3Api, newId: () => string): Promise<void> {
  if (await wasChecked(s3)) return;
  const key = `checks/${newId()}`;
  try {
    await checkConditions(s3, key);
  } finally {
    // What cannot be removed is a few bytes; it must neither hide what was found nor hold it up.
    void s3.remove([key]).catch(() => undefined);
  }
  await s3.put(CHECKED_KEY, Buffer.from('{"schema":1}'), { contentType: 'application/json' });
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

async function wasChecked(s3: S3Api): Promise<boolean> {
  try {
    await s3.get(CHECKED_KEY);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
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

/** Whether a bucket honours conditions, one write after the other, and whether a read shows the write before it. */
import type { WriteCondition } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import { readIfThere } from './checkRead.ts';
import { isCertainlyRefused, isUnderstood, statusOf, storeFault } from './problem.ts';

/** A server whose answers stay unclear so long is down. */
const ATTEMPTS_MAX = 3;

/** An ETag that no object has: the MD5 of nothing we write. */
const WRONG_ETAG = '"00000000000000000000000000000000"';

/** Each is written once to the key of one check. */
const TEXTS = {
  first: 'first',
  overFirst: 'over the first',
  overAnother: 'over another',
  second: 'second',
  last: 'without a condition',
} as const;

/**
 * Leaves an object at `key`.
 * @param key of this check alone, where nothing is yet
 */
export async function checkConditions(s3: S3Api, key: string): Promise<void> {
  // Also fills a cache before the store that remembers what was not there.
  if ((await readIfThere(s3, key)) !== null) throw storeFault('NotS3');
  if ((await write(s3, key, TEXTS.first, { ifAbsent: true })) === null) throw storeFault('ConditionUnknown');
  if ((await write(s3, key, TEXTS.overFirst, { ifAbsent: true })) !== null) {
    throw storeFault('IfNoneMatchIgnored');
  }
  if ((await write(s3, key, TEXTS.overAnother, { ifMatch: WRONG_ETAG })) !== null) {
    throw storeFault('IfMatchIgnored');
  }
  // As a commit does it: with the ETag of a reading.
  const etag = await expectText(s3, key, TEXTS.first);
  if ((await write(s3, key, TEXTS.second, { ifMatch: etag })) === null) throw storeFault('RightETagRefused');
  // A cache may forget what a PUT replaces, and may not when the PUT has a condition: both are looked at.
  await expectText(s3, key, TEXTS.second);
  await s3.put(key, Buffer.from(TEXTS.last), { contentType: 'text/plain' });
  await expectText(s3, key, TEXTS.last);
}

/** Resolves with its ETag. */
async function expectText(s3: S3Api, key: string, text: string): Promise<string> {
  const found = await readIfThere(s3, key);
  if (found?.text === text) return found.etag;
  const isEarlier = found === null || Object.values<string | null>(TEXTS).includes(found.text);
  throw storeFault(isEarlier ? 'StaleRead' : 'Rewritten');
}

/**
 * Resolves with the ETag that the write has given the object, or null when the server says that the condition does not
 * hold. Reading the object settles an unclear answer, as with a record (commit.ts). A refusal is looked at as well: it
 * may be that of a proxy's own repetition, of which the first was applied.
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
      if (!isRefused) await refuseUnknown(s3, key, error);
      const found = await readIfThere(s3, key);
      if (found?.text === text) return found.etag;
      if (isRefused) return null;
      unclear = error;
    }
  }
  throw unclear;
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

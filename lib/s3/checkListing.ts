/** Whether a listing shows what was written, and what killed checks have left behind. */
import { systemClock, within } from '../concurrency/waiting.ts';
import type { StoredObject } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import { isMissing, storeFault } from './problem.ts';

/** Ms before it is asked again; a listing may lag a little. */
const PAUSES_MS = [200, 800];
/** Ms; a listing that takes longer is left out, since a call waits for the check. */
const LISTING_MS = 2_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** The keys that checks write to. */
const OWN_KEY = /^checks\/(?:burst-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface ListingParts {
  readonly bucket: string;
  readonly wait: (ms: number) => Promise<unknown>;
}

/**
 * An address that names the bucket twice is taken by every write and every read: the bucket's name then begins each
 * key. A listing alone shows it, since it is asked of the bucket and not of a key. The host name says nothing: the
 * bucket `storage` is right at `storage.example.com`.
 *
 * @param key of an object that was written just now
 * @returns the object; null where the store lists nothing in time, which its rights may forbid
 */
export async function checkListing(
  s3: S3Api,
  key: string,
  { bucket, wait }: ListingParts,
): Promise<StoredObject | null> {
  const twice = `${bucket}/${key}`;
  for (const pauseMs of [0, ...PAUSES_MS]) {
    if (pauseMs > 0) await wait(pauseMs);
    const objects = await list(s3, key);
    // It was asked of a bucket, and is answered as if of a key.
    if (objects === 'noSuchKey') throw storeFault('BucketTwice');
    if (objects === null) return null;
    const own = objects.find(({ name }) => name === key);
    if (own !== undefined) return own;
    const others = await list(s3, twice);
    if (Array.isArray(others) && others.some(({ name }) => name === twice)) throw storeFault('BucketTwice');
  }
  throw storeFault('NotListed');
}

/** Fills a cache before the store that remembers an empty listing. False where nothing is listed in time. */
export async function listBefore(s3: S3Api, key: string): Promise<boolean> {
  return (await list(s3, key)) !== null;
}

/**
 * Removes what checks wrote whose process ended before it removed it: those of the first page of the listing that are
 * older than a day.
 *
 * @param now ms since 1970, by the clock of the store
 */
export async function removeLeftovers(s3: S3Api, now: number): Promise<void> {
  const { objects } = await s3.list('checks/');
  const old = objects.filter(
    ({ name, lastModified }) => OWN_KEY.test(name) && now - lastModified.getTime() > DAY_MS,
  );
  if (old.length > 0) await s3.remove(old.map(({ name }) => name));
}

/** null where the store refuses it or takes too long: each use of a listing reports the reason. */
async function list(s3: S3Api, prefix: string): Promise<readonly StoredObject[] | 'noSuchKey' | null> {
  try {
    return (await within(systemClock, LISTING_MS, s3.list(prefix), () => new Error('too late'))).objects;
  } catch (error) {
    return isMissing(error) ? 'noSuchKey' : null;
  }
}

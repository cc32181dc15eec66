/** Whether a listing shows what was written, and what killed checks have left behind. */
import type { StoredObject } from '../domain/ports.ts';
import type { S3Api } from './api.ts';
import { isMissing, storeFault } from './problem.ts';

/** Ms before it is asked again; a listing may lag a little. */
const PAUSES_MS = [200, 800];
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
 * @returns the object; null where the store lists nothing, which its rights may forbid
 */
export async function checkListing(
  s3: S3Api,
  key: string,
  { bucket, wait }: ListingParts,
): Promise<StoredObject | null> {
  for (const pauseMs of [0, ...PAUSES_MS]) {
    if (pauseMs > 0) await wait(pauseMs);
    const objects = await list(s3, key);
    if (objects === null) return null;
    const own = objects.find(({ name }) => name === key);
    if (own !== undefined) return own;
    const twice = `${bucket}/${key}`;
    if ((await list(s3, twice))?.some(({ name }) => name === twice)) throw storeFault('BucketTwice');
  }
  throw storeFault('NotListed');
}

/** Fills a cache before the store that remembers an empty listing. */
export async function listBefore(s3: S3Api, key: string): Promise<void> {
  await list(s3, key);
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

/** null where the store refuses it: each use of a listing reports the reason. */
async function list(s3: S3Api, prefix: string): Promise<readonly StoredObject[] | null> {
  try {
    return (await s3.list(prefix)).objects;
  } catch (error) {
    // It was asked of a bucket, and is answered as if of a key.
    if (isMissing(error)) throw storeFault('BucketTwice', { cause: error });
    return null;
  }
}

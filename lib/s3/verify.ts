/** The check of a bucket before the first write of a day: without what it looks at two calls could overwrite each other. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { S3Api } from './api.ts';
import { checkBursts, type Finding } from './checkBursts.ts';
import { checkConditions } from './checkConditions.ts';
import { checkListing, listBefore, removeLeftovers } from './checkListing.ts';
import { type Atomicity, isBelieved, readNote, writeNote } from './checkNote.ts';
import { type StoreFinding, storageProblem, storeFault } from './problem.ts';

export interface VerifyParts {
  readonly bucket: string;
  readonly newId?: () => string;
  /** Ms since 1970. */
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
  /** Called when the server was too busy to show whether one of several simultaneous writes wins. */
  readonly onUndecided?: () => void;
}

/**
 * Checks once a day, and after ten minutes when the last check stayed undecided. What it found is kept; a failure is
 * forgotten, so that the next call checks again. The function returned throws `STORAGE_UNAVAILABLE`.
 */
export function createVerify(s3: S3Api, given: VerifyParts): () => Promise<void> {
  const parts: Parts = { newId: randomUUID, now: Date.now, wait, onUndecided: () => undefined, ...given };
  interface Check {
    readonly begunAt: number;
    found: Atomicity;
    readonly verified: Promise<void>;
  }
  let current: Check | null = null;

  const begin = (): Check => {
    const learn = (found: Atomicity) => {
      check.found = found;
      if (found === 'notAtomic' && current === check) current = null;
    };
    const verified = verify(s3, parts, learn).then(learn, (error: unknown) => {
      if (current === check) current = null;
      throw storageProblem(error);
    });
    const check: Check = { begunAt: parts.now(), found: 'atomic', verified };
    return check;
  };
  return () => {
    if (current === null || !isBelieved(current.found, current.begunAt, parts.now())) current = begin();
    return current.verified;
  };
}

type Parts = Required<VerifyParts>;

/** @param onLate called with what turns out after a check that has passed */
async function verify(s3: S3Api, parts: Parts, onLate: (found: Atomicity) => void): Promise<Atomicity> {
  const { bucket, newId, now, wait } = parts;
  const known = await notRefused(s3, now());
  if (known !== null) return known;
  // Of this check alone: several processes may check at once.
  const keys = [`checks/${newId()}`];
  const newKey = () => {
    const key = `checks/burst-${newId()}`;
    keys.push(key);
    return key;
  };
  let bursts: Finding | undefined;
  try {
    await checkBucket(s3, keys[0] ?? '', parts);
    bursts = await checkBursts(s3, { newKey, wait });
  } catch (error) {
    // MinIO still takes a removal of many objects as one of the bucket, where the key begins with the bucket's name.
    if (isNamed(error, 'BucketTwice')) keys.push(`${bucket}/${keys[0]}`);
    throw error;
  } finally {
    // What cannot be removed is a few bytes; it must neither hide what was found nor hold it up.
    void Promise.resolve(bursts?.late)
      .then(() => s3.remove(keys))
      .catch(() => undefined);
  }
  const { found, late } = bursts;
  await keep(s3, parts, found);
  void late.then((last) => keepLate(s3, parts, found, last, onLate)).catch(() => undefined);
  return found;
}

/** Everything but simultaneous writes. */
async function checkBucket(s3: S3Api, key: string, parts: Parts): Promise<void> {
  const isListed = await listBefore(s3, key);
  await checkConditions(s3, key);
  const own = isListed ? await checkListing(s3, key, parts) : null;
  if (own !== null) void removeLeftovers(s3, own.lastModified.getTime()).catch(() => undefined);
}

/** Throws `NotAtomic` where this check or another one has found that. */
async function keep(s3: S3Api, { now, onUndecided }: Parts, found: Atomicity): Promise<void> {
  if (found === 'notAtomic') {
    await writeNote(s3, now(), found).catch(() => undefined);
    throw storeFault('NotAtomic', { cause: 'several of one burst' });
  }
  // Another process may have been less lucky meanwhile.
  await notRefused(s3, now());
  await writeNote(s3, now(), found);
  if (found === 'undecided') onUndecided();
}

async function keepLate(
  s3: S3Api,
  parts: Parts,
  before: Atomicity,
  found: Atomicity,
  onLate: (found: Atomicity) => void,
): Promise<void> {
  if (found === before) return;
  // The note is written first: a call that reads it in between would believe the old one.
  await keep(s3, parts, found).finally(() => onLate(found));
}

/** What the note says; throws `NotAtomic` where it says that. */
async function notRefused(s3: S3Api, now: number): Promise<Atomicity | null> {
  const known = await readNote(s3, now);
  if (known === 'notAtomic') throw storeFault('NotAtomic', { cause: 'as an earlier check found' });
  return known;
}

function isNamed(error: unknown, finding: StoreFinding): boolean {
  return (error as { readonly name?: unknown }).name === finding;
}

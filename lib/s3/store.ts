/** The bucket: records and images on an S3-compatible store. */

import { createByteBudget } from '../concurrency/byteBudget.ts';
import type { StoreConfig } from '../config.ts';
import type { VersionedRecord } from '../domain/model.ts';
import type { ImageStore, RecordStore, StoredObject, SweepProgress } from '../domain/ports.ts';
import { STORE_TIMES, type StoreTimes } from '../domain/times.ts';
import {
  isRecordOf,
  notUnderstood,
  RECORD_MAX_BYTES,
  readRecord,
  writeRecord,
} from '../record/recordText.ts';
import type { FoundText, ListedPage, ListFrom, S3Api } from './api.ts';
import { isCertainlyRefused, isMissing, nameOf, storageProblem, storeFault } from './problem.ts';
import { createSweepProgress } from './sweepProgress.ts';

export interface S3Store {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly sweepProgress: SweepProgress;
  /** Ends the kept connections. */
  close(): void;
}

/** DeleteObjects takes so many keys at once. */
const REMOVED_AT_ONCE = 1_000;
/** Pages of a listing may be empty: a server that walks over what was deleted answers with what it has so far. */
const EMPTY_PAGES_MAX = 100;
/** Bytes of the records that `readUpTo` holds at once, over all calls of the process, beside one larger record. */
const RECORD_BYTES_AT_ONCE = 8 * 1024 * 1024;

const UNDECIDED =
  'It did not answer enough simultaneous writes. The check is repeated after ten minutes: if this stays, give the storage more, or raise the limit of the proxy before it.';

/** What there is to log: no caller is answered differently for it. */
export interface StoreNotice {
  /**
   * `removedSingly`: the store refuses to remove many objects in one request. `notRemoved`: objects that no record
   * names stay until a sweep. `undecided`: the check of the bucket could not show that one of several simultaneous
   * writes wins.
   */
  readonly kind: 'removedSingly' | 'notRemoved' | 'undecided';
  /** One sentence, or the store's own name of the error. */
  readonly cause: string;
}

export interface S3StoreParts {
  /** When the SDK is loaded: a look-up that the cache answers needs none of it, a harvest always does. */
  readonly loads?: 'now' | 'at the first call';
  readonly tell?: (notice: StoreNotice) => void;
}

/**
 * Opens no connection before the first call. Every call ends: a store that hangs costs what `times` says.
 * @param times for tests; the default suits a store in the same network or region.
 */
export function createS3Store(
  config: StoreConfig,
  times: StoreTimes = STORE_TIMES,
  { loads = 'at the first call', tell = () => undefined }: S3StoreParts = {},
): S3Store {
  const s3 = openLater(config, times, tell);
  // What goes wrong here, the first call meets again.
  if (loads === 'now') s3.open().catch(() => undefined);
  return {
    records: createRecords(s3, config.bucket, tell),
    images: createImages(s3, config.linkTtlSeconds, tell),
    sweepProgress: createSweepProgress(s3),
    close: () => s3.close(),
  };
}

/** The same API, loaded with its first call: each bundle has it in a separate chunk. */
function openLater(
  config: StoreConfig,
  times: StoreTimes,
  tell: (notice: StoreNotice) => void,
): S3Api & { open(): Promise<S3Api> } {
  let opening: Promise<S3Api> | undefined;
  const removesSingly = (error: unknown) => tell({ kind: 'removedSingly', cause: nameOf(error) });
  const opened = () => {
    opening ??= import('./api.ts').then((api) => api.createS3Api(config, times, removesSingly));
    return opening;
  };
  return {
    open: opened,
    get: async (...args) => (await opened()).get(...args),
    put: async (...args) => (await opened()).put(...args),
    putOnCondition: async (...args) => (await opened()).putOnCondition(...args),
    remove: async (...args) => (await opened()).remove(...args),
    list: async (...args) => (await opened()).list(...args),
    link: async (...args) => (await opened()).link(...args),
    close: () => void opening?.then((s3) => s3.close()),
  };
}

function createRecords(s3: S3Api, bucket: string, tell: (notice: StoreNotice) => void): RecordStore {
  const usualAtOnce = createByteBudget(RECORD_BYTES_AT_ONCE);
  // A separate budget: reading a usual record must not wait behind many large ones.
  const largeAtOnce = createByteBudget(RECORD_MAX_BYTES);
  let checking: Promise<() => Promise<void>> | undefined;
  const get = (pageId: string, maxBytes: number) =>
    s3.get(recordKey(pageId), maxBytes).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw storageProblem(error);
    });
  return {
    async read(pageId) {
      const found = await get(pageId, RECORD_MAX_BYTES);
      return found && understood(pageId, found);
    },

    async readUpTo(pageId, maxBytes) {
      const share = (maxBytes > RECORD_BYTES_AT_ONCE ? largeAtOnce : usualAtOnce).open('look-ups');
      try {
        await share.acquire(maxBytes);
        const found = await get(pageId, maxBytes);
        if (found?.text === null && maxBytes < RECORD_MAX_BYTES) return 'larger';
        return found && { ...understood(pageId, found), bytes: Buffer.byteLength(found.text ?? '') };
      } finally {
        share.release();
      }
    },

    async write(pageId, record, condition) {
      try {
        const body = Buffer.from(writeRecord(record));
        return { kind: 'written', etag: await s3.putOnCondition(recordKey(pageId), body, condition) };
      } catch (error) {
        const problem = storageProblem(error);
        if (isCertainlyRefused(error)) throw problem;
        return { kind: 'unclear', cause: problem };
      }
    },

    // In a separate chunk of each bundle: a look-up never needs it.
    verify: async () => {
      checking ??= import('./verify.ts').then(({ createVerify }) =>
        createVerify(s3, { bucket, onUndecided: () => tell({ kind: 'undecided', cause: UNDECIDED }) }),
      );
      await (await checking)();
    },
  };
}

/** @throws STORAGE_UNAVAILABLE when it is not a record of this page that this version can read */
function understood(pageId: string, { text, etag }: FoundText): VersionedRecord {
  const record = text === null ? null : readRecord(text);
  if (record !== null && isRecordOf(pageId, record)) return { record, etag };
  throw notUnderstood();
}

function createImages(s3: S3Api, linkTtlSeconds: number, tell: (notice: StoreNotice) => void): ImageStore {
  const notRemoved = (error: unknown): never => {
    const problem = storageProblem(error);
    tell({ kind: 'notRemoved', cause: problem.detail });
    throw problem;
  };
  return {
    async put(name, bytes, contentType, signal, sha256) {
      try {
        await s3.put(name, bytes, {
          contentType,
          signal,
          ...(sha256 !== undefined && { sha256 }),
          // A browser would run what an SVG contains.
          ...(contentType.startsWith('image/svg') && { contentDisposition: 'attachment' }),
        });
      } catch (error) {
        throw signal.aborted ? signal.reason : storageProblem(error);
      }
    },

    async remove(names) {
      for (let start = 0; start < names.length; start += REMOVED_AT_ONCE) {
        const left = await s3.remove(names.slice(start, start + REMOVED_AT_ONCE)).catch(notRemoved);
        const first = left.find(({ Code }) => Code !== 'NoSuchKey');
        if (first !== undefined) notRemoved({ name: first.Code, failed: left });
      }
    },

    async *list(prefix, after): AsyncGenerator<StoredObject> {
      const seen = new Set<string>();
      let emptyInARow = 0;
      let from: ListFrom | undefined = after === undefined ? undefined : { after };
      do {
        const { objects, next }: ListedPage = await s3.list(prefix, from).catch(fail);
        // A server that repeats its tokens or its objects, or goes on without any, would never end.
        const signs = [objects[0]?.name, next].flatMap((sign, kind) =>
          sign === undefined ? [] : `${kind}${sign}`,
        );
        emptyInARow = objects.length === 0 ? emptyInARow + 1 : 0;
        if (signs.some((sign) => seen.has(sign)) || emptyInARow > EMPTY_PAGES_MAX) {
          throw storageProblem(storeFault('ListsInCircles'));
        }
        for (const sign of signs) seen.add(sign);
        yield* objects;
        from = next === undefined ? undefined : { token: next };
      } while (from !== undefined);
    },

    link: (name) => s3.link(name, linkTtlSeconds).catch(fail),
  };
}

function recordKey(pageId: string): string {
  return `pages/${pageId}.json`;
}

function fail(error: unknown): never {
  throw storageProblem(error);
}

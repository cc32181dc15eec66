/** The bucket: records and images on an S3-compatible store. */
import type { StoreConfig } from '../config.ts';
import type { ImageStore, RecordStore, StoredObject } from '../ports.ts';
import { readRecord, writeRecord } from './recordText.ts';
import { createS3Api, type S3Api, STORE_TIMES, type StoreTimes } from './s3Api.ts';
import { isCertainlyRefused, isMissing, storageProblem, unavailable } from './s3Problem.ts';
import { createVerify } from './s3Verify.ts';

export interface S3Store {
  readonly records: RecordStore;
  readonly images: ImageStore;
  /** Ends the kept connections. */
  close(): void;
}

/** DeleteObjects takes so many keys at once. */
const REMOVED_AT_ONCE = 1_000;

/**
 * Opens no connection before the first call. Every call ends: a store that hangs costs what `times` says.
 * @param times for tests; the default suits a store in the same network or region.
 */
export function createS3Store(config: StoreConfig, times: StoreTimes = STORE_TIMES): S3Store {
  const s3 = createS3Api(config, times);
  return {
    records: createRecords(s3),
    images: createImages(s3, config.linkTtlSeconds),
    close: () => s3.close(),
  };
}

function createRecords(s3: S3Api): RecordStore {
  return {
    async read(pageId) {
      const found = await s3.get(recordKey(pageId)).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw storageProblem(error);
      });
      if (found === null) return null;
      const record = readRecord(found.text);
      if (record !== null) return { record, etag: found.etag };
      throw unavailable('The record of this page cannot be understood: another program or version wrote it.');
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

    verify: createVerify(s3),
  };
}

function createImages(s3: S3Api, linkTtlSeconds: number): ImageStore {
  return {
    async put(name, bytes, contentType, signal) {
      try {
        await s3.put(name, bytes, {
          contentType,
          signal,
          // A browser would run what an SVG contains.
          ...(contentType.startsWith('image/svg') && { contentDisposition: 'attachment' }),
        });
      } catch (error) {
        throw signal.aborted ? signal.reason : storageProblem(error);
      }
    },

    async remove(names) {
      for (let start = 0; start < names.length; start += REMOVED_AT_ONCE) {
        const left = await s3.remove(names.slice(start, start + REMOVED_AT_ONCE)).catch(fail);
        const first = left.find(({ Code }) => Code !== 'NoSuchKey');
        if (first !== undefined) throw storageProblem({ name: first.Code, failed: left });
      }
    },

    async *list(prefix): AsyncGenerator<StoredObject> {
      let after: string | undefined;
      do {
        const page = await s3.list(prefix, after).catch(fail);
        yield* page.objects;
        // A server that repeats its token would never end.
        if (page.next !== undefined && page.next === after)
          throw unavailable('The storage lists in circles.');
        after = page.next;
      } while (after !== undefined);
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

/** A bucket in memory that keeps the promises of `RecordStore`, `ImageStore` and `SweepProgress`. */
import { createHash } from 'node:crypto';
import type { StoredRecord } from '../../lib/domain/model.ts';
import type {
  ImageStore,
  RecordStore,
  StoredObject,
  SweepPosition,
  SweepProgress,
} from '../../lib/domain/ports.ts';
import { createCalls, type Intercept, type PortCall } from './intercept.ts';

interface MemoryObject {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly lastModified: Date;
}

export interface MemoryStore {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly sweepProgress: SweepProgress;
  /** Where the next sweep begins, to look at and to change. */
  readonly sweptTo: { position: SweepPosition | null };
  /** The images by name, to look at and to change. */
  readonly objects: Map<string, MemoryObject>;
  /** The records by page id, to look at and to change. */
  readonly kept: Map<string, StoredRecord>;
  /** Methods: read, write, verify, put, remove, list, link, readProgress, writeProgress. */
  readonly calls: readonly PortCall[];
}

export interface MemoryStoreParts {
  /** The time that new objects get. */
  readonly now?: () => Date;
  /** A `write` must resolve with `{ kind: 'unclear', cause }` where the answer is lost. */
  readonly intercept?: Intercept;
}

export function createMemoryStore({ now = () => new Date(), intercept }: MemoryStoreParts = {}): MemoryStore {
  const { calls, through } = createCalls(intercept);
  const objects = new Map<string, MemoryObject>();
  const kept = new Map<string, StoredRecord>();

  const etagOf = (pageId: string): string | null => {
    const record = kept.get(pageId);
    if (record === undefined) return null;
    return `"${createHash('md5').update(JSON.stringify(record)).digest('hex')}"`;
  };

  const records: RecordStore = {
    read: (pageId) =>
      through('read', pageId, () => {
        const record = kept.get(pageId);
        const etag = etagOf(pageId);
        return record === undefined || etag === null ? null : { record: structuredClone(record), etag };
      }),
    readUpTo: (pageId, maxBytes) =>
      through('read', pageId, () => {
        const record = kept.get(pageId);
        const etag = etagOf(pageId);
        if (record === undefined || etag === null) return null;
        const bytes = Buffer.byteLength(JSON.stringify(record));
        return bytes > maxBytes ? 'larger' : { record: structuredClone(record), etag, bytes };
      }),
    write: (pageId, record, condition) =>
      through('write', pageId, () => {
        const wanted = 'ifMatch' in condition ? condition.ifMatch : null;
        if (etagOf(pageId) !== wanted) return { kind: 'unclear', cause: new Error('412') };
        kept.set(pageId, structuredClone(record));
        return { kind: 'written', etag: etagOf(pageId) ?? '' };
      }),
    verify: () => through('verify', '', () => undefined),
  };

  const images: ImageStore = {
    put: (name, bytes, contentType, signal) =>
      through('put', name, () => {
        signal.throwIfAborted();
        objects.set(name, { bytes: Buffer.from(bytes), contentType, lastModified: now() });
      }),
    remove: (names) =>
      through('remove', names[0] ?? '', () => {
        for (const name of names) objects.delete(name);
      }),
    async *list(prefix, after) {
      yield* await through('list', prefix, () => listOf(objects, prefix, after));
    },
    link: (name) => through('link', name, () => `https://store.test/${name}?signed`),
  };

  const sweptTo: MemoryStore['sweptTo'] = { position: null };
  const sweepProgress: SweepProgress = {
    read: () => through('readProgress', '', () => sweptTo.position),
    write: (position) =>
      through('writeProgress', '', () => {
        sweptTo.position = position;
      }),
  };

  return { records, images, sweepProgress, sweptTo, objects, kept, calls };
}

/** In the order of the names' UTF-8 bytes, as S3 lists. */
function listOf(
  objects: ReadonlyMap<string, MemoryObject>,
  prefix: string,
  after = '',
): readonly StoredObject[] {
  const start = Buffer.from(after);
  return [...objects]
    .filter(([name]) => name.startsWith(prefix) && Buffer.compare(Buffer.from(name), start) > 0)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, { bytes, lastModified }]) => ({ name, bytes: bytes.length, lastModified }));
}

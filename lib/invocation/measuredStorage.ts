/** Adds up the time that one call waits for the bucket. */
import type { Clock, ImageStore, Measures, RecordStore } from '../domain/ports.ts';

export interface Storage {
  readonly records: RecordStore;
  readonly images: ImageStore;
}

/** The same storage, which adds the time of each storage call to `measures.storageMs`. Overlapping calls each count. */
export function measuredStorage({ records, images }: Storage, clock: Clock, measures: Measures): Storage {
  async function* timedPages<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = pages[Symbol.asyncIterator]();
    for (let next = await timed(iterator.next()); !next.done; next = await timed(iterator.next())) {
      yield next.value;
    }
  }
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const start = clock.elapsed();
    try {
      return await work;
    } finally {
      measures.storageMs = (measures.storageMs ?? 0) + clock.elapsed() - start;
    }
  };
  return {
    records: {
      read: (pageId) => timed(records.read(pageId)),
      readUpTo: (pageId, maxBytes) => timed(records.readUpTo(pageId, maxBytes)),
      write: (pageId, record, condition) => timed(records.write(pageId, record, condition)),
      verify: () => timed(records.verify()),
    },
    images: {
      put: (name, bytes, contentType, signal, sha256) =>
        timed(images.put(name, bytes, contentType, signal, sha256)),
      remove: (names) => timed(images.remove(names)),
      list: (prefix, after) => timedPages(images.list(prefix, after)),
      link: (name) => images.link(name),
    },
  };
}

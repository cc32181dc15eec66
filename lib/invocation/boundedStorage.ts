/** Ends every call to the bucket with the time of the one who waits for it, however long the store takes. */

import { within } from '../concurrency/waiting.ts';
import type { Clock } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';
import { ANSWER_MS, REMOVE_MS } from '../domain/times.ts';
import type { Storage } from './measuredStorage.ts';

/**
 * The same storage, but no method is waited for beyond `deadline` (on `clock.elapsed()`, ms): it throws
 * `STORAGE_UNAVAILABLE`, and a conditional write is unclear, since it may yet be applied.
 * @param removeMs of one removal
 */
export function boundedStorage(
  { records, images }: Storage,
  clock: Clock,
  deadline: number,
  removeMs = REMOVE_MS,
): Storage {
  const leftMs = () => Math.max(0, deadline - ANSWER_MS - clock.elapsed());
  const bounded = <T>(work: Promise<T>, ms = leftMs()): Promise<T> => within(clock, ms, work, tooLate);
  async function* boundedPages<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = pages[Symbol.asyncIterator]();
    for (let next = await bounded(iterator.next()); !next.done; next = await bounded(iterator.next())) {
      // What has arrived already would let a listing without end go on.
      if (leftMs() === 0) throw tooLate();
      yield next.value;
    }
  }
  return {
    records: {
      read: (pageId) => bounded(records.read(pageId)),
      readUpTo: (pageId, maxBytes) => bounded(records.readUpTo(pageId, maxBytes)),
      write: (pageId, record, condition) =>
        bounded(records.write(pageId, record, condition)).catch((error: unknown) => {
          if (isTooLate(error)) return { kind: 'unclear' as const, cause: error };
          throw error;
        }),
      verify: () => bounded(records.verify()),
    },
    images: {
      // Its signal ends it.
      put: (name, bytes, contentType, signal, sha256) => images.put(name, bytes, contentType, signal, sha256),
      remove: (names) => bounded(images.remove(names), Math.min(leftMs(), removeMs)),
      list: (prefix, after) => boundedPages(images.list(prefix, after)),
      link: (name) => images.link(name),
    },
  };
}

const TOO_LATE = Symbol('the time is over');

/** What a call to the bucket fails with when its time is over. */
export function tooLate(): Problem {
  return new Problem('STORAGE_UNAVAILABLE', {
    detail: STORAGE_SENTENCES.deadline,
    retryAfterSeconds: 5,
    cause: TOO_LATE,
  });
}

/** Whether a call to a bounded storage ended because the time was over, not because of the storage. */
export function isTooLate(error: unknown): boolean {
  return error instanceof Problem && error.cause === TOO_LATE;
}

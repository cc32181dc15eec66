/** Bounds each storage call by the deadline of the operation that waits for it. */

import { within } from '../concurrency/waiting.ts';
import type { Clock } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';
import { ANSWER_MS, REMOVE_MS } from '../domain/times.ts';
import type { Storage } from './measuredStorage.ts';

/**
 * The same storage, whose methods end before `deadline` (on `clock.elapsed()`, ms). A method that takes longer throws
 * `STORAGE_UNAVAILABLE`. A conditional write that takes longer is unclear, since it may still be applied.
 * @param removeMs limit of one removal
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
      // Pages that have arrived already are not waited for, so they would let a long listing pass the deadline.
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
      // An upload has its signal, which bounds it.
      put: (name, bytes, contentType, signal, sha256) => images.put(name, bytes, contentType, signal, sha256),
      remove: (names) => bounded(images.remove(names), Math.min(leftMs(), removeMs)),
      list: (prefix, after) => boundedPages(images.list(prefix, after)),
      link: (name) => images.link(name),
    },
  };
}

const TOO_LATE = Symbol('the time is over');

/** The error of a storage call whose time is over. */
export function tooLate(): Problem {
  return new Problem('STORAGE_UNAVAILABLE', {
    detail: STORAGE_SENTENCES.deadline,
    retryAfterSeconds: 5,
    cause: TOO_LATE,
  });
}

/** Whether a storage call was ended by its deadline, not by a failure of the storage. */
export function isTooLate(error: unknown): boolean {
  return error instanceof Problem && error.cause === TOO_LATE;
}

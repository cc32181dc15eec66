/** The one moment at which anything changes for a reader: the conditional PUT of a record, and what to make of its answer. */
import type { StoredRecord, VersionedRecord } from '../domain/model.ts';
import type { RecordStore, WriteCondition } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';

export type Commit =
  /** The record is the current one. */
  | { readonly kind: 'committed' }
  /** It was the current one, and a later writer has already built on it. */
  | { readonly kind: 'superseded'; readonly current: StoredRecord }
  /** Another writer came first: this record never was and never will be current. */
  | { readonly kind: 'lost'; readonly current: StoredRecord | null }
  /** The store certainly took nothing of it. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Nobody can say; it may yet be applied. Whatever the record names must stay. */
  | { readonly kind: 'unknown'; readonly problem: Problem };

/** Each attempt is a write and, when that is unclear, a read; a store that stays unclear so long is down. */
const ATTEMPTS_MAX = 4;

/**
 * Commits `record` on the condition that the page's record is still the one read before (`before`, null: none).
 *
 * An unclear answer is settled by reading the record again: the opId, unique to this operation, tells whether
 * it was applied, and a fence or a later writer keeps it among the predecessors. It is tried again only while
 * the bucket still holds exactly `before`; a lost commit is never repeated on a newer record.
 *
 * @param mayTry asked before every attempt; false once the operation's time is over.
 */
export async function commitRecord(
  records: Pick<RecordStore, 'read' | 'write'>,
  pageId: string,
  record: StoredRecord,
  before: VersionedRecord | null,
  mayTry: () => boolean,
): Promise<Commit> {
  const condition: WriteCondition = before === null ? { ifAbsent: true } : { ifMatch: before.etag };
  let mayBeApplied = false;
  let lastCause: unknown;
  const failed = (problem: Problem): Commit => ({ kind: mayBeApplied ? 'unknown' : 'refused', problem });

  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (!mayTry()) return failed(mayBeApplied ? neverClear() : tooLate());
    const written = await records.write(pageId, record, condition).catch(asProblem);
    if (written instanceof Problem) return failed(written);
    if (written.kind === 'written') return { kind: 'committed' };
    mayBeApplied = true;
    lastCause = written.cause;

    const read = await records.read(pageId).catch(asProblem);
    if (read instanceof Problem) return failed(read);
    if (read?.record.opId === record.opId) return { kind: 'committed' };
    if (read?.record.predecessors.includes(record.opId)) return { kind: 'superseded', current: read.record };
    if ((read?.etag ?? null) !== (before?.etag ?? null))
      return { kind: 'lost', current: read?.record ?? null };
  }
  return failed(lastCause instanceof Problem ? lastCause : neverClear());
}

/** A bug is not an answer of the store: it passes on. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

const tooLate = () =>
  new Problem('STORAGE_UNAVAILABLE', {
    detail: STORAGE_SENTENCES.notTried,
    retryAfterSeconds: 5,
  });

const neverClear = () =>
  new Problem('STORAGE_UNAVAILABLE', {
    detail: STORAGE_SENTENCES.unclear,
    retryAfterSeconds: 5,
  });

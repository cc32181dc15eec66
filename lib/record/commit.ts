/**
 * The conditional write of a record, and how its outcome is found out. Readers see all changes of an operation at this
 * moment, and none before.
 */
import type { StoredRecord, VersionedRecord } from '../domain/model.ts';
import type { RecordStore, WriteCondition } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { STORAGE_SENTENCES } from '../domain/storageSentences.ts';

export type Commit =
  /** The record is the current one. */
  | { readonly kind: 'committed' }
  /** The record was the current one, and a later writer has already replaced it. */
  | { readonly kind: 'superseded'; readonly current: StoredRecord }
  /** Another writer came first: this record was never current and never will be. */
  | { readonly kind: 'lost'; readonly current: StoredRecord | null }
  /** The store certainly did not apply it. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** It may have been applied, or may still be. All objects that the record names must stay. */
  | { readonly kind: 'unknown'; readonly problem: Problem };

/** An attempt is a write and, when its outcome is unclear, a read. A store that is unclear this often is down. */
const ATTEMPTS_MAX = 4;

/**
 * The outcome of committing `record`, on the condition that the page's record is still `before` (null: no record).
 *
 * When a write is unclear, the record is read again. The opId, unique to this operation, shows whether the write was
 * applied: a fence or a later writer keeps it among the predecessors. The write is tried again only while the bucket
 * still has exactly `before`. A lost commit is never repeated on a newer record.
 *
 * @param mayTry called before every attempt: false when the operation's time is over
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

/** The error as a value; rethrows one that is not a `Problem`, which is a bug. */
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

/** Removes the copies that no record names, such as those of an operation that was killed. */

import { PREDECESSORS_KEPT, type StoredRecord, type VersionedRecord } from '../domain/model.ts';
import type { Clock, ImageStore, PageCache, PageLock, RecordStore, SweepProgress } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { isTooLate } from '../invocation/boundedStorage.ts';
import { commitRecord } from '../record/commit.ts';
import { namesOf } from '../record/namesOf.ts';
import { openCursor, type SweepCursor } from './sweepCursor.ts';
import { batchesFrom, oldNamesByPage } from './sweepWalk.ts';

export interface SweepServices {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly sweepProgress: SweepProgress;
  readonly cache: PageCache;
  readonly lock: PageLock;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface SweepReport {
  /** Objects seen in the listing. */
  readonly listed: number;
  /** Pages whose record was fenced, so that their copies could be removed. */
  readonly fenced: number;
  readonly removed: number;
  /** Pages that were not swept because a writer was at work or committed before the fence. */
  readonly leftAlone: number;
  /** Pages for which the storage failed. They do not stop the sweep. */
  readonly failed: number;
  /** Every object was looked at. False when time ran out: the next sweep continues from there. */
  readonly finished: boolean;
  /** False when the position could not be written. The next sweep then begins at an earlier one. */
  readonly positionSaved: boolean;
}

/** When this many pages fail in a row, the bucket is down, and not single records broken. */
const FAILED_MAX = 10;

/**
 * A report of what the sweep did. It lists the images and removes, page by page, old ones that the page's record does
 * not name. It fences the record first: the commit of a writer that was paused for a day then fails, instead of naming
 * a removed object. Objects of later writers are not in the listing.
 *
 * A sweep goes round the bucket once, from where the previous sweep ended. With enough time it looks at every object,
 * even when the stored position is wrong. Otherwise a bounded number of sweeps does.
 *
 * @param services their storage calls should end at `deadline`; the next sweep repeats a page that this interrupts
 * @param deadline on `clock.elapsed()`, ms; no page is begun after it
 * @throws STORAGE_UNAVAILABLE when the bucket has no conditional writes, cannot be listed, or fails for many pages in a
 * row
 */
export async function sweep(services: SweepServices, deadline: number): Promise<SweepReport> {
  const tally = { listed: 0, fenced: 0, removed: 0, leftAlone: 0, failed: 0 };
  // A fence on a server that ignores its condition would overwrite a commit.
  await services.records.verify();
  const place = await openCursor(services.sweepProgress);
  try {
    const finished = await goRound(services, place, tally, deadline);
    return { ...tally, finished, positionSaved: finished || (await place.save()) };
  } catch (error) {
    const positionSaved = await place.save();
    // The deadline ended a storage call: that is the normal end of a long sweep.
    if (isOutOfTime(error, services.clock, deadline)) return { ...tally, finished: false, positionSaved };
    throw error;
  }
}

type Tally = { -readonly [K in 'listed' | 'fenced' | 'removed' | 'leftAlone' | 'failed']: number };

/** Whether every page was visited; false when time ran out. */
async function goRound(
  services: SweepServices,
  place: SweepCursor,
  tally: Tally,
  deadline: number,
): Promise<boolean> {
  const { images, clock } = services;
  const isOver = () => clock.elapsed() >= deadline;
  let failedInARow = 0;
  for await (const batch of batchesFrom(images, place.start, clock, deadline)) {
    tally.listed += batch.objects.length;
    for (const [pageId, names] of oldNamesByPage(batch, clock.now())) {
      if (isOver()) return false;
      await place.enter({ after: batch.after, until: batch.until, pageId });
      const outcome = await sweepPage(services, pageId, names, deadline).catch(asProblem);
      if (outcome instanceof Problem) {
        if (isOutOfTime(outcome, clock, deadline)) return false;
        tally.failed += 1;
        failedInARow += 1;
        place.leave();
        if (failedInARow === FAILED_MAX) throw outcome;
        continue;
      }
      failedInARow = 0;
      place.leave();
      tally.removed += outcome.removed;
      if (outcome.kind === 'fenced') tally.fenced += 1;
      if (outcome.kind === 'leftAlone') tally.leftAlone += 1;
    }
    place.pass({ after: batch.until, until: batch.until, pageId: '' });
  }
  return true;
}

function isOutOfTime(error: unknown, clock: Clock, deadline: number): boolean {
  return isTooLate(error) || (error instanceof Problem && clock.elapsed() >= deadline);
}

/** The failure of one page as a value, so that the sweep continues; rethrows an error that is not a `Problem`. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

async function sweepPage(
  { records, images, cache, lock, clock, newId }: SweepServices,
  pageId: string,
  names: readonly string[],
  deadline: number,
): Promise<{ readonly kind: 'clean' | 'leftAlone' | 'fenced'; readonly removed: number }> {
  const before = await records.read(pageId);
  const named = namesOf(before?.record);
  const orphans = names.filter((name) => !named.has(name));
  if (orphans.length === 0) return { kind: 'clean', removed: 0 };
  const isBusy = (await lock.isHeld(pageId)) || (await cache.read(pageId)).kind === 'busy';
  if (isBusy) return { kind: 'leftAlone', removed: 0 };

  const mayTry = () => clock.elapsed() < deadline;
  const fence = await commitRecord(records, pageId, fenceOf(before, newId()), before, mayTry);
  if ('problem' in fence) throw fence.problem;
  if (fence.kind !== 'committed') return { kind: 'leftAlone', removed: 0 };
  await images.remove(orphans);
  return { kind: 'fenced', removed: orphans.length };
}

/** The same record under a new opId; an empty record for a page without one. */
function fenceOf(before: VersionedRecord | null, opId: string): StoredRecord {
  if (before === null) return { schema: 1, kind: 'fence', opId, predecessors: [] };
  const { record } = before;
  return { ...record, opId, predecessors: [record.opId, ...record.predecessors].slice(0, PREDECESSORS_KEPT) };
}

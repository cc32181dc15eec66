/** The only collector of what a killed write left behind. */

import { PREDECESSORS_KEPT, type StoredRecord, type VersionedRecord } from '../domain/model.ts';
import type { Clock, ImageStore, PageCache, PageLock, RecordStore, SweepProgress } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { isTooLate } from '../invocation/boundedStorage.ts';
import { commitRecord } from '../record/commit.ts';
import { namesOf } from '../record/namesOf.ts';
import { openPlace, type Place } from './sweepPlace.ts';
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
  /** Pages whose record was fenced before anything of theirs was removed. */
  readonly fenced: number;
  readonly removed: number;
  /** Pages left alone: a writer was at work, or the fence lost to one. */
  readonly leftAlone: number;
  /** Pages whose record, fence or objects the bucket refused; the others were swept all the same. */
  readonly failed: number;
  /** Every object was looked at. False when time ran out; the next sweep goes on there. */
  readonly finished: boolean;
  /** False when the place to go on from could not be written: the next sweep begins where this one did. */
  readonly positionSaved: boolean;
}

/** So many pages in a row are not sick pages but a bucket that is down. */
const FAILED_MAX = 10;

/**
 * Lists the images, and page by page removes the old ones that the page's record does not name. The record is
 * fenced first (rewritten under a new opId on the condition that it is still the one just read), so that the
 * commit of a writer that slept through the day fails instead of naming what was removed. A later writer's
 * objects were not in the listing.
 *
 * It goes round the bucket once, from where the sweep before it ended. Whatever the bucket says of that place, each
 * object is looked at in a sweep that has time for all, and in a bounded number of sweeps that have not.
 *
 * @param services their calls should end at `deadline`: a page that is under way then is left for the next sweep
 * @param deadline on `clock.elapsed()`, ms; no page is begun after it.
 * @throws STORAGE_UNAVAILABLE when the bucket knows no conditional writes, cannot be listed, or fails for page after page
 */
export async function sweep(services: SweepServices, deadline: number): Promise<SweepReport> {
  const tally = { listed: 0, fenced: 0, removed: 0, leftAlone: 0, failed: 0 };
  // A fence on a server that ignores its condition would overwrite a commit.
  await services.records.verify();
  const place = await openPlace(services.sweepProgress);
  try {
    const finished = await goRound(services, place, tally, deadline);
    return { ...tally, finished, positionSaved: finished || (await place.save()) };
  } catch (error) {
    const positionSaved = await place.save();
    // The call that was under way when time ran out.
    if (isOutOfTime(error, services.clock, deadline)) return { ...tally, finished: false, positionSaved };
    throw error;
  }
}

type Tally = { -readonly [K in 'listed' | 'fenced' | 'removed' | 'leftAlone' | 'failed']: number };

/** False when time ran out. */
async function goRound(
  services: SweepServices,
  place: Place,
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

/** One page's damage must not keep the others from being swept. A bug passes on. */
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

/** The same record under a new opId; a page without a record gets an empty one. */
function fenceOf(before: VersionedRecord | null, opId: string): StoredRecord {
  if (before === null) return { schema: 1, kind: 'fence', opId, predecessors: [] };
  const { record } = before;
  return { ...record, opId, predecessors: [record.opId, ...record.predecessors].slice(0, PREDECESSORS_KEPT) };
}

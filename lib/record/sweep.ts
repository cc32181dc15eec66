/** The only collector of what a killed write left behind. */
import { parseObjectName } from '../image/objectName.ts';
import { PREDECESSORS_KEPT, type StoredRecord, type VersionedRecord } from '../model.ts';
import type { Clock, ImageStore, PageCache, PageLock, RecordStore, StoredObject } from '../ports.ts';
import { Problem } from '../problem.ts';
import { commitRecord } from './commit.ts';
import { namesOf } from './namesOf.ts';

export interface SweepServices {
  readonly records: RecordStore;
  readonly images: ImageStore;
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
  /** Pages whose record or objects the bucket refused; the others were swept all the same. */
  readonly failed: number;
  /** False when time ran out; the next sweep goes on. */
  readonly finished: boolean;
}

/** Younger objects may belong to a write that is still under way. */
const YOUNGEST_MS = 24 * 60 * 60 * 1000;
/** So many pages in a row are not sick pages but a bucket that is down. */
const FAILED_MAX = 10;
/** Objects held in memory at a time (about 30 MB); a bucket with fewer has each record read once. */
const BATCH_OBJECTS = 100_000;

/**
 * Lists the images, and page by page removes the old ones that the page's record does not name. The record is
 * fenced first (rewritten under a new opId on the condition that it is still the one just read), so that the
 * commit of a writer that slept through the day fails instead of naming what was removed. A later writer's
 * objects were not in the listing.
 *
 * @param deadline on `clock.elapsed()`, ms; no page is begun after it.
 * @throws STORAGE_UNAVAILABLE when the bucket knows no conditional writes, cannot be listed, or fails for page after page
 */
export async function sweep(services: SweepServices, deadline: number): Promise<SweepReport> {
  const tally = { listed: 0, fenced: 0, removed: 0, leftAlone: 0, failed: 0 };
  let failedInARow = 0;
  // A fence on a server that ignores its condition would overwrite a commit.
  await services.records.verify();
  for await (const batch of batchesOf(services.images.list('images/'))) {
    tally.listed += batch.length;
    for (const [pageId, names] of oldNamesByPage(batch, services.clock.now())) {
      if (services.clock.elapsed() >= deadline) return { ...tally, finished: false };
      const outcome = await sweepPage(services, pageId, names, deadline).catch(asProblem);
      if (outcome instanceof Problem) {
        tally.failed += 1;
        failedInARow += 1;
        if (failedInARow === FAILED_MAX) throw outcome;
        continue;
      }
      failedInARow = 0;
      tally.removed += outcome.removed;
      if (outcome.kind === 'fenced') tally.fenced += 1;
      if (outcome.kind === 'leftAlone') tally.leftAlone += 1;
    }
  }
  return { ...tally, finished: true };
}

/** One page's damage must not keep the others from being swept. A bug passes on. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

async function* batchesOf(objects: AsyncIterable<StoredObject>): AsyncGenerator<readonly StoredObject[]> {
  let batch: StoredObject[] = [];
  for await (const object of objects) {
    batch.push(object);
    if (batch.length < BATCH_OBJECTS) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

function oldNamesByPage(objects: readonly StoredObject[], now: Date): ReadonlyMap<string, readonly string[]> {
  const byPage = new Map<string, string[]>();
  for (const { name, lastModified } of objects) {
    const pageId = parseObjectName(name)?.pageId;
    if (pageId === undefined || now.getTime() - lastModified.getTime() < YOUNGEST_MS) continue;
    const names = byPage.get(pageId);
    if (names) names.push(name);
    else byPage.set(pageId, [name]);
  }
  return byPage;
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

/**
 * The order in which a sweep looks at a bucket: batch by batch of the listing, and page by page in each batch. A page's
 * objects are scattered over the listing, so a key alone does not say which pages were swept. A position is therefore a
 * batch and the last page swept in it.
 */
import { parseObjectName } from '../domain/objectName.ts';
import type { Clock, ImageStore, StoredObject, SweepPosition } from '../domain/ports.ts';

export interface Batch {
  /** The batch is the keys `after` < key ≤ `until` of the listing. */
  readonly after: string;
  readonly until: string;
  readonly objects: readonly StoredObject[];
}

/** Objects of a batch at most, about 30 MB in memory. In a bucket with fewer, each record is read once. */
const BATCH_OBJECTS = 100_000;

/**
 * Every object of the bucket once, in batches: from `start` to the end, then from the beginning to `start`. Listing a
 * batch takes at most half of the time left, so that time remains for its pages.
 * @param deadline on `clock.elapsed()`, ms
 */
export async function* batchesFrom(
  images: ImageStore,
  start: SweepPosition | null,
  clock: Clock,
  deadline: number,
): AsyncGenerator<Batch> {
  const list = (after: string, selected: AsyncIterable<StoredObject>) =>
    batchesOf(selected, after, clock, deadline);
  if (start === null) return yield* list('', images.list('images/'));

  const { after, until, pageId } = start;
  const isIn = keysUpTo(until);
  const isBefore = keysUpTo(after);
  const isDone = (object: StoredObject) => pageIdOf(object) <= pageId;
  yield* list(
    after,
    select(images.list('images/', after), isIn, (object) => !isDone(object)),
  );
  yield* list(until, images.list('images/', until));
  yield* list(
    '',
    select(images.list('images/'), isIn, (object) => isBefore(object) || isDone(object)),
  );
}

/** Names of the old objects of each page in the batch, in the order of the pages' ids. */
export function oldNamesByPage(
  { objects }: Batch,
  now: Date,
): readonly (readonly [pageId: string, names: readonly string[]])[] {
  const byPage = new Map<string, string[]>();
  for (const object of objects) {
    const pageId = pageIdOf(object);
    if (pageId === '' || now.getTime() - object.lastModified.getTime() < YOUNGEST_MS) continue;
    const names = byPage.get(pageId);
    if (names) names.push(object.name);
    else byPage.set(pageId, [object.name]);
  }
  return [...byPage].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Younger objects may belong to an operation that has not committed yet. */
const YOUNGEST_MS = 24 * 60 * 60 * 1000;

async function* batchesOf(
  objects: AsyncIterable<StoredObject>,
  start: string,
  clock: Clock,
  deadline: number,
): AsyncGenerator<Batch> {
  const halfTime = () => (clock.elapsed() + deadline) / 2;
  let after = start;
  let end = halfTime();
  let batch: StoredObject[] = [];
  for await (const object of objects) {
    batch.push(object);
    if (batch.length < BATCH_OBJECTS && clock.elapsed() < end) continue;
    yield { after, until: object.name, objects: batch };
    after = object.name;
    end = halfTime();
    batch = [];
  }
  const last = batch.at(-1);
  if (last !== undefined) yield { after, until: last.name, objects: batch };
}

/** The objects that are `isWanted`, up to the first one that is not `isIn`. */
async function* select(
  objects: AsyncIterable<StoredObject>,
  isIn: (object: StoredObject) => boolean,
  isWanted: (object: StoredObject) => boolean,
): AsyncGenerator<StoredObject> {
  for await (const object of objects) {
    if (!isIn(object)) return;
    if (isWanted(object)) yield object;
  }
}

/** Whether an object's key is ≤ `end` in the order of a listing: by UTF-8 bytes, not as JavaScript compares strings. */
function keysUpTo(end: string): (object: StoredObject) => boolean {
  const bytes = Buffer.from(end);
  return ({ name }) => Buffer.compare(Buffer.from(name), bytes) <= 0;
}

/** The page id in an object's key; for any other key empty, which sorts first. */
function pageIdOf({ name }: StoredObject): string {
  return parseObjectName(name)?.pageId ?? '';
}

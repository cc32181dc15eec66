/** The copies of one image in all pages, a part at a time: no answer holds more in memory or on the wire than its part. */

import { imageIdOf } from '../domain/identity.ts';
import { type Item, type PageRecord, PLACES_LISTED, type StoredItem } from '../domain/model.ts';
import { parseObjectName } from '../domain/objectName.ts';
import type { ImageStore, RecordStore } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { ANSWER_MAX_BYTES, LINK_BYTES } from '../record/boundLists.ts';
import { isNotUnderstood, RECORD_MAX_BYTES } from '../record/recordText.ts';
import { readCursor, writeCursor } from './copiesCursor.ts';
import { readBounded } from './readBounded.ts';

export interface CopiesServices {
  readonly records: RecordStore;
  readonly images: ImageStore;
}

/** Which part of an image's copies is asked for. */
export interface Part {
  /** Copies at most, from 1 on. */
  readonly limit: number;
  /** The `next` of the part before. */
  readonly cursor?: string | undefined;
  /** True once the work of this answer should end: it is then shorter, and has `next`. */
  readonly isOver: () => boolean;
}

export interface Copies {
  /** In the order of their pages' ids. */
  readonly items: readonly Item[];
  /** All of these copies' pages are complete, and no page of this part has a record that cannot be understood. */
  readonly complete: boolean;
  /** The newest `updatedAt` of these copies' pages; null when there is no copy. */
  readonly updatedAt: string | null;
  /** The cursor of what follows; absent at the end. */
  readonly next?: string;
}

/** Records read at a time. */
const READS_AT_A_TIME = 8;
/** Of the records that one answer reads, however many of them name the image. */
const READ_MAX_BYTES = 32 * 1024 * 1024;
const READS_MAX = 2_000;
/** `url`, `count` and whatever else an answer has once. */
const SUMMARY_BYTES = 16 * 1024;
/** Of one copy's details: with more, only one of its places is shown. */
const ITEM_MAX_BYTES = 64 * 1024;

/**
 * One part of the copies of the image `url`. The listing tells which pages may have one; a copy counts only when its
 * page's current record names it, since a listing also shows what is not committed. Records are read from the bucket:
 * through the cache, one popular image would push every other page out of it.
 *
 * @throws OPTION_INVALID when the cursor is not one of this image, STORAGE_UNAVAILABLE
 */
export async function copiesOf(services: CopiesServices, url: string, part: Part): Promise<Copies> {
  const imageId = imageIdOf(url);
  const prefix = `images/${imageId}/`;
  const start = part.cursor === undefined ? undefined : pageIdIn(part.cursor, imageId);
  const found: Copy[] = [];
  let bytes = SUMMARY_BYTES;
  let reads = 0;
  let readBytes = 0;
  let lookedAt = start;
  let isWhole = true;
  const pageIds: string[] = [];

  const isEnough = () => part.isOver() || reads >= READS_MAX || readBytes >= READ_MAX_BYTES;
  /** False when the next copy no longer fits into this part. */
  const takeBatch = async (): Promise<boolean> => {
    for (const [pageId, copy, size] of await readCopies(services.records, pageIds.splice(0), url)) {
      reads += 1;
      readBytes += size;
      if (copy === 'unknown') isWhole = false;
      else if (copy !== null) {
        bytes += bytesInAnswer(copy.item);
        if (found.length === part.limit || (found.length > 0 && bytes > ANSWER_MAX_BYTES)) return false;
        found.push(copy);
      }
      lookedAt = pageId;
    }
    return true;
  };
  const answer = (isEnd: boolean): Copies => ({
    items: found.map(({ item }) => item),
    complete: isWhole && found.every(({ complete }) => complete),
    updatedAt: found.map(({ updatedAt }) => updatedAt).reduce<string | null>(newer, null),
    ...(!isEnd && lookedAt !== undefined && { next: writeCursor(imageId, lookedAt) }),
  });

  let last = start;
  for await (const { name } of services.images.list(prefix, start && `${prefix}${start}${BEHIND}`)) {
    const pageId = parseObjectName(name)?.pageId;
    if (pageId !== undefined && pageId !== last) pageIds.push(pageId);
    last = pageId ?? last;
    // One copy more than asked for tells whether there is a next part.
    const isBatch = pageIds.length === Math.min(READS_AT_A_TIME, part.limit + 1 - found.length);
    if (!isBatch && !isEnough()) continue;
    const wasFull = found.length === part.limit;
    if (!(await takeBatch()) || wasFull) return answer(false);
    // An answer that has looked at nothing would send its caller round in circles.
    if (isEnough() && lookedAt !== start) return answer(false);
  }
  return answer(await takeBatch());
}

interface Copy {
  readonly item: Item;
  readonly complete: boolean;
  readonly updatedAt: string;
}

/** In a key the page id ends with `/`, which is the character before `0`. */
const BEHIND = '0';

/** @throws OPTION_INVALID */
function pageIdIn(cursor: string, imageId: string): string {
  const pageId = readCursor(cursor, imageId);
  if (pageId !== null) return pageId;
  throw new Problem('OPTION_INVALID', {
    detail:
      '"cursor" is not the "next" of a response for this url: send "next" unchanged, or leave "cursor" out.',
  });
}

/**
 * Of each record only the copy is kept: the next batch needs the memory. One record that cannot be understood must not
 * hide the copies of all other pages: its own is unknown.
 */
function readCopies(
  records: RecordStore,
  pageIds: readonly string[],
  url: string,
): Promise<readonly (readonly [pageId: string, copy: Copy | null | 'unknown', bytes: number])[]> {
  return Promise.all(
    pageIds.map(async (pageId) => {
      try {
        const found = await readBounded(records, pageId);
        if (found === null) return [pageId, null, 0] as const;
        const { record, bytes } = found;
        return [pageId, record.kind === 'page' ? copyIn(record, url) : null, bytes] as const;
      } catch (error) {
        if (!isNotUnderstood(error)) throw error;
        // Its size is not known.
        return [pageId, 'unknown', RECORD_MAX_BYTES] as const;
      }
    }),
  );
}

/** A page has each URL once. */
function copyIn({ items, complete, updatedAt }: PageRecord, url: string): Copy | null {
  const item = items.find((one) => one.url === url);
  return item === undefined ? null : { item: shownItem(item), complete, updatedAt };
}

/** The item with as many of its places as an answer of many items has room for. */
function shownItem({ validators: _, ...item }: StoredItem): Item {
  const listed = { ...item, foundIn: item.foundIn.slice(0, PLACES_LISTED) };
  if (bytesOf(listed) <= ITEM_MAX_BYTES) return listed;
  const bare = item.foundIn
    .slice(0, 1)
    .map(({ element, attribute, slot }) => ({ element: element.slice(0, 64), attribute, slot }));
  return { ...item, foundIn: bare };
}

function bytesInAnswer(item: Item): number {
  return bytesOf(item) + bytesOf(item.name) + LINK_BYTES;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function newer(one: string | null, other: string): string {
  return one !== null && one > other ? one : other;
}

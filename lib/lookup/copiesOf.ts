/** The copies of one image in all pages, in parts that bound memory and the size of a response. */

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

/** The part of an image's copies that a caller asks for. */
export interface Part {
  /** Number of copies at most, at least 1. */
  readonly limit: number;
  /** The `next` of the previous part. */
  readonly cursor?: string | undefined;
  /** Whether the time for this part is over. The part is then shorter and has `next`. */
  readonly isOver: () => boolean;
}

export interface Copies {
  /** In the order of their pages' ids. */
  readonly items: readonly Item[];
  /** Every page of these copies is complete, and every record of this part could be understood. */
  readonly complete: boolean;
  /** The newest `updatedAt` of these copies' pages; null when there is no copy. */
  readonly updatedAt: string | null;
  /** The cursor of the next part; absent at the end. */
  readonly next?: string;
}

/** Records that are read concurrently. */
const READS_AT_A_TIME = 8;
/** Limits on the records that are read for one part, whether they name the image or not. */
const READ_MAX_BYTES = 32 * 1024 * 1024;
const READS_MAX = 2_000;
/** For `url`, `count` and the other members that a response has once. */
const SUMMARY_BYTES = 16 * 1024;
/** A copy whose details have more bytes is shown with one place only. */
const ITEM_MAX_BYTES = 64 * 1024;

/**
 * One part of the copies of the image `url`. The listing shows which pages may have a copy. It also has objects that
 * are not committed, so a copy counts only when the current record of its page names it. Records are read from the
 * bucket: if they were cached, one popular image would evict all other pages.
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
  /** Whether all copies of the batch fit into this part. */
  const takeBatch = async (): Promise<boolean> => {
    for (const [pageId, copy, size] of await readCopies(services.records, pageIds.splice(0), url)) {
      reads += 1;
      readBytes += size;
      if (copy === 'unknown') isWhole = false;
      else if (copy !== null) {
        bytes += bytesInResponse(copy.item);
        if (found.length === part.limit || (found.length > 0 && bytes > ANSWER_MAX_BYTES)) return false;
        found.push(copy);
      }
      lookedAt = pageId;
    }
    return true;
  };
  const response = (isEnd: boolean): Copies => ({
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
    // One copy beyond the limit shows whether there is a next part.
    const isBatch = pageIds.length === Math.min(READS_AT_A_TIME, part.limit + 1 - found.length);
    if (!isBatch && !isEnough()) continue;
    const wasFull = found.length === part.limit;
    if (!(await takeBatch()) || wasFull) return response(false);
    // A part that has read no record would return the cursor that it was called with.
    if (isEnough() && lookedAt !== start) return response(false);
  }
  return response(await takeBatch());
}

interface Copy {
  readonly item: Item;
  readonly complete: boolean;
  readonly updatedAt: string;
}

/** Sorts after all keys of a page: in a key `/` follows the page id, and `0` is the next character. */
const BEHIND = '0';

/**
 * The page id in a cursor.
 * @throws OPTION_INVALID when it is not a cursor of this image
 */
function pageIdIn(cursor: string, imageId: string): string {
  const pageId = readCursor(cursor, imageId);
  if (pageId !== null) return pageId;
  throw new Problem('OPTION_INVALID', {
    detail:
      '"cursor" is not the "next" of a response for this url: send "next" unchanged, or leave "cursor" out.',
  });
}

/**
 * The copy in each page's record: null when the record has none, `'unknown'` when it cannot be understood. Such a
 * record must not hide the copies of all other pages. Only the copy of each record is kept, to free memory for the next
 * batch.
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
        // Its size is unknown, so the largest is assumed.
        return [pageId, 'unknown', RECORD_MAX_BYTES] as const;
      }
    }),
  );
}

/** The copy in this page's record; null when it has none. A record has each URL at most once. */
function copyIn({ items, complete, updatedAt }: PageRecord, url: string): Copy | null {
  const item = items.find((one) => one.url === url);
  return item === undefined ? null : { item: shownItem(item), complete, updatedAt };
}

/** The item, with all of its places or, when it is too large, with one. */
function shownItem({ validators: _, ...item }: StoredItem): Item {
  const listed = { ...item, foundIn: item.foundIn.slice(0, PLACES_LISTED) };
  if (bytesOf(listed) <= ITEM_MAX_BYTES) return listed;
  const bare = item.foundIn
    .slice(0, 1)
    .map(({ element, attribute, slot }) => ({ element: element.slice(0, 64), attribute, slot }));
  return { ...item, foundIn: bare };
}

function bytesInResponse(item: Item): number {
  return bytesOf(item) + bytesOf(item.name) + LINK_BYTES;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function newer(one: string | null, other: string): string {
  return one !== null && one > other ? one : other;
}

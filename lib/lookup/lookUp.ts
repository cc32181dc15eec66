/** What the service has stored for a URL. It reads the cache, then the bucket, and never the web. */

import { pageIdOf } from '../domain/identity.ts';
import type { Item, PageRecord, SkippedLine } from '../domain/model.ts';
import type { ImageStore, Measures, PageCache, RecordStore } from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { copiesOf, type Part } from './copiesOf.ts';
import { readBounded } from './readBounded.ts';

export interface LookUpServices {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly cache: PageCache;
}

/** A harvested page, or a part of the copies of one image in all pages. */
export interface Found {
  readonly url: string;
  readonly complete: boolean;
  /** null only for a part without copies. */
  readonly updatedAt: string | null;
  readonly items: readonly Item[];
  readonly skipped: readonly SkippedLine[];
  /** The cursor of the next part of an image's copies; absent at the end, and for a page. */
  readonly next?: string;
}

/** Default number of copies in one part. */
export const COPIES_USUAL = 100;

const FIRST_PART: Part = { limit: COPIES_USUAL, isOver: () => false };

/**
 * The page that was harvested from `url`, or else copies of the image `url`. With a cursor the caller is reading the
 * copies of an image: then a page that was harvested meanwhile does not count.
 * @param url canonical
 * @param part which copies of an image to return; a page is always returned whole
 * @throws OPTION_INVALID when the cursor does not belong to this image, PAGE_NOT_FOUND, STORAGE_UNAVAILABLE
 */
export async function lookUp(
  services: LookUpServices,
  url: string,
  measures: Measures,
  part: Part = FIRST_PART,
): Promise<Found> {
  const isFirst = part.cursor === undefined;
  const page = isFirst ? await currentRecord(services, pageIdOf(url), measures) : null;
  if (page !== null) return page;
  const copies = await copiesOf(services, url, part);
  // A record that cannot be understood (`complete` is false) may name a copy, so the URL may still be known.
  if (!isFirst || copies.items.length > 0 || copies.next !== undefined || !copies.complete)
    return { url, ...copies, skipped: [] };
  throw new Problem('PAGE_NOT_FOUND', {
    detail: 'This URL is neither a harvested page nor an image of one. Harvest the page with POST /images.',
  });
}

/** The page's record, through the cache; null when there is no record, or only a fence. */
async function currentRecord(
  { cache, records }: LookUpServices,
  pageId: string,
  measures: Measures,
): Promise<Found | null> {
  const cached = await cache.read(pageId);
  // An entry under the wrong key counts as a miss.
  if (cached.kind === 'record' && pageIdOf(cached.record.url) === pageId) {
    measures.cacheHits = (measures.cacheHits ?? 0) + 1;
    return shownOf(cached.record);
  }
  measures.cacheMisses = (measures.cacheMisses ?? 0) + 1;
  const record = (await readBounded(records, pageId))?.record;
  if (record?.kind !== 'page') return null;
  // While a writer is at work, its record may be newer than the one that a fill would write.
  if (cached.kind === 'miss') await cache.fill(pageId, record);
  return shownOf(record);
}

/** The members that a response shows. The others may be most of the record, and would stay in memory meanwhile. */
function shownOf({ url, complete, updatedAt, items, skipped }: PageRecord): Found {
  return { url, complete, updatedAt, items: items.map(({ validators: _, ...item }) => item), skipped };
}

/** What is known of a URL: from the cache, then from the bucket, never from the web. */

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
  /** Of an image: the cursor of the next part; absent at the end. */
  readonly next?: string;
}

/** Copies of an image in one answer, when the caller does not say how many. */
export const COPIES_USUAL = 100;

const FIRST_PART: Part = { limit: COPIES_USUAL, isOver: () => false };

/**
 * Looks a URL up: a page wins over an image. A cursor says that the caller is reading the copies of an image, and
 * goes on with these even when a page has been harvested from the URL meanwhile.
 * @param url canonical
 * @param part of an image's copies; a page is found whole
 * @throws OPTION_INVALID for a cursor that is not one of this image, PAGE_NOT_FOUND, STORAGE_UNAVAILABLE
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
  // Where a copy may be unknown, nobody can say that there is none.
  if (!isFirst || copies.items.length > 0 || copies.next !== undefined || !copies.complete)
    return { url, ...copies, skipped: [] };
  throw new Problem('PAGE_NOT_FOUND', {
    detail: 'This URL is neither a harvested page nor an image of one. Harvest the page with POST /images.',
  });
}

/** What the page's record says, through the cache; null when it has none (an empty record counts as none). */
async function currentRecord(
  { cache, records }: LookUpServices,
  pageId: string,
  measures: Measures,
): Promise<Found | null> {
  const cached = await cache.read(pageId);
  // An entry in the wrong place is none.
  if (cached.kind === 'record' && pageIdOf(cached.record.url) === pageId) {
    measures.cacheHits = (measures.cacheHits ?? 0) + 1;
    return shownOf(cached.record);
  }
  measures.cacheMisses = (measures.cacheMisses ?? 0) + 1;
  const record = (await readBounded(records, pageId))?.record;
  if (record?.kind !== 'page') return null;
  // Beside a busy marker a fill would outlive the writer's own entry.
  if (cached.kind === 'miss') await cache.fill(pageId, record);
  return shownOf(record);
}

/** What answers show. The rest may be most of a record, and would be held until the answer is written. */
function shownOf({ url, complete, updatedAt, items, skipped }: PageRecord): Found {
  return { url, complete, updatedAt, items: items.map(({ validators: _, ...item }) => item), skipped };
}

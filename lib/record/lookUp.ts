/** What is known of a URL: from the cache, then from the bucket, never from the web. */
import { parseObjectName } from '../image/objectName.ts';
import type { Item, PageRecord, SkippedLine } from '../model.ts';
import { imageIdOf, pageIdOf } from '../page/identity.ts';
import type { ImageStore, Measures, PageCache, RecordStore } from '../ports.ts';
import { Problem } from '../problem.ts';

export interface LookUpServices {
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly cache: PageCache;
}

/** A harvested page, or the copies of one image in all pages. */
export interface Found {
  readonly url: string;
  readonly complete: boolean;
  readonly updatedAt: string;
  readonly items: readonly Item[];
  readonly skipped: readonly SkippedLine[];
}

/** Records read at a time when an image is looked up. */
const READS_AT_A_TIME = 16;

/**
 * Looks a URL up: a page wins over an image.
 * @param url canonical
 * @throws PAGE_NOT_FOUND, STORAGE_UNAVAILABLE
 */
export async function lookUp(services: LookUpServices, url: string, measures: Measures): Promise<Found> {
  const found =
    (await currentRecord(services, pageIdOf(url), measures)) ?? (await copiesOf(services, url, measures));
  if (found !== null) return found;
  throw new Problem('PAGE_NOT_FOUND', {
    detail: 'This URL is neither a harvested page nor an image of one. Harvest the page with POST /images.',
  });
}

/** The page's record, through the cache; null when it has none (an empty record counts as none). */
async function currentRecord(
  { cache, records }: LookUpServices,
  pageId: string,
  measures: Measures,
): Promise<PageRecord | null> {
  const cached = await cache.read(pageId);
  // An entry in the wrong place is none.
  if (cached.kind === 'record' && pageIdOf(cached.record.url) === pageId) {
    measures.cacheHits = (measures.cacheHits ?? 0) + 1;
    return cached.record;
  }
  measures.cacheMisses = (measures.cacheMisses ?? 0) + 1;
  const record = (await records.read(pageId))?.record;
  if (record?.kind !== 'page') return null;
  // Beside a busy marker a fill would outlive the writer's own entry.
  if (cached.kind === 'miss') await cache.fill(pageId, record);
  return record;
}

/**
 * The copies of one image. The listing tells which pages may have one; a copy counts only when its page's
 * current record names it, since a listing also shows what is not committed.
 */
async function copiesOf(services: LookUpServices, url: string, measures: Measures): Promise<Found | null> {
  const pageIds = new Set<string>();
  for await (const { name } of services.images.list(`images/${imageIdOf(url)}/`)) {
    const pageId = parseObjectName(name)?.pageId;
    if (pageId !== undefined) pageIds.add(pageId);
  }

  const holders: { readonly record: PageRecord; readonly items: readonly Item[] }[] = [];
  const ids = [...pageIds];
  for (let start = 0; start < ids.length; start += READS_AT_A_TIME) {
    const some = ids.slice(start, start + READS_AT_A_TIME);
    for (const record of await Promise.all(some.map((id) => currentRecord(services, id, measures)))) {
      const items = record?.items.filter((item) => item.url === url) ?? [];
      if (record !== null && items.length > 0) holders.push({ record, items });
    }
  }
  if (holders.length === 0) return null;
  return {
    url,
    complete: holders.every(({ record }) => record.complete),
    updatedAt: holders.map(({ record }) => record.updatedAt).reduce((a, b) => (a > b ? a : b)),
    items: holders.flatMap(({ items }) => items),
    skipped: [],
  };
}

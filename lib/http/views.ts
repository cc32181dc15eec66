/** The bodies of the responses: what a caller sees of a record or of a look-up. */
import { createHash } from 'node:crypto';
import type { Changes, Item, PageRecord, SkippedLine, StoredItem } from '../domain/model.ts';
import type { ImageStore } from '../domain/ports.ts';
import type { Harvest } from '../harvest/harvest.ts';
import type { Found } from '../lookup/lookUp.ts';
import { boundResponse } from './boundResponse.ts';
import type { Include } from './input.ts';
import { type HttpResponse, jsonResponse } from './responses.ts';

/** The body of a response to POST and PUT. */
export interface HarvestView
  extends Pick<
    PageRecord,
    | 'url'
    | 'finalUrl'
    | 'createdAt'
    | 'updatedAt'
    | 'complete'
    | 'variants'
    | 'counts'
    | 'skipped'
    | 'warnings'
  > {
  readonly dryRun?: true;
  readonly images: readonly string[];
  readonly items: readonly Item[];
  /** Only in the response to PUT. */
  readonly changes?: Changes;
}

/** The body of a response to GET. */
export interface LookUpView extends Pick<Found, 'url' | 'complete' | 'updatedAt' | 'next'> {
  /** Names in page order; for copies of an image, in the order of their pages' ids. */
  readonly images: readonly string[];
  readonly count: number;
  /** With `include`. */
  readonly items?: readonly (Item | LinkedItem | NamedLink)[];
  readonly skipped?: readonly SkippedLine[];
}

/** An item with `include=links`. */
export interface NamedLink {
  readonly name: string;
  readonly href: string;
}

/** An item with `include=details,links`. */
export interface LinkedItem extends Item {
  readonly href: string;
}

/** The response to POST and PUT: 201 with `Location` for a new page, otherwise 200. A dry run is always 200. */
export function harvestResponse(
  { record, changes, isNew }: Harvest,
  options: { readonly isUpdate: boolean; readonly isDryRun: boolean },
): HttpResponse {
  const { url, finalUrl, createdAt, updatedAt, complete, variants, counts, warnings } = record;
  const { items, skipped } = boundResponse(record, {
    url,
    finalUrl,
    counts,
    warnings,
    ...(options.isUpdate && { changes }),
  });
  const body: HarvestView = {
    ...(options.isDryRun && { dryRun: true }),
    url,
    finalUrl,
    createdAt,
    updatedAt,
    complete,
    variants,
    counts,
    images: items.map((item) => item.name),
    items: items.map(itemView),
    skipped,
    warnings,
    ...(options.isUpdate && { changes }),
  };
  const isCreated = isNew && !options.isDryRun;
  return jsonResponse(isCreated ? 201 : 200, body, {
    'cache-control': 'no-store',
    ...(isCreated && { location: `/images?url=${encodeURIComponent(url)}` }),
  });
}

/** The response to GET: 200 with an ETag of the body, or 304 when the caller has it. With links there is no ETag. */
export async function lookUpResponse(
  found: Found,
  include: ReadonlySet<Include>,
  images: ImageStore,
  ifNoneMatch: string | undefined,
): Promise<HttpResponse> {
  const { url, complete, updatedAt, next } = found;
  const { items, skipped } = include.has('details') ? boundResponse(found, { url }) : found;
  const summary = {
    url,
    images: items.map((item) => item.name),
    count: items.length,
    complete,
    updatedAt,
    ...(next !== undefined && { next }),
  };
  if (include.has('links')) {
    const linked: (LinkedItem | NamedLink)[] = [];
    // One after the other: signing is CPU work, so doing it concurrently gains nothing and needs more memory.
    for (const item of items) {
      const shown = include.has('details') ? itemView(item) : { name: item.name };
      linked.push({ ...shown, href: await images.link(item.name) });
    }
    const body: LookUpView = { ...summary, items: linked, ...(include.has('details') && { skipped }) };
    return jsonResponse(200, body, { 'cache-control': 'no-store' });
  }
  const body: LookUpView = include.has('details')
    ? { ...summary, items: items.map(itemView), skipped }
    : summary;
  const response = jsonResponse(200, body);
  const etag = `"${createHash('sha256').update(response.body).digest('base64url').slice(0, 27)}"`;
  // Clients may cache the response, but must revalidate it, which a 304 makes cheap.
  const headers = { ...response.headers, etag, 'cache-control': 'no-cache' };
  if (!matches(ifNoneMatch, etag)) return { ...response, headers };
  return { statusCode: 304, headers: { etag, 'cache-control': 'no-cache' }, body: '' };
}

/** Whether If-None-Match has the ETag, compared weakly, or `*` (RFC 9110 section 13.1.2). */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** The item without its validators, which are for the service only. */
function itemView({ validators: _, ...item }: StoredItem): Item {
  return item;
}

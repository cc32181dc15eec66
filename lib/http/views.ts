/** What a caller sees of a record and of what was looked up. */
import { createHash } from 'node:crypto';
import type { Changes, Item, PageRecord, SkippedLine, StoredItem } from '../domain/model.ts';
import type { ImageStore } from '../domain/ports.ts';
import type { Harvest } from '../harvest/harvest.ts';
import type { Found } from '../lookup/lookUp.ts';
import { type Answer, jsonAnswer } from './answers.ts';
import { boundAnswer } from './boundAnswer.ts';
import type { Include } from './input.ts';

/** What POST and PUT answer. */
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
  /** Of a PUT. */
  readonly changes?: Changes;
}

/** What GET answers. */
export interface LookUpView extends Pick<Found, 'url' | 'complete' | 'updatedAt' | 'next'> {
  /** In page order; the copies of an image in the order of their pages' ids. */
  readonly images: readonly string[];
  readonly count: number;
  /** With `include`. */
  readonly items?: readonly (Item | LinkedItem | NamedLink)[];
  readonly skipped?: readonly SkippedLine[];
}

/** With `include=links` alone. */
export interface NamedLink {
  readonly name: string;
  readonly href: string;
}

/** With `include=details,links`. */
export interface LinkedItem extends Item {
  readonly href: string;
}

/** 201 with `Location` for a new page, else 200; a dry run is always 200. */
export function harvestAnswer(
  { record, changes, isNew }: Harvest,
  options: { readonly isUpdate: boolean; readonly isDryRun: boolean },
): Answer {
  const { url, finalUrl, createdAt, updatedAt, complete, variants, counts, warnings } = record;
  const { items, skipped } = boundAnswer(record, {
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
  return jsonAnswer(isCreated ? 201 : 200, body, {
    'cache-control': 'no-store',
    ...(isCreated && { location: `/images?url=${encodeURIComponent(url)}` }),
  });
}

/** 200 with an ETag of the content, or 304 when the caller has it; an answer with links has no ETag. */
export async function lookUpAnswer(
  found: Found,
  include: ReadonlySet<Include>,
  images: ImageStore,
  ifNoneMatch: string | undefined,
): Promise<Answer> {
  const { url, complete, updatedAt, next } = found;
  const { items, skipped } = include.has('details') ? boundAnswer(found, { url }) : found;
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
    // One after the other: signing is work and no waiting, and a thousand at once would hold all of their parts.
    for (const item of items) {
      const shown = include.has('details') ? itemView(item) : { name: item.name };
      linked.push({ ...shown, href: await images.link(item.name) });
    }
    const body: LookUpView = { ...summary, items: linked, ...(include.has('details') && { skipped }) };
    return jsonAnswer(200, body, { 'cache-control': 'no-store' });
  }
  const body: LookUpView = include.has('details')
    ? { ...summary, items: items.map(itemView), skipped }
    : summary;
  const answer = jsonAnswer(200, body);
  const etag = `"${createHash('sha256').update(answer.body).digest('base64url').slice(0, 27)}"`;
  // The client may keep it, but has to ask: it costs a 304.
  const headers = { ...answer.headers, etag, 'cache-control': 'no-cache' };
  if (!matches(ifNoneMatch, etag)) return { ...answer, headers };
  return { statusCode: 304, headers: { etag, 'cache-control': 'no-cache' }, body: '' };
}

/** RFC 9110 section 13.1.2: a list of tags, compared weakly, or `*`. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** Validators are the service's own business. */
function itemView({ validators: _, ...item }: StoredItem): Item {
  return item;
}

/** Small valid data for tests: give what matters, and the rest has defaults. */
import { randomBytes } from 'node:crypto';
import { pageIdOf, shortHash } from '../../lib/domain/identity.ts';
import {
  type Candidate,
  type Discovery,
  PAGE_SOURCE,
  type PageRecord,
  type Source,
  type StoredItem,
} from '../../lib/domain/model.ts';

export function candidateOf(url: string, parts: Partial<Candidate> = {}): Candidate {
  return {
    url,
    places: [{ element: 'img', attribute: 'src', slot: 0 }],
    sources: [0],
    isBest: true,
    hasAlternative: false,
    isLazyElement: false,
    ...parts,
  };
}

export function itemOf(url: string, parts: Partial<StoredItem> = {}): StoredItem {
  return {
    name: `images/i/p/op/${url.split('/').at(-1)}`,
    url,
    sha256: `hash of ${url}`,
    bytes: 100,
    contentType: 'image/png',
    width: 10,
    height: 10,
    outcome: 'stored',
    foundIn: [{ element: 'img', attribute: 'src', slot: 0 }],
    ...parts,
  };
}

export function recordOf(items: readonly StoredItem[], parts: Partial<PageRecord> = {}): PageRecord {
  return {
    schema: 1,
    kind: 'page',
    opId: 'first',
    predecessors: [],
    url: 'https://site.test/',
    finalUrl: 'https://site.test/',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    complete: true,
    variants: 'all',
    counts: { discovered: items.length, items: items.length, skipped: 0, byCode: {} },
    items,
    skipped: [],
    warnings: [],
    ...parts,
  };
}

export function sourceOf(url: string, parts: Partial<Source> = {}): Source {
  return { id: shortHash(url), url, links: new Set(), isDelimited: true, hasEnd: true, ...parts };
}

/** A page that links `stylesheets`, whose numbers are 1, 2 and so on. */
export function discoveryOf(parts: Partial<Discovery> = {}, ...stylesheets: readonly Source[]): Discovery {
  const page = sourceOf('https://site.test/', {
    id: PAGE_SOURCE,
    links: new Set(stylesheets.map((_, index) => index + 1)),
  });
  return { candidates: [], warnings: [], sources: [page, ...stylesheets], ...parts };
}

/** A page that no other test uses, and a builder of its records, which name objects of this page. */
export function newPage() {
  const url = `https://site.test/${randomBytes(16).toString('hex')}`;
  const pageId = pageIdOf(url);
  const imageId = 'e'.repeat(32);
  return {
    url,
    pageId,
    recordOf: (items: readonly StoredItem[] = [], parts: Partial<PageRecord> = {}): PageRecord =>
      recordOf(
        items.map((item, index) => ({ ...item, name: `images/${imageId}/${pageId}/op/${index}.png` })),
        { url, ...parts },
      ),
  };
}

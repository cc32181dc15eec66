/** Small valid data for tests: name what matters, the rest is filled in. */
import type { Candidate, Discovery, PageRecord, StoredItem } from '../../lib/model.ts';

export function candidateOf(url: string, parts: Partial<Candidate> = {}): Candidate {
  return {
    url,
    places: [{ element: 'img', attribute: 'src', slot: 0 }],
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
    imports: [],
    ...parts,
  };
}

export function discoveryOf(parts: Partial<Discovery> = {}): Discovery {
  return { candidates: [], warnings: [], stylesheets: new Map(), ...parts };
}

/** What a page's record knows of the sources of its images. Pure. */

import { shortHash } from '../domain/identity.ts';
import {
  PAGE_SOURCE,
  type PageRecord,
  PLACES_LISTED,
  type Provenance,
  type StoredItem,
} from '../domain/model.ts';
import { isBare, isShownWhole, mayBeCut } from '../record/boundLists.ts';

export interface PastSource {
  /** URLs of copies, and image ids of what has none. */
  readonly names: ReadonlySet<string>;
  /** Ids. */
  readonly links: ReadonlySet<string>;
  /** As in `KnownSource`; undefined when the record does not say. */
  readonly lacksEnd: boolean | undefined;
}

export interface PastSources {
  /** By id. */
  readonly sources: ReadonlyMap<string, PastSource>;
  /** Images, as in `names`, that any source may name. */
  readonly unplaced: ReadonlySet<string>;
  readonly hasMore: boolean;
  /** The image ids among all names. */
  readonly others: ReadonlySet<string>;
}

export function readPast(before: PageRecord | null): PastSources {
  if (before !== null && isProvenance(before.provenance))
    return fromProvenance(before.items, before.provenance);
  return fromPlaces(before);
}

/** A later version may keep it in another shape: then it says nothing. */
function isProvenance(value: Provenance | undefined): value is Provenance {
  const areNumbers = (list: unknown) => Array.isArray(list) && list.every(Number.isSafeInteger);
  return (
    Array.isArray(value?.sources) &&
    value.sources.every(({ names, links }) => areNumbers(names) && areNumbers(links)) &&
    Array.isArray(value.others) &&
    areNumbers(value.unplaced)
  );
}

function fromProvenance(items: readonly StoredItem[], provenance: Provenance): PastSources {
  const { sources, others, unplaced, hasMore = false } = provenance;
  const nameOf = (number: number) => items[number]?.url ?? others[number - items.length] ?? [];
  return {
    sources: new Map(
      sources
        // One that tells nothing, since it was never read, has not shown its end either.
        .filter(
          ({ names, links, unread, wasRead }) =>
            unread === undefined || wasRead || names.length + links.length > 0,
        )
        .map(({ id, names, links, lacksEnd = false }) => [
          id,
          {
            names: new Set(names.flatMap(nameOf)),
            links: new Set(links.flatMap((link) => sources[link]?.id ?? [])),
            lacksEnd,
          },
        ]),
    ),
    unplaced: new Set(unplaced.flatMap(nameOf)),
    hasMore,
    others: new Set(others),
  };
}

/**
 * Of a record from before provenance was kept: the places that it lists. Where these may not be all, or do not tell
 * which stylesheet it was, the image may be anywhere.
 */
function fromPlaces(before: PageRecord | null): PastSources {
  const sources = new Map<string, { names: Set<string>; links: Set<string>; lacksEnd: undefined }>();
  const unplaced = new Set<string>();
  const sourceOf = (id: string) => {
    const known = sources.get(id) ?? {
      names: new Set<string>(),
      links: new Set<string>(),
      lacksEnd: undefined,
    };
    sources.set(id, known);
    return known;
  };
  const items = before?.items ?? [];
  const isCut = mayBeCut(items);
  // Without a list of imports, or beside a provenance of a later shape, which sheet leads to which is not known.
  const lacksImports = before?.provenance !== undefined || !Array.isArray(before?.imports);
  for (const { url, foundIn } of items) {
    if (foundIn.length === 0 || foundIn.length >= PLACES_LISTED || (isCut && isBare(foundIn)))
      unplaced.add(url);
    for (const { stylesheet } of foundIn) {
      if (stylesheet !== undefined && (lacksImports || !isAddress(stylesheet))) unplaced.add(url);
      const id = stylesheet === undefined ? PAGE_SOURCE : shortHash(stylesheet);
      sourceOf(id).names.add(url);
      if (id !== PAGE_SOURCE) sourceOf(PAGE_SOURCE).links.add(id);
    }
  }
  for (const [imported, importer] of before?.imports ?? []) {
    sourceOf(shortHash(importer)).links.add(shortHash(imported));
    sourceOf(PAGE_SOURCE).links.add(shortHash(importer));
  }
  return { sources, unplaced, hasMore: false, others: new Set() };
}

/** Whether the stylesheet's id can be had of it: a cut address has lost it, and so has a `data:` URL. */
function isAddress(stylesheet: string): boolean {
  return isShownWhole(stylesheet) && !stylesheet.startsWith('data:');
}

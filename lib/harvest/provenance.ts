/**
 * Which copies an update must keep although it did not find them. Only a source that was read whole shows that an
 * image is gone. Pure.
 */

import { imageIdOf } from '../domain/identity.ts';
import {
  type Candidate,
  type Discovery,
  type KnownSource,
  PAGE_SOURCE,
  type PageRecord,
  type Provenance,
  type Reason,
  type Shortfall,
  type Source,
  type StoredItem,
  type StylesheetCode,
  URL_MAX_CHARS,
  type Warning,
} from '../domain/model.ts';
import type { ImageCode } from '../domain/problem.ts';
import { type PastSource, readPast } from './pastSources.ts';

/** What an update starts from: the record's sources, as far as this call's reading has not replaced them. */
export interface Trace {
  /** Copies, by URL, that a source may still name which was not read whole. */
  readonly standing: ReadonlyMap<string, Reason>;
  /** Sources that were perhaps cut, which only the comparison with the last reading tells. */
  readonly warnings: readonly Warning[];
  /** In the order in which they are reached from the page. */
  readonly reached: readonly ReachedSource[];
  /** Images, as in `PastSource`, that any source may name. */
  readonly unplaced: ReadonlySet<string>;
  readonly hasMore: boolean;
  /** Ids of images without a copy that past sources name. */
  readonly others: ReadonlySet<string>;
}

interface ReachedSource {
  readonly id: string;
  readonly shortfall: Shortfall | null;
  /** By an earlier call. */
  readonly wasRead: boolean;
  readonly lacksEnd: boolean;
  /** Ids. */
  readonly links: ReadonlySet<string>;
  /** What it named before and may name still; empty when it was read whole. */
  readonly pastNames: ReadonlySet<string>;
  /** Whether it is on the page as it was read now, and where in the discovery. */
  readonly index: number | null;
}

/** An image of the new record with the sources that name it now. */
export interface Named {
  readonly url: string;
  readonly sources: Candidate['sources'];
}

/** Every number below bounds the record, whatever the page writes and however often it changes. */
const SOURCES_MAX = 1_000;
/** Of those, so many may name images. */
const NAMING_MAX = 250;
const OTHERS_MAX = 1_000;
/** A detail is repeated with every image that is kept for it. */
const DETAIL_CHARS = 300;

/** What the failure of a source is for an image that was found in it. */
const REASONS: Readonly<Record<StylesheetCode, ImageCode>> = {
  PAGE_UNREACHABLE: 'IMAGE_UNREACHABLE',
  CONTENT_UNSUPPORTED: 'IMAGE_UNREACHABLE',
  PAGE_TIMEOUT: 'IMAGE_TIMEOUT',
  PAGE_TOO_LARGE: 'LIMIT_REACHED',
  LIMIT_REACHED: 'LIMIT_REACHED',
  ADDRESS_FORBIDDEN: 'ADDRESS_FORBIDDEN',
  OUT_OF_TIME: 'OUT_OF_TIME',
};

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Walks from the page to every source that may still be in use. A source that was read whole has the links that it
 * has now. Any other source also keeps the links that it had before, since its present ones are not all known.
 */
export function traceSources(before: PageRecord | null, { sources }: Discovery): Trace {
  const past = readPast(before);
  const indexOf = new Map(sources.map(({ id }, index) => [id, index]));
  const reached = new Map<string, ReachedSource>();
  const warnings: Warning[] = [];

  const reach = (id: string, unreadLinker: Shortfall | null): ReachedSource => {
    const index = indexOf.get(id) ?? null;
    const source = index === null ? undefined : sources[index];
    const known = past.sources.get(id);
    const cut = source === undefined ? null : cutOf(source, known);
    if (source !== undefined && cut !== null) warnings.push({ ...cut, url: source.url });
    const shortfall = source === undefined ? unreadLinker : (source.shortfall ?? cut);
    const links = new Set([...(source?.links ?? [])].map((link) => sources[link]?.id ?? PAGE_SOURCE));
    if (shortfall !== null) for (const link of known?.links ?? []) links.add(link);
    return {
      id,
      shortfall,
      wasRead: known !== undefined,
      lacksEnd: shortfall === null ? source?.hasEnd === false : (known?.lacksEnd ?? source?.hasEnd === false),
      links,
      pastNames: shortfall === null ? NOTHING : (known?.names ?? NOTHING),
      index,
    };
  };

  reached.set(PAGE_SOURCE, reach(PAGE_SOURCE, null));
  // A map gives what is added while it is walked.
  for (const { links, shortfall } of reached.values()) {
    for (const link of links) if (!reached.has(link)) reached.set(link, reach(link, shortfall));
  }

  const unread = [...reached.values()].filter(({ shortfall }) => shortfall !== null);
  const isWhole = unread.length === 0;
  // One that was never read may be another under a new address.
  const mayReplace = unread.some(({ wasRead }) => !wasRead);
  const replaced = [...past.sources].filter(([id]) => mayReplace && !reached.has(id));
  const names = replaced.flatMap(([, source]) => [...source.names]);
  const trace = {
    reached: [...reached.values()],
    unplaced: isWhole ? NOTHING : new Set([...past.unplaced, ...names]),
    hasMore: !isWhole && past.hasMore,
    others: past.others,
    warnings,
  };
  return { ...trace, standing: standingOf(before?.items ?? [], trace) };
}

/**
 * Why a text counts as cut off, or null. It does when the transport did not say its length and it lacks an end that it
 * had when last read whole. Some sites leave out optional end tags: a text that never had an end counts as whole, or
 * its images could never go. The last whole reading decides, not the latest, so two cuts in a row are both found.
 * Records of older versions do not say whether there was an end: then a text without one counts as cut.
 */
function cutOf({ id, isDelimited, hasEnd }: Source, known: PastSource | undefined): Shortfall | null {
  if (isDelimited || hasEnd || known === undefined || known.lacksEnd === true) return null;
  const what =
    id === PAGE_SOURCE ? 'The page lacks its end tag' : 'The stylesheet ends in the middle of a rule';
  return { code: 'PAGE_UNREACHABLE', detail: `${what}: it may be cut off.` };
}

function standingOf(items: readonly StoredItem[], trace: Omit<Trace, 'standing'>): Map<string, Reason> {
  const standing = new Map<string, Reason>();
  const unread = trace.reached.filter(({ shortfall }) => shortfall !== null);
  if (unread.length === 0) return standing;
  const stand = (names: ReadonlySet<string>, { id, shortfall }: ReachedSource) => {
    if (shortfall === null || names.size === 0) return;
    const what = id === PAGE_SOURCE ? 'The page was not read whole' : 'Its stylesheet was not read';
    const detail = `${what}: ${shortfall.detail}`.slice(0, DETAIL_CHARS);
    const reason = { code: REASONS[shortfall.code], detail };
    for (const { url } of items) if (names.has(url) && !standing.has(url)) standing.set(url, reason);
  };
  for (const source of unread) stand(source.pastNames, source);
  const last = unread.at(-1);
  if (last !== undefined) stand(trace.unplaced, last);
  return standing;
}

/**
 * The provenance of the next record: what each source names now, and what those that were not read whole named before.
 *
 * @param items of the next record, in its order
 * @param discarded what has no copy, in page order
 * @param isNew whether the present record has no copy of an item
 */
export function provenanceOf(
  trace: Trace,
  items: readonly Named[],
  discarded: readonly Named[],
  isNew: (url: string) => boolean,
): Provenance {
  const byDiscovery = new Map(trace.reached.map((source) => [source.index, new Set<number>()]));
  const numbers = new Map<string, number>();
  const note = (number: number, { sources }: Named) => {
    for (const source of sources) byDiscovery.get(source)?.add(number);
  };
  for (const [number, item] of items.entries()) {
    numbers.set(item.url, number);
    if (trace.others.size > 0 && isNew(item.url)) numbers.set(imageIdOf(item.url), number);
    note(number, item);
  }

  const others: string[] = [];
  /** The number of an image without a copy; null when there is no room for it. */
  const numberOf = (id: string): number | null => {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    if (others.length >= OTHERS_MAX) return null;
    numbers.set(id, items.length + others.length);
    return items.length + others.push(id) - 1;
  };
  let hasMore = trace.hasMore || discarded.length > OTHERS_MAX;
  for (const line of discarded.slice(0, OTHERS_MAX)) {
    // It will never have a copy.
    if (line.url.length > URL_MAX_CHARS) continue;
    const number = numberOf(imageIdOf(line.url));
    if (number === null) hasMore = true;
    else note(number, line);
  }
  const carried = (names: ReadonlySet<string>): number[] =>
    [...names].flatMap((name) => {
      const number = trace.others.has(name) ? numberOf(name) : numbers.get(name);
      // What is neither a copy nor listed is an old copy that gave way to a limit.
      hasMore ||= number === null;
      return number ?? [];
    });

  const known = trace.reached.map((source) => {
    const names = new Set([...(byDiscovery.get(source.index) ?? []), ...carried(source.pastNames)]);
    return { source, names };
  });
  const unplaced = new Set(carried(trace.unplaced));
  // An image that is new beside a source whose list was cut may be one that the list lacks.
  if (trace.hasMore) for (const [number, { url }] of items.entries()) if (isNew(url)) unplaced.add(number);

  // One that names nothing yet counts too: which others lead to it must be known when it does.
  const rankOf = ({ source, names }: (typeof known)[number]): number => {
    if (source.id === PAGE_SOURCE) return 0;
    if (names.size === 0) return 3;
    return source.shortfall === null ? 1 : 2;
  };
  const ranked = known.toSorted((a, b) => rankOf(a) - rankOf(b));
  const kept = ranked.filter((one, place) => place < (rankOf(one) < 3 ? NAMING_MAX : SOURCES_MAX));
  // Where not all of them fit, which of the others lead to the missing ones is not known either.
  if (kept.length < known.length) {
    hasMore = true;
    for (const number of items.keys()) unplaced.add(number);
  }
  const positions = new Map(kept.map(({ source }, position) => [source.id, position]));
  return {
    sources: kept.map(({ source, names }) => knownSource(source, names, positions)),
    others,
    unplaced: ascending(unplaced),
    ...(hasMore && { hasMore }),
  };
}

function knownSource(
  { id, links, shortfall, wasRead, lacksEnd }: ReachedSource,
  names: ReadonlySet<number>,
  positions: ReadonlyMap<string, number>,
): KnownSource {
  const isBlank = names.size + links.size === 0;
  return {
    id,
    names: ascending(names),
    links: ascending([...links].flatMap((link) => positions.get(link) ?? [])),
    ...(shortfall !== null && { unread: shortfall.code }),
    ...(shortfall !== null && isBlank && wasRead && { wasRead }),
    ...(lacksEnd && { lacksEnd }),
  };
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

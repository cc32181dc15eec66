/** Makes the page's next record out of what was gathered and of what was there before. Pure. */
import {
  type Changes,
  type Counts,
  type Discovery,
  type PageRecord,
  PLACES_LISTED,
  type Place,
  PREDECESSORS_KEPT,
  type Reason,
  type SkippedLine,
  type StoredItem,
  type StylesheetCode,
  type Variants,
} from '../model.ts';
import type { ImageCode } from '../problem.ts';
import type { Gathered } from './gather.ts';

export interface Composition {
  readonly opId: string;
  readonly predecessors: readonly string[];
  readonly url: string;
  readonly finalUrl: string;
  readonly variants: Variants;
  /** ISO 8601. */
  readonly now: string;
  readonly discovery: Discovery;
  readonly gathered: readonly Gathered[];
  /** The page's present record (a PUT). */
  readonly before: PageRecord | null;
}

/** These say that the copy is not wanted; every other code is a failure, and an old copy outlives a failure. */
const UNWANTED: ReadonlySet<ImageCode> = new Set<ImageCode>(['PLACEHOLDER', 'NOT_CHOSEN']);
const SKIPPED_LISTED = 2_000;
/** The listed lines together, in characters of JSON, so that an answer stays under 5 MiB. */
const SKIPPED_MAX_CHARS = 1024 * 1024;
const PLACES_MAX_CHARS = 1024 * 1024;
/** An address without a copy is for reading only: it cannot be looked up. */
const SHOWN_URL_CHARS = 2_048;

/** What the failure of a stylesheet is for an image that was found in it. */
const STYLESHEET_REASONS: Readonly<Record<StylesheetCode, ImageCode>> = {
  PAGE_UNREACHABLE: 'IMAGE_UNREACHABLE',
  CONTENT_UNSUPPORTED: 'IMAGE_UNREACHABLE',
  PAGE_TIMEOUT: 'IMAGE_TIMEOUT',
  PAGE_TOO_LARGE: 'LIMIT_REACHED',
  LIMIT_REACHED: 'LIMIT_REACHED',
  ADDRESS_FORBIDDEN: 'ADDRESS_FORBIDDEN',
  OUT_OF_TIME: 'OUT_OF_TIME',
};

export interface Composed {
  /** What this call did, to answer with: outcomes are this call's. */
  readonly record: PageRecord;
  /** What to keep. When nothing changed for a reader, it says exactly what the present record says. */
  readonly toKeep: PageRecord;
  /** False when `toKeep` would tell neither the next reader nor the next update anything new. */
  readonly isWorthKeeping: boolean;
}

export function composeRecord(parts: Composition): Composed {
  const { before, discovery } = parts;
  const lines = [...parts.gathered.map((line) => keepOldCopy(line, before)), ...unseen(parts)];
  const items = nameDuplicates(lines.flatMap((line) => (line.kind === 'item' ? [line.item] : [])));
  const skipped = lines.flatMap((line) => (line.kind === 'discarded' ? [skippedLine(line)] : []));
  const warnings = discovery.warnings.map((warning) => ({ ...warning, url: shown(warning.url) }));

  const record: PageRecord = {
    schema: 1,
    kind: 'page',
    opId: parts.opId,
    predecessors: parts.predecessors.slice(0, PREDECESSORS_KEPT),
    url: parts.url,
    finalUrl: parts.finalUrl,
    createdAt: before?.createdAt ?? parts.now,
    updatedAt: parts.now,
    complete: ![...skipped, ...warnings, ...items.map((item) => item.reason)].some(isOutOfTime),
    variants: parts.variants,
    counts: countsOf(items, skipped),
    items: boundPlaces(items),
    skipped: boundSkipped(skipped),
    warnings,
  };
  if (before === null || contentOf(before) !== contentOf(record)) {
    return { record, toKeep: record, isWorthKeeping: true };
  }
  const same = { ...record, updatedAt: before.updatedAt };
  // Equal content means the same items in the same order; only their validators may be newer.
  const keptItems = same.items.map((item, index) => ({
    ...item,
    outcome: before.items[index]?.outcome ?? item.outcome,
  }));
  return {
    record: same,
    toKeep: { ...same, items: keptItems },
    isWorthKeeping: validatorsOf(before) !== validatorsOf(same),
  };
}

/** What an update did to the page's copies. */
export function changesBetween(before: PageRecord | null, after: PageRecord): Changes {
  const named = (outcome: StoredItem['outcome']) =>
    after.items.filter((item) => item.outcome === outcome).map((item) => item.name);
  const urls = new Set(after.items.map((item) => item.url));
  return {
    added: named('stored'),
    changed: named('changed'),
    unchanged: named('unchanged'),
    removed: before?.items.filter((item) => !urls.has(item.url)).map((item) => item.name) ?? [],
    kept: named('kept'),
  };
}

/** An image that is still on the page but cannot be had now keeps its old copy. */
function keepOldCopy(line: Gathered, before: PageRecord | null): Gathered {
  if (line.kind === 'item' || UNWANTED.has(line.reason.code)) return line;
  const old = before?.items.find((item) => item.url === line.candidate.url);
  return old ? kept(old, line.reason, line.candidate.places) : line;
}

/**
 * Old copies that were found through a stylesheet which could not be read this time: nobody knows whether they
 * are still used, so they stay.
 */
function unseen({ before, discovery, gathered }: Composition): Gathered[] {
  const [warning] = discovery.warnings;
  if (before === null || warning === undefined) return [];
  const seen = new Set(gathered.map((line) => (line.kind === 'item' ? line.item.url : line.candidate.url)));
  const { code, detail } = warning;
  const reason: Reason = { code: STYLESHEET_REASONS[code], detail: `Its stylesheet was not read: ${detail}` };
  return before.items
    .filter((item) => !seen.has(item.url))
    .filter((item) =>
      item.foundIn.some(
        ({ stylesheet }) => stylesheet !== undefined && !discovery.stylesheets.has(stylesheet),
      ),
    )
    .map((item) => kept(item, reason, item.foundIn));
}

function kept(old: StoredItem, reason: Reason, foundIn: readonly Place[]): Gathered {
  return { kind: 'item', item: { ...old, outcome: 'kept', foundIn, reason } };
}

/** Marks every item whose bytes an earlier item has. */
function nameDuplicates(items: readonly StoredItem[]): StoredItem[] {
  const firstByHash = new Map<string, string>();
  return items.map(({ duplicateOf: _, ...item }) => {
    const first = firstByHash.get(item.sha256);
    if (first !== undefined) return { ...item, duplicateOf: first };
    firstByHash.set(item.sha256, item.name);
    return item;
  });
}

function skippedLine({ candidate, reason }: Extract<Gathered, { kind: 'discarded' }>): SkippedLine {
  return { url: shown(withoutCredentials(candidate.url)), ...reason, foundIn: candidate.places };
}

function countsOf(items: readonly StoredItem[], skipped: readonly SkippedLine[]): Counts {
  const byCode: Partial<Record<ImageCode, number>> = {};
  for (const { code } of skipped) byCode[code] = (byCode[code] ?? 0) + 1;
  return { discovered: items.length + skipped.length, items: items.length, skipped: skipped.length, byCode };
}

/** All places while they fit; then, for each further item, its first place in the shortest form. */
function boundPlaces(items: readonly StoredItem[]): StoredItem[] {
  let chars = 0;
  return items.map((item) => {
    const places = item.foundIn.slice(0, PLACES_LISTED).map(shortPlace);
    chars += JSON.stringify(places).length;
    return { ...item, foundIn: chars <= PLACES_MAX_CHARS ? places : places.slice(0, 1).map(barePlace) };
  });
}

function boundSkipped(lines: readonly SkippedLine[]): SkippedLine[] {
  const listed: SkippedLine[] = [];
  let chars = 0;
  for (const line of lines.slice(0, SKIPPED_LISTED)) {
    const short = { ...line, foundIn: line.foundIn.slice(0, PLACES_LISTED).map(shortPlace) };
    chars += JSON.stringify(short).length;
    if (chars > SKIPPED_MAX_CHARS) break;
    listed.push(short);
  }
  return listed;
}

/** A page may write any length into its names. */
function shortPlace({ element, descriptor, alt, stylesheet, ...place }: Place): Place {
  return {
    element: element.slice(0, 64),
    ...place,
    ...(descriptor !== undefined && { descriptor: descriptor.slice(0, 64) }),
    ...(alt !== undefined && { alt: alt.slice(0, 200) }),
    ...(stylesheet !== undefined && { stylesheet: shown(stylesheet) }),
  };
}

const barePlace = ({ element, attribute, slot }: Place): Place => ({ element, attribute, slot });

/** What a reader can see, as one string to compare. */
function contentOf({ finalUrl, complete, variants, counts, items, skipped, warnings }: PageRecord): string {
  const seen = items.map(({ validators: _, outcome, ...item }) => ({ ...item, isKept: outcome === 'kept' }));
  return JSON.stringify([
    finalUrl,
    complete,
    variants,
    counts,
    seen.map(sorted),
    skipped.map(sorted),
    warnings.map(sorted),
  ]);
}

/** Members in a fixed order, so that a record read back compares equal to one just made. */
function sorted(line: object): [string, unknown][] {
  return Object.entries(line).sort(([a], [b]) => (a < b ? -1 : 1));
}

const validatorsOf = ({ items }: PageRecord) =>
  JSON.stringify(items.map(({ validators }) => validators && sorted(validators)));

const isOutOfTime = (line: { readonly code: string } | undefined) => line?.code === 'OUT_OF_TIME';

const shown = (url: string) => (url.length <= SHOWN_URL_CHARS ? url : `${url.slice(0, SHOWN_URL_CHARS)}…`);

function withoutCredentials(text: string): string {
  const url = text.startsWith('data:') ? null : URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  return url.href;
}

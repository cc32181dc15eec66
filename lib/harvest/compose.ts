/** Makes the page's next record out of what was gathered and of what was there before. Pure. */
import {
  type Changes,
  type Counts,
  type Discovery,
  type PageRecord,
  type Place,
  PREDECESSORS_KEPT,
  type Reason,
  type SkippedLine,
  type StoredItem,
  type StylesheetCode,
  type Variants,
} from '../model.ts';
import type { ImageCode } from '../problem.ts';
import { boundAnswer, SKIPPED_LISTED, shown } from './boundAnswer.ts';
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
  readonly imagesMaxCount: number;
}

/**
 * What is said of one image. An `isExtra` copy is kept beyond what the limits let a call fetch. A page may have a
 * million that are discarded: nothing is made of those that are counted only.
 */
type Line = { readonly kind: 'item'; readonly item: StoredItem; readonly isExtra: boolean } | Discarded;

interface Discarded {
  readonly kind: 'discarded';
  readonly candidate: { readonly url: string; readonly places: readonly Place[] };
  readonly reason: Reason;
}

/** These say that the copy is not wanted; every other code is a failure, and an old copy outlives a failure. */
const UNWANTED: ReadonlySet<ImageCode> = new Set<ImageCode>(['PLACEHOLDER', 'NOT_CHOSEN']);
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
  const copies = new Map(before?.items.map((item) => [item.url, item]));
  const lines = parts.gathered.map((line) => lineOf(line, copies));
  const kept: StoredItem[] = [];
  const skipped: SkippedLine[] = [];
  const byCode: Partial<Record<ImageCode, number>> = {};
  for (const line of boundItems(lines.concat(unseen(parts)), parts.imagesMaxCount)) {
    if (line.kind === 'item') {
      kept.push(line.item);
      continue;
    }
    const { code } = line.reason;
    byCode[code] = (byCode[code] ?? 0) + 1;
    if (skipped.length < SKIPPED_LISTED) skipped.push(skippedLine(line));
  }
  const items = nameDuplicates(kept);
  const warnings = discovery.warnings.map((warning) => ({ ...warning, url: shown(warning.url) }));

  const record = boundAnswer({
    schema: 1,
    kind: 'page',
    opId: parts.opId,
    predecessors: parts.predecessors.slice(0, PREDECESSORS_KEPT),
    url: parts.url,
    finalUrl: parts.finalUrl,
    createdAt: before?.createdAt ?? parts.now,
    updatedAt: parts.now,
    complete:
      byCode.OUT_OF_TIME === undefined &&
      ![...warnings, ...items.map((item) => item.reason)].some(isOutOfTime),
    variants: parts.variants,
    counts: countsOf(items, byCode),
    items,
    skipped,
    warnings,
    imports: importsOf(discovery),
  });
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
function lineOf(line: Gathered, copies: ReadonlyMap<string, StoredItem>): Line {
  if (line.kind === 'item') return { kind: 'item', item: line.item, isExtra: false };
  const { candidate, reason } = line;
  const old = UNWANTED.has(reason.code) ? undefined : copies.get(candidate.url);
  return old === undefined ? line : keptLine(old, reason, candidate.places);
}

/**
 * Old copies that were found through a stylesheet which could not be read this time, or was imported below one:
 * nobody knows whether they are still used, so they stay.
 */
function unseen({ before, discovery, gathered }: Composition): Line[] {
  if (before === null || discovery.warnings.length === 0) return [];
  const seen = new Set(gathered.map((line) => (line.kind === 'item' ? line.item.url : line.candidate.url)));
  const warnings = new Map(discovery.warnings.map((warning) => [warning.url, warning]));
  const importers = new Map(before.imports);
  return before.items.flatMap((item) => {
    if (seen.has(item.url)) return [];
    const warning = item.foundIn
      .flatMap(({ stylesheet }) => chainOf(stylesheet, importers))
      .map((stylesheet) => warnings.get(stylesheet))
      .find((found) => found !== undefined);
    if (warning === undefined) return [];
    const detail = `Its stylesheet was not read: ${warning.detail}`;
    return [keptLine(item, { code: STYLESHEET_REASONS[warning.code], detail }, item.foundIn)];
  });
}

/** A stylesheet and those that imported it, up to the linked one. */
function chainOf(stylesheet: string | undefined, importers: ReadonlyMap<string, string>): string[] {
  const chain: string[] = [];
  for (let url = stylesheet; url !== undefined && !chain.includes(url); url = importers.get(url))
    chain.push(url);
  return chain;
}

function importsOf({ stylesheets }: Discovery): [string, string][] {
  return [...stylesheets].flatMap(([url, importer]): [string, string][] =>
    importer === null ? [] : [[url, importer]],
  );
}

function keptLine(old: StoredItem, reason: Reason, foundIn: readonly Place[]): Line {
  const item: StoredItem = { ...old, outcome: 'kept', foundIn, reason };
  return { kind: 'item', item, isExtra: reason.code === 'LIMIT_REACHED' };
}

/** Every kept copy has its reason; this is for the types. */
const LIMIT_REACHED: Reason = { code: 'LIMIT_REACHED', detail: 'The page has more images than the limit.' };

/** A page that names other images first each time must not make its record grow without end. */
function boundItems(lines: readonly Line[], imagesMaxCount: number): readonly Line[] {
  if (!lines.some((line) => line.kind === 'item' && line.isExtra)) return lines;
  let room = imagesMaxCount - lines.filter((line) => line.kind === 'item' && !line.isExtra).length;
  return lines.map((line) => {
    if (line.kind === 'discarded' || !line.isExtra || room-- > 0) return line;
    const { url, foundIn, reason = LIMIT_REACHED } = line.item;
    return { kind: 'discarded', candidate: { url, places: foundIn }, reason };
  });
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

function skippedLine({ candidate: { url, places }, reason }: Discarded): SkippedLine {
  return { url: shown(withoutCredentials(url)), ...reason, foundIn: places };
}

function countsOf(items: readonly StoredItem[], byCode: Counts['byCode']): Counts {
  const skipped = Object.values(byCode).reduce((sum, count) => sum + count, 0);
  return { discovered: items.length + skipped, items: items.length, skipped, byCode };
}

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

/** Of a canonical address; without the URL parser, since a page may have a million. */
function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/, '$1');
}

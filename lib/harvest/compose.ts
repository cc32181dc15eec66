/** Makes the page's next record out of what was gathered and of what was there before. Pure. */
import {
  type Candidate,
  type Changes,
  type Counts,
  type Discovery,
  type PageRecord,
  type Place,
  PREDECESSORS_KEPT,
  type Reason,
  type SkippedLine,
  type StoredItem,
  type Variants,
} from '../domain/model.ts';
import type { ImageCode } from '../domain/problem.ts';
import { cutLists, SKIPPED_LISTED, shown } from '../record/boundLists.ts';
import { SCHEMA } from '../record/recordText.ts';
import { roomOf } from './choose.ts';
import type { Gathered } from './gather.ts';
import { provenanceOf, type Trace } from './provenance.ts';

export interface Composition {
  readonly opId: string;
  readonly predecessors: readonly string[];
  readonly url: string;
  readonly finalUrl: string;
  readonly variants: Variants;
  /** ISO 8601. */
  readonly now: string;
  readonly discovery: Pick<Discovery, 'warnings'>;
  readonly gathered: readonly Gathered[];
  /** What of the present record a source may still name that was not read whole. */
  readonly trace: Trace;
  /** The page's present record (a PUT). */
  readonly before: PageRecord | null;
  readonly imagesMaxCount: number;
}

/**
 * What is said of one image. An `isExtra` copy is kept beyond what the limits let a call fetch. A page may have a
 * million that are discarded: nothing is made of those that are counted only.
 */
type Line =
  | {
      readonly kind: 'item';
      readonly item: StoredItem;
      readonly sources: Candidate['sources'];
      readonly isExtra: boolean;
    }
  | Discarded;

interface Discarded {
  readonly kind: 'discarded';
  readonly candidate: {
    readonly url: string;
    readonly places: readonly Place[];
    readonly sources: Candidate['sources'];
  };
  readonly reason: Reason;
}

/** These say that the copy is not wanted; every other code is a failure, and an old copy outlives a failure. */
const UNWANTED: ReadonlySet<ImageCode> = new Set<ImageCode>(['PLACEHOLDER', 'NOT_CHOSEN']);
/**
 * Bytes of the places and skipped lines that a record keeps for display: a thousand images in twenty places each take
 * half of it. The rest of the largest record is 1,250 items with validators of 9 KiB, 1 MiB of addresses and 3 MiB of
 * provenance. All together is less than `RECORD_MAX_BYTES`.
 */
const LISTS_MAX_BYTES = 8 * 1024 * 1024;

export interface Composed {
  /** What this call did, to answer with: outcomes are this call's. */
  readonly record: PageRecord;
  /** What to keep. When nothing changed for a reader, it says exactly what the present record says. */
  readonly toKeep: PageRecord;
  /** False when `toKeep` would tell neither the next reader nor the next update anything new. */
  readonly isWorthKeeping: boolean;
}

export function composeRecord(parts: Composition): Composed {
  const { before, discovery, trace } = parts;
  const copies = new Map(before?.items.map((item) => [item.url, item]));
  const failures = failuresBySlot(parts.gathered, copies);
  const lines = parts.gathered.map((line) => lineOf(line, copies, trace, failures));
  const kept: Extract<Line, { kind: 'item' }>[] = [];
  const discarded: Discarded['candidate'][] = [];
  const skipped: SkippedLine[] = [];
  const byCode: Partial<Record<ImageCode, number>> = {};
  for (const line of boundItems(lines.concat(unseen(parts)), parts.imagesMaxCount, trace.standing)) {
    if (line.kind === 'item') {
      kept.push(line);
      continue;
    }
    const { code } = line.reason;
    discarded.push(line.candidate);
    byCode[code] = (byCode[code] ?? 0) + 1;
    if (skipped.length < SKIPPED_LISTED) skipped.push(skippedLine(line));
  }
  const items = nameDuplicates(kept.map(({ item }) => item));
  const named = kept.map(({ item: { url }, sources }) => ({ url, sources }));
  const warnings = [...discovery.warnings, ...trace.warnings].map((warning) => ({
    ...warning,
    url: shown(warning.url),
  }));

  const record: PageRecord = {
    schema: SCHEMA,
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
    ...cutLists({ items, skipped }, LISTS_MAX_BYTES),
    warnings,
    provenance: provenanceOf(trace, named, discarded, (url) => !copies.has(url)),
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
    isWorthKeeping: updateFactsOf(before) !== updateFactsOf(same),
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

/**
 * The line of a candidate in the record. An image that is still on the page but cannot be had now keeps its old copy.
 * An unwanted one (`UNWANTED`) keeps it if an unread source may want it, or if a picture has no other copy.
 */
function lineOf(
  line: Gathered,
  copies: ReadonlyMap<string, StoredItem>,
  { standing }: Trace,
  failures: ReadonlyMap<number, Reason>,
): Line {
  const { sources, url, places } = line.candidate;
  if (line.kind === 'item') return { kind: 'item', item: line.item, sources, isExtra: false };
  const old = copies.get(url);
  if (old === undefined) return line;
  const stands = standing.get(url);
  const slot =
    line.reason.code === 'NOT_CHOSEN' ? places.find((place) => failures.has(place.slot))?.slot : undefined;
  const needed = stands ?? (slot === undefined ? undefined : failures.get(slot));
  const reason = UNWANTED.has(line.reason.code) ? needed : line.reason;
  if (reason === undefined) return line;
  const isExtra = stands === undefined && (slot !== undefined || reason.code === 'LIMIT_REACHED');
  return { kind: 'item', item: keptItem(old, reason, places), sources, isExtra };
}

/** By slot, why a picture has no copy of what was chosen for it, where it has an old one of what was not. */
function failuresBySlot(
  gathered: readonly Gathered[],
  copies: ReadonlyMap<string, StoredItem>,
): ReadonlyMap<number, Reason> {
  const failures = new Map<number, Reason>();
  const isPassedOver = (line: Gathered) =>
    line.kind === 'discarded' && line.reason.code === 'NOT_CHOSEN' && copies.has(line.candidate.url);
  const slots = new Set(
    gathered.filter(isPassedOver).flatMap(({ candidate }) => candidate.places.map(({ slot }) => slot)),
  );
  if (slots.size === 0) return failures;
  for (const line of gathered) {
    if (line.kind === 'item' || UNWANTED.has(line.reason.code) || copies.has(line.candidate.url)) continue;
    for (const { slot } of line.candidate.places) if (slots.has(slot)) failures.set(slot, line.reason);
  }
  for (const line of gathered) {
    const hasCopy =
      line.kind === 'item' || (!UNWANTED.has(line.reason.code) && copies.has(line.candidate.url));
    if (hasCopy) for (const { slot } of line.candidate.places) failures.delete(slot);
  }
  return failures;
}

/** Old copies that nothing names which was read, while what was not read may. */
function unseen({ before, gathered, trace: { standing } }: Composition): Line[] {
  if (before === null || standing.size === 0) return [];
  const seen = new Set(gathered.map(({ candidate }) => candidate.url));
  return before.items.flatMap((item): Line[] => {
    const reason = standing.get(item.url);
    if (reason === undefined || seen.has(item.url)) return [];
    return [{ kind: 'item', item: keptItem(item, reason, item.foundIn), sources: [], isExtra: false }];
  });
}

function keptItem(old: StoredItem, reason: Reason, foundIn: readonly Place[]): StoredItem {
  return { ...old, outcome: 'kept', foundIn, reason };
}

/** Every kept copy has its reason; this is for the types. */
const LIMIT_REACHED: Reason = { code: 'LIMIT_REACHED', detail: 'The page has more images than the limit.' };

/** A page that names other images first each time must not make its record grow without end. */
function boundItems(
  lines: readonly Line[],
  imagesMaxCount: number,
  standing: Trace['standing'],
): readonly Line[] {
  if (!lines.some((line) => line.kind === 'item' && line.isExtra)) return lines;
  const fixed = lines.flatMap((line) => (line.kind === 'item' && !line.isExtra ? [line.item] : []));
  const own = fixed.filter(({ url }) => !standing.has(url));
  let room = Math.min(imagesMaxCount - own.length, roomOf(imagesMaxCount) - fixed.length);
  return lines.map((line) => {
    if (line.kind === 'discarded' || !line.isExtra || room-- > 0) return line;
    const { item, sources } = line;
    const { url, foundIn, reason = LIMIT_REACHED } = item;
    return { kind: 'discarded', candidate: { url, places: foundIn, sources }, reason };
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

/** What the next update needs and no reader sees, as one string to compare. */
function updateFactsOf({ items, provenance }: PageRecord): string {
  return JSON.stringify([items.map(({ validators }) => validators && sorted(validators)), provenance]);
}

const isOutOfTime = (line: { readonly code: string } | undefined) => line?.code === 'OUT_OF_TIME';

/** Of a canonical address; without the URL parser, since a page may have a million. */
function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/, '$1');
}

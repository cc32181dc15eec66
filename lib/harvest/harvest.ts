/** The story of a POST and of a PUT. Its helpers stand below in call order. */

import type { ByteBudget } from '../concurrency/byteBudget.ts';
import type { FairSemaphore } from '../concurrency/fairSemaphore.ts';
import { abortAfter, type TimedSignal } from '../concurrency/waiting.ts';
import { createYielder } from '../concurrency/yielder.ts';
import type { Limits } from '../config.ts';
import { pageIdOf } from '../domain/identity.ts';
import type {
  Changes,
  PageRecord,
  StoredItem,
  StoredRecord,
  Variants,
  VersionedRecord,
} from '../domain/model.ts';
import type {
  Clock,
  Cookie,
  ImageStore,
  Measures,
  PageCache,
  PageLock,
  RecordStore,
  Web,
} from '../domain/ports.ts';
import { Problem } from '../domain/problem.ts';
import { COMMIT_MS, HOLD_MARGIN_MS, STYLESHEETS_SHARE } from '../domain/times.ts';
import { commitRecord } from '../record/commit.ts';
import { namesOf } from '../record/namesOf.ts';
import { choose } from './choose.ts';
import { type Composed, changesBetween, composeRecord } from './compose.ts';
import { pageProblem } from './faults.ts';
import { gather } from './gather.ts';
import { traceSources } from './provenance.ts';
import { type FoundPage, readPage } from './readPage.ts';

export interface HarvestServices {
  readonly web: Web;
  readonly records: RecordStore;
  readonly images: ImageStore;
  readonly cache: PageCache;
  readonly lock: PageLock;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly bytesInFlight: ByteBudget;
  readonly uploadPermits: FairSemaphore;
  readonly newId: () => string;
}

export interface HarvestRequest {
  /** `create` refuses a harvested page; `update` brings it up to date, or creates it. */
  readonly mode: 'create' | 'update';
  readonly url: URL;
  /** Absent: what the record has, else `all`. */
  readonly variants?: Variants;
  readonly isDryRun: boolean;
}

export interface Call {
  /** On `clock.elapsed()`, ms: the function ends then. */
  readonly deadline: number;
  readonly measures: Measures;
}

export interface Harvest {
  readonly record: PageRecord;
  readonly changes: Changes;
  /** The page had no record before. */
  readonly isNew: boolean;
}

interface Run {
  readonly request: HarvestRequest;
  readonly call: Call;
  readonly pageId: string;
  /** Unique: names this operation's objects, its record, its lock and its busy marker. */
  readonly opId: string;
  readonly ttlMs: number;
  /** Aborted when the time for fetching is over, or once the operation has failed. */
  readonly fetching: TimedSignal;
  /** Names of the uploads that were begun. */
  readonly uploads: string[];
}

/**
 * Harvests a page: lock, read the record, mark the cache busy, fetch and upload, commit, and only then clean up. This
 * order keeps every promise of the store. A URL that is forbidden by its own text is refused before the first step.
 *
 * @throws every code of the problem table but the body's and `PAGE_NOT_FOUND`
 */
export async function harvest(
  services: HarvestServices,
  request: HarvestRequest,
  call: Call,
): Promise<Harvest> {
  refuseForbidden(services.web, request.url);
  using fetching = openFetching(services, call);
  const operation = begin(services, request, call, fetching);
  const its = servicesFor(services, operation);
  await takeLock(its, operation);
  try {
    const before = await readBefore(its, operation);
    await markBusy(its, operation);
    const next = await fetchNext(its, operation, before);
    const current = await commit(its, operation, next, before);
    await cleanUp(its, operation, current, before);
    return resultOf(operation, next, before);
  } finally {
    await its.lock.release(operation.pageId, operation.opId);
  }
}

function refuseForbidden(web: Web, url: URL): void {
  const refusal = web.refusalOf(url);
  if (refusal !== null) throw pageProblem(refusal);
}

/** What is fetched is fetched before the time that is kept for the commit. */
function openFetching({ clock, limits }: HarvestServices, { deadline }: Call): TimedSignal {
  const leftMs = Math.max(0, deadline - limits.requestReserveMs - clock.elapsed());
  return abortAfter(clock, leftMs, () => new Error('the time for fetching is over'));
}

function begin(
  { clock, newId }: HarvestServices,
  request: HarvestRequest,
  call: Call,
  fetching: TimedSignal,
): Run {
  const leftMs = Math.max(0, call.deadline - clock.elapsed());
  return {
    request,
    call,
    pageId: pageIdOf(request.url.href),
    opId: newId(),
    ttlMs: Math.ceil(leftMs + HOLD_MARGIN_MS),
    fetching,
    uploads: [],
  };
}

/**
 * What one operation reads counts as its own where operations share the connections. The page's cookies live as long as
 * the operation.
 */
function servicesFor(services: HarvestServices, { request, opId }: Run): HarvestServices {
  const { web } = services;
  const cookies: Cookie[] = [];
  const its = request.isDryRun ? rehearsalOf(services) : services;
  return { ...its, web: { ...web, read: (reading) => web.read({ ...reading, caller: opId, cookies }) } };
}

/** The same services, but whatever would be written is let go: what a dry run works with. */
function rehearsalOf(services: HarvestServices): HarvestServices {
  const nothing = async () => {};
  return {
    ...services,
    records: {
      ...services.records,
      write: async () => ({ kind: 'written', etag: '' }),
      verify: nothing,
    },
    images: { ...services.images, put: nothing, remove: nothing },
    cache: { read: async () => ({ kind: 'miss' }), fill: nothing, markBusy: nothing, settle: nothing },
    lock: { take: async () => 'unavailable', release: nothing, isHeld: async () => false },
  };
}

async function takeLock({ lock }: HarvestServices, { pageId, opId, ttlMs }: Run): Promise<void> {
  if ((await lock.take(pageId, opId, ttlMs)) === 'held') throw inProgress();
}

/** The record from the bucket, not from the cache, and before anything is uploaded: its ETag is the condition. */
async function readBefore(
  { records }: HarvestServices,
  { pageId, request }: Run,
): Promise<VersionedRecord | null> {
  if (request.mode === 'create' && request.isDryRun) return null;
  const before = await records.read(pageId);
  if (request.mode === 'create' && before?.record.kind === 'page') throw alreadyProcessed();
  return before;
}

/** From here on readers answer from the bucket and leave the cache entry alone: it is out before the writing. */
async function markBusy({ cache }: HarvestServices, { pageId, opId, ttlMs }: Run): Promise<void> {
  await cache.markBusy(pageId, opId, ttlMs);
}

/** Fetches the page and its images, uploads what is new, and makes the next record. A failure takes it all back. */
async function fetchNext(
  services: HarvestServices,
  operation: Run,
  before: VersionedRecord | null,
): Promise<Composed> {
  try {
    const [page] = await Promise.all([fetchPage(services, operation), services.records.verify()]);
    return await gatherNext(services, operation, page, before);
  } catch (error) {
    operation.fetching.abort();
    await takeBack(services, operation, null);
    throw error;
  }
}

async function fetchPage(services: HarvestServices, { request, fetching, call }: Run): Promise<FoundPage> {
  const { limits, clock } = services;
  const start = clock.elapsed();
  const leftMs = Math.max(0, call.deadline - limits.requestReserveMs - start);
  try {
    return await readPage(services, request.url, fetching.signal, Math.floor(leftMs * STYLESHEETS_SHARE));
  } finally {
    call.measures.pageFetchMs = clock.elapsed() - start;
  }
}

async function gatherNext(
  services: HarvestServices,
  operation: Run,
  { finalUrl, discovery }: FoundPage,
  before: VersionedRecord | null,
): Promise<Composed> {
  const { request, opId, pageId, fetching, uploads, call } = operation;
  const present = pageOf(before);
  // A later version's record may have others.
  const variants = request.variants ?? (present?.variants === 'best' ? 'best' : 'all');
  const trace = traceSources(present, discovery);
  const { imagesMaxCount } = services.limits;
  const wanted = { variants, imagesMaxCount, standing: trace.standing };
  const gathered = await gather(services, {
    pageId,
    opId,
    finalUrl,
    choices: await choose(discovery.candidates, wanted, createYielder()),
    present: new Map(present?.items.map((item) => [item.url, item])),
    signal: fetching.signal,
    onUpload: (name) => uploads.push(name),
    onDownloaded: (bytes) => {
      call.measures.bytesDownloaded = (call.measures.bytesDownloaded ?? 0) + bytes;
    },
  });
  return composeRecord({
    opId,
    predecessors: before ? [before.record.opId, ...before.record.predecessors] : [],
    url: request.url.href,
    finalUrl: finalUrl.href,
    variants,
    now: services.clock.now().toISOString(),
    discovery,
    gathered,
    trace,
    before: present,
    imagesMaxCount,
  });
}

/** Takes the uploads back that `named` (what the bucket's record says now) does not name, and the busy marker. */
async function takeBack(
  { images, cache }: HarvestServices,
  { pageId, opId, uploads }: Run,
  named: StoredRecord | null,
): Promise<void> {
  const names = namesOf(named);
  await images.remove(uploads.filter((name) => !names.has(name))).catch(leaveToSweep);
  await cache.settle(pageId, opId, null);
}

interface Current {
  readonly record: PageRecord;
  /** What a later writer has made of it already. */
  readonly later: StoredRecord | null;
  /** A commit has shown that it is current; one that was merely read may have been overtaken meanwhile. */
  readonly isProven: boolean;
}

/** The only moment at which anything changes for a reader. */
async function commit(
  services: HarvestServices,
  operation: Run,
  next: Composed,
  before: VersionedRecord | null,
): Promise<Current> {
  const present = pageOf(before);
  if (!next.isWorthKeeping && present !== null) return { record: present, later: null, isProven: false };

  const { records, clock } = services;
  const { pageId, call, request } = operation;
  const mayTry = () => clock.elapsed() < call.deadline - COMMIT_MS;
  const result = await commitRecord(records, pageId, next.toKeep, before, mayTry);
  switch (result.kind) {
    case 'committed':
      return { record: next.toKeep, later: null, isProven: true };
    case 'superseded':
      return { record: next.toKeep, later: result.current, isProven: true };
    case 'refused':
      await takeBack(services, operation, null);
      throw result.problem;
    case 'lost':
      await takeBack(services, operation, result.current);
      throw request.mode === 'create' && result.current?.kind === 'page'
        ? alreadyProcessed(RETRY_SECONDS)
        : inProgress();
    case 'unknown':
      // Nothing may be deleted: the record may yet be applied. The marker ends by its TTL.
      throw result.problem;
  }
}

/** Never waits for readers: who still holds the old list may meet a 404. */
async function cleanUp(
  { cache, images, clock }: HarvestServices,
  { call, pageId, opId, uploads }: Run,
  { record, later, isProven }: Current,
  before: VersionedRecord | null,
): Promise<void> {
  // Past its end the lock and the marker are no longer this call's own: the record may be old by now.
  const isInTime = clock.elapsed() < call.deadline;
  if (later === null) await cache.settle(pageId, opId, isInTime && isProven ? record : null);
  const live = new Set([...namesOf(record), ...namesOf(later)]);
  const unnamed = [...namesOf(before?.record ?? null), ...uploads].filter((name) => !live.has(name));
  await images.remove(unnamed).catch(leaveToSweep);
}

function resultOf({ call, request }: Run, { record }: Composed, before: VersionedRecord | null): Harvest {
  const outcomes = (...wanted: readonly StoredItem['outcome'][]) =>
    record.items.filter((item) => wanted.includes(item.outcome)).length;
  call.measures.discovered = record.counts.discovered;
  // A dry run stores nothing.
  call.measures.stored = request.isDryRun ? 0 : outcomes('stored', 'changed');
  call.measures.unchanged = outcomes('unchanged');
  call.measures.skippedByCode = record.counts.byCode;
  const present = pageOf(before);
  return { record, changes: changesBetween(present, record), isNew: present === null };
}

/** A fence counts as absent for every answer. */
function pageOf(version: VersionedRecord | null): PageRecord | null {
  return version?.record.kind === 'page' ? version.record : null;
}

/** What cannot be removed now is named by no record: a sweep removes it. A bug passes on. */
function leaveToSweep(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}

const RETRY_SECONDS = 2;

const inProgress = () =>
  new Problem('URL_IN_PROGRESS', {
    detail: 'Another call is working on this page. Try again in a moment.',
    retryAfterSeconds: RETRY_SECONDS,
  });

const alreadyProcessed = (retryAfterSeconds?: number) =>
  new Problem('URL_ALREADY_PROCESSED', {
    detail: 'This page is already harvested. Read it with GET /images, or update it with PUT /images.',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });

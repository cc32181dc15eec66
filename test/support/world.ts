/** The service on fakes: a web, a bucket and a cache that a test can inspect and break. */

import { createByteBudget } from '../../lib/concurrency/byteBudget.ts';
import { systemClock } from '../../lib/concurrency/waiting.ts';
import type { Limits } from '../../lib/config.ts';
import { readConfig } from '../../lib/config.ts';
import { pageIdOf } from '../../lib/domain/identity.ts';
import type { Measures } from '../../lib/domain/ports.ts';
import { Problem, type ProblemCode } from '../../lib/domain/problem.ts';
import {
  type Harvest,
  type HarvestRequest,
  type HarvestServices,
  harvest,
} from '../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../lib/harvest/uploadPermits.ts';
import { type Found, lookUp } from '../../lib/lookup/lookUp.ts';
import { type SweepReport, sweep } from '../../lib/sweep/sweep.ts';
import type { Intercept } from '../fakes/intercept.ts';
import { createMemoryCache } from '../fakes/memoryCache.ts';
import { createMemoryStore } from '../fakes/memoryStore.ts';
import { createMemoryWeb, type MemoryResource } from '../fakes/memoryWeb.ts';

export const PAGE = 'https://site.test/';
const DAY_MS = 24 * 60 * 60 * 1000;

export interface WorldParts {
  readonly site?: Readonly<Record<string, MemoryResource>>;
  readonly limits?: Partial<Limits>;
  /** Milliseconds that a call has. */
  readonly timeMs?: number;
  readonly storeIntercept?: Intercept;
  readonly cacheIntercept?: Intercept;
}

export function createWorld({
  site,
  limits,
  timeMs = 29_000,
  storeIntercept,
  cacheIntercept,
}: WorldParts = {}) {
  const web = createMemoryWeb(site);
  const store = createMemoryStore(storeIntercept && { intercept: storeIntercept });
  const cache = createMemoryCache(cacheIntercept && { intercept: cacheIntercept });
  let ids = 0;
  const services: HarvestServices = {
    web,
    records: store.records,
    images: store.images,
    cache: cache.cache,
    lock: cache.lock,
    clock: systemClock,
    limits: { ...readConfig({ S3_BUCKET: 'images' }).limits, ...limits },
    bytesInFlight: createByteBudget(64 * 1024 * 1024),
    uploadPermits: createUploadPermits(),
    newId: () => `op${String(++ids).padStart(30, '0')}`,
  };

  const run = (mode: HarvestRequest['mode'], url: string, options: Partial<HarvestRequest> = {}) => {
    const measures: Measures = {};
    const call = { deadline: performance.now() + timeMs, measures };
    return harvest(services, { mode, url: new URL(url), isDryRun: false, ...options }, call);
  };

  return {
    web,
    store,
    cache,
    services: { ...services, sweepProgress: store.sweepProgress },
    post: (url = PAGE, options: Partial<HarvestRequest> = {}): Promise<Harvest> =>
      run('create', url, options),
    put: (url = PAGE, options: Partial<HarvestRequest> = {}): Promise<Harvest> => run('update', url, options),
    get: (url = PAGE): Promise<Found> => lookUp(services, new URL(url).href, {}),
    /** Runs a sweep whose clock is two days ahead. */
    sweepLater: (): Promise<SweepReport> => {
      const clock = { ...systemClock, now: () => new Date(Date.now() + 2 * DAY_MS) };
      return sweep({ ...services, sweepProgress: store.sweepProgress, clock }, performance.now() + 60_000);
    },
    /** Names in the bucket that the page's record does not name. */
    orphans: (url = PAGE): readonly string[] => {
      const record = store.kept.get(pageIdOf(new URL(url).href));
      const named = record?.kind === 'page' ? record.items.map((item) => item.name) : [];
      return [...store.objects.keys()].filter(
        (name) => name.includes(pageIdOf(url)) && !named.includes(name),
      );
    },
    /** Names in records without an object in the bucket. There must never be any. */
    missing: (): readonly string[] =>
      [...store.kept.values()]
        .flatMap((record) => (record.kind === 'page' ? record.items : []))
        .map((item) => item.name)
        .filter((name) => !store.objects.has(name)),
  };
}

/** The problem with which a call fails. Throws when the call succeeds. */
export async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Problem) return outcome;
  throw outcome ?? new Error('the call succeeded');
}

export async function codeOf(call: Promise<unknown>): Promise<ProblemCode> {
  return (await problemOf(call)).code;
}

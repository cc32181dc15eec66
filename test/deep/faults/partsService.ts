/** The whole service with its real adapters, connected to each part by a line that a test can break. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import { pageIdOf } from '../../../lib/domain/identity.ts';
import type { PageRecord, StoredRecord } from '../../../lib/domain/model.ts';
import type { Clock, Metrics } from '../../../lib/domain/ports.ts';
import type { StoreTimes } from '../../../lib/domain/times.ts';
import { REDIS_TIMES, type RedisTimes } from '../../../lib/domain/times.ts';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import { createNoCache } from '../../../lib/redis/noCache.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { type SweepReport, sweep } from '../../../lib/sweep/sweep.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { type StoreFault, type StoreRequest, startFaultyStore } from '../../support/faultyStore.ts';
import { pngOf } from '../../support/pictures.ts';
import { signedFetch } from '../../support/signedFetch.ts';
import { type HostileParts, startHostileService } from '../hostile/support/hostileService.ts';
import { startFaultProxy } from './faultProxy.ts';
import { startRedisDouble } from './redisDouble.ts';

/** Short, so that a hanging store costs the tests little, but long enough for a working store on a busy machine. */
export const QUICK_STORE: StoreTimes = {
  connectMs: 500,
  recordAttemptMs: 600,
  recordCallMs: 3_000,
  bulkAttemptMs: 600,
  bulkCallMs: 3_000,
};

/** Long timeouts, for tests in which the store works and every request is counted. */
export const PATIENT_STORE: StoreTimes = {
  connectMs: 20_000,
  recordAttemptMs: 20_000,
  recordCallMs: 20_000,
  bulkAttemptMs: 20_000,
  bulkCallMs: 20_000,
};

export interface PartsServiceParts {
  /** Numbers of the images on `/page`. */
  readonly images?: readonly number[];
  /** Responds instead of the site with `images`. */
  readonly respond?: HostileParts['respond'];
  readonly config?: HostileParts['config'];
  readonly storeTimes?: StoreTimes;
  /** Timeouts of the sweep's client. Absent: those of the service. */
  readonly sweepTimes?: StoreTimes;
  readonly redisTimes?: RedisTimes;
  /** False: the service has no Redis. */
  readonly hasRedis?: boolean;
  /** Clock of the cache. */
  readonly elapsed?: () => number;
  readonly timeMs?: number;
  readonly metrics?: Metrics;
}

export type PartsService = Awaited<ReturnType<typeof startPartsService>>;

const BUCKET = 'parts';

export async function startPartsService({
  images = [1, 2],
  respond,
  config,
  storeTimes = QUICK_STORE,
  sweepTimes = storeTimes,
  redisTimes = REDIS_TIMES,
  hasRedis = true,
  elapsed,
  timeMs,
  metrics,
}: PartsServiceParts = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'parts-'));
  const bucket = await startObjectStore({ port: 0, directory, bucket: BUCKET });
  let choose = (_: StoreRequest): StoreFault => 'pass';
  const s3 = await startFaultyStore((request) => choose(request), bucket.endpoint);
  const s3Line = await startFaultProxy(Number(new URL(s3.endpoint).port));
  const redis = await startRedisDouble();
  const redisLine = await startFaultProxy(redis.port);

  const storeAt = (endpoint: string, times?: StoreTimes) =>
    createS3Store(
      {
        bucket: BUCKET,
        region: 'us-east-1',
        endpoint,
        credentials: LOCAL_KEYS,
        linkTtlSeconds: 60,
      },
      times,
    );
  const store = storeAt(`http://127.0.0.1:${s3Line.port}`, storeTimes);
  /** Bypasses every fault: shows what the bucket really has. */
  const plain = storeAt(bucket.endpoint);
  const cache = hasRedis
    ? createRedisCache(
        { url: `redis://127.0.0.1:${redisLine.port}`, ttlSeconds: 300 },
        { times: redisTimes, ...(elapsed && { elapsed }) },
      )
    : createNoCache();
  const site = { shown: images };
  const service = await startHostileService({
    respond:
      respond ??
      ((socket, head) => {
        const path = pathOf(head);
        if (path.endsWith('.png'))
          return socket.write(answer(200, { 'Content-Type': 'image/png' }, pngOf(Number(path.slice(1, -4)))));
        const markup = site.shown.map((number) => `<img src="/${number}.png">`).join('');
        return socket.write(answer(200, { 'Content-Type': 'text/html' }, `<p>${markup}`));
      }),
    ...(config && { config }),
    ...(timeMs !== undefined && { timeMs }),
    adapters: { ...store, ...cache, ...(metrics && { metrics }) },
  });
  const page = service.url('/page');

  const namesIn = async (prefix: string) =>
    (await Array.fromAsync(plain.images.list(prefix))).map(({ name }) => name);
  const recordOf = async (url = page): Promise<PageRecord | null> => {
    const record: StoredRecord | undefined = (await plain.records.read(pageIdOf(url)))?.record;
    return record?.kind === 'page' ? record : null;
  };

  return {
    ...service,
    page,
    s3,
    s3Line,
    redis,
    redisLine,
    /** Chooses the fault of every request to the bucket from now on. */
    breakStore: (next: (request: StoreRequest) => StoreFault) => {
      choose = next;
    },
    mendStore: () => {
      choose = () => 'pass';
    },
    /** The images that the page shows from now on. */
    show: (...numbers: readonly number[]) => {
      site.shown = numbers;
    },
    recordOf,
    namesIn,
    /** Runs a sweep whose clock is two days ahead, with a separate client, like the scheduled function. */
    async sweepLater(): Promise<SweepReport> {
      const sweeping = storeAt(`http://127.0.0.1:${s3Line.port}`, sweepTimes);
      const clock: Clock = {
        ...systemClock,
        now: () => new Date(Date.now() + 2 * 24 * 60 * 60 * 1_000),
      };
      const newId = () => randomBytes(16).toString('hex');
      try {
        return await sweep({ ...sweeping, ...cache, clock, newId }, performance.now() + 20_000);
      } finally {
        sweeping.close();
      }
    },
    /** Writes to the bucket directly, as another program would. */
    putRaw: (key: string, body: string | Buffer, headers: Record<string, string> = {}) =>
      signedFetch(`${bucket.endpoint}/${BUCKET}/${key}`, { method: 'PUT', body, headers }),
    /** Names in the record without an object (there must never be any), and objects that the record does not name. */
    async compare(url = page): Promise<{ readonly missing: string[]; readonly orphans: string[] }> {
      const named = (await recordOf(url))?.items.map(({ name }) => name) ?? [];
      const there = (await namesIn('images/')).filter((name) => name.includes(`/${pageIdOf(url)}/`));
      return {
        missing: named.filter((name) => !there.includes(name)),
        orphans: there.filter((name) => !named.includes(name)),
      };
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await cache.close();
      store.close();
      plain.close();
      await redisLine[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
      await s3Line[Symbol.asyncDispose]();
      await s3.close();
      await bucket.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The result of `work`, and how many milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  const value = await work();
  return { value, ms: performance.now() - start };
}

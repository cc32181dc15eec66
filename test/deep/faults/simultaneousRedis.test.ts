/** C01 over the real adapters: S3 on the embedded store, and a Redis that is killed (SIGKILL) in the middle. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../lib/concurrency/waiting.ts';
import type { PageCache, PageLock } from '../../../lib/domain/ports.ts';
import { REDIS_TIMES } from '../../../lib/domain/times.ts';
import { createRedisCache } from '../../../lib/redis/cache.ts';
import { createNoCache } from '../../../lib/redis/noCache.ts';
import { createS3Store } from '../../../lib/s3/store.ts';
import { sweep } from '../../../lib/sweep/sweep.ts';
import { LOCAL_KEYS } from '../../../local-stack/embedded/localKeys.ts';
import { startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { startRedis } from '../../../local-stack/embedded/redis.ts';
import { answer, pathOf, type Respond } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { findTestServices } from '../../support/services.ts';
import { report } from '../hostile/support/figures.ts';
import { startHostileService } from '../hostile/support/hostileService.ts';

const DAYS_MS = 2 * 24 * 60 * 60 * 1_000;
const POSTS = 50;
const HTML = { 'Content-Type': 'text/html' };
const PNG = { 'Content-Type': 'image/png' };
/** Slow only because of what else runs on the machine. */
const TIMES = { ...REDIS_TIMES, connectMs: 5_000, commandMs: 5_000 };

const hasRedis = findTestServices().some(({ name, program }) => name === 'Redis' && program !== null);

interface RunningRedis {
  readonly cache: PageCache;
  readonly lock: PageLock;
  /** SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

let folder = '';
let bucket: Awaited<ReturnType<typeof startObjectStore>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simultaneous-'));
  bucket = await startObjectStore({ port: 0, directory: join(folder, 'bucket'), bucket: 'images' });
});
afterAll(async () => {
  await bucket.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function startOwnRedis(): Promise<RunningRedis> {
  const server = await startRedis({ directory: join(folder, 'redis') });
  const redis = createRedisCache({ url: `redis://${server?.address}`, ttlSeconds: 300 }, { times: TIMES });
  const kill = async () => server?.close();
  return { ...redis, kill, close: async () => void (await Promise.all([redis.close(), kill()])) };
}

async function startNone(): Promise<RunningRedis> {
  return { ...createNoCache(), kill: async () => undefined, close: async () => undefined };
}

const ROWS = [
  { redis: 'without Redis', start: startNone, killedAt: '', hasLock: false },
  ...(hasRedis
    ? [
        { redis: 'with Redis', start: startOwnRedis, killedAt: '', hasLock: true },
        { redis: 'with Redis killed at the page', start: startOwnRedis, killedAt: '/', hasLock: false },
        { redis: 'with Redis killed at an image', start: startOwnRedis, killedAt: '/b.png', hasLock: false },
      ]
    : []),
];

describe('C01: over the real adapters', () => {
  it.each(ROWS)(`C01 of ${POSTS} POSTs $redis one is 201`, async ({ redis, start, killedAt, hasLock }) => {
    const running = await start();
    const store = createS3Store({
      bucket: 'images',
      region: 'us-east-1',
      endpoint: bucket.endpoint,
      credentials: LOCAL_KEYS,
      linkTtlSeconds: 60,
    });
    let killed: Promise<unknown> | null = null;
    const respond: Respond = async (socket, head) => {
      const path = pathOf(head).split('?')[0];
      if (path === killedAt) {
        killed ??= running.kill().then(() => secondHalf.resolve());
        await killed;
      }
      if (path === '/') socket.write(answer(200, HTML, '<img src=a.png><img src=b.png>'));
      else socket.write(answer(200, PNG, pngOf(path === '/a.png' ? 1 : 2)));
    };
    // Half of them come when Redis has just gone and the first is still at work.
    const secondHalf = Promise.withResolvers<void>();
    if (killedAt === '') secondHalf.resolve();
    const { records, images } = store;
    const { cache, lock } = running;
    await using service = await startHostileService({
      respond,
      adapters: { records, images, cache, lock },
    });
    try {
      const url = `${service.url()}?${encodeURIComponent(redis)}`;
      const posts = Array.from({ length: POSTS }, async (_, index) => {
        if (index >= POSTS / 2) await secondHalf.promise;
        return service.post(url);
      });
      const responses = await Promise.all(posts);

      expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array(POSTS - 1).fill(409)]);
      if (hasLock) expect(service.site.heads.filter((head) => pathOf(head).startsWith('/?'))).toHaveLength(1);
      expect(killed === null).toBe(killedAt === '');
      const named = (await service.get(url)).body.images as readonly string[];
      expect(named).toHaveLength(2);

      const clock = { ...systemClock, now: () => new Date(Date.now() + DAYS_MS) };
      const newId = () => `sweep${killedAt.length}`;
      await sweep({ ...store, ...createNoCache(), clock, newId }, performance.now() + 20_000);
      const [, , pageId] = named[0]?.split('/') ?? [];
      const left: string[] = [];
      for await (const { name } of images.list('images/')) if (name.includes(`/${pageId}/`)) left.push(name);
      expect(left.sort()).toEqual([...named].sort());
      report({ inputs: POSTS });
    } finally {
      store.close();
      await running.close();
    }
  });
});

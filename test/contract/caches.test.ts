import { afterAll, beforeAll, describe } from '@jest/globals';
import { cacheImplementations, type RunningCache } from './caches.ts';
import { testAnyPageCache, testForgettingPageCache, testPageCache } from './pageCache.ts';
import { testAnyPageLock, testPageLock } from './pageLock.ts';

/** Longer than any test takes, on whatever machine; and as short as a cache can. */
const [LONG, SHORT] = [3_600, 1];

describe.each(cacheImplementations())('$name', ({ keeps, start }) => {
  let running: RunningCache | undefined;
  let forgetting: RunningCache | undefined;
  const started = (cache: RunningCache | undefined): RunningCache => {
    if (cache === undefined) throw new Error('The cache did not start.');
    return cache;
  };
  beforeAll(async () => {
    running = await start(LONG);
    forgetting = await start(SHORT);
  });
  afterAll(() => Promise.all([running?.close(), forgetting?.close()]));

  const cache = () => started(running).cache;
  const lock = () => started(running).lock;
  describe('as the cache', () => {
    testAnyPageCache(cache);
    if (keeps) testPageCache(cache);
    if (keeps) testForgettingPageCache(() => started(forgetting).cache);
  });
  describe('as the lock', () => {
    testAnyPageLock(lock);
    if (keeps) testPageLock(lock);
  });
});

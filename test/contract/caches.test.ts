import { afterAll, beforeAll, describe } from '@jest/globals';
import { cacheImplementations, type RunningCache, TTL_SECONDS } from './caches.ts';
import { testAnyPageCache, testPageCache } from './pageCache.ts';
import { testAnyPageLock, testPageLock } from './pageLock.ts';

describe.each(cacheImplementations())('$name', ({ keeps, start }) => {
  let running: RunningCache | undefined;
  const parts = (): RunningCache => {
    if (running === undefined) throw new Error('The cache did not start.');
    return running;
  };
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running?.close());

  const cache = () => parts().cache;
  const lock = () => parts().lock;
  describe('as the cache', () => {
    testAnyPageCache(cache);
    if (keeps) testPageCache(cache, TTL_SECONDS);
  });
  describe('as the lock', () => {
    testAnyPageLock(lock);
    if (keeps) testPageLock(lock);
  });
});

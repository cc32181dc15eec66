/** The cache and the lock where there is no Redis: every read is a miss, no lock is to be had. */
import type { PageCache, PageLock } from '../domain/ports.ts';

export function createNoCache(): {
  readonly cache: PageCache;
  readonly lock: PageLock;
  close(): Promise<void>;
} {
  const nothing = async () => undefined;
  return {
    cache: { read: async () => ({ kind: 'miss' }), fill: nothing, markBusy: nothing, settle: nothing },
    lock: { take: async () => 'unavailable', release: nothing, isHeld: async () => false },
    close: nothing,
  };
}

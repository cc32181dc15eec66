/** A cache and its locks in memory that keep the promises of `PageCache` and `PageLock`. */
import type { PageRecord } from '../../lib/domain/model.ts';
import type { PageCache, PageLock } from '../../lib/domain/ports.ts';
import { CACHED_MAX_BYTES } from '../../lib/record/recordText.ts';
import { createCalls, type Intercept, type PortCall } from './intercept.ts';

type Entry =
  | { readonly kind: 'record'; readonly record: PageRecord }
  | { readonly kind: 'large' }
  | { readonly kind: 'busy'; readonly token: string };

interface Held<T> {
  readonly value: T;
  /** On the clock of `elapsed`. */
  readonly endsAt: number;
}

export interface MemoryCache {
  readonly cache: PageCache;
  readonly lock: PageLock;
  /** By page id, to look at and to evict. */
  readonly entries: Map<string, Held<Entry>>;
  readonly locks: Map<string, Held<string>>;
  /** Methods: read, fill, markBusy, settle, take, release, isHeld. */
  readonly calls: readonly PortCall[];
  /** FLUSHALL. */
  flush(): void;
  /** Down: every read is a miss, no lock is to be had, nothing is changed. */
  setDown(isDown: boolean): void;
}

export interface MemoryCacheParts {
  readonly ttlSeconds?: number;
  /** Milliseconds that only go forward. */
  readonly elapsed?: () => number;
  readonly intercept?: Intercept;
}

export function createMemoryCache({
  ttlSeconds = 300,
  elapsed = () => performance.now(),
  intercept,
}: MemoryCacheParts = {}): MemoryCache {
  const { calls, through } = createCalls(intercept);
  const entries = new Map<string, Held<Entry>>();
  const locks = new Map<string, Held<string>>();
  let isDown = false;

  const current = <T>(map: Map<string, Held<T>>, pageId: string): T | undefined => {
    const held = map.get(pageId);
    if (held !== undefined && held.endsAt > elapsed()) return held.value;
    map.delete(pageId);
    return undefined;
  };
  const keep = <T>(map: Map<string, Held<T>>, pageId: string, value: T, ttlMs: number) => {
    map.set(pageId, { value, endsAt: elapsed() + ttlMs });
  };
  const keepRecord = (pageId: string, record: PageRecord) => {
    const entry: Entry = isLarge(record)
      ? { kind: 'large' }
      : { kind: 'record', record: structuredClone(record) };
    keep(entries, pageId, entry, ttlSeconds * 1_000);
  };
  /** `otherwise` is what a caller gets of a cache that is down. */
  const ask = <T>(method: string, pageId: string, otherwise: T, response: () => T): Promise<T> =>
    through(method, pageId, () => (isDown ? otherwise : response()));

  const cache: PageCache = {
    read: (pageId) =>
      ask('read', pageId, { kind: 'miss' }, () => {
        const entry = current(entries, pageId);
        return entry?.kind === 'record'
          ? structuredClone(entry)
          : { kind: entry?.kind === 'busy' ? 'busy' : 'miss' };
      }),
    fill: (pageId, record) =>
      ask('fill', pageId, undefined, () => {
        if (current(entries, pageId) === undefined && !isLarge(record)) keepRecord(pageId, record);
      }),
    markBusy: (pageId, token, ttlMs) =>
      ask('markBusy', pageId, undefined, () => keep(entries, pageId, { kind: 'busy', token }, ttlMs)),
    settle: (pageId, token, record) =>
      ask('settle', pageId, undefined, () => {
        const entry = current(entries, pageId);
        if (entry?.kind === 'busy' && entry.token !== token) return;
        entries.delete(pageId);
        if (entry?.kind === 'busy' && record !== null) keepRecord(pageId, record);
      }),
  };

  const lock: PageLock = {
    take: (pageId, token, ttlMs) =>
      ask<'taken' | 'held' | 'unavailable'>('take', pageId, 'unavailable', () => {
        if (current(locks, pageId) !== undefined) return 'held';
        keep(locks, pageId, token, ttlMs);
        return 'taken';
      }),
    release: (pageId, token) =>
      ask('release', pageId, undefined, () => {
        if (current(locks, pageId) === token) locks.delete(pageId);
      }),
    isHeld: (pageId) => ask('isHeld', pageId, false, () => current(locks, pageId) !== undefined),
  };

  return {
    cache,
    lock,
    entries,
    locks,
    calls,
    flush: () => {
      entries.clear();
      locks.clear();
    },
    setDown: (value) => {
      isDown = value;
    },
  };
}

function isLarge(record: PageRecord): boolean {
  return Buffer.byteLength(JSON.stringify(record)) > CACHED_MAX_BYTES;
}

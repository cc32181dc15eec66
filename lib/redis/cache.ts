/**
 * The cache and the lock on Redis. An entry `page:<pageId>` is either the record's JSON, which starts with `{`, or
 * `busy:` and the token of the writer at work. So one command reads both, and a hit is parsed once.
 */
import type { CacheConfig } from '../config.ts';
import type { PageRecord } from '../domain/model.ts';
import type { CachedPage, PageCache, PageLock } from '../domain/ports.ts';
import { REDIS_TIMES, type RedisTimes } from '../domain/times.ts';
import { CACHED_MAX_BYTES, readRecord, writeRecord } from '../record/recordText.ts';
import { createRedisConnection, type RedisConnection, type RedisNotice } from './connection.ts';
import { createRedisServer } from './server.ts';

export interface RedisParts {
  readonly times?: RedisTimes;
  readonly tell?: (notice: RedisNotice) => void;
  /** Milliseconds that only go forward. */
  readonly elapsed?: () => number;
}

export interface RedisCache {
  readonly cache: PageCache;
  readonly lock: PageLock;
  /** Ends the connection; whatever is asked afterwards is a miss. */
  close(): Promise<void>;
}

const BUSY = 'busy:';
/** Instead of a record that is too large: no record, and no room for an older one that a look-up fills in late. */
const LARGE = 'large';

const SCRIPTS = {
  /** KEYS: entry. ARGV: own marker, the record or nothing, seconds. */
  settlePage: {
    numberOfKeys: 1,
    lua: `
      local entry = redis.call('GET', KEYS[1])
      if not entry then return 0 end
      if entry == ARGV[1] then
        if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
        redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
        return 1
      end
      if string.sub(entry, 1, ${BUSY.length}) == '${BUSY}' then return 0 end
      return redis.call('DEL', KEYS[1])`,
  },
  /** KEYS: lock. ARGV: own token. */
  releaseLock: {
    numberOfKeys: 1,
    lua: `
      if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
      return redis.call('DEL', KEYS[1])`,
  },
} as const;

/** Connects at the first call. No method throws; with Redis down or hanging each is a miss within moments. */
export function createRedisCache(
  config: CacheConfig & { readonly url: string },
  { times = REDIS_TIMES, tell = () => {}, elapsed = () => performance.now() }: RedisParts = {},
): RedisCache {
  const server = createRedisServer(config, SCRIPTS, { times, elapsed });
  const redis = createRedisConnection(server, { script: 'releaseLock' }, { times, tell, elapsed });
  return {
    cache: createCache(redis, config.ttlSeconds),
    lock: createLock(redis),
    close: async () => redis.close(),
  };
}

function createCache(redis: RedisConnection, ttlSeconds: number): PageCache {
  return {
    // GETRANGE, whose end is inclusive, instead of GET: an entry may be anybody's, and as large as Redis takes.
    read: async (pageId) => {
      const response = await redis.read('GETRANGE', entryKey(pageId), 0, CACHED_MAX_BYTES);
      return response.kind === 'answer' ? parseEntry(response.value) : { kind: 'miss' };
    },

    fill: async (pageId, record) => {
      const text = cachedText(record);
      if (text !== LARGE) await redis.write('SET', entryKey(pageId), text, 'EX', ttlSeconds, 'NX');
    },

    markBusy: async (pageId, token, ttlMs) => {
      await redis.write('SET', entryKey(pageId), BUSY + token, 'PX', wholeMs(ttlMs));
    },

    // Also where no marker could be set: Redis may be back, with the record of before.
    settle: async (pageId, token, record) => {
      const text = record === null ? '' : cachedText(record);
      await redis.clearUp('settlePage', entryKey(pageId), BUSY + token, text, ttlSeconds);
    },
  };
}

function createLock(redis: RedisConnection): PageLock {
  /** Tokens of the locks that this process has, or may have. */
  const tokens = new Set<string>();
  return {
    take: async (pageId, token, ttlMs) => {
      const response = await redis.write('SET', lockKey(pageId), token, 'PX', wholeMs(ttlMs), 'NX');
      const isHeld = response.kind === 'answer' && response.value === null;
      if (response.kind !== 'notDone' && !isHeld) tokens.add(token);
      if (response.kind !== 'answer') return 'unavailable';
      return isHeld ? 'held' : 'taken';
    },

    release: async (pageId, token) => {
      if (tokens.delete(token)) await redis.clearUp('releaseLock', lockKey(pageId), token);
    },

    isHeld: async (pageId) => {
      const result = await redis.read('EXISTS', lockKey(pageId));
      return result.kind === 'answer' && result.value === 1;
    },
  };
}

/** One large record must not take the cache and the locks from every other page. */
function cachedText(record: PageRecord): string {
  const text = writeRecord(record);
  return Buffer.byteLength(text) > CACHED_MAX_BYTES ? LARGE : text;
}

/** Anything but a record of this schema and a marker counts as nothing there. */
function parseEntry(entry: unknown): CachedPage {
  if (typeof entry !== 'string' || Buffer.byteLength(entry) > CACHED_MAX_BYTES) return { kind: 'miss' };
  if (entry.startsWith(BUSY)) return { kind: 'busy' };
  const record = readRecord(entry);
  return record?.kind === 'page' ? { kind: 'record', record } : { kind: 'miss' };
}

/** Redis takes whole numbers from 1 on. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}

function entryKey(pageId: string): string {
  return `page:${pageId}`;
}

function lockKey(pageId: string): string {
  return `lock:${pageId}`;
}

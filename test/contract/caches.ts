/** Every implementation of the cache and the lock that this machine can run, and Redis in its bad hours. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PageCache, PageLock } from '../../lib/domain/ports.ts';
import { REDIS_TIMES, type RedisTimes } from '../../lib/domain/times.ts';
import { createRedisCache } from '../../lib/redis/cache.ts';
import { createNoCache } from '../../lib/redis/noCache.ts';
import { findProgram } from '../../local-stack/embedded/childService.ts';
import { REDIS_PROGRAMS, startRedis } from '../../local-stack/embedded/redis.ts';
import { startRedisDouble } from '../deep/faults/redisDouble.ts';
import { createMemoryCache } from '../fakes/memoryCache.ts';
import { findRedisPrograms, startRealCluster } from '../support/redisServers.ts';

export interface RunningCache {
  readonly cache: PageCache;
  readonly lock: PageLock;
  close(): Promise<void>;
}

export interface CacheImplementation {
  readonly name: string;
  /** What is put into it stays for its time. Otherwise every read is a miss. */
  readonly keeps: boolean;
  /** A record is kept for `ttlSeconds`. */
  start(ttlSeconds: number): Promise<RunningCache>;
}

/** For a Redis that answers: slow only because of what else runs on the machine. */
export const PATIENT_REDIS: RedisTimes = {
  ...REDIS_TIMES,
  connectMs: 20_000,
  commandMs: 20_000,
  probeWaitMs: 20_000,
};

export function cacheImplementations(): readonly CacheImplementation[] {
  const hasRedis = findProgram(REDIS_PROGRAMS, process.env.PATH) !== null;
  return [
    { name: 'the fake', keeps: true, start: startFake },
    { name: 'the double of Redis', keeps: true, start: startDouble },
    { name: 'no cache', keeps: false, start: async () => createNoCache() },
    { name: 'a Redis that is down', keeps: false, start: startDown },
    { name: 'a Redis that hangs', keeps: false, start: startHanging },
    { name: 'a Redis that talks nonsense', keeps: false, start: startNonsense },
    ...(hasRedis ? [{ name: 'Redis', keeps: true, start: startReal }] : []),
    ...findRedisPrograms().map(({ name, program }) => ({
      name: `a cluster of ${name}`,
      keeps: true,
      start: (ttlSeconds: number) => startCluster(program, ttlSeconds),
    })),
  ];
}

async function startFake(ttlSeconds: number): Promise<RunningCache> {
  return { ...createMemoryCache({ ttlSeconds }), close: async () => undefined };
}

async function startDouble(ttlSeconds: number): Promise<RunningCache> {
  const server = await startRedisDouble();
  const redis = createRedisCache({ url: server.url, ttlSeconds }, { times: PATIENT_REDIS });
  const close = async () => {
    await redis.close();
    await server[Symbol.asyncDispose]();
  };
  return { ...redis, close };
}

async function startReal(ttlSeconds: number): Promise<RunningCache> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const server = await startRedis({ directory });
  const redis = createRedisCache({ url: `redis://${server?.address}`, ttlSeconds }, { times: PATIENT_REDIS });
  const close = async () => {
    await redis.close();
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { ...redis, close };
}

async function startCluster(program: string, ttlSeconds: number): Promise<RunningCache> {
  const cluster = await startRealCluster(program);
  const [first] = cluster.primaries;
  const redis = createRedisCache({ url: first?.url ?? '', ttlSeconds }, { times: PATIENT_REDIS });
  const close = async () => {
    await redis.close();
    await cluster[Symbol.asyncDispose]();
  };
  return { ...redis, close };
}

async function startDown(ttlSeconds: number): Promise<RunningCache> {
  const server = await listen(() => undefined);
  await server.close();
  return createRedisCache({ url: server.url, ttlSeconds });
}

function startHanging(ttlSeconds: number): Promise<RunningCache> {
  return startOn(ttlSeconds, () => undefined);
}

function startNonsense(ttlSeconds: number): Promise<RunningCache> {
  return startOn(ttlSeconds, (socket) => socket.on('data', () => socket.write(randomBytes(100))));
}

async function startOn(ttlSeconds: number, response: (socket: Socket) => void): Promise<RunningCache> {
  const server = await listen(response);
  const redis = createRedisCache({ url: server.url, ttlSeconds });
  const close = async () => {
    await redis.close();
    await server.close();
  };
  return { ...redis, close };
}

/** A server on a free port that does with every connection what it is told. */
export async function listen(response: (socket: Socket) => void, port = 0) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    response(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

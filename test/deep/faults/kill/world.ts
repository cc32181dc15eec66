/** What outlives a killed process: the bucket, Redis and the web, in this process and behind the gate. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pageIdOf } from '../../../../lib/domain/identity.ts';
import type { StoredRecord, VersionedRecord } from '../../../../lib/domain/model.ts';
import { createS3Store, type S3Store } from '../../../../lib/s3/store.ts';
import { LOCAL_KEYS } from '../../../../local-stack/embedded/localKeys.ts';
import { type ObjectStore, startObjectStore } from '../../../../local-stack/embedded/objectStore.ts';
import { startRedis } from '../../../../local-stack/embedded/redis.ts';
import { signedFetch } from '../../../support/signedFetch.ts';
import { createGate, type Gate } from './gate.ts';
import { CHILD_ADDRESS, type Origin, OTHERS_ADDRESS, SITE_NAME, startOrigin } from './origin.ts';
import { commandOf, createRedisClient, startRedisGate } from './redisGate.ts';
import { startS3Gate } from './s3Gate.ts';
import { createService, type Service, type ServiceOrder } from './service.ts';

const BUCKET = 'images';
/** Longer than any run takes: time is over only where a test says so. */
export const TIME_MS = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The bucket and what Redis has, to come back to. */
export interface Saved {
  readonly folder: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

export interface World {
  readonly gate: Gate;
  readonly origin: Origin;
  readonly hasRedis: boolean;
  /** A page of the web that is harvested. */
  url(path: string): string;
  /** What a child needs to work through the gate. */
  order(parts?: Partial<ServiceOrder>): ServiceOrder;
  /** Writers, readers and sweeps (in two days' time) that are not killed and pass no gate. */
  service(parts?: Partial<ServiceOrder>): Service;
  /** An empty bucket and an empty Redis. */
  empty(): Promise<void>;
  save(): Promise<Saved>;
  restore(saved: Saved): Promise<void>;
  record(path: string): Promise<VersionedRecord | null>;
  /** Records that the child committed since the last `empty` or `restore`. */
  committed(path: string): readonly StoredRecord[];
  /** Every object's name below `images/`. */
  objects(): Promise<readonly string[]>;
  /** An object's SHA-256; null when there is no such object. */
  sha256(name: string): Promise<string | null>;
  /** Puts an object there that no record names. */
  leave(name: string): Promise<void>;
  /** Milliseconds until the key ends by itself; null when it is not there, Infinity when it never does. */
  ttl(key: string): Promise<number | null>;
  /** Ends the page's lock and busy marker, as their time does. */
  expire(path: string): Promise<void>;
  /** Waits until the page's lock has ended by itself. */
  outlast(path: string): Promise<void>;
  /** Nothing of a killed child is under way any more. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** @param hasRedis false: the service runs without a cache */
export async function startWorld(hasRedis: boolean): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'kill-world-'));
  const gate = createGate();
  const origin = await startOrigin(gate);
  const s3Gate = await startS3Gate(gate);
  const redis = hasRedis ? await startRedis({ directory: join(root, 'redis') }) : null;
  const redisGate = redis && (await startRedisGate(gate, redis.address));
  const [host = '', port] = redis?.address.split(':') ?? [];
  const redisClient = redis && createRedisClient(host, Number(port));

  let store: ObjectStore | null = null;
  let bucket: S3Store | null = null;
  let folder = '';
  let folders = 0;

  const endpoint = () => store?.endpoint ?? '';
  const env = (s3: string, redisAddress: string | undefined) => ({
    S3_BUCKET: BUCKET,
    S3_ENDPOINT: s3,
    AWS_ACCESS_KEY_ID: LOCAL_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_KEYS.secretAccessKey,
    FETCH_PORTS: String(origin.port),
    REQUEST_RESERVE_MS: '1000',
    PAGE_TIMEOUT_MS: '60000',
    IMAGE_TIMEOUT_MS: '60000',
    ...(redisAddress !== undefined && { REDIS_ADDRESS: redisAddress }),
  });

  const openBucket = async (next: string) => {
    bucket?.close();
    await store?.close();
    if (folder !== '') await rm(folder, { recursive: true, force: true });
    folder = next;
    store = await startObjectStore({
      port: 0,
      directory: folder,
      bucket: BUCKET,
      // The clock of the service jumps by hours; that a store then refuses its signatures is the store's affair.
      clockSkewMs: Number.POSITIVE_INFINITY,
    });
    s3Gate.lead(endpoint());
    bucket = createS3Store({
      bucket: BUCKET,
      region: 'us-east-1',
      endpoint: endpoint(),
      credentials: LOCAL_KEYS,
      linkTtlSeconds: 60,
    });
  };
  const newFolder = () => join(root, `bucket-${String(++folders)}`);
  const opened = () => {
    if (bucket === null) throw new Error('the world was never emptied');
    return bucket;
  };
  const ask = async (...words: readonly string[]): Promise<string> => {
    const reply = (await redisClient?.send(commandOf(...words)))?.toString() ?? '';
    if (reply.startsWith('-')) throw new Error(reply);
    return reply;
  };
  const url = (path: string) => `http://${SITE_NAME}:${origin.port}${path}`;
  const keysOf = (path: string) => [`lock:${pageIdOf(url(path))}`, `page:${pageIdOf(url(path))}`] as const;
  /** Without what scripts the server knows, so that every run makes the same calls. */
  const flush = async () => {
    await ask('FLUSHALL');
    await ask('SCRIPT', 'FLUSH');
  };
  const read = async (key: string) => {
    const reply = await ask('GET', key);
    return reply.startsWith('$-1') ? null : reply.slice(reply.indexOf('\r\n') + 2, -2);
  };

  const ttlOf = async (key: string) => {
    if (!hasRedis) return null;
    const ms = Number((await ask('PTTL', key)).slice(1));
    return ms === -2 ? null : ms === -1 ? Number.POSITIVE_INFINITY : ms;
  };

  return {
    gate,
    origin,
    hasRedis,
    url,
    order: ({ timeMs = TIME_MS, sweepAheadMs = 2 * DAY_MS, mutant } = {}) => ({
      env: env(s3Gate.endpoint, redisGate?.address),
      address: CHILD_ADDRESS,
      timeMs,
      sweepAheadMs,
      mutant,
    }),
    service: ({ sweepAheadMs = 2 * DAY_MS, mutant } = {}) =>
      createService({
        env: env(endpoint(), redis?.address),
        address: OTHERS_ADDRESS,
        timeMs: TIME_MS,
        sweepAheadMs,
        mutant,
      }),
    async empty() {
      await openBucket(newFolder());
      if (hasRedis) await flush();
    },
    async save() {
      const saved = newFolder();
      await cp(folder, saved, { recursive: true });
      const keys = hasRedis ? (await ask('KEYS', '*')).match(/(?:lock|page):[0-9a-f]+/g) : [];
      const entries: [string, string][] = [];
      for (const key of keys ?? []) {
        const value = await read(key);
        if (value !== null) entries.push([key, value]);
      }
      return { folder: saved, entries };
    },
    async restore(saved) {
      const next = newFolder();
      await cp(saved.folder, next, { recursive: true });
      await openBucket(next);
      if (hasRedis) await flush();
      for (const [key, value] of saved.entries) await ask('SET', key, value, 'PX', String(TIME_MS));
    },
    record: (path) => opened().records.read(pageIdOf(url(path))),
    committed: (path) =>
      s3Gate
        .committed()
        .filter(([key]) => key === `pages/${pageIdOf(url(path))}.json`)
        .map(([, text]) => JSON.parse(text) as StoredRecord),
    async objects() {
      const names: string[] = [];
      for await (const { name } of opened().images.list('images/')) names.push(name);
      return names;
    },
    async sha256(name) {
      const path = name.split('/').map(encodeURIComponent).join('/');
      const response = await signedFetch(`${endpoint()}/${BUCKET}/${path}`);
      const body = Buffer.from(await response.arrayBuffer());
      return response.status === 200 ? createHash('sha256').update(body).digest('hex') : null;
    },
    leave: (name) =>
      opened().images.put(name, Buffer.from('left behind'), 'image/png', new AbortController().signal),
    ttl: ttlOf,
    async expire(path) {
      if (!hasRedis) return;
      const [lock, page] = keysOf(path);
      await ask('PEXPIRE', lock, '0');
      if ((await read(page))?.startsWith('busy:')) await ask('PEXPIRE', page, '0');
    },
    async outlast(path) {
      const [lock] = keysOf(path);
      for (let ms = await ttlOf(lock); ms !== null; ms = await ttlOf(lock)) await delay(ms);
    },
    async settled() {
      await Promise.all([origin.alone(), s3Gate.alone(), redisGate?.alone()]);
      await gate.quiet();
    },
    async close() {
      bucket?.close();
      redisClient?.close();
      await Promise.all([origin.close(), s3Gate.close(), redisGate?.close(), store?.close(), redis?.close()]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

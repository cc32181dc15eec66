/** Wires the adapters to the ports. No other file knows both. */
import { randomBytes } from 'node:crypto';
import { type ByteBudget, createByteBudget } from './concurrency/byteBudget.ts';
import type { FairSemaphore } from './concurrency/fairSemaphore.ts';
import { systemClock } from './concurrency/waiting.ts';
import { type Config, type CorsOrigins, readConfig } from './config.ts';
import type { Clock, Metrics, PageCache, PageLock, SweepProgress, Web } from './domain/ports.ts';
import { STORE_TIMES } from './domain/times.ts';
import { createEmfMetrics } from './emf/emfMetrics.ts';
import { type Admission, createAdmission } from './harvest/admission.ts';
import type { HarvestServices } from './harvest/harvest.ts';
import { createUploadPermits } from './harvest/uploadPermits.ts';
import type { Storage } from './invocation/measuredStorage.ts';
import { createRedisCache } from './redis/cache.ts';
import type { RedisNotice } from './redis/connection.ts';
import { createNoCache } from './redis/noCache.ts';
import { createS3Store, type StoreNotice } from './s3/store.ts';
import { createWeb } from './web/createWeb.ts';

/** What every function needs, and all that a look-up and a sweep need. */
export interface BaseServices extends Storage {
  readonly cache: PageCache;
  readonly lock: PageLock;
  readonly sweepProgress: SweepProgress;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly corsOrigins: CorsOrigins;
}

/**
 * Bytes of images that all calls of one process may have in memory at once, beside one image for each call. Released
 * bytes stay in memory until the garbage collector runs.
 */
const BYTES_IN_FLIGHT = 32 * 1024 * 1024;

/** A new id: 128 random bits as 32 hex digits. */
const newId = () => randomBytes(16).toString('hex');

/**
 * The services of a look-up or a sweep.
 * @throws SettingsError that lists every fault of the settings
 */
export function createBaseServices(config: Config = readConfig(process.env)): BaseServices {
  return {
    ...createOtherServices(config),
    ...createS3Store(config.store, STORE_TIMES, { tell: logStoreNotice }),
  };
}

function createOtherServices(config: Config) {
  const { url } = config.cache;
  const { cache, lock } =
    url === undefined
      ? createNoCache()
      : createRedisCache({ ...config.cache, url }, { tell: logRedisNotice });
  const { corsOrigins } = config;
  const metrics = createEmfMetrics(config.metrics.receiver);
  return { cache, lock, metrics, clock: systemClock, newId, corsOrigins };
}

const REDIS_MESSAGES: Readonly<Record<RedisNotice['kind'], string>> = {
  unreachable: 'Redis cannot be used',
  connectionRefused: 'Redis refused the connection',
  writeRefused: 'Redis refused a write, so it is not read either',
  readRefused: 'Redis refused a command',
  recovered: 'Redis is used again',
};

/** Responses stay correct without Redis, so only this line reveals the failure. */
function logRedisNotice({ kind, ...details }: RedisNotice): void {
  const level = kind === 'recovered' ? 'info' : 'warn';
  console.error(JSON.stringify({ level, message: REDIS_MESSAGES[kind], ...details }));
}

const STORE_MESSAGES: Readonly<Record<StoreNotice['kind'], string>> = {
  removedSingly: 'The storage refuses to remove many objects in one request, so they are removed one by one',
  notRemoved: 'The storage did not remove objects, so they stay until a sweep',
  undecided: 'The storage was too busy to show that only one of several simultaneous writes wins',
};

function logStoreNotice({ kind, cause }: StoreNotice): void {
  console.error(JSON.stringify({ level: 'warn', message: STORE_MESSAGES[kind], cause }));
}

/**
 * The services of a harvest. A separate function, so that the bundles of look-up and sweep have no code for fetching.
 * @throws SettingsError that lists every fault of the settings
 */
export function createHarvestServices(
  config: Config = readConfig(process.env),
): BaseServices & HarvestServices & ProcessParts {
  return {
    ...createOtherServices(config),
    ...createS3Store(config.store, STORE_TIMES, { loads: 'now', tell: logStoreNotice }),
    limits: config.limits,
    ...partsOfProcess(config),
  };
}

/** What all harvests of one process share, so that limits hold for all of them together. */
interface ProcessParts {
  readonly web: Web;
  readonly bytesInFlight: ByteBudget;
  readonly uploadPermits: FairSemaphore;
  readonly admission: Admission;
}

const PARTS = Symbol.for('image-processing-api.process');

/**
 * The parts that this process has already created for these settings, or new ones. Under serverless-offline
 * (`useInProcess`) one process runs the bundles of POST and PUT, which have separate modules and share only the global
 * object.
 */
function partsOfProcess({ fetch, harvestsMax }: Config): ProcessParts {
  const scope = globalThis as { [PARTS]?: Map<string, ProcessParts> };
  scope[PARTS] ??= new Map();
  const settings = JSON.stringify([fetch, harvestsMax]);
  const parts = scope[PARTS].get(settings) ?? {
    web: createWeb(fetch),
    bytesInFlight: createByteBudget(BYTES_IN_FLIGHT),
    uploadPermits: createUploadPermits(),
    admission: createAdmission(harvestsMax),
  };
  scope[PARTS].set(settings, parts);
  return parts;
}

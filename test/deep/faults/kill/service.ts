/** The whole service on its real adapters: what a child that is to be killed runs, and the writers beside it. */

import { createByteBudget } from '../../../../lib/concurrency/byteBudget.ts';
import { systemClock } from '../../../../lib/concurrency/waiting.ts';
import { readConfig } from '../../../../lib/config.ts';
import type { Clock } from '../../../../lib/domain/ports.ts';
import { REDIS_TIMES } from '../../../../lib/domain/times.ts';
import type { HarvestServices } from '../../../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../../../lib/harvest/uploadPermits.ts';
import { harvestOperation } from '../../../../lib/http/harvestOperation.ts';
import { createHttpHandler } from '../../../../lib/http/httpHandler.ts';
import { lookUpOperation } from '../../../../lib/http/lookUpOperation.ts';
import { createRedisCache } from '../../../../lib/redis/cache.ts';
import { createNoCache } from '../../../../lib/redis/noCache.ts';
import { createS3Store } from '../../../../lib/s3/store.ts';
import type { SweepReport } from '../../../../lib/sweep/sweep.ts';
import { sweepInTime } from '../../../../lib/sweep/sweepInTime.ts';
import { createWeb } from '../../../../lib/web/createWeb.ts';
import { MUTANTS, type MutantName } from './mutants.ts';

export interface ServiceOrder {
  /** As the deployed functions get them. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the web's one name leads. */
  readonly address: string;
  /** What Lambda says is left for a call. */
  readonly timeMs: number;
  /** A wrong copy of the service, to see that it is found out. */
  readonly mutant?: MutantName | undefined;
  /** How far the wall clock of a sweep is ahead, ms: leftovers have to be a day old. */
  readonly sweepAheadMs?: number | undefined;
}

export type OperationName = 'post' | 'put' | 'sweep';

export interface Outcome {
  /** A sweep that ended is 200. */
  readonly status: number;
  /** The problem's code, or `OK`. */
  readonly code: string;
  readonly names: readonly string[];
  readonly sweep?: SweepReport;
}

export interface Service {
  run(operation: OperationName, url: string): Promise<Outcome>;
  get(url: string): Promise<Outcome>;
  close(): Promise<void>;
}

/** Slow only because of what else runs on the machine: a time limit must not change which calls are made. */
const STORE_TIMES = {
  connectMs: 20_000,
  recordAttemptMs: 20_000,
  recordCallMs: 40_000,
  bulkAttemptMs: 20_000,
  bulkCallMs: 40_000,
};
const CACHE_TIMES = { ...REDIS_TIMES, connectMs: 20_000, commandMs: 20_000 };
const BYTES_IN_FLIGHT = 64 * 1024 * 1024;

export function createService({ env, address, timeMs, mutant, sweepAheadMs = 0 }: ServiceOrder): Service {
  const config = readConfig(env);
  const { url } = config.cache;
  const store = createS3Store(config.store, STORE_TIMES);
  const redis =
    url === undefined ? createNoCache() : createRedisCache({ ...config.cache, url }, { times: CACHE_TIMES });
  const web = createWeb(config.fetch, {
    resolve: async () => [{ address, family: 4 }],
    classify: (found) => (found === address ? 'public' : 'special'),
  });
  const clock: Clock = systemClock;
  const right: HarvestServices = {
    web,
    records: store.records,
    images: store.images,
    cache: redis.cache,
    lock: redis.lock,
    clock,
    limits: config.limits,
    bytesInFlight: createByteBudget(BYTES_IN_FLIGHT),
    uploadPermits: createUploadPermits(),
    newId: () => crypto.randomUUID().replaceAll('-', ''),
  };
  const harvesting = mutant === undefined ? right : (MUTANTS[mutant].harvest?.(right) ?? right);
  const sweeping = mutant === undefined ? right : (MUTANTS[mutant].sweep?.(right) ?? right);
  const metrics = { emit: async () => {} };
  const context = { getRemainingTimeInMillis: () => timeMs, awsRequestId: 'killed' };

  const harvestBy = (name: 'post' | 'put') =>
    createHttpHandler(harvestOperation(name, { ...harvesting, metrics }));
  const handlers = { post: harvestBy('post'), put: harvestBy('put') };
  const get = createHttpHandler(lookUpOperation({ ...right, metrics }));

  return {
    async run(operation, url) {
      if (operation === 'sweep') {
        const ahead: Clock = { ...clock, now: () => new Date(Date.now() + sweepAheadMs) };
        const { sweepProgress } = store;
        const report = await sweepInTime(
          { ...sweeping, sweepProgress, clock: ahead },
          ahead.elapsed() + timeMs,
        );
        return { status: 200, code: 'OK', names: [], sweep: report };
      }
      const event = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) };
      return outcomeOf(await handlers[operation](event, context as never));
    },
    get: async (url) =>
      outcomeOf(await get({ rawQueryString: `url=${encodeURIComponent(url)}` }, context as never)),
    async close() {
      store.close();
      await Promise.all([redis.close(), web.close()]);
    },
  };
}

function outcomeOf(response: { readonly statusCode: number; readonly body: string }): Outcome {
  const body = JSON.parse(response.body) as { readonly code?: string; readonly images?: readonly string[] };
  return { status: response.statusCode, code: body.code ?? 'OK', names: body.images ?? [] };
}

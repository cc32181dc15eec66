/** The application as `npm start` runs it, with lines to its store, its cache and the site that can be cut. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../lib/config.ts';
import { createBaseServices } from '../../../lib/services.ts';
import { startObjectStore } from '../../../local-stack/embedded/objectStore.ts';
import { startRedis } from '../../../local-stack/embedded/redis.ts';
import { type App, gatewaysOf, startApp } from '../../support/startApp.ts';
import { type FaultProxy, startFaultProxy } from '../faults/faultProxy.ts';
import { type ChangingSite, startChangingSite } from './changingSite.ts';

const BUCKET = 'soak';
/** A small heap, so that growth is a leak and not the collector's ease. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=160' };
/** Shorter than usual, so that a fault costs seconds and many of them fit into a minute. */
const TIMES = { CONNECT_TIMEOUT_MS: '500', PAGE_TIMEOUT_MS: '3000', IMAGE_TIMEOUT_MS: '1500' };

export interface SoakWorld {
  readonly app: App;
  /** The process that runs the handlers. */
  readonly apiPid: number;
  readonly site: ChangingSite;
  readonly storeLine: FaultProxy;
  /** Null where the machine has no Redis. */
  readonly cacheLine: FaultProxy | null;
  /** Straight to the store and the cache, past every fault. */
  readonly services: ReturnType<typeof createBaseServices>;
  /** The bytes of an object; null when it does not exist. */
  readObject(name: string): Promise<Buffer | null>;
  flushCache(): Promise<void>;
}

export async function startSoakWorld(pageCount: number, parts: AsyncDisposableStack): Promise<SoakWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'image-api-soak-'));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const site = await startChangingSite(pageCount);
  parts.defer(() => site.close());
  const storeKeys = { accessKeyId: 'soak', secretAccessKey: 'soak-secret' };
  const store = await startObjectStore({
    port: 0,
    directory: join(folder, 'objects'),
    bucket: BUCKET,
    keys: storeKeys,
  });
  parts.defer(() => store.close());
  const redis = await startRedis({ directory: join(folder, 'redis') });
  if (redis !== null) parts.defer(() => redis.close());
  const storeLine = parts.use(await startFaultProxy(Number(new URL(store.endpoint).port)));
  const redisPort = redis === null ? null : Number(redis.address.split(':')[1]);
  const cacheLine = redisPort === null ? null : parts.use(await startFaultProxy(redisPort));

  const keys = {
    AWS_ACCESS_KEY_ID: storeKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: storeKeys.secretAccessKey,
    S3_BUCKET: BUCKET,
  };
  const app = await startApp({
    env: {
      ...keys,
      ...TIMES,
      ...SMALL_HEAP,
      S3_ENDPOINT: `http://127.0.0.1:${storeLine.port}`,
      ...(cacheLine !== null && { REDIS_ADDRESS: `127.0.0.1:${cacheLine.port}` }),
      FETCH_ALLOW_HOSTS: new URL(site.origin).host,
    },
  });
  parts.defer(async () => {
    await app.stop();
  });
  const [apiPid] = await gatewaysOf(app.child.pid ?? 0);
  if (apiPid === undefined) throw new Error('The API has no process of its own.');

  const config = readConfig({
    ...keys,
    S3_ENDPOINT: store.endpoint,
    ...(redis !== null && { REDIS_ADDRESS: redis.address }),
  });
  const services = createBaseServices(config);
  return {
    app,
    apiPid,
    site,
    storeLine,
    cacheLine,
    services,
    async readObject(name) {
      const link = await services.images.link(name);
      // A connection that was kept may be closed by the store just as it is used again (RFC 9112 section 9.3.1).
      const response = await fetch(link).catch(() => fetch(link));
      const bytes = Buffer.from(await response.arrayBuffer());
      return response.ok ? bytes : null;
    },
    flushCache: () => (redisPort === null ? Promise.resolve() : flush(redisPort)),
  };
}

/** FLUSHALL, answered. */
function flush(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Everything that the scenarios need, on loopback, each in a separate process. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LOCAL_KEYS } from '../local-stack/embedded/localKeys.ts';
import { startRedis } from '../local-stack/embedded/redis.ts';
import { buildFunctions } from '../tools/bundler/build.ts';
import { type Child, startChild, startServer } from './child.ts';

export type FunctionName = 'getImages' | 'postImages' | 'putImages';

export interface World {
  readonly folder: string;
  /** The bundles, as they are packaged. */
  readonly bundles: string;
  readonly store: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly env: Readonly<Record<string, string>>;
  };
  /** null: this machine has no Redis. */
  readonly redisAddress: string | null;
  /** A page that has not been harvested yet. */
  newPage(images: number, bytes: number, latency: number): BenchPage;
  counts(): Promise<{ readonly requests: number; readonly pictureBytes: number }>;
  /** A process that has loaded a packaged function. */
  startFunction(name: FunctionName, env?: Readonly<Record<string, string>>): Promise<Child>;
  /** Settings of the functions. */
  functionEnv(): Record<string, string>;
}

export interface BenchPage {
  readonly url: string;
  readonly pictures: readonly string[];
}

/** A page of the site at `origin` that has not been harvested yet. */
export function newPageAt(origin: string, images: number, bytes: number, latency: number): BenchPage {
  const name = randomUUID();
  return {
    url: `${origin}/page/${images}/${bytes}/${latency}/${name}`,
    pictures: Array.from(
      { length: images },
      (_, number) => `${origin}/picture/${bytes}/${latency}/${name}/${number}.png`,
    ),
  };
}

const ROOT = resolve(import.meta.dirname, '..');
const BUCKET = 'bench';
/** The module of a site. */
export const SITE = join(import.meta.dirname, 'servers/site.ts');

/** What Lambda gives a function beside its settings. */
export const FUNCTION_NODE_OPTIONS: readonly string[] = ['--enable-source-maps'];

export const subject = (name: string) => join(import.meta.dirname, 'subjects', name);

export async function startWorld(parts: AsyncDisposableStack): Promise<World> {
  await mkdir(join(ROOT, '.local/bench'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.local/bench/run-'));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const bundles = join(folder, 'dist');
  await buildFunctions(bundles);
  const site = await startServer(SITE, []);
  parts.defer(() => site.close());
  const store = await chooseStore(folder, parts);
  const redisAddress = await chooseRedis(folder, parts);
  const origin = `http://localhost:${site.port}`;

  const functionEnv = () => ({
    ...store.env,
    ...(redisAddress !== null && { REDIS_ADDRESS: redisAddress }),
    FETCH_ALLOW_HOSTS: `localhost:${site.port}`,
    // As on Lambda: one line on standard output.
    AWS_EMF_ENVIRONMENT: 'Lambda',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    IS_LOCAL: 'true',
    REQUEST_MAX_BYTES: String(1024 * 1024 * 1024),
  });
  return {
    folder,
    bundles,
    store,
    redisAddress,
    newPage: (images, bytes, latency) => newPageAt(origin, images, bytes, latency),
    counts: async () => (await (await fetch(`${origin}/counts`)).json()) as never,
    functionEnv,
    startFunction: (name, env = {}) =>
      startChild(subject('bundle.ts'), {
        env: { ...functionEnv(), ...env, BENCH_BUNDLE: join(bundles, name, 'index.js') },
        nodeOptions: FUNCTION_NODE_OPTIONS,
      }),
  };
}

/** The server that `S3_ENDPOINT` names, else the embedded one. */
async function chooseStore(folder: string, parts: AsyncDisposableStack): Promise<World['store']> {
  const { S3_ENDPOINT, S3_BUCKET = 'images', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  if (S3_ENDPOINT) {
    const endpoint = S3_ENDPOINT.includes('://') ? S3_ENDPOINT : `http://${S3_ENDPOINT}`;
    const keys = {
      AWS_ACCESS_KEY_ID: AWS_ACCESS_KEY_ID ?? '',
      AWS_SECRET_ACCESS_KEY: AWS_SECRET_ACCESS_KEY ?? '',
    };
    const env = { S3_ENDPOINT: endpoint, S3_BUCKET, ...keys };
    return { endpoint, bucket: S3_BUCKET, env };
  }
  const server = await startServer(join(import.meta.dirname, 'servers/store.ts'), [
    join(folder, 'objects'),
    BUCKET,
  ]);
  parts.defer(() => server.close());
  const endpoint = `http://127.0.0.1:${server.port}`;
  const keys = {
    AWS_ACCESS_KEY_ID: LOCAL_KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_KEYS.secretAccessKey,
  };
  return {
    endpoint,
    bucket: BUCKET,
    env: { S3_ENDPOINT: endpoint, S3_BUCKET: BUCKET, ...keys },
  };
}

async function chooseRedis(folder: string, parts: AsyncDisposableStack): Promise<string | null> {
  if (process.env.REDIS_ADDRESS) return process.env.REDIS_ADDRESS;
  const redis = await startRedis({ directory: join(folder, 'redis') });
  if (redis === null) return null;
  parts.defer(() => redis.close());
  return redis.address;
}

/** `npm start`: runs the API and everything that it needs on this machine, until Ctrl-C. */
import { join, resolve } from 'node:path';
import { type CorsOrigins, readConfig } from '../lib/config.ts';
import { readTogether } from '../lib/settingsError.ts';
import { buildFunctions } from '../tools/bundler/build.ts';
import { lockFolder } from './embedded/folderLock.ts';
import { startObjectStore } from './embedded/objectStore.ts';
import { startRedis } from './embedded/redis.ts';
import { startSite } from './front/site.ts';
import { startOfflineApi } from './offline/offlineApi.ts';
import { refuseArguments } from './settings/arguments.ts';
import {
  functionEnvironment,
  LOCAL_BUCKET,
  noteRunning,
  type OwnServices,
  removeNote,
} from './settings/environment.ts';
import { checkPorts } from './settings/ports.ts';
import { type LocalSettings, readLocalSettings } from './settings/settings.ts';
import { ASKED, watchForEnd } from './watchForEnd.ts';

const STATIC = resolve(import.meta.dirname, '../static');

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Starts all parts in order and adds each to `parts`, which ends them in reverse order. */
async function start(parts: AsyncDisposableStack, end: AbortController): Promise<void> {
  refuseArguments(process.argv.slice(2));
  // The functions read their settings only at their first call. Reading them here reports faults now.
  const [settings, { corsOrigins }] = readTogether(
    () => readLocalSettings(process.env),
    () => readConfig({ ...process.env, ...functionEnvironment(process.env, { sitePort: null }, {}) }),
  );
  await checkPorts(wantedPorts(settings));
  parts.defer(lockDataFolder(settings));
  end.signal.throwIfAborted();
  say('Starting. This takes some seconds.');
  await buildFunctions();
  const own = await startServices(settings, corsOrigins, parts, end);
  const site = await startSampleSite(settings, own, parts);
  end.signal.throwIfAborted();

  parts.defer(() => removeNote(settings));
  await noteRunning(settings, own, process.env);
  const api = await startOfflineApi({
    env: { ...process.env, ...functionEnvironment(process.env, settings, own) },
    url: apiUrlOf(settings),
    signal: end.signal,
    print: say,
  });
  parts.defer(() => api.stop());
  api.ended.then((reason) => end.abort(new Error(reason)));
  say(welcome(settings, own, site));
}

/** Locks the data folder, which belongs to one stack. Returns a function that releases it. */
function lockDataFolder({ dataFolder, apiPort }: LocalSettings): () => void {
  return lockFolder(dataFolder, {
    holder: `another "npm start" (process ${process.pid}, API on port ${apiPort})`,
    remedy: 'choose another folder with LOCAL_DATA',
  }).release;
}

function apiUrlOf({ host, apiPort }: LocalSettings): string {
  return `http://${reachable(host)}:${apiPort}`;
}

/** The host to use in a URL for a server that listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function wantedPorts({ host, apiPort, lambdaPort, sitePort, objectStorePort, redisPort }: LocalSettings) {
  const embedded = '127.0.0.1';
  return [
    { port: apiPort, setting: 'PORT', host },
    { port: lambdaPort, setting: 'LAMBDA_PORT', host },
    ...(sitePort === null ? [] : [{ port: sitePort, setting: 'SITE_PORT', host }]),
    ...(process.env.S3_ENDPOINT ? [] : [{ port: objectStorePort, setting: 'S3_PORT', host: embedded }]),
    ...(process.env.REDIS_ADDRESS || redisPort === null
      ? []
      : [{ port: redisPort, setting: 'REDIS_PORT', host: embedded }]),
  ];
}

/** Starts the embedded store and cache, unless the settings name others. */
async function startServices(
  settings: LocalSettings,
  corsOrigins: CorsOrigins,
  parts: AsyncDisposableStack,
  end: AbortController,
): Promise<OwnServices> {
  const own: { objectStore?: string; redis?: string } = {};
  if (!process.env.S3_ENDPOINT) {
    const store = await startObjectStore({
      port: settings.objectStorePort,
      directory: join(settings.dataFolder, 'objects'),
      bucket: process.env.S3_BUCKET || LOCAL_BUCKET,
      allowedHosts: settings.allowedHosts,
      corsOrigins,
    });
    parts.defer(() => store.close());
    own.objectStore = store.endpoint;
  }
  end.signal.throwIfAborted();
  if (!process.env.REDIS_ADDRESS) {
    const redis = await startRedis({
      ...(settings.redisPort !== null && { port: settings.redisPort }),
      directory: join(settings.dataFolder, 'redis'),
    });
    if (redis !== null) {
      parts.defer(() => redis.close());
      redis.ended.then(() => end.abort(new Error('Redis stopped unexpectedly. Run "npm start" again.')));
      own.redis = redis.address;
    }
  }
  end.signal.throwIfAborted();
  return own;
}

/** The URL of the site with console and sample pages; null when it is switched off. */
async function startSampleSite(
  settings: LocalSettings,
  own: OwnServices,
  parts: AsyncDisposableStack,
): Promise<string | null> {
  const { sitePort, host, allowedHosts } = settings;
  if (sitePort === null) return null;
  const { store, corsOrigins } = readConfig({
    ...process.env,
    ...functionEnvironment(process.env, settings, own),
  });
  const storeOrigin = store.publicEndpoint ?? store.endpoint ?? '';
  const site = await startSite({
    folder: STATIC,
    host,
    port: sitePort,
    allowedHosts,
    corsOrigins,
    console: { api: apiUrlOf(settings), storeOrigin },
  });
  parts.defer(() => site.close());
  return site.url;
}

function welcome({ apiPort, dataFolder }: LocalSettings, own: OwnServices, site: string | null): string {
  const api = `http://localhost:${apiPort}/images`;
  const page = site === null ? 'https://example.com/' : `${site}/sample/`;
  return [
    '',
    `API          ${api}`,
    ...(site === null ? [] : [`Console      ${site}/`, `Sample site  ${page}`]),
    own.objectStore
      ? `Object store ${own.objectStore} (embedded, kept in ${dataFolder})`
      : `Object store ${process.env.S3_ENDPOINT}`,
    own.redis
      ? `Cache        ${own.redis} (your redis-server or valkey-server)`
      : `Cache        ${process.env.REDIS_ADDRESS ? 'from REDIS_ADDRESS' : 'none: redis-server is not installed. Everything works without it'}`,
    '',
    site === null
      ? 'Harvest a page, then look it up:'
      : 'Harvest a page in the console, or harvest it and look it up here:',
    `  curl -X POST ${api} -H 'Content-Type: application/json' -d '{"url":"${page}"}'`,
    `  curl '${api}?url=${encodeURIComponent(page)}'`,
    '',
    'Press Ctrl-C to stop everything.',
    '',
  ].join('\n');
}

const end = new AbortController();
const parts = new AsyncDisposableStack();
let exitCode = 0;
watchForEnd(end);
try {
  await start(parts, end);
  await new Promise((_, reject) => {
    if (end.signal.aborted) reject(end.signal.reason);
    end.signal.addEventListener('abort', () => reject(end.signal.reason), { once: true });
  });
} catch (reason) {
  if (reason !== ASKED) {
    exitCode = 1;
    process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
  }
} finally {
  await parts.disposeAsync();
}
process.exit(exitCode);

/**
 * The whole service under attack: the HTTP handlers, the real web room on loopback, and stores that tests can inspect.
 */

import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, jest } from '@jest/globals';
import { createByteBudget } from '../../../../lib/concurrency/byteBudget.ts';
import { systemClock } from '../../../../lib/concurrency/waiting.ts';
import { type FetchConfig, type Limits, readConfig } from '../../../../lib/config.ts';
import type { Metrics } from '../../../../lib/domain/ports.ts';
import type { Admission } from '../../../../lib/harvest/admission.ts';
import type { HarvestServices } from '../../../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../../../lib/harvest/uploadPermits.ts';
import { harvestOperation } from '../../../../lib/http/harvestOperation.ts';
import type { HttpEvent } from '../../../../lib/http/httpEvent.ts';
import { createHttpHandler } from '../../../../lib/http/httpHandler.ts';
import { lookUpOperation } from '../../../../lib/http/lookUpOperation.ts';
import { createWeb, type WebParts } from '../../../../lib/web/createWeb.ts';
import type { Intercept } from '../../../fakes/intercept.ts';
import { createMemoryCache } from '../../../fakes/memoryCache.ts';
import { createMemoryStore } from '../../../fakes/memoryStore.ts';
import { startHttp2Front } from '../../../lib/web/http2Front.ts';
import { type Respond, startTwins } from '../../../lib/web/rawServer.ts';
import { type SelfSigned, selfSigned } from '../../../lib/web/selfSigned.ts';
import { CONFIG, classifyTestAddress, resolveTestName } from '../../../lib/web/testWeb.ts';

/** The protocols of the public site. Some suites run with both. */
export const VERSIONS = ['HTTP/1.1', 'HTTP/2'] as const;
export type Version = (typeof VERSIONS)[number];

let trusted: SelfSigned | undefined;
/** The site's certificate. It is made once for a test file, whose process then trusts it. */
function identityOfSite(): SelfSigned {
  if (trusted === undefined) {
    trusted = selfSigned('good.test', new Date(), 'other.test', 'evil.test');
    setDefaultCACertificates([...getCACertificates('default'), trusted.cert]);
  }
  return trusted;
}

export interface HostileParts {
  /** Absent: HTTP/1.1 without TLS. */
  readonly version?: Version;
  /** Responses of the public site. The private twin at the same port counts its connections. */
  readonly respond?: Respond;
  readonly config?: Partial<FetchConfig>;
  readonly limits?: Partial<Limits>;
  /** Milliseconds that a call has, as Lambda reports them. */
  readonly timeMs?: number;
  readonly web?: WebParts;
  readonly storeIntercept?: Intercept;
  readonly cacheIntercept?: Intercept;
  /** Adapters to use instead of those in memory. */
  readonly adapters?: Partial<
    Pick<HarvestServices, 'records' | 'images' | 'cache' | 'lock' | 'bytesInFlight'>
  > & {
    readonly metrics?: Metrics;
    readonly admission?: Admission;
  };
}

export interface HostileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The problem's code, or `OK`. */
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type HostileService = Awaited<ReturnType<typeof startHostileService>>;

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * Starts the service and its site at 127.0.0.2 (`good.test`, `other.test`); `evil.test` and 127.0.0.1 are its private
 * twin.
 */
export async function startHostileService({
  version = 'HTTP/1.1',
  respond = (socket) => socket.destroy(),
  config,
  limits,
  timeMs = 29_000,
  web: webParts,
  storeIntercept,
  cacheIntercept,
  adapters,
}: HostileParts = {}) {
  const isHttp2 = version === 'HTTP/2';
  const [site, inside] = await startTwins(
    respond,
    (socket) => socket.destroy(),
    isHttp2 ? (onPublic) => startHttp2Front(onPublic, identityOfSite()) : undefined,
  );
  const store = createMemoryStore(storeIntercept && { intercept: storeIntercept });
  const cache = createMemoryCache(cacheIntercept && { intercept: cacheIntercept });
  const web = createWeb(
    { ...CONFIG, ports: [80, 443, 8080, 8443, site.port], ...config },
    { resolve: resolveTestName, classify: classifyTestAddress, ...webParts },
  );
  let ids = 0;
  const services: HarvestServices & { metrics: Metrics; admission?: Admission } = {
    web,
    records: store.records,
    images: store.images,
    cache: cache.cache,
    lock: cache.lock,
    clock: systemClock,
    limits: { ...readConfig({ S3_BUCKET: 'images' }).limits, ...limits },
    bytesInFlight: createByteBudget(64 * 1024 * 1024),
    uploadPermits: createUploadPermits(),
    newId: () => `op${String(++ids).padStart(30, '0')}`,
    metrics: { emit: async () => {} },
    ...adapters,
  };
  const lines = jest.spyOn(console, 'log').mockImplementation(() => {});

  const handlers = {
    POST: createHttpHandler(harvestOperation('post', services)),
    PUT: createHttpHandler(harvestOperation('put', services)),
    GET: createHttpHandler(lookUpOperation(services)),
  };

  const send = async (method: 'GET' | 'POST' | 'PUT', event: HttpEvent): Promise<HostileAnswer> => {
    const context = { getRemainingTimeInMillis: () => timeMs, awsRequestId: 'attack' };
    const { statusCode, headers = {}, body: text } = await handlers[method](event, context as never);
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return {
      status: statusCode,
      headers,
      code: typeof body.code === 'string' ? body.code : 'OK',
      body,
      text,
    };
  };
  const sendUrl = (method: 'POST' | 'PUT', url: unknown, options: object = {}) =>
    send(method, { headers: JSON_TYPE, body: JSON.stringify({ url, ...options }) });

  return {
    site,
    inside,
    web,
    store,
    cache,
    /** The log lines so far. */
    lines: (): readonly string[] => lines.mock.calls.map(([line]) => String(line)),
    url: (path = '/', host = 'good.test') => `http${isHttp2 ? 's' : ''}://${host}:${site.port}${path}`,
    send,
    post: (url: unknown, options?: object) => sendUrl('POST', url, options),
    put: (url: unknown, options?: object) => sendUrl('PUT', url, options),
    get: (url: string) => send('GET', { rawQueryString: `url=${encodeURIComponent(url)}` }),
    /** Asserts that the private twin got no connection, and that a refused call left nothing. */
    expectNothing() {
      expect(inside.accepted()).toBe(0);
      expect([...store.objects.keys(), ...store.kept.keys()]).toEqual([]);
      expect([...cache.entries.keys(), ...cache.locks.keys()]).toEqual([]);
    },
    async [Symbol.asyncDispose]() {
      lines.mockRestore();
      await web.close();
      await Promise.all([site[Symbol.asyncDispose](), inside[Symbol.asyncDispose]()]);
    },
  };
}

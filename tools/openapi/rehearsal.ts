/**
 * Calls the service once for every response that it has. These become the examples of the description. Network, bucket,
 * clock and ids are fakes, so that two rehearsals have the same result. All else is real.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createByteBudget } from '../../lib/concurrency/byteBudget.ts';
import { systemClock } from '../../lib/concurrency/waiting.ts';
import { readConfig } from '../../lib/config.ts';
import { pageIdOf } from '../../lib/domain/identity.ts';
import type { Metrics, Web } from '../../lib/domain/ports.ts';
import type { Admission } from '../../lib/harvest/admission.ts';
import type { HarvestServices } from '../../lib/harvest/harvest.ts';
import { createUploadPermits } from '../../lib/harvest/uploadPermits.ts';
import { harvestOperation } from '../../lib/http/harvestOperation.ts';
import type { HttpEvent } from '../../lib/http/httpEvent.ts';
import { createHttpHandler } from '../../lib/http/httpHandler.ts';
import { lookUpOperation } from '../../lib/http/lookUpOperation.ts';
import type { HttpResponse } from '../../lib/http/responses.ts';
import { storageProblem } from '../../lib/s3/problem.ts';
import { failure, faultError } from '../../lib/web/faults.ts';
import { refusalResponse } from '../../local-stack/front/refusal.ts';
import { createRequestGuard } from '../../local-stack/front/requestGuard.ts';
import { createMemoryCache } from '../../test/fakes/memoryCache.ts';
import { createMemoryStore } from '../../test/fakes/memoryStore.ts';
import { createMemoryWeb, type MemoryResource } from '../../test/fakes/memoryWeb.ts';

export const METHODS = ['get', 'head', 'options', 'post', 'put'] as const;
export type Method = (typeof METHODS)[number];

/** One call and its response. */
export interface Act {
  readonly method: Method;
  /** `OK` or the problem's code. If one code has several responses, also which of them. */
  readonly name: string;
  readonly code: string;
  /** The JSON body of a POST or PUT. */
  readonly request?: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent for a response without a body. */
  readonly body?: unknown;
}

const PAGE = 'https://example.com/gallery';
const SAMPLE = resolve(import.meta.dirname, '../../static/sample');
const START = Date.UTC(2026, 10, 22, 14, 31, 12, 376);

const GALLERY = `<!doctype html><title>Gallery</title>
<img src="/lake.jpg" srcset="/lake-large.webp 2x" alt="Mountain ranges behind a lake at dawn">
<img src="/gone.png" alt="">`;

/** What fails during one act: the bucket, the ids (a bug), or the number of harvests (a crowd). */
type Trouble = 'none' | 'bucket' | 'bug' | 'crowd';

/** A service with a fake web, and with failures that acts can switch on. */
async function createStage() {
  const resources: Record<string, MemoryResource> = {
    [PAGE]: { body: GALLERY, type: 'text/html; charset=utf-8' },
    'https://example.com/lake.jpg': await picture('image1.jpg', 'image/jpeg'),
    'https://example.com/lake-large.webp': await picture('image3.webp', 'image/webp'),
    'https://example.com/report.pdf': { body: '%PDF-1.7', type: 'application/pdf' },
    'https://example.com/everything': { fault: 'tooLarge' },
    'https://example.com/slow': { fault: 'timeout' },
    'https://no-such-name.example/': { fault: 'dns' },
    'http://169.254.169.254/latest/meta-data/': { isRefused: true, fault: 'forbidden' },
  };
  const memory = createMemoryWeb(resources);
  const web: Web = {
    // The fake decides the fault, but the sentence must be the one of the service.
    read: async (request) => {
      const result = await memory.read(request);
      if (result.kind !== 'failed') return result;
      return failure(faultError(result.fault, result.status === undefined ? {} : { status: result.status }));
    },
    refusalOf: (url) => (memory.refusalOf(url) === null ? null : failure(faultError('forbidden'))),
  };

  let trouble: Trouble = 'none';
  let minutes = 0;
  let ids = 0;
  const store = createMemoryStore({
    intercept: async (_, apply) => {
      if (trouble === 'bucket') {
        throw storageProblem(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
      }
      if (trouble === 'bug') throw new TypeError('a bug');
      return apply();
    },
  });
  const { cache, lock } = createMemoryCache();
  const link = async (name: string) =>
    `http://localhost:9000/images/${name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=…`;
  const services: HarvestServices & { metrics: Metrics; admission: Admission } = {
    web,
    records: store.records,
    images: { ...store.images, link },
    cache,
    lock,
    clock: { ...systemClock, now: () => new Date(START + minutes * 60_000) },
    limits: readConfig({ S3_BUCKET: 'images' }).limits,
    bytesInFlight: createByteBudget(64 * 1024 * 1024),
    uploadPermits: createUploadPermits(),
    newId: () => {
      if (trouble === 'bug') throw new TypeError('a bug');
      return hash32(`operation ${++ids}`);
    },
    metrics: { emit: async () => {} },
    admission: { tryAcquire: () => (trouble === 'crowd' ? null : () => {}) },
  };
  const get = createHttpHandler(lookUpOperation(services));
  const handlers = {
    get,
    head: get,
    options: get,
    post: createHttpHandler(harvestOperation('post', services)),
    put: createHttpHandler(harvestOperation('put', services)),
  };

  return {
    lock,
    /** Sets the response for a URL from now on. */
    show: (url: string, resource: MemoryResource) => memory.set(url, resource),
    async call(method: Method, event: HttpEvent, during: Trouble = 'none'): Promise<HttpResponse> {
      minutes += 1;
      trouble = during;
      const context = { awsRequestId: requestIdOf(minutes), getRemainingTimeInMillis: () => 29_000 };
      const http = { requestContext: { http: { method: method.toUpperCase() } } };
      const response = await handlers[method]({ ...http, ...event }, context as never);
      trouble = 'none';
      return response;
    },
  };
}

/** All calls and their responses. Takes well under a second, and does not use the network. */
export async function rehearse(): Promise<readonly Act[]> {
  const acts: Act[] = [];
  const log = console.log;
  console.log = () => {};
  try {
    for (const method of ['post', 'put'] as const) await rehearseHarvests(method, acts);
    for (const method of ['get', 'head'] as const) await rehearseLookUps(method, acts);
    const { call } = await createStage();
    acts.push(actOf('options', 'OK', await call('options', {})));
    for (const method of METHODS) acts.push(...rehearseRefusals(method));
  } finally {
    console.log = log;
  }
  return acts;
}

async function rehearseHarvests(method: 'post' | 'put', acts: Act[]): Promise<void> {
  const stage = await createStage();
  const json = async (name: string, request: unknown, during?: Trouble) => {
    const event = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) };
    acts.push(actOf(method, name, await stage.call(method, event, during), request));
  };
  const raw = async (name: string, type: string, body: string) =>
    acts.push(actOf(method, name, await stage.call(method, { headers: { 'content-type': type }, body })));

  await json('dry run', { url: PAGE, dryRun: true });
  await json('new page', { url: PAGE });
  if (method === 'post') await json('harvested', { url: PAGE });
  else {
    stage.show('https://example.com/lake.jpg', { fault: 'timeout' });
    stage.show('https://example.com/gone.png', await picture('image2.png', 'image/png'));
    await json('update', { url: PAGE });
  }
  await stage.lock.take(pageIdOf('https://example.com/busy'), 'another call', 60_000);
  await json('in progress', { url: 'https://example.com/busy' });
  await raw('no JSON', 'application/json', '{"url":');
  await json('unknown option', { url: PAGE, force: true });
  await json('no url', {});
  await json('other scheme', { url: 'ftp://example.com/' });
  await json('private address', { url: 'http://169.254.169.254/latest/meta-data/' });
  await raw('too large', 'application/json', JSON.stringify({ url: PAGE }).padEnd(16 * 1024 + 1));
  await raw('wrong type', 'text/plain', JSON.stringify({ url: PAGE }));
  await json('neither HTML nor an image', { url: 'https://example.com/report.pdf' });
  await json('page too large', { url: 'https://example.com/everything' });
  await json('no such name', { url: 'https://no-such-name.example/' });
  await json('no such page', { url: 'https://example.com/nowhere' });
  await json('bucket down', { url: PAGE, variants: 'best' }, 'bucket');
  await json('too slow', { url: 'https://example.com/slow' });
  await json('too many at once', { url: PAGE }, 'crowd');
  await json('bug', { url: PAGE }, 'bug');
}

async function rehearseLookUps(method: 'get' | 'head', acts: Act[]): Promise<void> {
  const stage = await createStage();
  await stage.call('post', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: PAGE }),
  });
  const ask = async (name: string, query: Record<string, string>, headers = {}, during?: Trouble) => {
    const event = { rawQueryString: new URLSearchParams(query).toString(), headers };
    const response = await stage.call(method, event, during);
    acts.push(actOf(method, name, response));
    return response;
  };
  const { headers } = await ask('names', { url: PAGE });
  await ask('details', { url: PAGE, include: 'details' });
  await ask('links', { url: PAGE, include: 'links' });
  await ask('details and links', { url: PAGE, include: 'details,links' });
  await ask('one image', { url: 'https://example.com/lake.jpg' });
  await ask('unchanged', { url: PAGE }, { 'if-none-match': headers.etag });
  stage.show('https://example.com/album', { type: 'text/html', body: '<img src="/lake.jpg">' });
  await stage.call('post', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://example.com/album' }),
  });
  await ask('the first of several copies', { url: 'https://example.com/lake.jpg', limit: '1' });
  await ask('unknown option', { url: PAGE, include: 'secrets' });
  await ask('no url', {});
  await ask('other scheme', { url: 'ftp://example.com/' });
  await ask('not harvested', { url: 'https://example.com/never' });
  await ask('bucket down', { url: 'https://example.com/other' }, {}, 'bucket');
  await ask('bug', { url: 'https://example.com/bug' }, {}, 'bug');
}

/** Requests that local servers refuse before a function is called. */
function rehearseRefusals(method: Method): readonly Act[] {
  const guard = createRequestGuard({ host: '127.0.0.1' });
  const requests = {
    'unknown host': ['Host', 'rebound.example:8080'],
    'foreign origin': ['Host', 'localhost:8080', 'Origin', 'https://other.example'],
  };
  return Object.entries(requests).flatMap(([name, rawHeaders], index) => {
    const request = { method: method.toUpperCase(), url: '/images', rawHeaders, headers: {} };
    const problem = guard(request);
    if (problem === null) return [];
    return actOf(method, name, refusalResponse(problem, requestIdOf(index), request));
  });
}

function actOf(
  method: Method,
  name: string,
  { statusCode, headers, body: text }: HttpResponse,
  request?: unknown,
): Act {
  // HTTP servers send no body for these.
  const body =
    method === 'head' || text === '' ? undefined : (JSON.parse(text) as { readonly code?: string });
  const code = text === '' ? 'OK' : ((JSON.parse(text) as { readonly code?: string }).code ?? 'OK');
  return {
    method,
    name,
    code,
    status: statusCode,
    headers,
    ...(request !== undefined && { request }),
    ...(body !== undefined && { body }),
  };
}

async function picture(file: string, type: string): Promise<MemoryResource> {
  const body = await readFile(join(SAMPLE, file));
  return { body, type, etag: `"${hash32(file)}"` };
}

const hash32 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** A request id in the form of Lambda's. */
const requestIdOf = (number: number) =>
  hash32(`request ${number}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

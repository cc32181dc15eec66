/** Calls: whatever a gateway hands over, there is an answer with a status and a code of the table, and it is no bug. */

import { PROBLEM_CODES } from '../../../../lib/domain/problem.ts';
import { harvestOperation } from '../../../../lib/http/harvestOperation.ts';
import { type HttpEvent, methodOf } from '../../../../lib/http/httpEvent.ts';
import { createHttpHandler } from '../../../../lib/http/httpHandler.ts';
import { lookUpOperation } from '../../../../lib/http/lookUpOperation.ts';
import { PROBLEMS } from '../../../../lib/http/problems.ts';
import { pngOf } from '../../../support/pictures.ts';
import { createWorld } from '../../../support/world.ts';
import { reshapeJson } from '../reshapeJson.ts';
import { demand, type Target } from '../target.ts';
import { sampleEvents } from './samples.ts';

const PAGE = 'http://localhost:8081/sample/';
const SITE = {
  [PAGE]: { body: '<img src=a.png><img srcset="b.png 2x, c.png"><img src=gone.png>', type: 'text/html' },
  [`${PAGE}a.png`]: { body: pngOf(1), type: 'image/png', etag: '"1"' },
  [`${PAGE}b.png`]: { body: pngOf(2), type: 'text/plain' },
  [`${PAGE}c.png`]: { body: 'no picture', type: 'image/png' },
};

const WORDS = [
  'url',
  'include',
  'variants',
  'dryRun',
  'best',
  'all',
  'details',
  'links',
  'details,links',
  PAGE,
  `${PAGE}a.png`,
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'content-type',
  'Content-Type',
  'if-none-match',
  '*',
  'W/"x"',
  'body',
  'isBase64Encoded',
  'rawQueryString',
  'queryStringParameters',
  'multiValueQueryStringParameters',
  'headers',
  'multiValueHeaders',
  'GET',
  'PUT',
  'POST',
  'HEAD',
  'OPTIONS',
  `{"url":"${PAGE}","variants":"best"}`,
  `{"url":"${PAGE}","dryRun":true}`,
  `{"url":"${PAGE}"}`,
  `url=${encodeURIComponent(PAGE)}&include=links`,
  '{"__proto__":{"url":1}}',
  '[]',
  'null',
  '%',
  '%ff',
  '+',
  '__proto__',
];

export const target: Target = {
  name: 'event',
  seeds: sampleEvents,
  words: WORDS,
  reshape: (input, random) => Buffer.from(reshapeJson(input.toString('utf8'), WORDS, random)),
  msPerKib: 15,
  async check(input) {
    const event = eventOf(input);
    if (event === null) return;
    // One world: what a first call leaves, a second one meets.
    const { call, world } = createService();
    for (const method of methodsOf(event)) checkAnswer(await call(method, event));
    demand(world.missing().length === 0, 'a record names what is not there', world.missing());
    demand(world.cache.locks.size === 0, 'a lock is left', [...world.cache.locks.keys()]);
  },
};

/** What a gateway may hand over: any members, of the types that the payload format states. */
function eventOf(input: Buffer): HttpEvent | null {
  try {
    const { headers, multiValueHeaders, rawQueryString, body, isBase64Encoded, ...rest } = JSON.parse(
      input.toString('utf8'),
    );
    return {
      headers: textsOf(headers),
      multiValueHeaders: listsOf(multiValueHeaders),
      rawQueryString: typeof rawQueryString === 'string' ? rawQueryString : null,
      queryStringParameters: textsOf(rest.queryStringParameters),
      multiValueQueryStringParameters: listsOf(rest.multiValueQueryStringParameters),
      body,
      isBase64Encoded: isBase64Encoded === true,
      ...(isText(rest.httpMethod) && { httpMethod: rest.httpMethod }),
      requestContext: isText(rest.requestContext?.http?.method) ? rest.requestContext : null,
    };
  } catch {
    return null;
  }
}

function membersOf<T>(value: unknown, isWanted: (member: unknown) => member is T): Record<string, T> | null {
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, T] => isWanted(entry[1])),
  );
}
const isText = (value: unknown): value is string => typeof value === 'string';
const textsOf = (value: unknown) => membersOf(value, isText);
const listsOf = (value: unknown) =>
  membersOf(value, (list): list is string[] => Array.isArray(list) && list.every(isText));

/** The gateway chooses the function by the method. */
function methodsOf(event: HttpEvent): readonly ('GET' | 'POST' | 'PUT')[] {
  const method = methodOf(event);
  if (method === 'PUT') return ['PUT', 'PUT'];
  return method === 'POST' ? ['POST', 'POST'] : ['GET', 'POST', 'GET'];
}

function createService() {
  const world = createWorld({ site: SITE });
  const services = { ...world.services, metrics: { emit: async () => {} } };
  const handlers = {
    POST: createHttpHandler(harvestOperation('post', services)),
    PUT: createHttpHandler(harvestOperation('put', services)),
    GET: createHttpHandler(lookUpOperation(services)),
  };
  const context = { getRemainingTimeInMillis: () => 29_000, awsRequestId: 'fuzz' };
  const call = (method: keyof typeof handlers, event: HttpEvent) =>
    handlers[method](structuredClone(event), context as never);
  return { world, call };
}

function checkAnswer({
  statusCode,
  headers,
  body,
}: Awaited<ReturnType<ReturnType<typeof createService>['call']>>) {
  demand(
    Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value)),
    'a header holds what it must not',
    headers,
  );
  if (statusCode === 304 || statusCode === 204) return demand(body === '', 'there is a body', body);
  const response = JSON.parse(body);
  if (statusCode < 300) {
    demand(statusCode === 200 || statusCode === 201, 'a status is not in the table', statusCode);
    return demand(Array.isArray(response.images), 'an answer names no images', response);
  }
  demand(headers['content-type'] === 'application/problem+json', 'a problem has another type', headers);
  const code = PROBLEM_CODES.find((known) => known === response.code);
  demand(code !== undefined, 'a code is not in the table', response);
  demand(
    code !== 'INTERNAL' && code !== 'STORAGE_UNAVAILABLE',
    'a call is answered as our failure',
    response,
  );
  const { status, title } = PROBLEMS[code];
  demand(status === statusCode && status === response.status, 'a code comes with another status', response);
  demand(title === response.title && response.detail !== '', 'a problem says nothing', response);
}

/** J: bodies, queries and header fields of API callers. Each row is one request with its code and status. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProblemCode } from '../../../lib/domain/problem.ts';
import type { HttpEvent } from '../../../lib/http/httpEvent.ts';
import { PROBLEMS } from '../../../lib/http/problems.ts';
import { SAFETY_HEADERS } from '../../../lib/http/safetyHeaders.ts';
import { answer, pathOf } from '../../lib/web/rawServer.ts';
import { pngOf } from '../../support/pictures.ts';
import { report } from './support/figures.ts';
import { type HostileAnswer, type HostileService, startHostileService } from './support/hostileService.ts';
import { measureCost } from './support/meter.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const KIB = 1_024;

let service: HostileService;
beforeAll(async () => {
  service = await startHostileService({
    respond: (socket, head) =>
      socket.write(
        pathOf(head).endsWith('.png')
          ? answer(200, { 'Content-Type': 'image/png' }, pngOf(1))
          : answer(200, { 'Content-Type': 'text/html' }, '<img src=/a.png>'),
      ),
  });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

/** A new page of the good site for every call. */
let pages = 0;
const page = () => service.url(`/${++pages}`);
const json = (text: string): HttpEvent => ({ headers: JSON_TYPE, body: text });

type Row = readonly [row: string, event: () => HttpEvent, code: string];

const BODIES: readonly Row[] = [
  ['J01 no body', () => ({ headers: JSON_TYPE }), 'BODY_INVALID'],
  ['J01 null for a body', () => ({ headers: JSON_TYPE, body: null }), 'BODY_INVALID'],
  ['J01 an empty body', () => json(''), 'BODY_INVALID'],
  ['J01 blanks', () => json(' \r\n\t '), 'BODY_INVALID'],
  ['J02 null', () => json('null'), 'BODY_INVALID'],
  ['J02 a list', () => json('[]'), 'BODY_INVALID'],
  ['J02 a list of what would be good', () => json(JSON.stringify([{ url: page() }])), 'BODY_INVALID'],
  ['J02 a string', () => json('"x"'), 'BODY_INVALID'],
  ['J02 a string that is a good address', () => json(JSON.stringify(page())), 'BODY_INVALID'],
  ['J02 a number', () => json('1'), 'BODY_INVALID'],
  ['J02 true', () => json('true'), 'BODY_INVALID'],
  ['J02 an empty object', () => json('{}'), 'URL_REQUIRED'],
  ['J03 url: null', () => json('{"url":null}'), 'URL_INVALID'],
  ['J03 url: 1', () => json('{"url":1}'), 'URL_INVALID'],
  ['J03 url: a list', () => json('{"url":[]}'), 'URL_INVALID'],
  ['J03 url: a list of a good one', () => json(JSON.stringify({ url: [page()] })), 'URL_INVALID'],
  ['J03 url: an object', () => json('{"url":{}}'), 'URL_INVALID'],
  [
    'J03 url: an object that knows how to be a string',
    () => json('{"url":{"href":"http://good.test/"}}'),
    'URL_INVALID',
  ],
  ['J03 url: true', () => json('{"url":true}'), 'URL_INVALID'],
  [
    'J04 a key twice, the last one private',
    () => json(`{"url":"${page()}","url":"http://127.0.0.1/"}`),
    'ADDRESS_FORBIDDEN',
  ],
  ['J04 a key twice, the last one good', () => json(`{"url":"http://127.0.0.1/","url":"${page()}"}`), 'OK'],
  [
    'J04 a key twice, once with an escape',
    () => json(`{"url":"${page()}","\\u0075rl":"http://127.0.0.1/"}`),
    'ADDRESS_FORBIDDEN',
  ],
  ['J05 __proto__', () => json('{"__proto__":{"url":"http://good.test/"}}'), 'BODY_INVALID'],
  [
    'J05 __proto__ beside a url',
    () => json(`{"url":"${page()}","__proto__":{"dryRun":true}}`),
    'BODY_INVALID',
  ],
  [
    'J05 constructor',
    () => json('{"constructor":{"prototype":{"url":"http://good.test/"}}}'),
    'BODY_INVALID',
  ],
  ['J05 toString', () => json(`{"url":"${page()}","toString":1}`), 'OPTION_INVALID'],
  ['J06 a byte order mark', () => json(`\ufeff{"url":"${page()}"}`), 'BODY_INVALID'],
  [
    'J06 UTF-16',
    () => ({
      headers: JSON_TYPE,
      body: Buffer.from(`{"url":"${page()}"}`, 'utf16le').toString('base64'),
      isBase64Encoded: true,
    }),
    'BODY_INVALID',
  ],
  ['J06 a comma too many', () => json(`{"url":"${page()}",}`), 'BODY_INVALID'],
  ['J06 NaN', () => json('{"url":NaN}'), 'BODY_INVALID'],
  ['J06 a comment', () => json(`{"url":"${page()}"}//`), 'BODY_INVALID'],
  ['J06 single quotes', () => json("{'url':'http://good.test/'}"), 'BODY_INVALID'],
  ['J06 two documents', () => json(`{"url":"${page()}"}{}`), 'BODY_INVALID'],
  ['J06 cut off', () => json('{"url":"http://good.test/'), 'BODY_INVALID'],
  ['J06 a bare NUL in the text', () => json('{"url":"http://good.test/\0"}'), 'BODY_INVALID'],
  ['J06 an escaped NUL in the host', () => json('{"url":"http://good\\u0000.test/"}'), 'URL_INVALID'],
  ['J06 a lone surrogate in the host', () => json('{"url":"http://\\ud800.test/"}'), 'URL_INVALID'],
  ['J07 16 KiB of brackets', () => json('['.repeat(16 * KIB)), 'BODY_INVALID'],
  ['J07 exactly 16 KiB', () => json(`{"url":"${page()}"}`.padEnd(16 * KIB)), 'OK'],
  ['J07 a byte over 16 KiB', () => json(`{"url":"${page()}"}`.padEnd(16 * KIB + 1)), 'BODY_TOO_LARGE'],
  ['J07 16 KiB of two-byte letters', () => json(`{"url":"${'é'.repeat(8 * KIB)}"}`), 'BODY_TOO_LARGE'],
  ['J07 100,000 brackets', () => json('['.repeat(100_000)), 'BODY_TOO_LARGE'],
  ['J07 6 MB', () => json(`{"url":"${'x'.repeat(6_000_000)}"}`), 'BODY_TOO_LARGE'],
  [
    'J07 6 MB in base64',
    () => ({
      headers: JSON_TYPE,
      body: Buffer.alloc(6_000_000, 'x').toString('base64'),
      isBase64Encoded: true,
    }),
    'BODY_TOO_LARGE',
  ],
  [
    'J07 8,000 levels within the limit',
    () => json(`{"url":${'['.repeat(8_000)}${']'.repeat(8_000)}}`),
    'BODY_INVALID',
  ],
  [
    'J08 base64',
    () => ({ headers: JSON_TYPE, body: btoa(`{"url":"${page()}"}`), isBase64Encoded: true }),
    'OK',
  ],
  [
    'J08 base64 that is none',
    () => ({ headers: JSON_TYPE, body: '%%%%', isBase64Encoded: true }),
    'BODY_INVALID',
  ],
  [
    'J08 said to be base64, is not',
    () => ({ headers: JSON_TYPE, body: `{"url":"${page()}"}`, isBase64Encoded: true }),
    'BODY_INVALID',
  ],
  ['J08 no headers', () => ({ body: `{"url":"${page()}"}` }), 'MEDIA_TYPE_UNSUPPORTED'],
  ['J08 headers: null', () => ({ headers: null, body: `{"url":"${page()}"}` }), 'MEDIA_TYPE_UNSUPPORTED'],
  [
    'J08 multi-value headers alone',
    () => ({ multiValueHeaders: { 'Content-Type': ['application/json'] }, body: `{"url":"${page()}"}` }),
    'OK',
  ],
  [
    'J08 a body that is an object already',
    () => ({ headers: JSON_TYPE, body: { url: 'http://good.test/' } }),
    'BODY_INVALID',
  ],
  [
    'J09 text/plain',
    () => ({ headers: { 'content-type': 'text/plain' }, body: `{"url":"${page()}"}` }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'J09 a form',
    () => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'url=http%3A%2F%2Fgood.test%2F',
    }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'J09 multipart',
    () => ({ headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'J09 an empty type',
    () => ({ headers: { 'content-type': '' }, body: `{"url":"${page()}"}` }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'J09 UTF-16',
    () => ({ headers: { 'content-type': 'application/json; charset=utf-16' }, body: `{"url":"${page()}"}` }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  [
    'J09 a type that merely begins like JSON',
    () => ({ headers: { 'content-type': 'application/jsonp' }, body: `{"url":"${page()}"}` }),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['J12 one more member', () => json(`{"url":"${page()}","force":true}`), 'OPTION_INVALID'],
  ['J12 a member in another case', () => json(`{"url":"${page()}","dryrun":true}`), 'OPTION_INVALID'],
  ['J12 an unknown value', () => json(`{"url":"${page()}","variants":"some"}`), 'OPTION_INVALID'],
  ['J12 a boolean as text', () => json(`{"url":"${page()}","dryRun":"true"}`), 'OPTION_INVALID'],
  ['J12 null for an option', () => json(`{"url":"${page()}","variants":null}`), 'OPTION_INVALID'],
  [
    'J12 1,000 members',
    () => json(`{${Array.from({ length: 1_000 }, (_, i) => `"m${i}":0`).join(',')}}`),
    'OPTION_INVALID',
  ],
  [
    'J13 an unknown Accept',
    () => ({ headers: { ...JSON_TYPE, accept: 'text/x-klingon' }, body: `{"url":"${page()}"}` }),
    'OK',
  ],
  [
    'J14 forged forwarding',
    () => ({
      headers: {
        ...JSON_TYPE,
        host: 'evil.test',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'gopher',
        forwarded: 'host=evil.test',
        'x-original-url': 'http://evil.test/',
      },
      body: `{"url":"${page()}"}`,
    }),
    'OK',
  ],
];

const QUERIES: readonly (readonly [row: string, query: string, code: string])[] = [
  ['J10 no url', '', 'URL_REQUIRED'],
  ['J10 url twice', 'url=http://good.test/&url=http://127.0.0.1/', 'OPTION_INVALID'],
  ['J10 the same url twice', 'url=http://good.test/&url=http://good.test/', 'OPTION_INVALID'],
  ['J10 url[]', 'url[]=http://good.test/', 'OPTION_INVALID'],
  ['J10 a bare ampersand', 'url=http://good.test/?a=1&b=2', 'OPTION_INVALID'],
  ['J10 a plus is a blank', 'url=http://go+od.test/', 'URL_INVALID'],
  ['J10 a plus in the path', 'url=http://good.test/a+b', 'PAGE_NOT_FOUND'],
  ['J10 percent signs that are none', 'url=%zz%', 'URL_INVALID'],
  ['J10 percent signs of bad UTF-8', 'url=http://good.test/%ff', 'PAGE_NOT_FOUND'],
  ['J10 a private address is merely not found', 'url=http://127.0.0.1/', 'PAGE_NOT_FOUND'],
  ['J10 __proto__', 'url=http://good.test/&__proto__=x', 'OPTION_INVALID'],
  ['J10 constructor', 'url=http://good.test/&constructor=x', 'OPTION_INVALID'],
  ['J10 2,049 characters', `url=${'http://good.test/'.padEnd(2_049, 'x')}`, 'URL_INVALID'],
  ['J10 2,048 characters', `url=${'http://good.test/'.padEnd(2_048, 'x')}`, 'PAGE_NOT_FOUND'],
  ['J10 6 MB', `url=http://good.test/${'x'.repeat(6_000_000)}`, 'URL_INVALID'],
  ['J10 100,000 parameters', `url=http://good.test/${'&a=b'.repeat(100_000)}`, 'OPTION_INVALID'],
  ['J12 an unknown include', 'url=http://good.test/&include=secrets', 'OPTION_INVALID'],
];

const statusOf = (code: string, ok: number) => (code === 'OK' ? ok : PROBLEMS[code as ProblemCode].status);

/** All stored data, and the numbers of requests to the parts and to the site. */
const traces = () => ({
  objects: [...service.store.objects.keys()],
  records: [...service.store.kept.keys()],
  cached: [...service.cache.entries.keys()],
  locks: [...service.cache.locks.keys()],
  asked: [service.store.calls.length, service.cache.calls.length, service.site.heads.length],
});

async function expectAnswer(
  call: () => Promise<HostileAnswer>,
  code: string,
  okStatus: number,
): Promise<void> {
  const before = traces();
  const { value, cost } = await measureCost(call);
  expect([value.code, value.status]).toEqual([code, statusOf(code, okStatus)]);
  const { asked, ...left } = traces();
  if (code === 'OK') {
    expect([left.records.length, left.objects.length]).toEqual([
      before.records.length + 1,
      before.objects.length + 1,
    ]);
    expect(left.locks).toEqual([]);
  } else {
    expect({ ...left, asked: before.asked }).toEqual(before);
    // Only well-formed URLs are looked up.
    if (code !== 'PAGE_NOT_FOUND') expect(asked).toEqual(before.asked);
  }
  expect(value.headers).toMatchObject({
    'content-type': code === 'OK' ? 'application/json' : 'application/problem+json',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(service.inside.accepted()).toBe(0);
  expect({}).not.toHaveProperty('url');
  report({ inputs: 1, stallMs: cost.stallMs, grownBytes: cost.grownBytes });
}

describe.each(['POST', 'PUT'] as const)('J: a %s with', (method) => {
  it.each(BODIES)('%s', async (_row, event, code) => {
    await expectAnswer(() => service.send(method, event()), code, 201);
  });
});

describe('J: a GET with', () => {
  it.each(QUERIES)('%s', async (_row, rawQueryString, code) => {
    await expectAnswer(() => service.send('GET', { rawQueryString }), code, 200);
  });

  it.each([
    ['J08 nothing at all', {}],
    [
      'J08 nulls',
      { headers: null, multiValueHeaders: null, rawQueryString: null, queryStringParameters: null },
    ],
  ])('%s', async (_row, event) => {
    await expectAnswer(() => service.send('GET', event), 'URL_REQUIRED', 200);
  });
});

describe('J: what a caller cannot bend', () => {
  it('J14 keys and links know nothing of forged headers', async () => {
    const url = page();
    const forged = { host: 'evil.test', 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'gopher' };
    const { headers } = await service.send('POST', {
      headers: { ...JSON_TYPE, ...forged },
      body: JSON.stringify({ url }),
    });
    expect(headers.location).toBe(`/images?url=${encodeURIComponent(url)}`);
    const heads = service.site.heads.join('\n');
    expect(heads).not.toContain('evil.test');
    expect([...service.store.objects.keys(), ...service.store.kept.keys()].join()).not.toContain('evil');
  });

  it('J15 the answer’s headers hold nothing of the caller’s but the encoded address', async () => {
    const url = service.url('/%0d%0aSet-Cookie:%20a=b?"<script>\u2028é');
    const { headers, status } = await service.post(url);
    expect(status).toBe(201);
    expect(headers.location).toMatch(/^\/images\?url=[A-Za-z0-9%._~!*'()-]+$/);
    const { location: _, ...others } = headers;
    expect(others).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      // Header fields of every response.
      'x-request-id': 'attack',
      ...SAFETY_HEADERS,
    });
  });

  it('J13 an answer is JSON whatever is accepted', async () => {
    const { headers } = await service.send('GET', {
      headers: { accept: 'text/html' },
      rawQueryString: 'url=http://good.test/<script>alert(1)</script>',
    });
    expect(headers['content-type']).toBe('application/problem+json');
  });
});

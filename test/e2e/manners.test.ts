/** What HTTP clients and browsers expect of any API, through the gateway that `npm start` runs. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SAFETY_HEADERS } from '../../lib/http/safetyHeaders.ts';
import { type App, startApp } from '../support/startApp.ts';
import { until } from '../support/until.ts';

const APP = 'https://app.example.test';

let app: App;
beforeAll(async () => {
  app = await startApp({ env: { CORS_ORIGINS: APP } });
  await harvest('/sample/');
});
afterAll(() => app.stop());

const images = (query = '') => `${app.apiUrl}/images${query}`;
const queryOf = (path: string) => `?url=${encodeURIComponent(`${app.siteUrl}${path}`)}`;
const harvest = (path: string, headers: Record<string, string> = {}) =>
  fetch(images(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ url: `${app.siteUrl}${path}` }),
  });
/** These are the server's, not the answer's. */
const SERVER = new Set(['connection', 'keep-alive', 'date', 'accept-ranges']);
const headersOf = (response: Response) =>
  Object.fromEntries([...response.headers].filter(([name]) => !SERVER.has(name)));
/** The one log line with this id. It comes by a pipe, so perhaps after the answer. */
async function lineOf(id: string | null | undefined): Promise<Record<string, unknown>> {
  const found = () =>
    app
      .output()
      .split('\n')
      .filter((line) => line.includes(`"requestId":"${id}"`));
  await until(() => found().length > 0);
  expect(found()).toHaveLength(1);
  return JSON.parse(found()[0] ?? '') as Record<string, unknown>;
}

describe('every answer', () => {
  it('has the headers for browsers and the id under which the log has it', async () => {
    const etag = (await fetch(images(queryOf('/sample/')))).headers.get('etag') ?? '';
    const responses = [
      [200, await fetch(images(queryOf('/sample/')))],
      [304, await fetch(images(queryOf('/sample/')), { headers: { 'if-none-match': etag } })],
      [400, await fetch(images())],
      [404, await fetch(images(queryOf('/sample/never')))],
      [409, await harvest('/sample/')],
    ] as const;
    for (const [status, response] of responses) {
      expect(response.status).toBe(status);
      const { 'x-request-id': id, ...headers } = headersOf(response);
      expect(headers).toMatchObject(SAFETY_HEADERS);
      expect(id).toMatch(/^[\w-]{8,}$/);
      await response.arrayBuffer();
      expect(await lineOf(id)).toMatchObject({ status });
    }
  });

  it('is logged with the host of the page and nothing else of its URL', async () => {
    const id = (await fetch(images(queryOf('/sample/s3cret?s3cret')))).headers.get('x-request-id');
    expect(await lineOf(id)).toMatchObject({
      level: 'info',
      operation: 'get',
      code: 'PAGE_NOT_FOUND',
      urlHost: new URL(app.siteUrl).host,
    });
    expect(app.output()).not.toContain('s3cret');
  });
});

describe('HEAD', () => {
  it.each([
    ['a page', '/sample/', 200],
    ['what is not there', '/sample/never', 404],
  ])('has the headers of GET and no body: %s', async (_, path, status) => {
    // Only what is not compressed has its length in the header.
    const headers = { 'accept-encoding': 'identity' };
    const get = await fetch(images(queryOf(path)), { headers });
    const length = Buffer.byteLength(await get.text());
    const head = await fetch(images(queryOf(path)), { headers, method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([status, '']);
    const { 'x-request-id': getId, ...getHeaders } = headersOf(get);
    const { 'x-request-id': headId, ...headHeaders } = headersOf(head);
    expect(headHeaders).toEqual({ ...getHeaders, 'content-length': String(length) });
    expect(headId).not.toBe(getId);
  });

  it('is 304 where GET would be', async () => {
    const etag = (await fetch(images(queryOf('/sample/')), { method: 'HEAD' })).headers.get('etag') ?? '';
    const again = await fetch(images(queryOf('/sample/')), {
      method: 'HEAD',
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
  });
});

describe('OPTIONS', () => {
  it('is 204 with the methods that there are', async () => {
    const response = await fetch(images(), { method: 'OPTIONS' });
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST, PUT');
  });

  it.each(['DELETE', 'PATCH'])(
    'J11 names no method that is refused: %s is 404 by the gateway',
    async (method) => {
      expect((await fetch(images(), { method })).status).toBe(404);
    },
  );
});

describe('CORS', () => {
  const corsOf = (response: Response) =>
    Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')));
  const preflight = (origin: string) =>
    fetch(images(), {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });

  it('answers the preflight of the origin in the settings', async () => {
    const response = await preflight(APP);
    expect(response.status).toBe(204);
    expect(corsOf(response)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT',
      'access-control-allow-headers': expect.stringContaining('Content-Type'),
      'access-control-max-age': '7200',
    });
    expect(response.headers.get('vary')).toMatch(/origin/i);
  });

  it('lets it read successes, 304 and problems', async () => {
    const origin = { origin: APP };
    const first = await fetch(images(queryOf('/sample/')), { headers: origin });
    const responses = [
      first,
      await fetch(images(queryOf('/sample/')), {
        headers: { ...origin, 'if-none-match': first.headers.get('etag') ?? '' },
      }),
      await harvest('/sample/', origin),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 304, 409]);
    for (const response of responses) {
      expect(corsOf(response)).toEqual({
        'access-control-allow-origin': APP,
        'access-control-expose-headers': 'ETag, Location, Retry-After, X-Request-Id',
      });
      expect(response.headers.get('vary')).toMatch(/origin/i);
    }
  });

  it('lets no other origin read anything, whatever the gateway would allow by itself', async () => {
    const headers = { origin: 'https://evil.test' };
    const responses = [
      await preflight('https://evil.test'),
      await fetch(images(queryOf('/sample/')), { headers }),
      await fetch(images(), { headers }),
    ];
    expect(responses.map(({ status }) => status)).toEqual([403, 403, 403]);
    for (const response of responses) expect(corsOf(response)).toEqual({});
  });
});

it('the longest url that may be sent is answered by the service, however it is encoded', async () => {
  const response = await fetch(images(`?url=${encodeURIComponent('\u{1f5bc}'.repeat(2_048))}`));
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'URL_INVALID' });
});

it('an answer comes whole where a part of it is asked for, as on AWS', async () => {
  const response = await fetch(images(queryOf('/sample/')), { headers: { range: 'bytes=0-3' } });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ count: 8 });
});

it('a cookie of somebody else on this host costs nobody an answer', async () => {
  const response = await fetch(images(queryOf('/sample/')), { headers: { cookie: 'a="b; =; x' } });
  expect(response.status).toBe(200);
});

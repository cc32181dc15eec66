/** Answers of the whole service over HTTP are what `static/openapi.yaml` says. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readDescription } from '../support/apiDescription.ts';
import { type App, startApp } from '../support/startApp.ts';

const { faultsOf } = readDescription();

let app: App;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

interface Call {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly text?: string;
}

const here = (path: string) => `${app.siteUrl}${path}`;

/** The status, once the answer has been found to be as described. */
async function statusOf({ method = 'GET', query, headers, json, text }: Call): Promise<number> {
  const body = json === undefined ? text : JSON.stringify(json);
  const response = await fetch(`${app.apiUrl}/images${query ? `?${new URLSearchParams(query)}` : ''}`, {
    method,
    headers: { ...(json && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  });
  const said = await response.text();
  const seen = {
    method: method.toLowerCase(),
    status: response.status,
    headers: Object.fromEntries(response.headers),
    ...(said !== '' && { body: JSON.parse(said) as unknown }),
  };
  expect([method, response.status, ...faultsOf(seen)]).toEqual([method, response.status]);
  return response.status;
}

describe('every answer over HTTP is as described', () => {
  it('of harvests, updates and dry runs', async () => {
    for (const page of ['/sample/', '/sample/channels.html', '/sample/changing/']) {
      expect(await statusOf({ method: 'POST', json: { url: here(page), dryRun: true } })).toBe(200);
      expect(await statusOf({ method: 'POST', json: { url: here(page) } })).toBe(201);
      expect(await statusOf({ method: 'POST', json: { url: here(page) } })).toBe(409);
    }
    await fetch(here('/sample/changing/next'), { method: 'POST' });
    for (const variants of ['all', 'best']) {
      for (const page of ['/sample/changing/', '/sample/channels.html']) {
        expect(await statusOf({ method: 'PUT', json: { url: here(page), variants } })).toBe(200);
      }
    }
    expect(await statusOf({ method: 'PUT', json: { url: here('/sample/image1.jpg') } })).toBe(201);
  });

  it('of look-ups', async () => {
    for (const page of ['/sample/', '/sample/channels.html', '/sample/image1.jpg']) {
      for (const include of ['details', 'links', 'details,links']) {
        expect(await statusOf({ query: { url: here(page), include } })).toBe(200);
      }
      expect(await statusOf({ query: { url: here(page) } })).toBe(200);
      expect(await statusOf({ method: 'HEAD', query: { url: here(page) } })).toBe(200);
    }
    const condition = { 'if-none-match': '*' };
    for (const method of ['GET', 'HEAD']) {
      expect(await statusOf({ method, query: { url: here('/sample/') }, headers: condition })).toBe(304);
    }
    expect(await statusOf({ method: 'OPTIONS' })).toBe(204);
  });

  it('of failures', async () => {
    for (const method of ['GET', 'HEAD']) {
      expect(await statusOf({ method })).toBe(400);
      expect(await statusOf({ method, query: { url: here('/never') } })).toBe(404);
    }
    for (const method of ['POST', 'PUT']) {
      const headers = { 'content-type': 'application/json' };
      expect(await statusOf({ method, headers, text: '{' })).toBe(400);
      expect(await statusOf({ method, json: { url: 'http://10.0.0.1/' } })).toBe(403);
      expect(await statusOf({ method, headers, text: ' '.repeat(16 * 1024 + 1) })).toBe(413);
      expect(await statusOf({ method, headers: { 'content-type': 'text/plain' }, text: 'x' })).toBe(415);
      expect(await statusOf({ method, json: { url: here('/sample/expected.json') } })).toBe(422);
      expect(await statusOf({ method, json: { url: here('/never') } })).toBe(502);
    }
  });
});

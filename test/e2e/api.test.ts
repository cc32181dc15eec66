import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type App, ROOT, startApp } from '../support/startApp.ts';
import { until } from '../support/until.ts';

interface ExpectedImage {
  readonly url: string;
  readonly contentType: string;
  readonly bytes: number;
  readonly width: number | null;
  readonly height: number | null;
  readonly sha256: string;
}

interface ExpectedPage {
  readonly page: string;
  readonly images: readonly ExpectedImage[];
  readonly skipped: readonly { readonly url: string; readonly code: string; readonly status?: number }[];
}

/** What a person finds on the sample pages, written down from their files and not by this service. */
const expected = JSON.parse(readFileSync(join(ROOT, 'static/sample/expected.json'), 'utf8')) as Record<
  'index' | 'channels' | 'based' | 'changingV1' | 'changingV2',
  ExpectedPage
>;

interface Item {
  readonly name: string;
  readonly url: string;
  readonly outcome: string;
  readonly href?: string;
  readonly foundIn: readonly unknown[];
}

interface Body {
  readonly code?: string;
  readonly reason?: string;
  readonly images: readonly string[];
  readonly items: readonly Item[];
  readonly skipped: readonly { readonly url: string; readonly code: string }[];
  readonly counts: { readonly discovered: number; readonly items: number; readonly skipped: number };
  readonly changes: Readonly<
    Record<'added' | 'changed' | 'unchanged' | 'removed' | 'kept', readonly string[]>
  >;
  readonly updatedAt: string;
  readonly count: number;
}

let app: App;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const pageUrl = (page: string) => `${app.siteUrl}${page}`;

async function send(method: 'POST' | 'PUT', page: string, options: object = {}) {
  const response = await fetch(`${app.apiUrl}/images`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: URL.canParse(page) ? page : pageUrl(page), ...options }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

async function get(page: string, query = '', headers: Record<string, string> = {}) {
  const url = URL.canParse(page) ? page : pageUrl(page);
  const response = await fetch(`${app.apiUrl}/images?url=${encodeURIComponent(url)}${query}`, { headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Body,
  };
}

/** The line of one call in the service's log, which may come behind the response. */
async function logLineOf({ headers }: { readonly headers: Headers }): Promise<Record<string, unknown>> {
  const requestId = `"requestId":"${headers.get('x-request-id')}"`;
  const find = () =>
    app
      .output()
      .split('\n')
      .find((text) => text.startsWith('{') && text.includes(requestId));
  await until(() => find() !== undefined);
  return JSON.parse(find() ?? '{}') as Record<string, unknown>;
}

/** What the bucket has under a name. */
async function download(page: string, name: string) {
  const { body } = await get(page, '&include=links');
  const href = body.items.find((item) => item.name === name)?.href ?? '';
  const response = await fetch(href);
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, contentType: response.headers.get('content-type'), bytes, href };
}

const facts = ({ url, contentType, bytes, width, height, sha256 }: ExpectedImage) => ({
  url: url.startsWith('data:') ? url : pageUrl(url),
  contentType,
  bytes,
  width,
  height,
  sha256,
});

describe.each(['index', 'channels', 'based'] as const)('the sample page %s', (key) => {
  const { page, images, skipped } = expected[key];

  it('is harvested whole: every picture an item, every other one a line with its code', async () => {
    const { status, headers, body } = await send('POST', page);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/images?url=${encodeURIComponent(pageUrl(page))}`);
    expect(body.items).toMatchObject(images.map(facts));
    expect(body.items.every((item) => item.foundIn.length > 0)).toBe(true);
    expect(body.skipped).toMatchObject(
      skipped.map(({ url, ...line }) => ({ url: url.startsWith('data:') ? url : pageUrl(url), ...line })),
    );
    expect(body.counts).toMatchObject({
      discovered: images.length + skipped.length,
      items: images.length,
      skipped: skipped.length,
    });
  });

  it('is in the bucket with the original bytes and types', async () => {
    const { body } = await get(page);
    for (const [index, image] of images.entries()) {
      const { status, bytes, contentType } = await download(page, body.images[index] ?? '');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect({ status, contentType, sha256 }).toEqual({
        status: 200,
        contentType: image.contentType,
        sha256: image.sha256,
      });
    }
  });

  it('is looked up in page order, and cannot be harvested a second time', async () => {
    const { status, body, headers } = await get(page, '&include=details');
    expect(status).toBe(200);
    expect(body.items.map((item) => item.url)).toEqual(images.map((image) => facts(image).url));
    expect(body.images).toEqual(body.items.map((item) => item.name));
    // serverless-offline adds the charset.
    expect(headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/);
    expect(await send('POST', page)).toMatchObject({ status: 409, body: { code: 'URL_ALREADY_PROCESSED' } });
  });

  it('is unchanged by an update that downloads no byte of a picture it has, and its ETag stays', async () => {
    const before = await get(page);
    const etag = before.headers.get('etag') ?? '';
    const put = await send('PUT', page);
    expect(put.status).toBe(200);
    expect(put.body.changes).toEqual({
      added: [],
      changed: [],
      unchanged: before.body.images,
      removed: [],
      kept: [],
    });
    const line = await logLineOf(put);
    expect(line).toMatchObject({ status: 200, operation: 'put', unchanged: images.length });
    // What was skipped has no copy that could be validated, so it is looked at again.
    const again = skipped.filter(({ code, url }) => code !== 'IMAGE_STATUS' && !url.startsWith('data:'));
    const bytes = again.map(({ url }) => statSync(join(ROOT, 'static', url)).size);
    expect(line.bytesDownloaded ?? 0).toBe(bytes.reduce((sum, size) => sum + size, 0));
    const same = await get(page, '', { 'if-none-match': etag });
    expect(same.status).toBe(304);
    expect(same.headers.get('etag')).toBe(etag);
  });
});

describe('an update of a page that changed', () => {
  const shared = '/sample/image1.jpg';

  it('tells what was added, changed and removed; the other page keeps its own copy', async () => {
    const { page } = expected.changingV1;
    const { body: first } = await send('POST', page);
    expect(first.items).toMatchObject(expected.changingV1.images.map(facts));
    const gone = first.items.filter(
      ({ url }) => !expected.changingV2.images.some((image) => facts(image).url === url),
    );

    await fetch(`${app.siteUrl}/sample/changing/next`, { method: 'POST' });
    const old = await Promise.all(first.images.map((name) => download(page, name)));
    const { status, body } = await send('PUT', page);
    expect(status).toBe(200);
    expect(body.items).toMatchObject(expected.changingV2.images.map(facts));
    const urlsOf = (names: readonly string[], items: readonly Item[]) =>
      names.map((name) => items.find((item) => item.name === name)?.url);
    const sameFile = (image: ExpectedImage) =>
      expected.changingV1.images.find((other) => other.url === image.url)?.sha256;
    const kinds = Object.groupBy(expected.changingV2.images, (image) => {
      if (sameFile(image) === undefined) return 'added';
      return sameFile(image) === image.sha256 ? 'unchanged' : 'changed';
    });
    for (const kind of ['added', 'changed', 'unchanged'] as const) {
      expect(kinds[kind]?.length).toBeGreaterThan(0);
      expect(urlsOf(body.changes[kind], body.items)).toEqual(kinds[kind]?.map((image) => facts(image).url));
    }
    expect(gone.length).toBeGreaterThan(0);
    expect(body.changes.removed).toEqual(gone.map((item) => item.name));

    // The old objects are gone from the bucket: links made before the update lead nowhere.
    const dead = [
      ...body.changes.removed,
      ...first.items
        .filter(({ url }) => urlsOf(body.changes.changed, body.items).includes(url))
        .map(({ name }) => name),
    ];
    for (const [index, name] of first.images.entries()) {
      const response = await fetch(old[index]?.href ?? '');
      expect([name, response.status]).toEqual([name, dead.includes(name) ? 404 : 200]);
      await response.arrayBuffer();
    }
    const copies = await get(shared);
    expect(copies.status).toBe(200);
    expect(copies.body.count).toBeGreaterThan(0);
  });

  it('finds the copies of one image in all pages by its URL', async () => {
    const { status, body } = await get(shared, '&include=details');
    const url = pageUrl(shared);
    expect(status).toBe(200);
    expect(body.items.length).toBeGreaterThanOrEqual(2);
    expect(new Set(body.items.map((item) => item.url))).toEqual(new Set([url]));
  });
});

describe('fifty POSTs of one page at once', () => {
  it('one is 201, and the others are 409 or, beyond the harvests at once, 429', async () => {
    const responses = await Promise.all(Array.from({ length: 50 }, () => send('POST', '/sample/image2.png')));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409 || status === 429)).toHaveLength(49);
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused.every(({ body }) => body.code === 'TOO_MANY_REQUESTS')).toBe(true);
  });
});

describe('bad input over HTTP', () => {
  it.each<[string, object, number, string]>([
    ['no url', { url: undefined }, 400, 'URL_REQUIRED'],
    ['a number', { url: 1 }, 400, 'URL_INVALID'],
    ['another scheme', { url: 'file:///etc/passwd' }, 400, 'URL_INVALID'],
    ['credentials', { url: 'http://user:pass@example.test/' }, 400, 'URL_INVALID'],
    ['2,049 characters', { url: 'http://example.test/'.padEnd(2_049, 'x') }, 400, 'URL_INVALID'],
    ['an unknown option', { force: true }, 400, 'OPTION_INVALID'],
    ['a wrong variant', { variants: 'some' }, 400, 'OPTION_INVALID'],
    ['a private address', { url: 'http://10.0.0.1/' }, 403, 'ADDRESS_FORBIDDEN'],
    ['loopback as a number', { url: 'http://2130706433/' }, 403, 'ADDRESS_FORBIDDEN'],
    ['mapped loopback', { url: 'http://[::ffff:127.0.0.1]/' }, 403, 'ADDRESS_FORBIDDEN'],
    ['metadata', { url: 'http://169.254.169.254/latest/meta-data/' }, 403, 'ADDRESS_FORBIDDEN'],
    ['a local name', { url: 'http://LOCALHOST./' }, 403, 'ADDRESS_FORBIDDEN'],
  ])('(%s) is refused', async (_, options, status, code) => {
    for (const method of ['POST', 'PUT'] as const) {
      expect(await send(method, '/sample/', options)).toMatchObject({ status, body: { code } });
    }
  });

  it('never reaches the store or the cache, whatever name they have', async () => {
    const { S3_PORT = '', PORT = '', REDIS_PORT = '' } = app.env;
    for (const port of [S3_PORT, PORT, REDIS_PORT]) {
      for (const host of ['localhost', '127.0.0.1', '[::1]']) {
        const response = await send('POST', `http://${host}:${port}/`);
        expect(response).toMatchObject({ status: 403, body: { code: 'ADDRESS_FORBIDDEN' } });
      }
    }
  });

  it('a page that is not there is 502 with the status it gave, and nothing is kept of it', async () => {
    const response = await send('POST', '/sample/nowhere.html');
    expect(response).toMatchObject({
      status: 502,
      body: { code: 'PAGE_UNREACHABLE', reason: 'status', upstreamStatus: 404 },
    });
    expect(await get('/sample/nowhere.html')).toMatchObject({
      status: 404,
      body: { code: 'PAGE_NOT_FOUND' },
    });
  });
});
